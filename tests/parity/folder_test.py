#!/usr/bin/env python3
"""folder_test.py --binary PANGLOT - commands on a folder find the process that has what they want,
and say who has to run where there is none.
"""
import argparse
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import split
import harness
from split import expect

OLD_KEYS_MAX = 30
JOINT_SECONDS = 2  # that writers hold for the others, see control.h
KEY_NAME = re.compile(r"^\S+\n$")


def rotate(platform, *options):
    done = subprocess.run([platform.binary, "token", "rotate", "--data", platform.data, *options],
                          capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def check_rotation(platform):
    names = set()
    for _ in range(OLD_KEYS_MAX):
        code, said, why = rotate(platform)
        expect(code == 0 and KEY_NAME.match(said), f"a rotation: {code} {said} {why}")
        names.add(said)
    expect(len(names) == OLD_KEYS_MAX, "a name twice")
    code, said, why = rotate(platform)
    expect(code == 1 and said == "" and "30 old keys are still good" in why,
           f"one key too many: {code} {said} {why}")
    expect(rotate(platform, "--at-once")[0] == 0, "at once")
    print(f"the gateway makes {OLD_KEYS_MAX} keys, and says why it makes no more")


def check_gateway_elsewhere(platform, folder):
    """On another machine it has a folder of its own, with nothing in it but what is the edge's."""
    own = harness.Server(platform.binary, folder / "gateway", platform.gateway_options())
    own.start()
    try:
        expect(own.wait_ready(), f"a second gateway: {own.log.read_text()[-2000:]}")
        code, said, why = rotate(own)
        expect(code == 0 and KEY_NAME.match(said), f"of a gateway alone: {code} {said} {why}")
    finally:
        own.stop()
    code, _, why = rotate(own)
    expect(code == 1 and "no gateway runs in it" in why, f"of one that has ended: {code} {why}")
    expect(not list(pathlib.Path(own.data).glob("*.db")), "databases beside a gateway")
    print("a gateway with a folder of its own is asked there")


def check_slow(platform):
    """One process does not hold in time: the others do not wait for it, and it is said."""
    asleep = platform.processes["identity"]
    asleep.send_signal(signal.SIGSTOP)
    with subprocess.Popen([platform.binary, "verify", "--data", platform.data], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        time.sleep(JOINT_SECONDS + 3)  # for the others to be asked, and then to give up
        asleep.send_signal(signal.SIGCONT)
        _, why = asked.communicate(timeout=30)
    is_said = re.search(r": gateway: nothing is held any more.* try again\n$", why)
    expect(asked.returncode == 1 and is_said, f"a slow one: {asked.returncode} {why!r}")
    code, said = platform.run("verify")
    expect(code == 0, f"behind it: {said}")
    print("one that does not hold in time is said, and the next look is whole")


def check_without_gateway(platform):
    expect(platform.stop_role("gateway") == 0, "the gateway did not end well")
    code, _, why = rotate(platform)
    expect(code == 1 and "none of them is the gateway" in why, f"without a gateway: {code} {why}")
    code, said = platform.run("verify")
    expect(code == 0, f"verify without a gateway: {said}")
    print("without a gateway its key is not replaced, and the others are looked at all the same")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-folder-"))
    with split.running(options.binary, folder) as platform:
        check_slow(platform)
        check_rotation(platform)
        check_gateway_elsewhere(platform, folder)
        check_without_gateway(platform)


if __name__ == "__main__":
    main()
