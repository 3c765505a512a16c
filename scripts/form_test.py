#!/usr/bin/env python3
"""form_test.py - do floors.py, names.py and hardening.py find what they are there for?

Method: each case is a little tree in memory, laid down in a temporary folder: files that break one
rule, with a word of the complaint and the line where it must be, or none if all is well; for
hardening.py a little program that is linked without one thing. A check that has gone blind fails
here.
"""
import os
import pathlib
import platform
import subprocess
import tempfile
import unittest

import floors
import hardening
import names
import wrap_comments

GUARD = "#ifndef {0}\n#define {0}\n{1}#endif\n"


def header(*includes, guard="PGL_X_H"):
    return GUARD.format(guard, "".join(f'#include "{name}"\n' for name in includes))


FLOORS = [  # name, tree, where and what is found (None: nothing)
    ("a lower floor may be seen", {"src/wire/json.c": '#include "base/text.h"\n'}, None),
    ("made headers may be seen", {"src/services/orders/orders_sql.c":
                                  '#include "contract/orders.h"\n'
                                  '#include "orders_migrations.h"\n'}, None),
    ("a higher floor", {"src/base/id.c": '\n#include "runtime/loop.h"\n'},
     "src/base/id.c:2: .*may not include src/runtime"),
    ("a neighbour", {"src/wire/json.c": '#include "telemetry/log.h"\n'}, "json.c:1: .*telemetry"),
    ("the other wing", {"src/events/log.c": '#include "transport/rpc.h"\n'},
     "log.c:1: .*transport"),
    ("store sees no transport", {"src/store/tx.c": '#include "transport/rpc.h"\n'}, "tx.c:1:"),
    ("the outside behind the interface", {"src/runtime/loop.c": '#include "platform/real/uv.h"\n'},
     "loop.c:1: .*platform/real"),
    ("another service", {"src/services/orders/create.c": '#include "services/payments/ledger.h"\n'},
     "create.c:1: .*services/payments"),
    ("edge sees no service", {"src/edge/bff/orders.c": '#include "services/orders/create.h"\n'},
     "orders.c:1: .*services/orders"),
    ("a service sees no edge", {"src/services/orders/create.c": '#include "edge/bff/orders.h"\n'},
     "create.c:1: .*edge/bff"),
    ("a face sees no other face", {"src/edge/bff/orders.c": '#include "edge/graphql/plan.h"\n'},
     "orders.c:1: .*edge/graphql"),
    ("the routes list all faces", {"src/edge/gateway/routes.c": '#include "edge/bff/orders.h"\n'},
     None),
    ("a handler that could wait", {"src/services/orders/create.c": '#include "runtime/loop.h"\n'},
     "create.c:1: .*handlers stay pure"),
    ("a handler that could call", {"src/services/orders/create.c": '#include "transport/rpc.h"\n'},
     "create.c:1: .*handlers stay pure"),
    ("an outbound flow may wait", {"src/services/orders/prices.c": '#include "runtime/loop.h"\n'},
     None),
    ("sim is seen by nobody", {"src/app/boot.c": '#include "sim/sched.h"\n'}, "boot.c:1: sim/"),
    ("but by its command", {"src/app/sim_command.c": '#include "sim/sched.h"\n'}, None),
    ("libuv", {"src/runtime/loop.c": "#include <uv.h>\n"}, "loop.c:1: <uv.h>"),
    ("libuv at home", {"src/platform/real/net.c": "#include <uv.h>\n"}, None),
    ("sqlite", {"src/events/log.c": "#include <sqlite3.h>\n"}, "log.c:1: <sqlite3.h>"),
    ("openssl", {"src/edge/gateway/identify.c": "#include <openssl/evp.h>\n"}, "identify.c:1:"),
    ("openssl at home", {"fuzz/jwt.c": "#include <openssl/evp.h>\n"}, None),
    ("protobuf-c", {"src/transport/rpc.c": "#include <protobuf-c/protobuf-c.h>\n"}, "rpc.c:1:"),
    ("librdkafka", {"src/events/relay.c": "#include <librdkafka/rdkafka.h>\n"}, "relay.c:1:"),
    ("librdkafka at home", {"src/events/kafka.c": "#include <librdkafka/rdkafka.h>\n"}, None),
    ("sockets", {"src/transport/conn.c": "#include <sys/socket.h>\n"}, "conn.c:1: <sys/socket.h>"),
    ("threads", {"src/runtime/loop.c": "#include <pthread.h>\n"}, "loop.c:1: <pthread.h>"),
    ("threads of a test", {"src/runtime/mailbox_threads_test.c": "#include <pthread.h>\n"}, None),
    ("cmocka in the program", {"src/base/id.c": "#include <cmocka.h>\n"}, "id.c:1: <cmocka.h>"),
    ("not from src/", {"src/base/id.c": '#include "id.h"\n'}, "id.c:1: .*not written from src/"),
    ("beside it, outside src/", {"sim/disk.c": '#include "disk_image.h"\n'}, None),
    ("a folder on no floor", {"src/utils/misc.c": "int x;\n"}, "misc.c:1: .*on no floor"),
    ("no guard", {"src/base/id.h": "int x;\n"}, "id.h:1: .*guard"),
    ("one guard twice", {"src/base/a.h": header(), "src/base/b.h": header()},
     "b.h:1: .*same guard"),
    ("a circle", {"src/base/a.h": header("base/b.h", guard="A"),
                  "src/base/b.h": header("base/c.h", guard="B"),
                  "src/base/c.h": header("base/b.h", guard="C")},
     "src/base/b.h:1: .*circle: src/base/b.h -> src/base/c.h -> src/base/b.h"),
    ("600 lines", {"src/base/big.c": "\n" * 600}, None),
    ("601 lines", {"src/base/big.c": "\n" * 601}, "big.c:601: over 600"),
    ("a long function", {"src/base/long.c": "void f(void)\n{\n" + "    x;\n" * 61 + "}\n"},
     "note: src/base/long.c:2: a function of 61 lines"),
]

