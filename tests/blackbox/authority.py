"""authority.py - certificates, as `openssl` makes them."""
import subprocess


def openssl(*arguments, said=""):
    """What it writes."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=said, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    return done.stdout


class Authority:
    """Makes certificates, each in one file with its key."""

    def __init__(self, folder, name):
        self.key, self.pem = folder / f"{name}.ca.key", folder / f"{name}.ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.key, "-out", self.pem, "-subj", f"/CN={name}", "-days", "2")

    def issue(self, to, names, *, days=2, use="serverAuth", newkey="ec:P-256"):
        """`to` is written beside and renamed, so that nobody sees half of it."""
        kind, _, detail = newkey.partition(":")
        how = ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{detail}"]
        if kind == "rsa":
            how = ["-newkey", newkey]
        key, request = to.with_suffix(".newkey"), to.with_suffix(".request")
        openssl("req", *how, "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=somebody")
        extensions = to.with_suffix(".extensions")
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage={use}\n")
        made = to.with_suffix(".new")
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key,
                "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", made)
        made.write_text(made.read_text() + key.read_text())
        made.rename(to)
        return to
