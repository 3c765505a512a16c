#!/usr/bin/env python3
"""orders.py - the published figures of the order path, measured anew, as Markdown.

Real processes in fresh folders: one `serve --demo`, one `bench orders`, nothing else. Each figure
is the median of several runs with the least and the largest beside it; runs on small and large
folders take turns, so that a slow minute of the machine slows both. Exit 1 when a run was not good.
"""
import argparse
import datetime
import http.client
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
READY_SECONDS_MAX = 120
STOP_SECONDS_MAX = 30
IDLE_SECONDS = 3
MEBIBYTE = 1 << 20


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One platform over one folder, from its start to its end."""

    def __init__(self, binary, folder):
        self.folder, self.port = folder, free_port()
        self.log = open(folder.with_suffix(".log"), "ab")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "serve", "--demo", "--data", folder, "--http", f"127.0.0.1:{self.port}"],
            stdout=self.log, stderr=self.log)
        try:
            self.wait_until_ready(began + READY_SECONDS_MAX)
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        self.ready_s = time.monotonic() - began

    def wait_until_ready(self, until):
        while time.monotonic() < until and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.002)
        raise RuntimeError(f"not ready; see {self.log.name}")

    def memory_bytes(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the platform has ended")

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                say("it did not stop; killed")
                self.process.kill()
                self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Figures:
    """Every run's numbers by name, and whether all runs were good."""

    def __init__(self):
        self.runs, self.bad = {}, []

    def add(self, name, value):
        self.runs.setdefault(name, []).append(value)

    def add_load(self, name, result):
        self.add(f"{name}: accepted, orders/s", result["acceptedPerSecond"])
        self.add(f"{name}: confirmed, orders/s", result["confirmedPerSecond"])
        for quantile in ("p50", "p99"):
            self.add(f"{name}: POST {quantile}, ms", result["answeredMs"][quantile])
        for quantile in ("p50", "p99"):
            self.add(f"{name}: create to confirmed {quantile}, ms", result["confirmedMs"][quantile])
        self.add(f"{name}: platform CPU, us an order", result["serverCpuUsPerOrder"])
        self.add(f"{name}: generator CPU, us an order", result["generatorCpuUsPerOrder"])
        self.add(f"{name}: memory at most, MiB", result["serverMemoryMaxBytes"] / MEBIBYTE)
        self.add(f"{name}: CPU that others took, %", result["othersPercent"])
        if not result["good"]:
            self.bad.append((name, result))

    def median(self, name):
        return statistics.median(self.runs[name])


