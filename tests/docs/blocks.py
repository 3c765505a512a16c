#!/usr/bin/env python3
"""blocks.py --binary PROGRAM [PAGE...] - does what the pages tell their reader to type.

Aim:     no page gives a command that does not work.
Method:  every ```sh block of README.md and docs/ is run by bash, in the order of its page, in a
         folder of the page's own that looks like a checkout with a built program. A demo platform
         and a payment provider run beside it, as with `make run`, on ports of their own, which take
         the places of 127.0.0.1:8080 and 127.0.0.1:9090. A page stops and starts the platform by a
         mark that its reader does not see:

             <!-- the platform is stopped -->
             <!-- the platform runs -->

         Every block has to end with 0, and the page has to show the words of EXPECTED. Other blocks
         say by their language that they are not to be typed.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import pages

sys.path[:0] = [str(pages.ROOT / "tests/blackbox"), str(pages.ROOT / "tests/provider")]
import harness  # noqa: E402
import process  # noqa: E402

ADDRESS = "127.0.0.1:8080"  # as pages write it
OF_PROVIDER = "127.0.0.1:9090"
NOT_TYPED = {"text", "json", "yaml", "csv", "mermaid", "c", "sql"}
STOPPED, RUNS = "<!-- the platform is stopped -->", "<!-- the platform runs -->"
PAGE_SECONDS_MAX = 120

EXPECTED = {  # page: what has to be seen in it, as patterns
    "docs/provider.md": [r'"status":"CONFIRMED"', r'"captured":1490', r'"balanced":true',
                         r'"status":"requires_capture"', r'"captured":1500'],
    "README.md": [r"HTTP/1\.1 201 Created", r'"status":"CONFIRMED"', r'"name":"OrderConfirmed"',
                  r'"captured":1490'],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    wrong, blocks = [], 0
    for page in options.pages or pages.pages_that_tell():
        text = (pages.ROOT / page).read_text()
        wrong += [f"{page}:{line}: ```{language} is neither sh nor one of {sorted(NOT_TYPED)}"
                  for line, language, _ in pages.fences(text)
                  if language != "sh" and language not in NOT_TYPED]
        parts = parts_of(text)
        blocks += sum(len(part) for _, part in parts)
        if any(part for _, part in parts):
            wrong += follow(options.binary.resolve(), str(page), parts)
    wrong += [f"{page}: EXPECTED names it, and it is not there"
              for page in EXPECTED if not (pages.ROOT / page).exists()]
    print("\n".join(wrong) if wrong else f"{blocks} blocks do what their pages say")
    sys.exit(1 if wrong or blocks == 0 else 0)


def parts_of(text):
    """[(is the platform to run, [(line, commands)])] from mark to mark."""
    marks = {number: line == RUNS for number, line in enumerate(text.split("\n"), 1)
             if line in (STOPPED, RUNS)}
    parts = [(True, [])]
    blocks = {line: content for line, language, content in pages.fences(text) if language == "sh"}
    for line in sorted(marks.keys() | blocks.keys()):
        if line in marks:
            parts.append((marks[line], []))
        else:
            parts[-1][1].append((line, blocks[line]))
    return parts


def follow(binary, page, parts):
    """What went wrong on one page, as a list of texts."""
    with tempfile.TemporaryDirectory(prefix="pgl-docs-") as name:
        folder = pathlib.Path(name)
        (folder / "build/release").mkdir(parents=True)
        (folder / "build/release/panglot").symlink_to(binary)
        bank = process.Provider(binary, folder / "panglot-provider").start()
        server = harness.Server(binary, folder / "panglot-data", (
            "--demo", "--provider", bank.url,
            "--provider-key", str(folder / "panglot-provider/provider.key")))
        said = ""
        try:
            for is_running, blocks in parts:
                if not has_state(server, is_running):
                    return [f"{page}: the platform does not start or stop:\n"
                            + server.log.read_text()]
                addresses = {ADDRESS: server.address, OF_PROVIDER: bank.address}
                code, more = run(folder, addresses, blocks)
                said += more
                if code != 0:
                    return [f"{page}: a block ended with {code}:\n{said}"]
        finally:
            if server.process is not None and server.process.poll() is None:
                server.kill()
            bank.kill()
        return [f"{page}: {pattern} is not in what it shows:\n{said}"
                for pattern in EXPECTED.get(page, []) if not re.search(pattern, said)]


def has_state(server, is_to_run):
    """Starts or stops the platform; one that is to be stopped has run before, and has its data."""
    is_running = server.process is not None and server.process.poll() is None
    if not is_running and (is_to_run or server.process is None):
        server.start()
        is_running = server.wait_ready()
        if not is_running:
            return False
    return is_to_run or not is_running or server.stop() == 0


def run(folder, addresses, blocks):
    """(exit code, output) of blocks that share one shell, as a reader's do."""
    script = ["set -eu", "export PANGLOT_URL=http://%s:%d" % (addresses[ADDRESS] or ("", 0))]
    for line, content in blocks:
        for written, address in addresses.items():
            content = content.replace(written, "%s:%d" % address)
        script += [f"echo '---- line {line}'", content]
    try:
        done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PAGE_SECONDS_MAX, check=False)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return "a time-out", (late.stdout or b"").decode()


if __name__ == "__main__":
    main()
