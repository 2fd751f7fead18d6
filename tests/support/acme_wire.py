"""ACME octet by octet: requests that no client library would send, and what
every answer under /acme/ has to look like.

Needs python3-cryptography.  Wire sends and reads HTTP/1.1 over TLS by itself,
so that header names are seen as they came; Account signs whatever it is told.
"""
import base64
import hashlib
import ipaddress
import json
import re
import socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, padding,
                                                       rsa, utils)

PREFIX = "urn:ietf:params:acme:error:"
NONCE = re.compile(r"[A-Za-z0-9_-]+")
NAME = re.compile(r"[A-Z][a-z0-9]*(-[A-Z][a-z0-9]*)*|ETag")
LINK = re.compile(r'<[^<>, ]+>;rel="[a-z-]+"')
JOSE = "application/jose+json"


def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Reply:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body

    def all(self, name):
        return [v for k, v in self.head if k.lower() == name.lower()]

    def one(self, name):
        found = self.all(name)
        assert len(found) <= 1, (name, found)
        return found[0] if found else None

    def links(self, rel):
        return [v[1:v.index(">")] for v in self.all("Link")
                if v.endswith(f';rel="{rel}"')]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.json["type"].removeprefix(PREFIX)

    @property
    def location(self):
        return self.one("Location")

    def __str__(self):
        head = "\n".join(f"{k}: {v}" for k, v in self.head)
        return f"{self.status}\n{head}\n\n{self.body[:2000].decode()}"


def expect(r, status, kind=None, detail=""):
    assert r.status == status, f"expected {status} {kind}\n{r}"
    if kind is not None:
        assert r.type == kind, f"expected {status} {kind}\n{r}"
        assert detail in r.json["detail"], f"expected {detail}\n{r}"
    return r


