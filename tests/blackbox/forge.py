"""forge.py - tokens that panglot did not make, some with its own key: ES256 in a screenful.

For tests only. It is slow, and its timing tells the key to whoever measures it.
"""
import base64
import hashlib
import hmac
import json
import re
import secrets

# NIST P-256 (FIPS 186-5, SP 800-186): y^2 = x^3 - 3x + b over the field of P.
P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def add(a, b):
    """Of two points; None is the one at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and a[1] != b[1]:
        return None
    slope = ((3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b
             else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(times, point):
    product = None
    while times:
        if times & 1:
            product = add(product, point)
        point, times = add(point, point), times >> 1
    return product


def sign(secret, said):
    """r and s, 32 bytes each (RFC 7518, 3.4)."""
    digest = int.from_bytes(hashlib.sha256(said).digest(), "big")
    once = secrets.randbelow(N - 1) + 1
    r = multiply(once, G)[0] % N
    s = pow(once, -1, N) * (digest + r * secret) % N
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def encode(value):
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def secret_of(pem):
    """The number in a PKCS #8 key on P-256: the octet string behind version 1 (RFC 5915, 3)."""
    der = base64.b64decode(re.sub("-----[A-Z ]+-----", "", pem))
    at = der.index(b"\x02\x01\x01\x04\x20") + 5
    return int.from_bytes(der[at:at + 32], "big")


def jwk(secret):
    x, y = multiply(secret, G)
    return {"kty": "EC", "crv": "P-256", "x": encode(x.to_bytes(32, "big")),
            "y": encode(y.to_bytes(32, "big"))}


def token(header, claims, secret):
    """Signed with ES256, whatever the header says."""
    said = f"{encode(header)}.{encode(claims)}"
    return f"{said}.{encode(sign(secret, said.encode()))}"


def token_hs256(header, claims, key):
    said = f"{encode(header)}.{encode(claims)}"
    return f"{said}.{encode(hmac.digest(key, said.encode(), 'sha256'))}"
