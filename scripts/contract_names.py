#!/usr/bin/env python3
"""Short names for protobuf-c's long ones: PROTO OUT. One header a package, made in the build tree.

    Panglot__Orders__V1__Order                      ->  Order, ORDER_INIT, ORDER_DESCRIPTOR
    PANGLOT__ORDERS__V1__ORDER_STATUS__X            ->  X
    an enum within a message: its values            ->  HEALTH_CHECK_RESPONSE_SERVING
    a service's methods, in their order             ->  enum order_service_method {
                                                            ORDER_SERVICE_CREATE_ORDER, ...
"""
import pathlib
import re
import sys

proto, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
text = proto.read_text()
package = re.search(r"^package ([\w.]+);", text, re.M).group(1)
parts = package.split(".")
type_prefix = "__".join(p.capitalize() for p in parts) + "__"
name_prefix = "__".join(parts) + "__"


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


guard = "PGL_CONTRACT_" + proto.stem.upper() + "_H"
imports = re.findall(r'^import "panglot/(\w+)/', text, re.M)
lines = [f"/* Made from {package}. */", f"#ifndef {guard}", f"#define {guard}", ""]
lines += [f'#include "contract/{name}.h"' for name in imports]
lines += [f'#include "contract/{"/".join(parts)}/{proto.stem}.pb-c.h"', ""]

for name in re.findall(r"^message (\w+)", text, re.M):
    short, upper = snake(name), snake(name).upper()
    lines += [f"typedef {type_prefix}{name} {name};",
              f"#define {upper}_INIT {name_prefix.upper()}{upper}__INIT",
              f"#define {upper}_DESCRIPTOR (&{name_prefix}{short}__descriptor)"]

for enum, body in re.findall(r"^enum (\w+) \{(.*?)^\}", text, re.M | re.S):
    lines += ["", f"typedef {type_prefix}{enum} {enum};",
              f"#define {snake(enum).upper()}_DESCRIPTOR (&{name_prefix}{snake(enum)}__descriptor)"]
    for value in re.findall(r"^\s*(\w+)\s*=", body, re.M):
        lines.append(f"#define {value} {name_prefix.upper()}{snake(enum).upper()}__{value}")

inner_enum = r"^message (\w+) \{(?:(?!^\}).)*?^  enum (\w+) \{(.*?)^  \}"
for message, enum, body in re.findall(inner_enum, text, re.M | re.S):
    outer, inner = snake(message).upper(), snake(enum).upper()
    lines.append(f"typedef {type_prefix}{message}__{enum} {message}{enum};")
    for value in re.findall(r"^\s*(\w+)\s*=", body, re.M):
        lines.append(f"#define {outer}_{value} {name_prefix.upper()}{outer}__{inner}__{value}")

for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.M | re.S):
    short, upper = snake(service), snake(service).upper()
    methods = [snake(m).upper() for m in re.findall(r"^\s*rpc (\w+)", body, re.M)]
    lines += ["", f"#define {upper}_DESCRIPTOR (&{name_prefix}{short}__descriptor)",
              f"enum {short}_method {{"]
    lines += [f"    {upper}_{method}," for method in methods] + [f"    {upper}_METHOD_COUNT", "};"]

lines += ["", "#endif", ""]
out.write_text("\n".join(lines))