class Wire:
    """One kept connection; every answer goes through look()."""

    def __init__(self, server):
        self.server = server
        self.base = f"https://localhost:{server.ports['https']}"
        self.socket = None
        self.seen = set()
        self.replies = 0

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.file.close()
            self.socket = None

    def connect(self):
        context = self.server.tls()
        context.set_alpn_protocols(["http/1.1"])
        raw = socket.create_connection(
            ("localhost", self.server.ports["https"]), 30)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def read(self, method):
        line = self.file.readline().decode()
        if not line:
            raise ConnectionError("the server closed the connection")
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        head = []
        while (line := self.file.readline().decode()) != "\r\n":
            assert line.endswith("\r\n"), line
            name, value = line[:-2].split(": ", 1)
            head.append((name, value))
        r = Reply(int(status), head, b"")
        if method != "HEAD" and r.status not in (204, 304):
            r.body = self.file.read(int(r.one("Content-Length")))
        if r.one("Connection") == "close":
            self.close()
        return r

    def octets(self, data, method="POST", path="/acme/"):
        """Sends octets as they are and judges the answer."""
        if self.socket is None:
            self.connect()
        self.socket.sendall(data)
        r = self.read(method)
        self.look(r, method, path)
        return r

    def request(self, method, url, body=b"", headers=None, kind=JOSE):
        path = url.removeprefix(self.base)
        body = body.encode() if isinstance(body, str) else body
        lines = [f"{method} {path} HTTP/1.1",
                 f"Host: localhost:{self.server.ports['https']}"]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
            if kind is not None:
                lines.append(f"Content-Type: {kind}")
        lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
        data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        try:
            return self.octets(data, method, path)
        except (ConnectionError, BrokenPipeError):
            # An idle connection may be gone by the time that it is used.
            self.close()
            return self.octets(data, method, path)

    def look(self, r, method, path):
        """What holds for every answer (reference rules 1, 2, 4, 6, 7, 9)."""
        self.replies += 1
        for name, value in r.head:
            assert NAME.fullmatch(name), f"{name}\n{r}"
            if name == "Link":
                assert LINK.fullmatch(value), f"{value}\n{r}"
        nonce = r.one("Replay-Nonce")
        if method != "GET" and not path.endswith("/directory") or \
                r.status >= 400 or path == "/acme/new-nonce":
            assert nonce is not None, f"no nonce\n{r}"
        if nonce is not None:
            assert NONCE.fullmatch(nonce) and nonce not in self.seen, str(r)
            self.seen.add(nonce)
        if not path.endswith("/directory") or r.status >= 400:
            assert len(r.links("index")) == 1, f"no index\n{r}"
            assert r.one("Cache-Control") == "no-store", str(r)
        if "/acme/chall/" in path and r.status < 400 and method == "POST":
            assert len(r.links("up")) == 1, f"no up\n{r}"
        else:
            assert not r.links("up"), f"up\n{r}"
        assert r.one("Access-Control-Allow-Origin") == "*", str(r)
        assert (r.one("Retry-After") or "1").isdigit(), str(r)
        kind = r.one("Content-Type")
        if r.status >= 400:
            assert kind == "application/problem+json", str(r)
            if method != "HEAD":
                self.look_problem(r)
        elif r.body and kind == "application/json":
            # One member a line, as getssl reads it.
            assert len(r.body.split(b"\n")) >= len(r.json), str(r)
        elif r.body:
            assert kind.split(";")[0] in (
                "application/pem-certificate-chain", "application/pkix-cert",
                "application/pkcs7-mime"), str(r)

    @staticmethod
    def look_problem(r):
        o = r.json
        assert o["status"] == r.status, str(r)
        assert o["type"].startswith(PREFIX), str(r)
        assert isinstance(o["detail"], str) and o["detail"], str(r)
        assert "identifier" not in o, str(r)
        for sub in o.get("subproblems", []):
            assert sub["type"].startswith(PREFIX), str(r)
            assert set(sub["identifier"]) == {"type", "value"}, str(r)

    # ---- what needs no account ----

    def get(self, url, method="GET", headers=None):
        return self.request(method, url, headers=headers)

    def nonce(self):
        r = self.get("/acme/new-nonce", "HEAD")
        assert r.status == 200, str(r)
        return r.one("Replay-Nonce")

    def directory(self, profile=None):
        path = f"/acme/{profile}/directory" if profile else "/acme/directory"
        return self.get(path)


