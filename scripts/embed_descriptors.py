#!/usr/bin/env python3
"""The contract's files as protoc describes them, for reflection: SET OUT. SET is what
`protoc --descriptor_set_out` has written. Every file's bytes are kept as they are; beside them
stands, sorted, which file has which symbol."""
import pathlib
import sys


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, bytes) of every run of bytes in a message; numbers are skipped."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        size, at = varint(data, at)
        if key & 7 == 2:
            yield key >> 3, data[at:at + size]
            at += size


def texts(message, number):
    return [value.decode() for key, value in fields(message) if key == number]


def members(message, number, scope):
    """(its full name, the message) of all that is declared there."""
    for key, value in fields(message):
        if key == number:
            yield f"{scope}.{texts(value, 1)[0]}", value


def enum_symbols(message, number, scope):
    for name, enum in members(message, number, scope):
        yield name
        for value, _ in members(enum, 2, scope):
            yield value


def message_symbols(holder, number, scope):
    for name, message in members(holder, number, scope):
        yield name
        for inner in (2, 8):  # fields, one-ofs
            for member, _ in members(message, inner, name):
                yield member
        yield from message_symbols(message, 3, name)
        yield from enum_symbols(message, 4, name)


def symbols(file):
    package = texts(file, 2)[0]
    yield from message_symbols(file, 4, package)
    yield from enum_symbols(file, 5, package)
    for name, service in members(file, 6, package):
        yield name
        for method, _ in members(service, 2, name):
            yield method


def main(source, out):
    files = [value for _, value in fields(source.read_bytes())]
    names = [texts(file, 1)[0] for file in files]
    lines = [f"/* Made from {source.name}. */", ""]
    for number, file in enumerate(files):
        rows = [", ".join(str(byte) for byte in file[at:at + 24]) for at in range(0, len(file), 24)]
        lines += [f"static const uint8_t file_{number}[] = {{", *[f"    {r}," for r in rows], "};"]
        imports = [str(names.index(name)) for name in texts(file, 3)] + ["-1"]
        lines.append(f"static const int imports_{number}[] = {{ {', '.join(imports)} }};")
    lines.append("static const struct pgl_descriptor_file files[] = {")
    for number, name in enumerate(names):
        lines.append(f'    {{ "{name}", {{ (const char *)file_{number}, sizeof file_{number} }}, '
                     f"imports_{number} }},")
    lines += ["};", "static const struct symbol symbols[] = {"]
    found = {symbol: number for number, file in enumerate(files) for symbol in symbols(file)}
    lines += [f'    {{ "{symbol}", {found[symbol]} }},' for symbol in sorted(found)]
    out.write_text("\n".join(lines + ["};", ""]))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
