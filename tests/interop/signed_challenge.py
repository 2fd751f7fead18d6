"""Signed challenges as an MDM makes them, by python3-cryptography: the tests of
them, whole and hostile, share it."""
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import \
    decode_dss_signature


def b64(data):
    if isinstance(data, (dict, list)):
        data = json.dumps(data)
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size):
    return b64(value.to_bytes(size, "big"))


class Key:
    """A key of an MDM: "ES256", "ES384", "RS256", "PS256", "EdDSA"."""

    def __init__(self, alg, kid=None):
        self.alg, self.kid = alg, kid
        self.key = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "PS256": lambda: rsa.generate_private_key(65537, 2048),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[alg]()

    def jwk(self):
        public = self.key.public_key()
        if self.alg in ("RS256", "PS256"):
            n = public.public_numbers()
            o = {"kty": "RSA", "n": number(n.n, 256), "e": "AQAB"}
        elif self.alg == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw,
                                      serialization.PublicFormat.Raw)
            o = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        else:
            n, size = public.public_numbers(), public.key_size // 8
            o = {"kty": "EC", "crv": f"P-{public.key_size}",
                 "x": number(n.x, size), "y": number(n.y, size)}
        return o | ({"kid": self.kid} if self.kid else {})

    def pem(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    def private_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())

    def sign(self, data):
        if self.alg == "EdDSA":
            return self.key.sign(data)
        if self.alg == "RS256":
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if self.alg == "PS256":
            return self.key.sign(data, padding.PSS(
                padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        digest = hashes.SHA256() if self.alg == "ES256" else hashes.SHA384()
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(digest)))
        size = self.key.key_size // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def jws(self, claims, header=None, signature=None):
        head = {"alg": self.alg} | ({"kid": self.kid} if self.kid else {})
        signed = f"{b64(header or head)}.{b64(claims)}"
        if signature is None:
            signature = self.sign(signed.encode())
        return f"{signed}.{b64(signature)}"

    def mac(self, claims):
        """HS256 with what everybody knows: the public key."""
        signed = f"{b64({'alg': 'HS256'})}.{b64(claims)}"
        tag = hmac.new(self.pem(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{b64(tag)}"


made = 0


def claims(url, name, **more):
    """For a request of one DNS name; None takes a claim out."""
    global made
    made += 1
    now = int(time.time())
    out = {"aud": url, "iat": now, "exp": now + 600, "jti": f"test-{made}",
           "sub": f"device-{made}", "names": [f"dns:{name}"]} | more
    return {k: v for k, v in out.items() if v is not None}
