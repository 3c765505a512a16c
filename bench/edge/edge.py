#!/usr/bin/env python3
"""edge.py - what a request costs at the edge, beside what it costs nginx for a file of that size,
and a call beside gRPC's own library.

The server has one processor to itself and the load generator the other; arms alternate, round by
round, so that a machine that slows down slows all alike. What counts is the server's CPU a request,
of all its threads, from the kernel's own account of them; a rate says as much about the generator.
Prints a table of medians with the least and the largest, and the ratio of each pair, and what of
PROMISED was not kept, which is exit 1.

Usage: edge.py --binary build/release/panglot [--rounds 5] [--seconds 3] [--only get,tls]
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/blackbox"))
import harness  # noqa: E402

SERVER_CPU, LOAD_CPU = "0", "1"
WARM_SECONDS = 1
SKU = "BENCH-1"
BODY_BYTES, ECHO_BYTES = 300, 200
# By the beginning of the row's name: the most of the other's CPU, and the least rate.
PROMISED = ((f"{BODY_BYTES} bytes for anyone", 1.0, 0), ("an order, with a token", None, 30000),
            ("gRPC, unary echo", 1 / 1.2, 0))
NGINX = """
daemon off;
master_process off;
worker_processes 1;
error_log {folder}/error.log crit;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    keepalive_requests 1000000000;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {folder}/pair.pem;
    ssl_certificate_key {folder}/pair.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache off;
    add_header X-Content-Type-Options nosniff;
    add_header Cache-Control "public, max-age=300";
    server {{ listen 127.0.0.1:{ports[0]}; root {folder}/root; }}
    server {{ listen 127.0.0.1:{ports[1]} http2; root {folder}/root; }}
    server {{ listen 127.0.0.1:{ports[2]} ssl http2; root {folder}/root; }}
}}
"""


def pinned(cpu, *command):
    return ["taskset", "-c", cpu, *map(str, command)]


def cpu_ns(process):
    """Of all threads of it that there are and were."""
    used = 0
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        try:
            used += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return used


class Ours:
    """A shop with a certificate, on one processor."""

    def __init__(self, binary, folder):
        self.server = harness.Server(binary, folder / "data", (
            "--demo", "--rates", "off", "--https", "127.0.0.1:0", "--tls-dev"))
        self.server.binary = str(binary)
        self.folder = folder

    def start(self):
        os.sched_setaffinity(0, {int(SERVER_CPU)})  # threads of the server have it from here
        try:
            self.server.start()
        finally:
            os.sched_setaffinity(0, range(os.cpu_count()))
        if not self.server.wait_ready():
            sys.exit(f"panglot does not start: {self.server.log.read_text()}")
        self.process = self.server.process.pid
        host, port = self.server.address
        self.plain = f"http://{host}:{port}"
        said = "".join(self.server.said)
        self.tls = re.search(r"https://\S+", said)[0]
        self.tls_port = int(self.tls.rsplit(":", 1)[1])
        shutil.copy(self.folder / "data/localhost.pem", self.folder / "pair.pem")
        self.token = self.server.token("ann")
        self.order = self.post(self.token, "/api/v1/orders", {
            "currency": "USD", "lines": [{"sku": "KIT-101", "quantity": 1}],
            "payment": {"method": "account"}, "shipTo": {"region": "EU"}})["id"]
        self.product = f"/api/v1/products/{SKU}"
        self.make_product()

    def post(self, token, path, body):
        answer = harness.Client(self.server.address, token).ask("POST", path, body,
                                                                idempotency_key="one")
        if answer.code not in (201, 202):
            sys.exit(f"{path}: {answer.code} {answer.body!r}")
        return json.loads(answer.body)

    def make_product(self):
        """Another like it, with a short description, shows how long that has to be."""
        token = self.server.token("op", "--role", "operator")
        client = harness.Client(self.server.address)
        size = 0
        for sku in (SKU[:-1] + "0", SKU):
            self.post(token, "/api/v1/products", {
                "sku": sku, "name": "A kettle", "category": "kitchen", "priceMinor": 1490,
                "currency": "USD", "description": "d" * (BODY_BYTES - size + 1 if size else 1)})
            size = len(client.ask("GET", f"/api/v1/products/{sku}").body)
        if size != BODY_BYTES:
            sys.exit(f"a product of {size} bytes")

    def close(self):
        if self.server.process:
            self.server.stop()


class Nginx:
    """Files of the sizes of our answers, in one process on the same processor."""

    def __init__(self, folder, files):
        self.folder = folder / "nginx"
        (self.folder / "root").mkdir(parents=True)
        shutil.copy(folder / "pair.pem", self.folder / "pair.pem")
        for name, size in files.items():
            (self.folder / "root" / name).write_bytes(b"x" * size)
        held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        ports = [peer.getsockname()[1] for peer in held]
        for peer in held:
            peer.close()
        config = self.folder / "config"
        config.write_text(NGINX.format(folder=self.folder, ports=ports))
        self.child = subprocess.Popen(pinned(
            SERVER_CPU, "nginx", "-p", self.folder, "-e", self.folder / "error.log", "-c", config))
        self.process = self.child.pid
        self.plain, self.http2 = (f"http://127.0.0.1:{port}" for port in ports[:2])
        self.tls, self.tls_port = f"https://127.0.0.1:{ports[2]}", ports[2]
        time.sleep(0.5)

    def close(self):
        self.child.terminate()
        self.child.wait()


class Echo:
    """A server that prints its port: ours, or that of gRPC's own library."""

    def __init__(self, *command):
        self.child = subprocess.Popen(pinned(SERVER_CPU, *command), stdout=subprocess.PIPE,
                                      text=True)
        self.process = self.child.pid
        self.url = f"http://127.0.0.1:{int(self.child.stdout.readline())}/bench.Echo/Echo"

    def close(self):
        self.child.kill()
        self.child.wait()


