"""What relying parties see of a certificate by OCSP: openssl, ocsptool, curl.

Certificates that are good, revoked, never issued and expired, each asked for by
POST and GET, with SHA-1 and SHA-256 CertIDs, with and without a nonce; under
each value of ocsp.unissued; while others stall and while the signer is held.
"""
import base64
import email.utils
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse

from client import need, run, serial_of, server
from support.ocsp_client import tlv
from support.server import wait_until

MALFORMED, TRY_LATER, UNAUTHORIZED = 1, 3, 6
TYPE = "application/ocsp-response"


# ---- requests by hand ----

def with_nonce(request, nonce):
    """Adds a nonce of any length to a request that has none."""
    def content(der):
        return der[2 + (der[1] & 127 if der[1] & 128 else 0):]
    tbs = content(content(request))
    oid = bytes.fromhex("06092b0601050507300102")
    extension = tlv(0x30, oid, tlv(4, tlv(4, nonce)))
    return tlv(0x30, tlv(0x30, tbs, tlv(0xa2, tlv(0x30, extension))))


def error(body):
    """The status of an answer without a body of its own, else None."""
    return body[4] if len(body) == 5 and body[:4] == b"\x30\x03\x0a\x01" \
        else None


def post(s, der, kind="http", path="/ocsp"):
    c = http.client.HTTPConnection("localhost", s.ports[kind], timeout=30)
    try:
        c.request("POST", path, der,
                  {"Content-Type": "application/ocsp-request"})
        r = c.getresponse()
        return r.status, r.headers, r.read()
    finally:
        c.close()


def get(s, path, method="GET", headers=None):
    c = http.client.HTTPConnection("localhost", s.ports["http"], timeout=30)
    try:
        c.request(method, path, headers=headers or {})
        r = c.getresponse()
        return r.status, r.headers, r.read()
    finally:
        c.close()


# ---- openssl ----

class Party:
    """A relying party with OpenSSL."""

    def __init__(self, s):
        self.s = s
        self.issuer = s.state / "certs/issuing.pem"
        self.url = f"{s.http_url}/ocsp"

    def ask(self, *words, check=True, url=None):
        done = subprocess.run(
            ["openssl", "ocsp", "-issuer", self.issuer, *map(str, words),
             "-url", url or self.url, "-CAfile", self.s.root],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60, check=False)
        if check and "Response verify OK" not in done.stdout:
            raise AssertionError(f"{words}: {done.stdout}")
        return done.stdout

    def request(self, cert, *words):
        """The DER of a request without a nonce."""
        out = self.s.top / "request.der"
        subprocess.run(["openssl", "ocsp", "-issuer", self.issuer, *words,
                        "-cert", cert, "-no_nonce", "-reqout", out],
                       check=True)
        return out.read_bytes()

    def text(self, response, *words):
        """A response as text; verified, and it is of the certificate."""
        path = self.s.top / "response.der"
        path.write_bytes(response)
        done = subprocess.run(
            ["openssl", "ocsp", "-respin", path, "-issuer", self.issuer,
             *map(str, words), "-no_nonce", "-CAfile", self.s.root,
             "-resp_text"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        assert "Response verify OK" in done.stdout, done.stdout
        return done.stdout


def issue(s, name):
    _, csr = s.csr(name)
    pem = s.top / f"{name}.pem"
    pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                         "default", "--name", f"dns:{name}"))
    return pem


# ---- the tests ----

def good_and_revoked(party, good, revoked):
    for hash_ in ([], ["-sha256"]):
        for nonce in ([], ["-no_nonce"]):
            words = hash_ + nonce
            out = party.ask(*words, "-cert", good)
            assert f"{good}: good" in out, out
            out = party.ask(*words, "-cert", revoked)
            assert f"{revoked}: revoked" in out, out
            assert "Reason: keyCompromise" in out, out
            # Two in one request.
            out = party.ask(*words, "-cert", good, "-cert", revoked)
            assert f"{good}: good" in out, out
            assert f"{revoked}: revoked" in out, out
            assert ("WARNING: no nonce" in out) == bool(nonce) or nonce, out
    # An AIA URL with a slash at its end.
    party.ask("-cert", good, url=party.url + "/")


