#!/usr/bin/env python3
"""hardening.py PROGRAM COMMANDS - does a program have what cmake/Hardening.cmake asks for?

The program is read with binutils' readelf. What leaves no trace in it is looked for in COMMANDS,
the compile_commands.json of its build. Each thing that is missing is a line.
"""
import json
import re
import shlex
import subprocess
import sys

ENDBR64 = bytes.fromhex("f30f1efa")
OF_EACH_COMMAND = ("-D_FORTIFY_SOURCE=3", "-fstack-clash-protection", "-fstack-protector-strong")
START_FILE = "Scrt1.o"  # the C library's, which the linker puts before everything of ours


def readelf(options, path):
    return subprocess.run(["readelf", "--wide", options, path], stdout=subprocess.PIPE, text=True,
                          timeout=30, check=True).stdout


def segments(shown):
    """Of readelf -l: name, where it lies in the file and in memory, size in the file, flags."""
    for found in re.finditer(r"^  ([A-Z_]+) +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x\w+ ([R W E]{3})",
                             shown, re.M):
        name, offset, address, size, flags = found.groups()
        yield name, int(offset, 16), int(address, 16), int(size, 16), flags


def functions(program):
    """Ours, as (address, name)."""
    return re.findall(r"^ *\d+: (\w+) +\d+ FUNC +GLOBAL +\w+ +\d+ (pgl_\w+)$",
                      readelf("-s", program), re.M)


def without_landing_pads(program, shown, symbols):
    """Those that do not begin with endbr64, the only place where an indirect branch may lead."""
    with open(program, "rb") as file:
        image = file.read()
    loaded = [segment for segment in segments(shown) if segment[0] == "LOAD"]
    for address, name in symbols:
        at = next(offset + int(address, 16) - start for _, offset, start, size, _ in loaded
                  if start <= int(address, 16) < start + size)
        if image[at:at + len(ENDBR64)] != ENDBR64:
            yield name


def is_marked(path):
    return bool(re.search(r"x86 feature:.*\bIBT\b.*\bSHSTK\b", readelf("-n", path)))


def start_file():
    return subprocess.run(["gcc", f"-print-file-name={START_FILE}"], stdout=subprocess.PIPE,
                          text=True, timeout=30, check=True).stdout.strip()


def wrong_in_program(program):
    shown = readelf("-hld", program)
    used = set(re.findall(r" UND (\w+)", readelf("--dyn-syms", program)))
    found = {name: flags for name, _, _, _, flags in segments(shown)}
    if not re.search(r"^ +Type: +DYN\b", shown, re.M) or "INTERP" not in found:
        yield "not position-independent: no ET_DYN with an interpreter (-pie)"
    if "GNU_RELRO" not in found:
        yield "no GNU_RELRO: what the loader has filled in stays writable (-z relro)"
    if not re.search(r"\(FLAGS\) .*\bBIND_NOW\b|\(FLAGS_1\) .*\bNOW\b", shown):
        yield "no BIND_NOW: the table of outside functions stays writable (-z now)"
    if "E" in found.get("GNU_STACK", "E"):
        yield "the stack is executable, or it is not said that it is not (-z noexecstack)"
    if any(name == "LOAD" and "W" in flags and "E" in flags
           for name, _, _, _, flags in segments(shown)):
        yield "a segment is both writable and executable"
    if "__stack_chk_fail" not in used:
        yield "no function looks after its stack (-fstack-protector-strong)"
    if not used & {"__memcpy_chk", "__snprintf_chk", "__vsnprintf_chk"}:
        yield "no *_chk functions of the C library are used (-D_FORTIFY_SOURCE)"
    if re.search(r"^ +Machine: .*X86-64", shown, re.M):
        yield from wrong_of_branches(program, shown)


def wrong_of_branches(program, shown):
    symbols = functions(program)
    bare = list(without_landing_pads(program, shown, symbols))
    if not symbols:
        yield "without symbols nobody knows how functions begin"
    if bare:
        yield f"{len(bare)} functions have no endbr64, {bare[0]} is one (-fcf-protection)"
    if is_marked(start_file()) and not is_marked(program):  # Debian 12's own has no mark
        yield "the mark for IBT and SHSTK is missing (-fcf-protection)"


def wrong_in_commands(commands):
    """Flags that leave no trace, or the same one as a weaker form."""
    for flag in OF_EACH_COMMAND:
        without = [entry["file"] for entry in commands
                   if flag not in (entry.get("arguments") or shlex.split(entry["command"]))]
        if without:
            yield f"{len(without)} files are compiled without {flag}, {without[0]} is one"


def main():
    program, commands = sys.argv[1:]
    with open(commands, encoding="utf-8") as file:
        wrong = [*wrong_in_program(program), *wrong_in_commands(json.load(file))]
    for line in wrong:
        print(f"{program}: {line}")
    print(f"hardening.py: {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