class Account:
    """A key, and after open() an account URL.  post() can be told to lie."""

    def __init__(self, wire, alg="ES256", key=None):
        self.wire, self.alg, self.kid = wire, alg, None
        self.key = key or make_key(alg)

    @property
    def jwk(self):
        return jwk_of(self.key)

    @property
    def thumbprint(self):
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def header(self, url, /, jwk=False, **change):
        """The protected header; a change of None leaves a member out."""
        o = {"alg": self.alg, "nonce": None, "url": self.wire.base + url
             if url.startswith("/") else url}
        if jwk is False:
            o["kid"] = self.kid
        else:
            o["jwk"] = self.jwk if jwk is True else jwk
        if "nonce" not in change:
            o["nonce"] = self.wire.nonce()
        o.update(change)
        return {k: v for k, v in o.items() if v is not None}

    def jws(self, header, payload, around=None, signature=None):
        """header, payload: objects, or text as it is; payload None: GET."""
        text = header if isinstance(header, str) else json.dumps(header)
        head = b64(text)
        body = payload if isinstance(payload, (str, bytes)) else \
            "" if payload is None else json.dumps(payload)
        body = b64(body)
        mac = sign(self.key, f"{head}.{body}".encode())
        o = {"protected": head, "payload": body, "signature": b64(
            mac if signature is None else signature(mac))}
        o.update(around or {})
        return json.dumps({k: v for k, v in o.items() if v is not None})

    def post(self, url, payload=None, /, jwk=False, around=None,
             signature=None, headers=None, **change):
        body = self.jws(self.header(url, jwk, **change), payload, around,
                        signature)
        return self.wire.request("POST", url, body, headers)

    def open(self, payload=None):
        r = self.post("/acme/new-account", payload or {}, jwk=True)
        assert r.status in (200, 201), str(r)
        self.kid = r.location
        return self

    # ---- the flow, for those who test what is after it ----

    def order(self, *names, profile=None, **more):
        path = f"/acme/{profile}/new-order" if profile else "/acme/new-order"
        return self.post(path, {"identifiers": [ident(n) for n in names],
                                **more})

    def challenge(self, authz_url, kind="http-01"):
        authz = self.post(authz_url).json
        return next(c for c in authz["challenges"] if c["type"] == kind)

    def key_authorization(self, challenge):
        return f"{challenge['token']}.{self.thumbprint}"

    def authorize(self, order, responder):
        """http-01 for each pending authorization; the order afterwards."""
        for url in order.json["authorizations"]:
            if self.post(url).json["status"] != "pending":
                continue
            c = self.challenge(url)
            responder.answers["/.well-known/acme-challenge/" + c["token"]] = \
                self.key_authorization(c)
            self.post(c["url"], {})
            done = self.settle(url)
            assert done["status"] == "valid", done
        return self.post(order.location)

    def settle(self, url):
        for _ in range(400):
            o = self.post(url).json
            if o["status"] not in ("pending", "processing"):
                return o
        raise AssertionError(f"{url} stays {o}")

    def issue(self, responder, *names, key=None, **more):
        """(order, leaf, its key) of a whole flow."""
        order = self.order(*names, **more)
        assert order.status == 201, str(order)
        self.authorize(order, responder)
        key = key or make_key("ES256")
        r = self.post(order.json["finalize"],
                      {"csr": b64(make_csr(key, *names))})
        assert r.status == 200 and r.json["status"] == "valid", str(r)
        pem = self.post(r.json["certificate"])
        assert pem.status == 200, str(pem)
        return r, x509.load_pem_x509_certificate(pem.body), key


def ident(name):
    """"x" is a DNS name, "ip:x" and other "type:x" are what they say."""
    kind, colon, value = name.partition("=")
    return {"type": kind, "value": value} if colon else \
        {"type": "dns", "value": name}


def make_key(alg):
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if alg.startswith("RS"):
        return rsa.generate_private_key(65537, int(alg[5:] or 2048))
    return ec.generate_private_key({"ES256": ec.SECP256R1,
                                    "ES384": ec.SECP384R1,
                                    "ES512": ec.SECP521R1}[alg]())


def number(n, size=None):
    return b64(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))


def jwk_of(key):
    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = public.public_bytes(serialization.Encoding.Raw,
                                  serialization.PublicFormat.Raw)
        return {"crv": "Ed25519", "kty": "OKP", "x": b64(raw)}
    n = public.public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"e": number(n.e), "kty": "RSA", "n": number(n.n)}
    size = (key.curve.key_size + 7) // 8
    return {"crv": f"P-{key.curve.key_size}", "kty": "EC",
            "x": number(n.x, size), "y": number(n.y, size)}


def sign(key, data):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    size = (key.curve.key_size + 7) // 8
    digest = {32: hashes.SHA256, 48: hashes.SHA384, 66: hashes.SHA512}[size]
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest())))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def ecdsa_as_der(raw):
    half = len(raw) // 2
    return utils.encode_dss_signature(int.from_bytes(raw[:half], "big"),
                                      int.from_bytes(raw[half:], "big"))


def make_csr(key, *names, common_name=None, more=()):
    subject = [] if common_name is None else [
        x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
    out = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name(subject))
    if names:
        out = out.add_extension(x509.SubjectAlternativeName([
            x509.IPAddress(ipaddress.ip_address(n[3:]))
            if n.startswith("ip=") else x509.DNSName(n) for n in names]),
            False)
    for extension in more:
        out = out.add_extension(extension, True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else \
        hashes.SHA256()
    return out.sign(key, algorithm).public_bytes(serialization.Encoding.DER)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)
