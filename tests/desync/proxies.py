"""proxies.py - nginx and HAProxy in front of a server, with kept connections to it, as lenient as
they can be set: the more they let through, the more there is to disagree about."""
import pathlib
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS_MAX = 10

NGINX = """
daemon off;
master_process off;
worker_processes 1;
error_log {folder}/error.log crit;
pid {folder}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    ignore_invalid_headers off;
    underscores_in_headers on;
    merge_slashes off;
    client_header_timeout 2s;
    client_body_timeout 2s;
    upstream backend {{
        server {backend};
        keepalive 8;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{ports[0]};
        listen 127.0.0.1:{ports[2]} http2;
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}
    }}
    server {{
        listen 127.0.0.1:{ports[1]};
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_request_buffering off;
            proxy_buffering off;
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout client 2s
    timeout server 10s
    timeout connect 5s
    timeout http-request 2s
    option http-keep-alive
    http-reuse always
frontend strict
    bind 127.0.0.1:{ports[0]}
    default_backend shop
frontend lenient
    bind 127.0.0.1:{ports[1]}
    option accept-invalid-http-request
    default_backend lenient_shop
frontend http2
    bind 127.0.0.1:{ports[2]} proto h2
    default_backend shop
backend shop
    server one {backend} pool-purge-delay 60s
frontend told
    bind 127.0.0.1:{ports[3]}
    default_backend told_shop
backend told_shop
    source 127.0.0.2
    server one {backend} pool-purge-delay 60s send-proxy-v2
backend lenient_shop
    option accept-invalid-http-response
    server one {backend} pool-purge-delay 60s
"""


def free_ports(count):
    """They are free now, and nobody else here asks for them."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [peer.getsockname()[1] for peer in held]
    for peer in held:
        peer.close()
    return ports


class Proxy:
    """`ports`: usual, lenient or unbuffered, HTTP/2 by prior knowledge; of HAProxy one more, behind
    which each connection begins with whose it is (from 127.0.0.2)."""

    def __init__(self, name, command, template, folder, backend):
        self.name, self.folder = name, pathlib.Path(folder) / name
        self.folder.mkdir()
        self.ports = free_ports(template.count("127.0.0.1:{ports["))
        self.plain_ports = self.ports[:2] + self.ports[3:]
        config = self.folder / "config"
        config.write_text(template.format(folder=self.folder, backend="%s:%d" % backend,
                                          ports=self.ports))
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen([word.format(config=config, folder=self.folder)
                                         for word in command], stdout=self.log, stderr=self.log)
        until = time.monotonic() + START_SECONDS_MAX
        while not self.listens():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"{name}: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def listens(self):
        try:
            for port in self.ports:
                socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def start_all(folder, backend):
    """Those that this machine has."""
    kinds = [("nginx", ["nginx", "-p", "{folder}", "-e", "{folder}/error.log", "-c", "{config}"],
              NGINX),
             ("haproxy", ["haproxy", "-db", "-f", "{config}"], HAPROXY)]
    return [Proxy(name, command, template, folder, backend)
            for name, command, template in kinds if shutil.which(command[0])]
