"""protos.py - messages and calls without generated code: protoc describes the files, Debian's
protobuf and grpcio do the rest. Not every Python has those two: `need_python` goes on with one that
has, or ends the test as skipped."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CONTRACT = HERE.parent.parent / "contract"
sys.path.insert(0, str(HERE.parent))
import debian_python  # noqa: E402  pylint: disable=wrong-import-position


def need_python():
    debian_python.need(["grpc", "google.protobuf"], "python3-grpcio and python3-protobuf")


class Protos:
    """The files below `folder`, by protoc."""

    def __init__(self, folder):
        # pylint: disable=import-outside-toplevel
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
        if shutil.which("protoc") is None:
            print("this needs protoc")
            sys.exit(debian_python.SKIPPED)
        files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.proto"))]
        with tempfile.NamedTemporaryFile() as out:
            subprocess.run(["protoc", "-I", str(folder), "--include_imports",
                            f"--descriptor_set_out={out.name}", *files], check=True)
            described = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name)
                                                                    .read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in described.file:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)
        self.services = {f"{file.package}.{service.name}": service
                         for file in described.file for service in file.service}

    def type(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name.lstrip(".")))

    def method(self, channel, path):
        """A callable of grpcio for "/package.Service/Method"."""
        service, name = path.lstrip("/").split("/")
        found = next(one for one in self.services[service].method if one.name == name)
        kind = (("stream" if found.client_streaming else "unary") + "_"
                + ("stream" if found.server_streaming else "unary"))
        return getattr(channel, kind)(path, self.type(found.input_type).SerializeToString,
                                      self.type(found.output_type).FromString)
