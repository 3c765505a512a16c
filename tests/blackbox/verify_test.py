#!/usr/bin/env python3
"""verify_test.py - the auditor beside a platform that works, dies, starts and stops.

Aim:     `panglot verify` sees one moment over all files, whatever the platform is doing, and does
         not hold it up; its socket is nobody else's.
Method:  the load generator gives it work; what single damages do is in process_test.py and in the
         unit tests.
"""
import json
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import threading

import harness
import shop

LOOKS = 6
CHECKS = [f"A{n}" for n in range(1, 14)] + ["S1"] + [f"Q{n}" for n in range(1, 8)]


class Load:
    """The load generator on a platform, beside the test."""

    def __init__(self, store, seconds):
        host, port = store.address
        self.process = subprocess.Popen(
            [store.binary, "bench", "orders", "--url", f"http://{host}:{port}",
             "--data", store.data, "--seconds", str(seconds), "--connections", "64",
             "--warm-up", "100ms", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def end(self):
        said, _ = self.process.communicate()
        return self.process.returncode, said


class Page(shop.Case):
    def test_tells_what_the_help_tells(self):
        """docs/verify.md has the program's own words for each invariant."""
        done = subprocess.run([shop.options.binary, "verify", "--help"], text=True,
                              stdout=subprocess.PIPE, check=True)
        page = pathlib.Path(__file__).resolve().parents[2] / "docs" / "verify.md"
        listed = re.findall(r"^  ([ASQ]\d+) +(.+)$(?:\n +\(not seen: (.+)\)$)?", done.stdout, re.M)
        self.assertEqual([name for name, _, _ in listed], CHECKS)
        text = page.read_text()
        for row in listed:
            self.assertIn("| " + " | ".join(row).strip() + " |", text)


class Verify(shop.Case):
    def setUp(self):
        self.store = shop.Shop("--demo")
        self.addCleanup(self.store.close)

    def verify(self, code=0):
        got, said = self.store.run("verify", "--json")
        self.assertEqual(got, code, said[:4000])
        return json.loads(said)

    def wait_for_orders(self):
        before = sum(self.verify()["orders"].values())
        shop.wait_for(self.verify, lambda look: sum(look["orders"].values()) > before + 500)

    def test_under_load(self):
        load = Load(self.store, 4)
        self.wait_for_orders()
        looks = [self.verify() for _ in range(LOOKS)]
        code, said = load.end()
        self.assertEqual(code, 0, said)  # every order answered 201 and confirmed
        counts = [sum(look["orders"].values()) for look in looks]
        self.assertEqual(counts, sorted(counts))
        self.assertGreater(counts[-1], counts[0])
        self.assertFalse(all(look["idle"] for look in looks))
        for look in looks:
            self.assertTrue(look["ok"])
            self.assertEqual([check["id"] for check in look["checks"]], CHECKS)
            for check in look["checks"]:
                self.assertEqual(check["lookedAt"], look["idle"] or check["id"][0] != "Q", check)

    def test_at_rest(self):
        code, said = Load(self.store, 1).end()
        self.assertEqual(code, 0, said)
        look = shop.wait_for(self.verify, lambda look: look["idle"])  # the last event is heard
        orders = look["orders"]["CONFIRMED"]
        self.assertEqual(orders, sum(look["orders"].values()))
        self.assertEqual(orders, look["payments"]["CAPTURED"])
        self.assertEqual(orders, look["reservations"]["COMMITTED"])
        money = look["money"]["USD"]
        self.assertEqual(money["orderedMinor"], money["capturedMinor"])
        self.assertEqual(self.store.stop(), 0)
        self.assertEqual(self.verify(), look)  # the same, asked or opened
        self.store.open()

    def test_killed(self):
        """What a killed platform leaves is whole, though not at rest; and it gets there."""
        for _ in range(3):
            load = Load(self.store, 20)
            self.wait_for_orders()
            self.store.kill()
            load.process.kill()
            load.end()
            self.verify()
            self.store.open()
            shop.wait_for(self.verify, lambda look: look["idle"])

    def test_many_at_once(self):
        load = Load(self.store, 3)
        looks = shop.at_once(lambda _: self.verify(), range(12), threads=12)
        self.assertTrue(all(look["ok"] for look in looks))
        self.assertEqual(load.end()[0], 0)

    def test_stopped_meanwhile(self):
        """SIGTERM does not wait for auditors, and they are not left waiting."""
        Load(self.store, 2).end()
        heard = []
        askers = [threading.Thread(target=lambda: heard.append(self.store.run("verify")))
                  for _ in range(4)]
        for asker in askers:
            asker.start()
        self.assertEqual(self.store.stop(), 0)
        for asker in askers:
            asker.join(60)
            self.assertFalse(asker.is_alive())
        for code, said in heard:  # it has looked, or is told why not
            self.assertTrue(code == 0 or (code == 1 and re.search("went away|stopping", said)),
                            (code, said))
        self.assertEqual(len(heard), len(askers))
        codes = shop.at_once(lambda _: self.store.run("verify")[0], range(3), threads=3)
        self.assertEqual(codes, [0, 0, 0])  # of a stopped one, each in its turn
        self.store.open()

    @harness.of_one_process("each process has a socket of its own")
    def test_socket(self):
        path = pathlib.Path(self.store.data) / "control.sock"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertTrue(stat.S_ISSOCK(path.stat().st_mode))
        self.store.send(signal.SIGKILL)
        self.store.process.wait()
        self.assertTrue(path.exists())  # left behind, and in nobody's way
        self.verify()
        self.store.open()
        self.verify()
        self.assertEqual(self.store.stop(), 0)
        self.assertFalse(path.exists())
        self.store.open()

    def test_long_path(self):
        """A socket's address has room for 107 bytes; a folder may lie deeper."""
        folder = self.store.folder / ("a" * 100) / ("b" * 100)
        folder.mkdir(parents=True)
        deep = harness.Server(shop.options.binary, folder / "data", ("--demo",))
        deep.start()
        self.assertTrue(deep.wait_ready())
        code, said = deep.run("verify")
        self.assertEqual(deep.stop(), 0)
        self.assertEqual(code, 0, said)

    def test_not_a_platform(self):
        folder = self.store.folder / "other"
        folder.mkdir()
        (folder / "lock").touch()
        done = subprocess.run([shop.options.binary, "verify", "--data", folder], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(folder), done.stdout)
        self.assertEqual([path.name for path in folder.iterdir()], ["lock"])

    def test_a_folder_that_lost_a_file(self):
        copy = self.store.folder / "copy"
        self.assertEqual(self.store.stop(), 0)
        shutil.copytree(self.store.data, copy)
        (copy / "payments.db").unlink()
        done = subprocess.run([shop.options.binary, "verify", "--data", copy], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertFalse((copy / "payments.db").exists())
        self.store.open()


if __name__ == "__main__":
    shop.main()