def build_peer(folder):
    """grpc_peer.cc with Debian's libgrpc++-dev; None where that is not here."""
    here = pathlib.Path(__file__).resolve().parent
    plugin, compiler = shutil.which("grpc_cpp_plugin"), shutil.which("g++")
    has_library = subprocess.run(["pkg-config", "--exists", "grpc++"], check=False).returncode == 0
    if not (plugin and compiler and has_library):
        print("no peer for gRPC: libgrpc++-dev, protobuf-compiler-grpc and g++ are expected")
        return None
    subprocess.run(["protoc", f"-I{here}", f"--cpp_out={folder}", f"--grpc_out={folder}",
                    f"--plugin=protoc-gen-grpc={plugin}", here / "echo.proto"], check=True)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "grpc++", "protobuf"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    subprocess.run([compiler, "-O2", f"-I{folder}", "-o", folder / "peer", here / "grpc_peer.cc",
                    folder / "echo.pb.cc", folder / "echo.grpc.pb.cc", *flags], check=True)
    return folder / "peer"


def grpc_echo(folder):
    """A load of calls with one string."""
    text = b"e" * (ECHO_BYTES - 3)
    message = b"\x0a" + bytes([len(text) & 127 | 128, len(text) >> 7]) + text
    body = folder / "echo.body"
    body.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
    options = HTTP2 + ("-d", str(body), "-H", "content-type: application/grpc", "-H",
                       "te: trailers")

    def load(url, seconds):
        done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "--data-binary",
                               f"@{body}", "-H", "content-type: application/grpc", "-H",
                               "te: trailers", url], stdout=subprocess.PIPE, check=True)
        if done.stdout != body.read_bytes():
            sys.exit(f"{url} answers {done.stdout!r}")
        return h2load(url, seconds, *options)
    return load


def h2load(url, seconds, *options):
    """How many requests were answered, all of them with 200."""
    done = subprocess.run(
        pinned(LOAD_CPU, "h2load", "-t1", "-D", str(seconds), *options, url),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", done.stdout)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", done.stdout)
    if not found or int(found[3]) or int(found[4]) or int(codes[3]) or int(codes[4]):
        sys.exit(f"{url}: {done.stdout}")
    return int(found[2])


def get(options):
    def load(url, seconds):
        return h2load(url, seconds, *options)
    return load