def delegated(party, good):
    """byKey, signed by a responder that the CA made for it."""
    _, _, body = post(party.s, party.request(good))
    text = party.text(body, "-cert", good)
    assert re.search(r"Responder Id: [0-9A-F]{40}", text), text
    assert "OCSP Signing" in text and "OCSP No Check" in text, text
    assert "Next Update" in text, text


def gnutls(party, good, revoked):
    for nonce in ("--nonce", "--no-nonce"):
        words = [need("ocsptool"), f"--ask={party.url}", "--load-issuer",
                 party.issuer, nonce]
        out = run(*words, "--load-cert", good).stdout
        assert "Verifying OCSP Response: Success" in out, out
        assert "Certificate Status: good" in out, out
        out = run(*words, "--load-cert", revoked, check=False).stdout
        assert "Verifying OCSP Response: Success" in out, out
        assert "Certificate Status: revoked" in out, out


def writings(der):
    plain = base64.b64encode(der).decode()
    quoted = urllib.parse.quote(plain, safe="")
    yield plain
    yield quoted
    yield "/" + plain
    yield "/" + quoted
    yield plain.replace("+", "%2B")
    yield plain.replace("/", "%2F")
    yield plain.replace("=", "%3D")
    yield plain.replace("+", "%20")
    yield plain + "%0A"
    yield plain.replace("+", "-").replace("/", "_")
    yield plain.rstrip("=")


def gets(party, cert):
    """Every way of writing the same question gets the same octets."""
    s, answers = party.s, set()
    for words in ([], ["-sha256"]):
        der = party.request(cert, *words)
        # A nonce of a length that needs no echo changes the base64.
        variants = [der] + [with_nonce(der, os.urandom(n)) for n in (1, 8, 40)]
        for variant in variants:
            for path in writings(variant):
                status, headers, body = get(s, "/ocsp/" + path)
                assert (status, headers["Content-Type"]) == (200, TYPE), path
                assert error(body) is None, (path, body)
                answers.add(body)
    assert len(answers) == 2, "one answer for each hash"
    curl = need("curl")
    out = s.top / "curl.der"
    path = base64.b64encode(party.request(cert)).decode()
    run(curl, "-sf", "--path-as-is", "-o", out, f"{party.url}/{path}")
    assert out.read_bytes() in answers
    run(curl, "-sf", "-o", out, "--data-binary", f"@{s.top}/request.der",
        party.url)
    assert out.read_bytes() in answers
    assert "good" in party.text(out.read_bytes(), "-cert", cert)


def when(text):
    return int(email.utils.parsedate_to_datetime(text).timestamp())


def caching(party, cert):
    """RFC 9919 section 5."""
    s = party.s
    path = "/ocsp/" + base64.b64encode(party.request(cert)).decode()
    _, headers, body = get(s, path)
    assert headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
    directives = headers["Cache-Control"].split(", ")
    assert {"public", "no-transform", "must-revalidate"} < set(directives)
    age = int(re.search(r"max-age=(\d+)", headers["Cache-Control"]).group(1))
    modified, expires = when(headers["Last-Modified"]), when(headers["Expires"])
    date = when(headers["Date"])
    assert modified <= date < date + age < expires, dict(headers)
    text = party.text(body, "-cert", cert)
    for field, t in (("Produced At", modified), ("This Update", modified),
                     ("Next Update", expires)):
        said = re.search(field + r": (.*)", text).group(1)
        said = re.sub(r"\s+", " ", said)
        assert said == re.sub(r"\s+", " ", time.strftime(
            "%b %d %H:%M:%S %Y GMT", time.gmtime(t)).replace(" 0", " ", 1)) \
            or said == time.strftime("%b %d %H:%M:%S %Y GMT",
                                     time.gmtime(t)), (field, said)
    for field in ("If-None-Match", "If-Modified-Since"):
        value = headers["ETag" if field == "If-None-Match" else
                        "Last-Modified"]
        status, again, nothing = get(s, path, headers={field: value})
        assert (status, nothing) == (304, b""), (field, status)
        assert again["ETag"] == headers["ETag"]
        assert "max-age" in again["Cache-Control"]
    status, head, nothing = get(s, path, "HEAD")
    assert (status, nothing) == (200, b"")
    assert int(head["Content-Length"]) == len(body)
    _, headers, again = post(s, party.request(cert))
    assert again == body and "Cache-Control" not in headers


