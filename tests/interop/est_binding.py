"""The channel binding over real connections: tls-exporter under TLS 1.3 and
tls-unique under TLS 1.2; a value of another connection, or none, is refused.
And client certificates that must not get in: revoked, another label's."""
import base64
import signal
import socket
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from OpenSSL import SSL

from client import wait_until
from est_server import PASSWORD, issued, password_hash, server

CHALLENGE = x509.ObjectIdentifier("1.2.840.113549.1.9.7")
BASIC = base64.b64encode(f"dev:{PASSWORD}".encode()).decode()


def csr(challenge=None, name="dev.example"):
    key = ec.generate_private_key(ec.SECP256R1())
    b = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
    b = b.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    if challenge is not None:
        b = b.add_attribute(CHALLENGE, base64.b64encode(challenge),
                            _tag=_ASN1Type.PrintableString)
    der = b.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return base64.b64encode(der)


class Connection:
    """One TLS connection of one version."""

    def __init__(self, s, version, certificate=None):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.load_verify_locations(s.root)
        context.set_verify(SSL.VERIFY_PEER, lambda *a: bool(a[-1]))
        if certificate:
            context.use_certificate_chain_file(str(certificate[0]))
            context.use_privatekey_file(str(certificate[1]))
        self.raw = socket.create_connection(("localhost", s.ports["est"]), 20)
        self.tls = SSL.Connection(context, self.raw)
        self.tls.set_tlsext_host_name(b"localhost")
        self.tls.set_connect_state()
        self.raw.setblocking(True)
        self.tls.do_handshake()

    def binding(self):
        if self.tls.get_protocol_version() == SSL.TLS1_3_VERSION:
            # RFC 9266 section 2
            return self.tls.export_keying_material(
                b"EXPORTER-Channel-Binding", 32, b"")
        # RFC 5929 section 3: our Finished was the first of the handshake.
        return self.tls.get_finished()

    def post(self, path, body, basic=True):
        """(status, body); the connection stays open."""
        head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/pkcs10\r\n"
                f"Content-Length: {len(body)}\r\n")
        if basic:
            head += f"Authorization: Basic {BASIC}\r\n"
        self.tls.sendall(head.encode() + b"\r\n" + body)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.tls.recv(65536)
        head, _, rest = got.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split()[0])
        while len(rest) < length:
            rest += self.tls.recv(65536)
        return int(head.split()[1]), rest


ENROLL = "/.well-known/est/{}/simpleenroll"
USERS = "users_file: est-users"
s = server({
    "bound": f"{{profile: device, authentication: [users], {USERS}, "
             "channel_binding: true}",
    "free": f"{{profile: device, authentication: [users], {USERS}}}",
    "mtls": "{profile: device, authentication: [certificate]}",
    "other": "{profile: other, authentication: [certificate]}",
}, [("dev", None)])
with s:
    for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
        before = len(issued(s))
        c, another = Connection(s, version), Connection(s, version)
        ours, theirs = c.binding(), another.binding()
        assert ours != theirs and len(ours) in (12, 32), ours
        status, said = c.post(ENROLL.format("bound"), csr())
        assert status == 403 and b"challengePassword" in said, said
        status, said = c.post(ENROLL.format("bound"), csr(theirs))
        assert status == 403 and b"another connection" in said, said
        # One that is there is verified where it is not required, too.
        status, said = c.post(ENROLL.format("free"), csr(theirs))
        assert status == 403 and b"another connection" in said, said
        assert len(issued(s)) == before
        status, said = c.post(ENROLL.format("bound"), csr(ours))
        assert status == 200, said
        status, said = c.post(ENROLL.format("free"), csr(ours))
        assert status == 200, said
        status, said = another.post(ENROLL.format("bound"), csr(theirs))
        assert status == 200, said
        assert len(issued(s)) == before + 3

    # A client certificate: taken, not by another label, not once revoked.
    key, request = s.csr("dev.example")
    pem = s.top / "client.pem"
    pem.write_text(s.cli("cert", "issue", "--csr", request, "--profile",
                         "device"))
    serial = subprocess.run(
        ["openssl", "x509", "-in", pem, "-noout", "-serial"], check=True,
        stdout=subprocess.PIPE, text=True).stdout.strip().partition("=")[2]
    before = len(issued(s))
    c = Connection(s, SSL.TLS1_3_VERSION, (pem, key))
    status, said = c.post(ENROLL.format("mtls"), csr(), basic=False)
    assert status == 200, said
    status, said = c.post(ENROLL.format("other"), csr(), basic=False)
    assert status == 403 and b"profile device" in said, said
    status, said = c.post(ENROLL.format("mtls"), csr(name="b.example"),
                          basic=False)
    assert status == 403 and b"not among" in said, said
    s.cli("cert", "revoke", serial, "--reason", "superseded")
    # On the same connection: the record counts, not the handshake.
    status, said = c.post(ENROLL.format("mtls"), csr(), basic=False)
    assert status == 403 and b"revoked" in said, said
    status, said = Connection(s, SSL.TLS1_2_VERSION, (pem, key)).post(
        "/.well-known/est/mtls/simplereenroll", csr(), basic=False)
    assert status == 403 and b"revoked" in said, said
    assert len(issued(s)) == before + 1

    # Another password: what was verified a moment ago counts no more after
    # the reload, on a connection that was open before it too.
    c = Connection(s, SSL.TLS1_3_VERSION)
    assert c.post(ENROLL.format("free"), csr())[0] == 200
    (s.state / "est-users").write_text(f"dev:{password_hash('another')}\n")
    assert c.post(ENROLL.format("free"), csr())[0] == 200
    s.process.send_signal(signal.SIGHUP)
    wait_until(lambda: list(s.log_events("reloaded")), 30, why="the reload")
    assert c.post(ENROLL.format("free"), csr())[0] == 401
    # A file that is wrong changes nothing.
    (s.state / "est-users").write_text("dev:in the clear\n")
    s.process.send_signal(signal.SIGHUP)
    wait_until(lambda: list(s.log_events("reload-refused")), 30,
               why="the refusal")
    assert c.post(ENROLL.format("free"), csr())[0] == 401
    urls = s.cli("urls", parse=True)["est"]
    assert urls["mtls"] == f"https://localhost:{s.ports['est']}" \
        "/.well-known/est/mtls", urls
    print("EST, bindings and certificates", len(issued(s)))
