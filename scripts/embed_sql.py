#!/usr/bin/env python3
"""Writes a header with the migrations of one service: NAME OUT FILE... (numbered, in order)."""
import pathlib
import sys

name, out, files = sys.argv[1], pathlib.Path(sys.argv[2]), sorted(sys.argv[3:])
lines = [f"/* Made from {name}'s sql/ folder. */", '#include "store/migrate.h"', "",
         f"static const struct pgl_migration {name}_migrations[] = {{"]
for number, file in enumerate(files, 1):
    path = pathlib.Path(file)
    if not path.name.startswith(f"{number:04d}_"):
        sys.exit(f"{file}: expected number {number:04d}")
    lines.append(f'    {{ {number}, "{path.name}",')
    for line in path.read_text().splitlines():
        code = line.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'      "{code}\\n"')
    lines.append("    },")
lines += ["};", ""]
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text("\n".join(lines))