def nonces(party, cert):
    """RFC 9654: 16 to 32 are echoed; 0 and more than 128 are malformed."""
    s, der = party.s, party.request(cert)
    for n in (0, 129, 200):
        status, headers, body = post(s, with_nonce(der, bytes(n)))
        assert (status, error(body)) == (200, MALFORMED), n
        assert headers["Cache-Control"] == "no-store"
    for n in (1, 15, 16, 24, 32, 33, 128):
        nonce = os.urandom(n)
        _, _, body = post(s, with_nonce(der, nonce))
        assert error(body) is None, n
        if 16 <= n <= 32:
            assert nonce in body, n
            party.text(body, "-cert", cert)


def errors(party, cert):
    s, der = party.s, party.request(cert)
    for bad in (b"", b"x", der[:-1], der + b"\0", b"\x30\x00"):
        status, headers, body = post(s, bad)
        assert (status, error(body)) == (200, MALFORMED), bad
        assert headers["Content-Type"] == TYPE
        assert headers["Cache-Control"] == "no-store"
    for bad in ("hello", "%zz", "MA", "////"):
        status, _, body = get(s, "/ocsp/" + bad)
        assert (status, error(body)) == (200, MALFORMED), bad
    assert post(s, bytes(20000))[0] == 413
    # Another issuer, alone and beside ours: no authority.
    out = party.ask("-issuer", s.root, "-cert", s.root, check=False)
    assert "unauthorized" in out, out
    out = party.ask("-cert", cert, "-issuer", s.root, "-cert", s.root,
                    check=False)
    assert "unauthorized" in out, out
    # Only where it is served.
    assert post(s, der, "ops")[0] == 404


def unissued(party, good):
    """Each value of ocsp.unissued, by a reload; never good."""
    s = party.s
    serial = "0x01" + os.urandom(19).hex()
    out = party.ask("-serial", serial, check=False)
    assert "Responder Error: unauthorized" in out, out
    for way, word in (("unknown", "unknown"), ("revoked", "revoked"),
                      ("unauthorized", None)):
        s.configure({"ocsp.unissued": way})
        before = len(list(s.log_events("reloaded")))
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda b=before: len(list(s.log_events("reloaded"))) > b,
                   why="the reload")
        if word is None:
            out = party.ask("-serial", serial, check=False)
            assert "Responder Error: unauthorized" in out, out
            continue
        for nonce in ([], ["-no_nonce"], ["-no_nonce"]):
            out = party.ask(*nonce, "-serial", serial, "-resp_text")
            assert f"{serial}: {word}" in out, out
            # RFC 6960 section 2.2.
            if word == "revoked":
                assert "Reason: certificateHold" in out, out
                assert "Revocation Time: Jan  1 00:00:00 1970" in out, out
                # extended-revoke; OpenSSL has an older name for 48.1.9.
                assert re.search(r"^\s+valid: $", out, re.M), out
        # What was issued is not touched by it.
        assert f"{good}: good" in party.ask("-cert", good)


