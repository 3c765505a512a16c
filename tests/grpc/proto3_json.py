#!/usr/bin/env python3
"""Google's own library (Debian's python3-protobuf) on our JSON of Connect: CHECK_PROGRAM

Aim:     what we write as protocol buffers' JSON, json_format reads as the same message; what it
         writes, in each way that it can, we read as that message; what it refuses, we refuse.
Method:  messages made from a seed, of every type that a method of the contract takes or gives;
         their way through proto3_json.c.
"""
import json
import random
import subprocess
import sys
import unittest

import protos

protos.need_python()
from google.protobuf import descriptor, json_format  # pylint: disable=wrong-import-position

PROTOS = protos.Protos(protos.CONTRACT)
PROGRAM = sys.argv.pop()
MESSAGES_EACH = 20
DEPTH_MAX = 5
INTEGERS = {"TYPE_INT32": 31, "TYPE_INT64": 63, "TYPE_UINT32": 32, "TYPE_UINT64": 64}
TEXTS = ["", "x", "é€😀", "a\"b\\c/\n\t\x01", "'; --", "a" * 300]
WAYS = [{}, {"preserving_proto_field_name": True}, {"use_integers_for_enums": True},
        {"including_default_value_fields": True}]
# Of these they take what the rules do not allow: true as an enum, [] as a message, cut base64.
LAX = (descriptor.FieldDescriptor.TYPE_ENUM, descriptor.FieldDescriptor.TYPE_MESSAGE,
       descriptor.FieldDescriptor.TYPE_BYTES)
MISFITS = [True, 1.5, -1, 2**64, "x", "PENDING", "1 ", [], [None], {}, {"no": 1}, "Infinity"]


class Program:
    def __init__(self):
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, place, form, sent):
        """Its answer; None for a refusal."""
        self.process.stdin.write(f"{place} {form} {len(sent)}\n".encode() + sent)
        self.process.stdin.flush()
        said, _, rest = self.process.stdout.readline().decode().partition(" ")
        return self.process.stdout.read(int(rest)) if said == "ok" else None

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(10)


def types():
    """("package.Service/Method in", type) and the same for "out"."""
    for service, described in PROTOS.services.items():
        if service.startswith("grpc.reflection"):
            continue
        for method in described.method:
            yield f"{service}/{method.name} in", PROTOS.type(method.input_type)
            yield f"{service}/{method.name} out", PROTOS.type(method.output_type)


def fill(message, dice, depth=0):
    for field in message.DESCRIPTOR.fields:
        if dice.random() < 0.3 or depth > DEPTH_MAX:
            continue
        slot = getattr(message, field.name)
        if field.label == field.LABEL_REPEATED:
            for _ in range(dice.randint(0, 3)):
                if field.message_type is not None:
                    fill(slot.add(), dice, depth + 1)
                else:
                    slot.append(value_of(field, dice))
        elif field.message_type is not None:
            slot.SetInParent()
            fill(slot, dice, depth + 1)
        else:
            setattr(message, field.name, value_of(field, dice))
    return message


def value_of(field, dice):
    if field.enum_type is not None:
        return dice.choice([value.number for value in field.enum_type.values] + [77])
    if field.type == field.TYPE_STRING:
        return dice.choice(TEXTS)
    if field.type == field.TYPE_BYTES:
        return dice.randbytes(dice.choice([0, 1, 2, 3, 16, 50]))
    if field.type == field.TYPE_BOOL:
        return dice.random() < 0.5
    if field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT):
        return dice.choice([0.0, 0.5, -1e300 if field.type == field.TYPE_DOUBLE else 2.0, 3.0,
                            float("inf"), float("-inf")])
    kind = {number: name for name, number in vars(type(field)).items()
            if name.startswith("TYPE_")}[field.type]
    bits = INTEGERS[kind]
    least = 0 if kind.startswith("TYPE_U") else -2**bits
    return dice.choice([0, 1, least, 2**bits - 1, dice.randint(least, 2**bits - 1)])


class Proto3Json(unittest.TestCase):
    def setUp(self):
        self.program, self.dice = Program(), random.Random(1)

    def tearDown(self):
        self.assertEqual(self.program.close(), 0)

    def test_what_we_write_is_read_as_the_same(self):
        for place, kind in types():
            for _ in range(MESSAGES_EACH):
                message = fill(kind(), self.dice)
                ours = self.program.ask(place, "bytes", message.SerializeToString())
                self.assertIsNotNone(ours, f"{place}\n{message}")
                self.assertEqual(json_format.Parse(ours, kind()), message, f"{place}\n{ours}")
                theirs = json.loads(json_format.MessageToJson(message))
                self.assertEqual(json.loads(ours), theirs, place)

    def test_what_they_write_in_each_way_we_read(self):
        for place, kind in types():
            for way in WAYS * (MESSAGES_EACH // len(WAYS)):
                message = fill(kind(), self.dice)
                theirs = json_format.MessageToJson(message, **way)
                ours = self.program.ask(place, "json", theirs.encode())
                self.assertIsNotNone(ours, f"{place}\n{theirs}")
                self.assertEqual(kind.FromString(ours), message, f"{place}\n{theirs}")

    def test_what_they_refuse_we_refuse(self):
        asked = refused = 0
        for place, kind in types():
            for field in kind.DESCRIPTOR.fields:
                for misfit in MISFITS:
                    sent = json.dumps({field.json_name: misfit})
                    try:
                        theirs = json_format.Parse(sent, kind()).SerializeToString()
                    except json_format.ParseError:
                        theirs, refused = None, refused + 1
                    ours = self.program.ask(place, "json", sent.encode())
                    if ours is not None or field.type not in LAX:
                        self.assertEqual(ours, theirs, f"{place}: {sent}")
                    asked += 1
        self.assertGreater(refused, asked // 2)


if __name__ == "__main__":
    unittest.main()