def busy_ticks(process_id):
    """CPU time so far: of the machine, and of the process with its children that have ended."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    with open(f"/proc/{process_id}/stat") as stat:
        own = sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:15]))
    return user + nice + system + irq + softirq + steal, own


def bench(options, server, *arguments):
    """Runs the load and adds to its result how busy the machine was with anything else."""
    command = [options.binary, "bench", "orders", "--json", "--data", server.folder,
               "--url", f"http://127.0.0.1:{server.port}", "--pid", str(server.process.pid),
               "--connections", str(options.connections), *map(str, arguments)]
    processes, began = (server.process.pid, os.getpid()), time.monotonic()
    before = [busy_ticks(process) for process in processes]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    after = [busy_ticks(process) for process in processes]
    if not done.stdout:
        raise RuntimeError(f"{' '.join(map(str, command))} exited {done.returncode}")
    result = json.loads(done.stdout)
    ours = sum(new[1] - old[1] for new, old in zip(after, before))
    others_s = (after[0][0] - before[0][0] - ours) / os.sysconf("SC_CLK_TCK")
    result["othersPercent"] = 100 * others_s / (time.monotonic() - began) / os.cpu_count()
    return result


def fill(options, folder, orders):
    """A folder with that many orders, all ended."""
    with Server(options.binary, folder) as server:
        result = bench(options, server, "--orders", orders, "--seconds", 7200)
        if result["confirmed"] != orders:
            raise RuntimeError(f"filling {folder}: {result}")


def measure_empty(options, figures, folder):
    with Server(options.binary, folder) as server:
        figures.add("empty folder: ready, ms", server.ready_s * 1000)
        time.sleep(IDLE_SECONDS)
        figures.add("empty folder: memory idle, MiB", server.memory_bytes() / MEBIBYTE)


def measure_closed(options, figures, name, folder):
    with Server(options.binary, folder) as server:
        result = bench(options, server, "--seconds", options.seconds)
        say(f"{name}: {result['confirmedPerSecond']:.0f} confirmed/s")
        figures.add_load(name, result)


def measure_open(options, figures, name, folder):
    with Server(options.binary, folder) as server:
        result = bench(options, server, "--seconds", options.seconds, "--rate", options.rate)
        say(f"{name}: POST p99 {result['answeredMs']['p99']:.1f} ms")
        figures.add_load(name, result)


def measure_ready(options, figures, name, folder):
    """After a kill in the middle of a load, and after a stop: how long until it serves again?"""
    with Server(options.binary, folder) as server:
        load = subprocess.Popen(
            [options.binary, "bench", "orders", "--data", folder, "--no-goods",
             "--url", f"http://127.0.0.1:{server.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(5)
        server.stop(signal.SIGKILL)
        load.kill()
        load.wait()
    with Server(options.binary, folder) as server:
        figures.add(f"{name}: ready after a kill, ms", server.ready_s * 1000)
        time.sleep(IDLE_SECONDS)
    with Server(options.binary, folder) as server:
        figures.add(f"{name}: ready after a stop, ms", server.ready_s * 1000)
        time.sleep(IDLE_SECONDS)
        figures.add(f"{name}: memory idle, MiB", server.memory_bytes() / MEBIBYTE)


def measure(options, figures, place):
    small, large = f"{options.small:,} orders", f"{options.large:,} orders"
    say(f"filling a folder with {options.large} orders")
    fill(options, place / "large", options.large)
    for run in range(options.runs):
        say(f"run {run + 1} of {options.runs}")
        folder = place / f"run{run}"
        measure_empty(options, figures, folder)
        fill(options, folder, options.small)
        measure_closed(options, figures, f"closed loop, {small}", folder)
        measure_closed(options, figures, f"closed loop, {large}", place / "large")
        measure_open(options, figures, f"{options.rate}/s, {small}", folder)
        measure_ready(options, figures, large, place / "large")
        shutil.rmtree(folder)
    rate = "closed loop, {}: confirmed, orders/s"
    figures.add(f"rate with {large} over rate with {small}, %",
                100 * figures.median(rate.format(large)) / figures.median(rate.format(small)))


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def file_system(place):
    done = subprocess.run(["findmnt", "-no", "FSTYPE", "-T", place],
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "unknown"


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "unknown"


def print_markdown(options, figures, place, load_before):
    print(f"- date: {datetime.date.today()}, commit {commit()}")
    print(f"- machine: {machine()}; files on {file_system(place)}")
    print(f"- load average before: {load_before[0]:.1f}; on a machine that is not idle the figures "
          "are too low")
    print(f"- command: `{' '.join(['bench/orders.py', *sys.argv[1:]])}`")
    print(f"- {options.runs} runs of {options.seconds} s after a warm-up of 2 s, "
          f"{options.connections} connections, 2 lines an order, 10,000 customers\n")
    print("| figure | median | least to largest |\n| --- | ---: | ---: |")
    for name, values in figures.runs.items():
        digits = 0 if statistics.median(values) >= 100 else 1
        print(f"| {name} | {statistics.median(values):,.{digits}f} | "
              f"{min(values):,.{digits}f} to {max(values):,.{digits}f} |")
    for name, result in figures.bad:
        print(f"\nNOT GOOD: {name}: `{json.dumps(result)}`")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/release/panglot")
    parser.add_argument("--place", help="where folders are made (the temporary folder)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rate", type=int, default=3000, help="of the open loop, a second")
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--small", type=int, default=10000, help="orders on disk")
    parser.add_argument("--large", type=int, default=1000000, help="orders on disk")
    return parser.parse_args()


def main():
    options, figures, load_before = read_options(), Figures(), os.getloadavg()
    place = pathlib.Path(tempfile.mkdtemp(prefix="panglot-bench-", dir=options.place))
    try:
        measure(options, figures, place)
        print_markdown(options, figures, place, load_before)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return 1 if figures.bad else 0


if __name__ == "__main__":
    sys.exit(main())