def at_once(party):
    """Revoked means revoked, in each path, when the command returns."""
    s = party.s
    for i in range(3):
        cert = issue(s, f"soon{i}.test")
        ders = [party.request(cert), party.request(cert, "-sha256")]
        paths = ["/ocsp/" + base64.b64encode(d).decode() for d in ders]
        before = [get(s, p)[2] for p in paths]
        assert all("Cert Status: good" in party.text(b, "-cert", cert)
                   for b in before)
        s.cli("cert", "revoke", serial_of(cert), "--reason", "superseded")
        for p, old in zip(paths, before):
            _, _, body = get(s, p)
            assert body != old
            assert "Cert Status: revoked" in party.text(body, "-cert", cert)
        assert f"{cert}: revoked" in party.ask("-cert", cert)


def stalled(party, cert):
    """Half-open and slow clients, which wedge `openssl ocsp`, stop nobody."""
    s, held = party.s, []
    der = party.request(cert)
    head = (f"POST /ocsp HTTP/1.1\r\nHost: a\r\nContent-Length: {len(der)}"
            "\r\n\r\n").encode()
    for i in range(60):
        c = socket.create_connection(("127.0.0.1", s.ports["http"]), 10)
        c.sendall([b"", b"P", head[:20], head, head + der[:10]][i % 5])
        held.append(c)
    start = time.monotonic()
    for _ in range(50):
        status, _, body = post(s, der)
        assert (status, error(body)) == (200, None)
        post(s, with_nonce(der, os.urandom(32)))
    assert time.monotonic() - start < 20
    for c in held:
        c.close()


def without_signer(party, cert):
    """Cached answers go on; what has to be signed is tryLater."""
    s = party.s
    der = party.request(cert)
    _, _, body = post(s, der)
    signer = s.children()["signer"]
    os.kill(signer, signal.SIGSTOP)
    try:
        assert post(s, der)[2] == body
        status, _, answer = post(s, with_nonce(der, os.urandom(32)))
        assert (status, error(answer)) == (200, TRY_LATER)
        assert post(s, der)[2] == body
    finally:
        os.kill(signer, signal.SIGCONT)
    wait_until(lambda: error(post(s, with_nonce(der, os.urandom(32)))[2])
               is None, why="the signer")


def counted(s):
    m = s.metrics()
    name = "chancery_ocsp_requests_total"
    for status in ("good", "revoked", "unknown", "unauthorized", "tryLater",
                   "malformedRequest"):
        assert sum(v for k, v in m.items() if k.startswith(name) and
                   f'status="{status}"' in k) > 0, status
    for hash_ in ("sha1", "sha256"):
        assert m[f'{name}{{status="good",hash="{hash_}"}}'] > 0
    for k in ("cache_hits_total", "signed_total", "nonces_total", "cached"):
        assert m[f"chancery_ocsp_{k}"] > 0, k
    assert m["chancery_status_certificates"] > 0
    lines = [r for r in s.log_events("request") if
             str(r.get("path", "")).startswith("/ocsp")]
    assert any(r.get("note") == "good" and r.get("object") for r in lines)


def expired(s, party, cert):
    """Kept for a day beyond notAfter; then there is no record of it."""
    s.stop()
    s.configure({"testing.clock_offset": f"{90 * 24 + 2}h"})
    s.start()
    serial = "0x" + serial_of(cert)
    # By OpenSSL's clock the responder is not valid yet; the status counts.
    out = party.ask("-no_nonce", "-serial", serial, check=False)
    assert re.search(r"^good$|: good$", out, re.M), out
    s.stop()
    s.configure({"testing.clock_offset": f"{92 * 24}h"})
    s.start()
    out = party.ask("-serial", serial, check=False)
    assert "Responder Error: unauthorized" in out, out


def main():
    with server() as s:
        party = Party(s)
        good, revoked = issue(s, "good.test"), issue(s, "revoked.test")
        s.cli("cert", "revoke", serial_of(revoked), "--reason",
              "keyCompromise")
        good_and_revoked(party, good, revoked)
        delegated(party, good)
        gnutls(party, good, revoked)
        gets(party, good)
        caching(party, good)
        nonces(party, good)
        errors(party, good)
        unissued(party, good)
        at_once(party)
        stalled(party, good)
        without_signer(party, good)
        counted(s)
        expired(s, party, good)


main()
