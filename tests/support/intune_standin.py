#!/usr/bin/python3
"""A stand-in for Microsoft's side of Intune on loopback: token service, Graph,
and the five requests of Intune, over https with a CA of its own.

It refuses what microsoft/Intune-Resource-Access (src/CsrValidation) would not
send: other headers, members, scopes and secrets, a challenge that it did not
make, a notice for what it did not allow.  It is no Intune: only Microsoft knows
how a real challenge is made, and a challenge of this one is a random text.

Within a test:

    with Intune(directory) as intune:
        password = intune.challenge("CN=device", ["dns:device.example"])

By hand: intune_standin.py DIRECTORY, then the lines that it prints go into
chancery.yaml, and "challenge CN=device dns:device.example" on its standard
input prints a challenge.
"""
import base64
import contextlib
import datetime
import hashlib
import http.server
import ipaddress
import json
import pathlib
import re
import secrets
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AttributeOID, NameOID

TENANT = "contoso.example"
CLIENT_ID = "11111111-2222-3333-4444-555555555555"
CLIENT_SECRET = "a~Secret.of+the/registration="
INTUNE_APP = "0000000a-0000-0000-c000-000000000000"
RESOURCE = "https://api.manage.microsoft.com/"
SCEP, PKI = "ScepRequestValidationFEService", "PkiConnectorFEService"
VERSIONS = {SCEP: "2018-02-20", PKI: "5019-05-05"}
VALIDATE, SUCCESS, FAILURE = (
    "validateRequest", "successNotification", "failureNotification")
DOWNLOAD, UPLOAD = "downloadRevocationRequests", "uploadRevocationResults"
ACTIONS = {
    f"/{SCEP}/ScepActions/{VALIDATE}": (SCEP, VALIDATE),
    f"/{SCEP}/ScepActions/{SUCCESS}": (SCEP, SUCCESS),
    f"/{SCEP}/ScepActions/{FAILURE}": (SCEP, FAILURE),
    f"/{PKI}/CertificateAuthorityRequests/{DOWNLOAD}": (PKI, DOWNLOAD),
    f"/{PKI}/CertificateAuthorityRequests/{UPLOAD}": (PKI, UPLOAD),
}
RESULT_ERRORS = {
    "None", "NonRetryableServiceException", "DataSerializationError",
    "ParameterDataInvalidError", "CryptographyError",
    "CertificateNotFoundError", "ConflictError", "NotSupportedError",
    "PayloadTooLargeError", "RetryableServiceException",
    "ServiceUnavailableException", "ServiceTooBusyException",
    "AuthenticationException"}
