"""A patient ACME client for fault tests: it retries what a dying server left
unanswered, as real clients' next run would, and counts what it got.

Needs python3-cryptography (Debian's, which certbot depends on); no other
client library, so that what goes over the wire can be made wrong on purpose.
"""
import base64
import hashlib
import http.client
import http.server
import json
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Refused(Exception):
    """A problem document: .status, .type, .detail."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.type = body.get("type", "").rpartition(":")[2]
        self.detail = body.get("detail", "")


class Responder:
    """http-01 answers on 127.0.0.1:port."""

    def __init__(self, port):
        answers = self.answers = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write((body or "").encode())

            def log_message(self, *args):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", port),
                                                     Handler)
        threading.Thread(target=self.httpd.serve_forever,
                         daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()


class Client:
    def __init__(self, server, responder=None, patience=30):
        self.server = server
        self.responder = responder
        self.patience = patience
        self.key = ec.generate_private_key(ec.SECP256R1())
        n = self.key.public_key().public_numbers()
        self.jwk = {"crv": "P-256", "kty": "EC",
                    "x": b64(n.x.to_bytes(32, "big")),
                    "y": b64(n.y.to_bytes(32, "big"))}
        canonical = json.dumps(self.jwk, sort_keys=True,
                               separators=(",", ":"))
        self.thumbprint = b64(hashlib.sha256(canonical.encode()).digest())
        self.kid = None
        self.nonce = None
        self.connection = None
        self.directory = None

    # ---- transport ----

    def once(self, method, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=20,
                context=self.server.tls())
        try:
            self.connection.request(method, parts.path, body, headers or {})
            response = self.connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        if response.getheader("Replay-Nonce"):
            self.nonce = response.getheader("Replay-Nonce")
        return response, data

    def patient(self, what):
        """Repeats while the server is not there; a new run of a client."""
        end = time.monotonic() + self.patience
        while True:
            try:
                return what()
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
                self.nonce = None
                time.sleep(0.1)
            except Refused as e:
                # 503: overloaded, draining or without its signer.
                if e.status not in (500, 503) or time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def fetch_nonce(self):
        if self.nonce is None:
            self.once("HEAD", self.directory["newNonce"])
        nonce, self.nonce = self.nonce, None
        return nonce

    def sign(self, url, payload, nonce, with_jwk=False):
        protected = {"alg": "ES256", "nonce": nonce, "url": url}
        if with_jwk:
            protected["jwk"] = self.jwk
        else:
            protected["kid"] = self.kid
        head = b64(json.dumps(protected).encode())
        body = "" if payload is None else b64(json.dumps(payload).encode())
        der = self.key.sign(f"{head}.{body}".encode(),
                            ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return json.dumps({
            "protected": head, "payload": body,
            "signature": b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))})

    def post_once(self, url, payload, with_jwk=False):
        for _ in range(5):
            body = self.sign(url, payload, self.fetch_nonce(), with_jwk)
            response, data = self.once(
                "POST", url, body,
                {"Content-Type": "application/jose+json"})
            kind = response.getheader("Content-Type") or ""
            if response.status < 400:
                return response, (json.loads(data) if "json" in kind
                                  else data)
            problem = json.loads(data) if "json" in kind else {}
            error = Refused(response.status, problem)
            if error.type != "badNonce":
                raise error
        raise error

    def post(self, url, payload, with_jwk=False):
        return self.patient(lambda: self.post_once(url, payload, with_jwk))

    # ---- the flow ----

    def register(self):
        def fetch():
            response, data = self.once("GET", self.server.directory)
            if response.status != 200:
                raise OSError(response.status)
            return json.loads(data)
        self.directory = self.patient(fetch)
        response, _ = self.post(self.directory["newAccount"],
                                {"termsOfServiceAgreed": True},
                                with_jwk=True)
        self.kid = response.getheader("Location")
        return self

    def new_order(self, *names):
        response, order = self.post(self.directory["newOrder"], {
            "identifiers": [{"type": "dns", "value": n} for n in names]})
        order["url"] = response.getheader("Location")
        return order

    def authorize(self, order):
        for url in order["authorizations"]:
            _, authz = self.post(url, None)
            if authz["status"] == "valid":
                continue
            challenge = next(c for c in authz["challenges"]
                             if c["type"] == "http-01")
            path = "/.well-known/acme-challenge/" + challenge["token"]
            self.responder.answers[path] = \
                f"{challenge['token']}.{self.thumbprint}"
            self.post(challenge["url"], {})
            self.poll(url, ("valid", "invalid"))

    def poll(self, url, until):
        end = time.monotonic() + self.patience
        while True:
            _, body = self.post(url, None)
            if body["status"] in until:
                return body
            if time.monotonic() > end:
                raise AssertionError(f"{url} stays {body}")
            time.sleep(0.1)

    def csr(self, *names):
        key = ec.generate_private_key(ec.SECP256R1())
        request = x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([])).add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(n) for n in names]), False).sign(
                    key, hashes.SHA256())
        return key, request.public_bytes(serialization.Encoding.DER)

    def finalize(self, order, csr):
        """Once, or when a dying server left it open, whatever it became."""
        end = time.monotonic() + self.patience
        while True:
            try:
                self.post_once(order["finalize"], {"csr": b64(csr)})
            except (OSError, http.client.HTTPException):
                self.nonce = None
            except Refused as e:
                if e.type != "orderNotReady" and e.status not in (500, 503):
                    raise
            try:
                _, body = self.post_once(order["url"], None)
                if body["status"] in ("valid", "invalid"):
                    return body
            except (OSError, http.client.HTTPException):
                self.nonce = None
            except Refused as e:
                if e.status not in (500, 503):
                    raise
            if time.monotonic() > end:
                raise AssertionError("finalize came to no end")
            time.sleep(0.1)

    def download(self, order):
        _, pem = self.post(order["certificate"], None)
        return x509.load_pem_x509_certificate(pem), pem

    def revoke(self, certificate, reason=1):
        der = certificate.public_bytes(serialization.Encoding.DER)
        return self.post(self.directory["revokeCert"],
                         {"certificate": b64(der), "reason": reason})

    def issue(self, *names):
        """(order, certificate, PEM) of a whole flow."""
        order = self.new_order(*names)
        self.authorize(order)
        _, csr = self.csr(*names)
        done = self.finalize(order, csr)
        done["url"] = order["url"]
        if done["status"] != "valid":
            return done, None, None
        certificate, pem = self.download(done)
        return done, certificate, pem
