"""split.py - a platform whose roles are processes of their own, in the place of harness.Server.

They share a folder. Each is started with the options of the whole; ports of the mesh are picked
once, so that a process that is started anew is found again.
"""
import contextlib
import http.client
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLACKBOX = ROOT / "tests/blackbox"
sys.path.insert(0, str(BLACKBOX))
import harness  # noqa: E402  pylint: disable=wrong-import-position

SERVICES = ("catalog", "orders", "payments", "inventory", "webhooks", "identity")
ROLES = (*SERVICES, "gateway")
PLAIN = ("--mesh-plain",)
NO_LIMITS = ("--demo", "--rates", "off", "--max-open-orders-per-customer", "0")
SERVING = re.compile(r"^(serving .* on .* port \d+|listening on http://([^:/\s]+):(\d+))")


def free_ports(count):
    """Below those that the system gives to whoever connects: they stay free until they are used."""
    with contextlib.ExitStack() as held:
        ports = []
        while len(ports) < count:
            port = random.randrange(10000, 32768)
            taken = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):  # somebody has it
                taken.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


def make_certificates(folder, *others):
    """Of every role, and of whoever else is named."""
    subprocess.run([ROOT / "deploy/certificates.sh", folder, *ROLES, *others], check=True,
                   stderr=subprocess.DEVNULL)


def mutual_tls(folder):
    """The options of each role's process, for certificates that are there."""
    return {role: ("--mesh-certificate", f"{folder}/{role}.pem", "--mesh-key",
                   f"{folder}/{role}.key", "--mesh-ca", f"{folder}/ca.pem") for role in ROLES}


class Split(harness.Server):
    """The same methods; `process` is the gateway's. `groups` are the roles of each process, `mesh`
    its options: one for all, or by group."""
    usual_mesh = PLAIN
    document = None  # of shop.py: answers are compared with it on one process
    process_count = len(ROLES)

    def __init__(self, binary, data, options=("--demo",), mesh=None, groups=ROLES):
        super().__init__(binary, data, options)
        self.groups = groups
        free = iter(free_ports(2 * len(groups)))
        ports = dict(zip(groups, free))
        self.ports = {role: ports[group] for group in groups for role in group.split(",")
                      if role != "gateway"}
        self.ops = dict(zip((group for group in groups if group != "gateway"), free))
        mesh = mesh or self.usual_mesh
        self.mesh = dict.fromkeys(groups, mesh) if isinstance(mesh, tuple) else mesh
        self.processes, self.serving = {}, {}

    def start(self):
        self.address, self.said = None, []
        for group in self.groups:
            self.start_role(group)

    def peers(self):
        return [word for peer, port in self.ports.items()
                for word in (f"--peer-{peer}", f"127.0.0.1:{port}")]

    def gateway_options(self):
        """Of one more gateway, with a folder of its own."""
        return ("--roles", "gateway", *self.peers(), *self.mesh["gateway"], *self.options)

    def start_role(self, role):
        where = (("--http", self.http()) if role == "gateway"
                 else ("--mesh", f"127.0.0.1:{self.ports[role.split(',')[0]]}"))
        if role in self.ops:
            where += ("--ops", f"127.0.0.1:{self.ops[role]}")
        self.serving[role] = threading.Event()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data, "--roles", role, *where,
                 *self.peers(), *self.mesh[role], *self.options],
                stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True)
        self.processes[role] = process
        if role == "gateway":
            self.process = process
        threading.Thread(target=self._hear, args=[role, process], daemon=True).start()

    def http(self):
        """The gateway keeps its port when it is started alone."""
        return f"{self.address[0]}:{self.address[1]}" if self.address else "127.0.0.1:0"

    def _hear(self, role, process):
        with process.stdout:
            for line in process.stdout:
                if role == "gateway" and len(self.said) < harness.SAID_LINES_MAX:
                    self.said.append(line)
                found = SERVING.match(line)
                if found and found.group(2):
                    self.address = (found.group(2), int(found.group(3)))
                if found:
                    self.serving[role].set()

    def wait_ready(self, seconds_max=harness.START_SECONDS_MAX):
        until = time.monotonic() + seconds_max
        return (all(self.wait_role(role, until - time.monotonic()) for role in self.groups)
                and super().wait_ready(max(0, until - time.monotonic())))

    def wait_role(self, role, seconds_max=harness.START_SECONDS_MAX):
        until = time.monotonic() + seconds_max
        while time.monotonic() < until and self.processes[role].poll() is None:
            if self.serving[role].wait(0.02):
                return True
        return False

    def metrics(self):
        """Of all processes that answer, one behind the other."""
        pages = [super().metrics()]
        for port in self.ops.values():
            try:
                pages.append(harness.Client(("127.0.0.1", port)).ask("GET", "/metrics")
                             .body.decode())
            except (OSError, http.client.HTTPException):
                pass  # it is being started anew
        return "".join(pages)

    def send(self, number):
        for process in self.processes.values():
            process.send_signal(number)

    def kill(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def stop_role(self, role):
        """The exit code, or None if it had to be killed."""
        process = self.processes[role]
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(harness.STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def stop(self):
        codes = [self.stop_role(role) for role in reversed(self.groups)]
        return next((code for code in codes if code != 0), 0)


def expect(condition, what):
    if not condition:
        sys.exit(what)


@contextlib.contextmanager
def running(binary, folder, options=("--demo",), mesh=None):
    """A platform that is ready, in a folder which is kept where something goes wrong."""
    platform = Split(binary, folder / "data", options, mesh)
    platform.start()
    try:
        if not platform.wait_ready():
            sys.exit("it is not ready:\n" + platform.log.read_text()[-4000:])
        yield platform
    finally:
        platform.kill()
    shutil.rmtree(folder)
