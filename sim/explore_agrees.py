#!/usr/bin/env python3
"""explore_agrees.py - do the machines that are shipped and the model that was written from the
specification alone reach the same states? Usage: explore_agrees.py SIM_EXPLORE_TEST small|big

The explorer's states are first projected onto what the model knows. Left out are
 - the rank of an open order, and what Orders has read of Inventory's log: progress, which the
   model does not have because it must not matter;
 - the latch, the cause and the handle, which follow from what is kept;
 - events that none of the three acts on: PaymentHoldReleased, InventoryReleased and
   InventoryCommitted.
What is left has to be equal, state by state. The explorer runs with the provider's object given,
for the model has no CREATE.
"""
import os
import pathlib
import subprocess
import sys

MODEL = pathlib.Path(__file__).with_name("saga_model.py")


def main():
    program, is_big = sys.argv[1], sys.argv[2:] == ["big"]
    explorer = lines_of([program, "--project", "given-big" if is_big else "given"])
    model = lines_of([sys.executable, str(MODEL), "STATES"], {"BIG": "1"} if is_big else {})
    ours, theirs = set(explorer), set(model)
    if ours != theirs:
        show("only the machines reach", ours - theirs)
        show("only the model reaches", theirs - ours)
        return 1
    if not ours:
        print("no states at all")
        return 1
    print(f"{len(ours)} states in both; the explorer tells {len(explorer)} apart")
    return 0


def lines_of(command, environment={}):
    done = subprocess.run(command, capture_output=True, text=True, check=True,
                          env={**os.environ, **environment})
    return done.stdout.splitlines()


def show(title, states):
    print(f"{title} {len(states)} states, such as:")
    for state in sorted(states, key=len)[:3]:
        print("   ", state)


if __name__ == "__main__":
    sys.exit(main())