NAMES = [
    ("the clock", {"src/saga/t.c": "\nlong t = time(NULL);\n"}, "t.c:2: time:"),
    ("the clock at home", {"src/platform/real/clock.c": "t = clock_gettime(0, &at);\n"}, None),
    ("a member of that name", {"src/saga/t.c": "x = clock->time(clock) + net.socket(1);\n"}, None),
    ("a longer name", {"src/saga/t.c": "x = pgl_time(1) + to_free(2);\n"}, None),
    ("in a comment", {"src/saga/t.c": "/* not\n * time(2) */ int x; // rand()\n"}, None),
    ("in a text", {"src/saga/t.c": 'say("call exit(1) \\" malloc(2)");\n'}, None),
    ("the line after a comment", {"src/saga/t.c": "/* a\n b */\nx = rand();\n"}, "t.c:3: rand:"),
    ("randomness", {"src/base/id.c": "x = random ();\n"}, "id.c:1: random:"),
    ("the environment", {"src/app/config.c": 'x = getenv("A");\n'}, "config.c:1: getenv:"),
    ("sleeping", {"src/runtime/loop.c": "usleep(5);\n"}, "loop.c:1: usleep:"),
    ("threads", {"src/runtime/loop.c": "pthread_create(&t);\n"}, "loop.c:1: pthread_create:"),
    ("sockets", {"src/transport/conn.c": "s = socket(1, 2, 3);\n"}, "conn.c:1: socket:"),
    ("leaving", {"src/app/boot.c": "exit(1);\n"}, "boot.c:1: exit:"),
    ("leaving from main", {"src/app/main.c": "exit(1);\n"}, None),
    ("the heap", {"src/edge/bff/o.c": "p = malloc(5);\n"}, "o.c:1: malloc:"),
    ("the heap at open", {"src/edge/bff/o.c": "int *pgl_ring_open(int n)\n{\n    malloc(n);\n}\n"},
     None),
    ("the heap after open", {"src/edge/bff/o.c": "int f_open(void)\n{\n}\n\nstatic int *g(int n)\n"
                                                 "{\n    malloc(n);\n}\n"}, "o.c:7: malloc:"),
    ("the heap in the arena", {"src/base/arena.c": "p = malloc(5);\n"}, None),
    ("the heap in a test", {"src/base/arena_test.c": "p = malloc(5);\n"}, None),
    ("unbounded copies", {"src/base/a.c": "strcpy(a, b);\n"}, "a.c:1: strcpy:"),
    ("unfinished", {"src/base/a.c": "/* TO" "DO: later */\n"}, "a.c:1: unfinished"),
    ("unfinished page", {"docs/a.md": "FIX" "ME\n"}, "a.md:1: unfinished"),
    ("somebody's machine", {"docs/a.md": "see /ho" "me/me/x\n"}, "a.md:1: a path"),
    ("a path that is none", {"docs/a.md": "GET /api/ho" "me/x\n"}, None),
    ("a tab", {"scripts/a.py": "if x:\n\ty\n"}, "a.py:2: a tab"),
    ("blanks at the end", {"docs/a.md": "line \n"}, "a.md:1: blanks"),
    ("no last end of line", {"docs/a.md": "line"}, "a.md:1: no end of line"),
    ("100 columns", {"src/base/a.c": "x" * 100 + "\n"}, None),
    ("101 columns", {"src/base/a.c": "x" * 101 + "\n"}, "a.c:1: over 100"),
    ("101 columns in a table laid out by hand",
     {"src/base/a.c": "/* clang-format off */\n" + "x" * 101 + "\n/* clang-format on */\n"}, None),
    ("101 columns behind such a table",
     {"src/base/a.c": "/* clang-format off */\n/* clang-format on */\n" + "x" * 101 + "\n"},
     "a.c:3: over 100"),
    ("a script that cannot run", {"scripts/a.sh": "#!/bin/sh\n"}, "a.sh:1: .*not executable"),
]