def handshakes(url, seconds):
    """One after another, each in full; openssl counts them."""
    port = url.rsplit(":", 1)[1].split("/")[0]
    done = subprocess.run(pinned(LOAD_CPU, "openssl", "s_time", "-connect", f"127.0.0.1:{port}",
                                 "-new", "-time", str(seconds)),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(r"(\d+) connections in \d+ real seconds", done.stdout)
    if not found:
        sys.exit(f"{url}: {done.stdout}")
    return int(found[1])


HTTP1 = ("--h1", "-c", "32")
HTTP2 = ("-c", "4", "-m", "16")


def arms(ours, nginx):
    """(group, what, who, server, load, url)"""
    what, path, file = f"{BODY_BYTES} bytes for anyone", ours.product, "/" + SKU
    token = ("-H", f"Authorization: Bearer {ours.token}")
    order = f"{ours.plain}/api/v1/orders/{ours.order}"
    return [
        ("get", f"{what}, HTTP/1.1", "panglot", ours, get(HTTP1), ours.plain + path),
        ("get", f"{what}, HTTP/1.1", "nginx", nginx, get(HTTP1), nginx.plain + file),
        ("get", f"{what}, HTTP/2", "panglot", ours, get(HTTP2), ours.plain + path),
        ("get", f"{what}, HTTP/2", "nginx", nginx, get(HTTP2), nginx.http2 + file),
        ("tls", f"{what}, TLS, HTTP/1.1", "panglot", ours, get(HTTP1), ours.tls + path),
        ("tls", f"{what}, TLS, HTTP/1.1", "nginx", nginx, get(HTTP1), nginx.tls + file),
        ("tls", f"{what}, TLS, HTTP/2", "panglot", ours, get(HTTP2), ours.tls + path),
        ("tls", f"{what}, TLS, HTTP/2", "nginx", nginx, get(HTTP2), nginx.tls + file),
        ("handshake", "TLS handshake in full", "panglot", ours, handshakes, ours.tls),
        ("handshake", "TLS handshake in full", "nginx", nginx, handshakes, nginx.tls),
        ("order", "an order, with a token, HTTP/1.1", "panglot", ours, get(HTTP1 + token), order),
        ("order", "an order, with a token, HTTP/2", "panglot", ours, get(HTTP2 + token), order),
    ]


def measure(row, seconds):
    """(server's us a request, requests a second)"""
    _, _, _, server, load, url = row
    load(url, WARM_SECONDS)
    before, begun = cpu_ns(server.process), time.monotonic()
    count = load(url, seconds)
    used, took = cpu_ns(server.process) - before, time.monotonic() - begun
    return used / 1000 / count, count / took


def show(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def broken(what, ratio, rate):
    """What of PROMISED this row of ours does not keep; empty for nothing."""
    for name, ratio_most, rate_least in PROMISED:
        if what.startswith(name) and ", TLS" not in what:
            if ratio_most is not None and ratio is not None and ratio > ratio_most:
                return f"{what}: {ratio:.2f} of the other's CPU, {ratio_most:.2f} was promised"
            if rate < rate_least:
                return f"{what}: {rate:,.0f}/s, {rate_least:,} was promised"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="get,tls,handshake,order,grpc")
    options = parser.parse_args()
    for tool in ("nginx", "h2load", "openssl", "taskset"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not here")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-edge-"))
    ours = nginx = None
    echoes = {}
    try:
        ours = Ours(options.binary, folder)
        ours.start()
        nginx = Nginx(folder, {SKU: BODY_BYTES})
        rows = [row for row in arms(ours, nginx) if row[0] in options.only.split(",")]
        peer = build_peer(folder) if "grpc" in options.only else None
        if peer:
            load = grpc_echo(folder)
            echoes = {"panglot": Echo(options.binary.parent / "edge_grpc_echo"),
                      "gRPC C++": Echo(peer)}
            rows += [("grpc", f"gRPC, unary echo of {ECHO_BYTES} bytes", who, echo, load, echo.url)
                     for who, echo in echoes.items()]
        figures = {row[1:3]: [] for row in rows}
        for turn in range(options.rounds):
            for row in rows if turn % 2 == 0 else reversed(rows):
                figures[row[1:3]].append(measure(row, options.seconds))
    finally:
        for server in (ours, nginx, *echoes.values()):
            if server:
                server.close()
        shutil.rmtree(folder)
    print(f"load average {os.getloadavg()[0]:.1f}; {options.rounds} rounds of "
          f"{options.seconds} s, alternated\n")
    print("| what | who | server's CPU, us a request | requests/s | CPU, of the other's |")
    print("| --- | --- | ---: | ---: | ---: |")
    complaints = []
    for (what, who), measured in figures.items():
        beside = figures.get((what, "nginx"), figures.get((what, "gRPC C++")))
        ratio = None if beside is None or who != "panglot" else statistics.median(
            mine[0] / theirs[0] for mine, theirs in zip(measured, beside))
        rate = statistics.median(m[1] for m in measured)
        print(f"| {what} | {who} | {show([m[0] for m in measured])} | "
              f"{rate:,.0f} | {'' if ratio is None else f'{ratio:.2f}'} |")
        if who == "panglot":
            complaints.append(broken(what, ratio, rate))
    sys.exit("\n".join(filter(None, complaints)) or 0)


if __name__ == "__main__":
    main()