RETRYABLE = {"RetryableServiceException", "ServiceUnavailableException",
             "ServiceTooBusyException", "AuthenticationException"}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Refused(Exception):
    """Answered with this status instead of what was asked for."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Code(Exception):
    """Answered 200 with a code that is no Success."""

    def __init__(self, code, text=""):
        super().__init__(text)
        self.code = code


def expect(what, status, text):
    if not what:
        raise Refused(status, text)


def members(o, *names):
    """An object with exactly these members."""
    expect(isinstance(o, dict) and set(o) == set(names), 400,
           f"members {sorted(o) if isinstance(o, dict) else o}, expected "
           f"{sorted(names)}")
    return [o[n] for n in names]


def text(value, what):
    expect(isinstance(value, str) and value.strip(), 400, f"no {what}")
    return value


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def tagged_names(extensions):
    """"dns:a.example" for each name of a request."""
    try:
        san = extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    tags = {x509.DNSName: "dns", x509.RFC822Name: "email",
            x509.UniformResourceIdentifier: "uri", x509.IPAddress: "ip"}
    return {f"{tags.get(type(n), 'other')}:{n.value}" for n in san}


class Intune:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.tokens = {}  # token: scope
        self.challenges = {}  # text: what its CSR has to be
        self.validated = {}  # (transaction, CSR): True until a notice came
        self.revocations = {}  # context: what is to be revoked
        self.events = []  # (monotonic time, what was asked, outcome)
        self.issued, self.failed, self.results = [], [], []
        self.refusals = []  # what no client should ever see
        # Switches, by action: a code, a status, "garbage", "huge", "empty"
        # or "drop" instead of the answer; seconds before it.
        self.instead, self.delay = {}, {}
        self.waiting = []  # what is being delayed
        self.certificate_of = None  # serial in hex: DER, if the test knows
        self.servers = {}
        self.make_certificates()

    # ---- life ----

    @classmethod
    @contextlib.contextmanager
    def scratch(cls):
        """One whose files are gone with it."""
        with tempfile.TemporaryDirectory() as directory, \
                cls(directory) as intune:
            yield intune

    def make_certificates(self):
        """A CA of its own, and a certificate for localhost."""
        def key_and_name(cn):
            return ec.generate_private_key(ec.SECP256R1()), x509.Name(
                [x509.NameAttribute(NameOID.COMMON_NAME, cn)])

        def sign(subject, public, issuer, key, extensions):
            b = x509.CertificateBuilder().subject_name(subject).issuer_name(
                issuer).public_key(public).serial_number(
                x509.random_serial_number()).not_valid_before(
                utc_now() - datetime.timedelta(hours=1)).not_valid_after(
                utc_now() + datetime.timedelta(days=30))
            for extension, critical in extensions:
                b = b.add_extension(extension, critical)
            return b.sign(key, hashes.SHA256())

        ca_key, ca_name = key_and_name("Stand-in of Microsoft")
        key, name = key_and_name("localhost")
        ca = sign(ca_name, ca_key.public_key(), ca_name, ca_key, [
            (x509.BasicConstraints(True, None), True),
            (x509.KeyUsage(False, False, False, False, False, True, True,
                           False, False), True),
            (x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()),
             False)])
        leaf = sign(name, key.public_key(), ca_name, ca_key, [
            (x509.SubjectAlternativeName([
                x509.DNSName("localhost"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False),
            (x509.ExtendedKeyUsage(
                [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(
                ca_key.public_key()), False)])
        pem = serialization.Encoding.PEM
        self.anchors = self.directory / "standin-ca.pem"
        self.anchors.write_bytes(ca.public_bytes(pem))
        self.own = self.directory / "standin.pem"
        self.own.write_bytes(leaf.public_bytes(pem) + key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))

    def listen(self, role):
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, block_on_close = True, False

            def handle_error(self, request, client_address):
                pass  # a client that went away in the middle

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.own)
        server = Server(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
        server.intune, server.role = self, role
        threading.Thread(target=server.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.servers[role] = server

    def close(self, role):
        server = self.servers.pop(role)
        server.shutdown()
        server.server_close()

    def __enter__(self):
        self.listen("login")
        self.listen("service")
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            for _, what, outcome in self.events[-40:]:
                sys.stderr.write(f"stand-in: {what}: {outcome}\n")
        for role in list(self.servers):
            self.close(role)

    def url(self, role):
        return f"https://localhost:{self.servers[role].server_port}/"

    def options(self, secret_file, **more):
        """The row of intune in a configuration."""
        row = {"tenant": TENANT, "client_id": CLIENT_ID,
               "client_secret_file": str(secret_file),
               "authority": self.url("login"), "graph_url": self.url("login"),
               "anchors_file": str(self.anchors)}
        row.update(more)
        return "{" + ", ".join(f'{k}: {json.dumps(v)}'
                               for k, v in row.items()) + "}"

    # ---- what the tenant's administrator does ----

    def challenge(self, subject=None, names=None, size=4000, lifetime=3600):
        """A password for one request, as long as Intune's are."""
        password = base64.b64encode(secrets.token_bytes(size * 3 // 4)
                                    ).decode().rstrip("=")
        with self.lock:
            self.challenges[password] = {
                "subject": subject,
                "names": None if names is None else set(names),
                "until": time.time() + lifetime}
        return password

    def revoke(self, serial, issuer=None):
        """Puts a certificate on the list; the context of the entry."""
        context = f"{uuid.uuid4()}_{serial}"
        with self.lock:
            self.revocations[context] = {
                "requestContext": context, "serialNumber": serial,
                "issuerName": issuer, "caConfiguration": None}
        return context

    def expire_tokens(self):
        """The tokens that are out are not taken any more."""
        with self.lock:
            self.tokens.clear()

    def move(self):
        """The services are somewhere else from now on."""
        self.close("service")
        self.listen("service")

    def count(self, what, outcome=None):
        with self.lock:
            return sum(1 for _, w, o in self.events
                       if w == what and outcome in (None, o))

    def time_of(self, what, outcome):
        """When the last such event was over."""
        with self.lock:
            return max(t for t, w, o in self.events
                       if w == what and o == outcome)

    def note(self, what, outcome):
        with self.lock:
            self.events.append((time.monotonic(), what, outcome))

    # ---- token service and Graph ----

    def token(self, headers, body):
        expect(headers.get("Content-Type", "").partition(";")[0] ==
               "application/x-www-form-urlencoded", 400, "no form")
        form = urllib.parse.parse_qs(body.decode("ascii"),
                                     strict_parsing=True)
        expect(set(form) == {"grant_type", "client_id", "client_secret",
                             "scope"} and
               all(len(v) == 1 for v in form.values()), 400,
               f"members {sorted(form)}")
        expect(form["grant_type"] == ["client_credentials"], 400,
               "unsupported_grant_type")
        expect(form["client_id"] == [CLIENT_ID], 400, "unauthorized_client")
        expect(form["client_secret"] == [CLIENT_SECRET], 401,
               "invalid_client")
        scope = form["scope"][0]
        expect(scope in (self.url("login") + ".default",
                         RESOURCE + "/.default"), 400, "invalid_scope")
        token = "eyJ0eXAiOiJKV1QifQ." + secrets.token_urlsafe(900)
        with self.lock:
            self.tokens[token] = scope
        return {"token_type": "Bearer", "expires_in": 3599,
                "ext_expires_in": 3599, "access_token": token}

    def check_caller(self, headers, scope):
        kind, _, token = headers.get("Authorization", "").partition(" ")
        with self.lock:
            known = kind == "Bearer" and self.tokens.get(token) == scope
        expect(known, 401, "no token for this")
        activity = headers.get("client-request-id", "")
        expect(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                            activity), 400, "no client-request-id")

    def endpoints(self, headers):
        self.check_caller(headers, self.url("login") + ".default")
        at = self.url("service")
        return {"@odata.context": "endpoints", "value": [
            {"id": str(uuid.uuid4()), "capability": "Other",
             "providerName": "OtherService", "uri": "http://other.example"},
            {"capability": SCEP, "providerName": SCEP, "uri": at + SCEP},
            {"capability": PKI, "providerName": PKI, "uri": at + PKI + "/"},
        ]}

    # ---- the five requests ----

    def act(self, service, action, headers, body):
        self.check_caller(headers, RESOURCE + "/.default")
        expect(headers.get("api-version") == VERSIONS[service], 400,
               f"api-version {headers.get('api-version')}")
        expect(headers.get("Content-Type", "").partition(";")[0] ==
               "application/json", 415, "no JSON")
        try:
            o = json.loads(body)
        except ValueError as e:
            raise Refused(400, "no JSON") from e
        return {VALIDATE: self.validate, SUCCESS: self.success,
                FAILURE: self.failure, DOWNLOAD: self.download,
                UPLOAD: self.upload}[action](o)

    def request_of(self, transaction, request, caller):
        text(transaction, "transactionId")
        text(request, "certificateRequest")
        expect(re.match(r"Chancery/\d", text(caller, "callerInfo")), 400,
               f"callerInfo {caller}")
        try:
            der = base64.b64decode(request, validate=True)
            csr = x509.load_der_x509_csr(der)
        except ValueError as e:
            raise Code("CertificateRequestDecodingFailed", str(e)) from e
        return csr

    def validate(self, o):
        request, = members(o, "request")
        transaction, encoded, caller = members(
            request, "transactionId", "certificateRequest", "callerInfo")
        csr = self.request_of(transaction, encoded, caller)
        if not csr.is_signature_valid:
            raise Code("SignatureValidationFailed")
        try:
            password = csr.attributes.get_attribute_for_oid(
                AttributeOID.CHALLENGE_PASSWORD).value.decode()
        except x509.AttributeNotFound as e:
            raise Code("ChallengePasswordMissing") from e
        with self.lock:
            wanted = self.challenges.get(password)
        if wanted is None:
            raise Code("ChallengeDecryptionError")
        if time.time() > wanted["until"]:
            raise Code("ChallengeExpired")
        if wanted["subject"] is not None and \
                csr.subject.rfc4514_string() != wanted["subject"]:
            raise Code("SubjectNameMismatch", csr.subject.rfc4514_string())
        if wanted["names"] is not None and \
                tagged_names(csr.extensions) != wanted["names"]:
            raise Code("SubjectAltNameMismatch",
                       str(tagged_names(csr.extensions)))
        key = csr.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
            raise Code("KeyLengthMismatch")
        with self.lock:
            self.validated[(transaction, encoded)] = True
        return {"code": "Success", "errorDescription": ""}

    def known(self, transaction, encoded):
        """A notice is of a request that was allowed; it may be repeated."""
        with self.lock:
            expect((transaction, encoded) in self.validated, 400,
                   "a notice for a request that was not validated")

    def success(self, o):
        notice, = members(o, "notification")
        (transaction, encoded, thumbprint, serial, until, issuer, caller, _,
         _) = members(
            notice, "transactionId", "certificateRequest",
            "certificateThumbprint", "certificateSerialNumber",
            "certificateExpirationDateUtc", "issuingCertificateAuthority",
            "callerInfo", "caConfiguration", "certificateAuthority")
        self.request_of(transaction, encoded, caller)
        self.known(transaction, encoded)
        text(issuer, "issuingCertificateAuthority")
        expect(re.fullmatch("[0-9A-F]{40}", text(thumbprint, "thumbprint")),
               400, f"thumbprint {thumbprint}")
        expect(re.fullmatch("[0-9A-F]{2,40}", text(serial, "serial")), 400,
               f"serial {serial}")
        expect(DATE.fullmatch(text(until, "expiry")), 400, f"date {until}")
        if self.certificate_of is not None:
            der = self.certificate_of(serial)
            cert = x509.load_der_x509_certificate(der)
            expect(hashlib.sha1(der).hexdigest().upper() == thumbprint, 400,
                   "another certificate's thumbprint")
            end = getattr(cert, "not_valid_after_utc", None) or \
                cert.not_valid_after
            expect(end.strftime("%Y-%m-%dT%H:%M:%S.000Z") == until, 400,
                   f"date {until}, the certificate has {end}")
        with self.lock:
            self.issued.append({"serial": serial, "thumbprint": thumbprint,
                                "transaction": transaction,
                                "issuer": issuer})
        return {"code": "Success", "errorDescription": ""}

    def failure(self, o):
        notice, = members(o, "notification")
        transaction, encoded, result, why, caller = members(
            notice, "transactionId", "certificateRequest", "hResult",
            "errorDescription", "callerInfo")
        self.request_of(transaction, encoded, caller)
        self.known(transaction, encoded)
        expect(type(result) is int and -2**31 <= result < 0, 400,
               f"hResult {result}")
        expect(len(text(why, "errorDescription")) <= 255, 400,
               "errorDescription of more than 255 characters")
        with self.lock:
            self.failed.append({"transaction": transaction, "why": why})
        return {"code": "Success", "errorDescription": ""}

    def download(self, o):
        parameters, = members(o, "downloadParameters")
        maximum, issuer = members(parameters, "maxRequests", "issuerName")
        expect(type(maximum) is int and 1 <= maximum <= 500, 400,
               f"maxRequests {maximum}")
        with self.lock:
            rows = [r for r in self.revocations.values()
                    if issuer is None or r["issuerName"] == issuer]
        return {"@odata.context": "caRevocationRequest",
                "value": rows[:maximum]}

    def upload(self, o):
        results, = members(o, "results")
        expect(isinstance(results, list) and results, 400, "no results")
        for r in results:
            context, succeeded, error, message = members(
                r, "requestContext", "succeeded", "errorCode",
                "errorMessage")
            expect(type(succeeded) is bool and error in RESULT_ERRORS, 400,
                   f"result {r}")
            expect(not succeeded or (error == "None" and not message), 400,
                   "a success with an error")
            expect(succeeded or error != "None", 400,
                   "a failure without an error")
            with self.lock:
                expect(context in self.revocations, 400,
                       f"context {context} was not given")
        with self.lock:
            for r in results:
                self.results.append(r)
                if r["succeeded"] or r["errorCode"] not in RETRYABLE:
                    del self.revocations[r["requestContext"]]
        return {"@odata.context": "Edm.Boolean", "value": True}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format, *args):
        pass

    def reply(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers:
            self.send_header(name, value)
        self.close_connection = True
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the client has read enough

    def route(self, body):
        """(what it is called, a function that answers)."""
        intune, role = self.server.intune, self.server.role
        if role == "service":
            row = ACTIONS.get(self.path) if self.command == "POST" else None
            expect(row is not None, 404, f"{self.command} {self.path}")
            return row[1], lambda: intune.act(*row, self.headers, body)
        if (self.command, self.path) == \
                ("POST", f"/{TENANT}/oauth2/v2.0/token"):
            return "token", lambda: intune.token(self.headers, body)
        expect((self.command, self.path) ==
               ("GET", "/v1.0/servicePrincipals/appId="
                f"{INTUNE_APP}/endpoints"), 404,
               f"{self.command} {self.path}")
        return "endpoints", lambda: intune.endpoints(self.headers)

    def answer(self):
        intune = self.server.intune
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what = f"{self.command} {self.path}"
        try:
            what, ask = self.route(body)
            seconds = intune.delay.get(what, 0)
            if seconds:
                intune.waiting.append(what)
                time.sleep(seconds)
                intune.waiting.remove(what)
            instead = intune.instead.get(what)
            if isinstance(instead, int):
                raise Refused(instead, "switched")
            if instead == "drop":
                intune.note(what, "drop")
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if instead in ("garbage", "huge", "empty"):
                intune.note(what, instead)
                self.reply(200, {"garbage": b'{"code":"Success"} or not',
                                 "huge": b'{"code":"Success","x":"' +
                                 b"x" * (4 << 20) + b'"}',
                                 "empty": b""}[instead])
                return
            if instead is not None:
                raise Code(instead, "switched")
            answer = ask()
            outcome = answer.get("code", "ok")
            status, headers = 200, ()
        except Code as e:
            answer = {"code": e.code, "errorDescription": str(e)}
            status, headers, outcome = 200, (), e.code
        except Refused as e:
            answer = {"error": {"code": str(e), "message": str(e)}}
            if what == "token":
                answer = {"error": str(e), "error_description": str(e)}
            status, outcome = e.status, f"{e.status} {e}"
            headers = [("Retry-After", "1")] if status == 503 else ()
            if str(e) != "switched" and status != 401:
                intune.refusals.append((what, str(e)))
        intune.note(what, outcome)
        self.reply(status, json.dumps(answer).encode(), headers)

    do_GET = do_POST = answer


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with Intune(sys.argv[1]) as intune:
        secret = intune.directory / "standin.secret"
        secret.write_text(CLIENT_SECRET + "\n")
        secret.chmod(0o600)
        print("intune:\n  standin: " + intune.options(secret.resolve()),
              flush=True)
        for line in sys.stdin:
            word, *rest = line.split()
            if word == "challenge":
                subject, *names = rest or [None]
                print(intune.challenge(subject, names or None), flush=True)
            elif word == "revoke":
                print(intune.revoke(*rest), flush=True)
            elif word == "events":
                for _, what, outcome in intune.events:
                    print(f"{what}: {outcome}", flush=True)


if __name__ == "__main__":
    main()