WORDS = "word " * 20 + "word"  # too wide behind any opening
WRAPPED = [  # name, before, after
    ("a short one stays", "/* word */\n", "/* word */\n"),
    ("code stays", "x = " + "1 + " * 40 + "1;\n", "x = " + "1 + " * 40 + "1;\n"),
    ("one line becomes two", f"    /* {WORDS} */\n",
     f"    /* {'word ' * 17}word\n     * word word word */\n"),
    ("the rest goes before what follows", f" * {WORDS}\n * next\n",
     f" * {'word ' * 18}word\n * word word next\n"),
    ("but not before another label", f" * Owner:    {WORDS}\n * Bounds:   next\n",
     f" * Owner:    {'word ' * 16}word\n *           word word word word\n * Bounds:   next\n"),
    ("nor into a table", f" * {WORDS}\n *   a   b\n",
     f" * {'word ' * 18}word\n * word word\n *   a   b\n"),
    ("a comment behind code goes before it", f"    int x; /* {WORDS} */\n",
     f"    /* {'word ' * 17}word\n     * word word word */\n    int x;\n"),
    ("a table laid out by hand is left",
     f"/* clang-format off */\nint x; /* {WORDS} */\n/* clang-format on */\n",
     f"/* clang-format off */\nint x; /* {WORDS} */\n/* clang-format on */\n"),
    ("unless there is room", "    int x; /* word */\n", "    int x; /* word */\n"),
]


PROGRAM = """#include <stdio.h>
#include <string.h>
int pgl_f(const char *from, size_t size)
{
    char to[64];
    memcpy(to, from, size);
    return puts(to);
}
int main(int argc, char **argv)
{
    return pgl_f(argv[0], (size_t)argc);
}
"""
HARDENED = ("-O2 -fPIE -pie -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 "
            "-fcf-protection -Wl,-z,relro,-z,now,-z,noexecstack").split()
SOFTENED = [  # name, flags behind those above, what is found (None: nothing)
    ("all is there", [], None),
    ("a fixed address", ["-fno-pie", "-no-pie"], "position-independent"),
    ("no RELRO", ["-Wl,-z,norelro"], "no GNU_RELRO"),
    ("bound late", ["-Wl,-z,lazy"], "no BIND_NOW"),
    ("a stack that runs", ["-Wl,-z,execstack"], "the stack is executable"),
    ("a stack that nobody looks after", ["-fno-stack-protector"], "looks after its stack"),
    ("no FORTIFY", ["-U_FORTIFY_SOURCE"], "_chk functions"),
    ("no landing pads", ["-fcf-protection=none"], "1 functions have no endbr64, pgl_f is one"),
    ("no symbols", ["-s"], "without symbols"),
]


class FormTest(unittest.TestCase):
    def test_floors(self):
        self.try_all(floors.check, FLOORS)

    def test_names(self):
        self.try_all(names.check, NAMES)

    def test_wrapping(self):
        for name, before, after in WRAPPED:
            with self.subTest(name):
                self.assertEqual(wrap_comments.wrap(before), after)
                self.assertEqual(wrap_comments.wrap(after), after)

    @unittest.skipUnless(platform.machine() == "x86_64", "its flags are those of x86")
    def test_hardening(self):
        for name, flags, expected in SOFTENED:
            with self.subTest(name), tempfile.TemporaryDirectory() as root:
                program = pathlib.Path(root, "program")
                subprocess.run(["gcc", "-x", "c", "-", "-o", program, *HARDENED, *flags],
                               input=PROGRAM, text=True, timeout=60, check=True)
                found = list(hardening.wrong_in_program(program))
                self.assertEqual(len(found), 0 if expected is None else 1, found)
                self.assertRegex("".join(found), expected or "^$")

    def test_hardening_of_commands(self):
        flags = " ".join(hardening.OF_EACH_COMMAND)
        said = [{"file": "a.c", "command": f"cc {flags} -c a.c"},
                {"file": "b.c", "command": f"cc {flags.replace('=3', '=2')} -c b.c"}]
        self.assertEqual(list(hardening.wrong_in_commands(said[:1])), [])
        self.assertRegex("".join(hardening.wrong_in_commands(said)), "without -D_FORTIFY.* b.c")

    def try_all(self, check, cases):
        for name, tree, expected in cases:
            with self.subTest(name), tempfile.TemporaryDirectory() as root:
                for path, text in tree.items():
                    file = pathlib.Path(root, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
                found = "\n".join(check(root))
                if expected is None:
                    self.assertEqual(found, "")
                else:
                    self.assertRegex(found, expected)
                    self.assertEqual(found.count("\n"), 0, f"more than one complaint: {found}")

    def test_a_script_that_runs_is_fine(self):
        with tempfile.TemporaryDirectory() as root:
            script = pathlib.Path(root, "a.sh")
            script.write_text("#!/bin/sh\n")
            os.chmod(script, 0o755)
            self.assertEqual(list(names.check(root)), [])


if __name__ == "__main__":
    unittest.main()
