"""A SCEP client of RFC 8894 for tests: messages as real clients make them, and
as none does.  The openssl command does the cryptography, the DER is written
and read here: nothing of it is Chancery's.

    c = Client("http://localhost:8080/scep", directory)
    reply = c.enrol("a.example", challenge="secret")
    reply.status, reply.fail, reply.text, reply.certificates

Each step has a method of its own (request, enclose, sign, send, parse), for
tests that change something between two of them.
"""
import base64
import http.client
import pathlib
import secrets
import ssl
import subprocess
import urllib.parse

PKCS_REQ, RENEWAL_REQ, CERT_POLL, GET_CERT, GET_CRL = 19, 17, 20, 21, 22
SUCCESS, FAILURE, PENDING = 0, 2, 3
BAD_ALG, BAD_MESSAGE_CHECK, BAD_REQUEST, BAD_TIME, BAD_CERT_ID = range(5)

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
RSA = "1.2.840.113549.1.1.1"
VERISIGN = "2.16.840.1.113733.1.9."
MESSAGE_TYPE, STATUS, FAIL_INFO, SENDER_NONCE, RECIPIENT_NONCE, TRANSACTION = (
    VERISIGN + str(n) for n in range(2, 8))
FAIL_TEXT = "1.3.6.1.5.5.7.24.1"
DIGESTS = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1",
           "sha384": "2.16.840.1.101.3.4.2.2",
           "sha512": "2.16.840.1.101.3.4.2.3"}


class Refused(Exception):
    """An answer of HTTP, not of SCEP."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300]!r}")
        self.status, self.body = status, body


# ---- DER ----

def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else (
        lambda b: bytes([0x80 | len(b)]) + b)(
            n.to_bytes((n.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + size + body


def sequence(*parts):
    return der(0x30, *parts)


def set_of(*parts):
    return der(0x31, *sorted(parts))


def integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = b""
    for n in (first * 40 + second, *rest):
        part = [n & 0x7f]
        while n > 0x7f:
            n >>= 7
            part.insert(0, 0x80 | (n & 0x7f))
        out += bytes(part)
    return der(6, out)


def items(body):
    """[(tag, content, whole)] of the elements in a row."""
    out, at = [], 0
    while at < len(body):
        start, tag, n = at, body[at], body[at + 1]
        at += 2
        if n & 0x80:
            size = n & 0x7f
            n = int.from_bytes(body[at:at + size], "big")
            at += size
        assert at + n <= len(body), "DER ends in the middle"
        out.append((tag, body[at:at + n], body[start:at + n]))
        at += n
    return out


def only(body):
    one, = items(body)
    return one[1]


def signed_data(message):
    """(content or None, certificates, CRLs, signerInfos) of a SignedData."""
    kind, (_, whole, _) = items(only(message))
    assert kind[2] == oid(SIGNED_DATA), "no SignedData"
    fields = items(only(whole))
    inner = items(fields[2][1])
    content = only(inner[1][1]) if len(inner) > 1 else None
    bags = {tag: [w for _, _, w in items(body)]
            for tag, body, _ in fields[3:-1]}
    return (content, bags.get(0xa0, []), bags.get(0xa1, []),
            [w for _, _, w in items(fields[-1][1])])


# ---- openssl ----

def openssl(*words, data=b"", directory=None):
    done = subprocess.run(["openssl", *map(str, words)], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          cwd=directory, check=False, timeout=60)
    assert done.returncode == 0, (words, done.stderr.decode(errors="replace"))
    return done.stdout


def pem(certificate):
    return ssl.DER_cert_to_PEM_cert(certificate)


def issuer_and_serial(certificate):
    fields = items(items(only(certificate))[0][1])
    at = 1 if fields[0][0] == 0xa0 else 0
    return sequence(fields[at + 2][2], fields[at][2])


def names(certificate):
    """(issuer, subject), each whole."""
    fields = items(items(only(certificate))[0][1])
    at = 1 if fields[0][0] == 0xa0 else 0
    return fields[at + 2][2], fields[at + 4][2]


def serial(certificate):
    """In lower-case hexadecimal, as the commands print it."""
    return items(only(issuer_and_serial(certificate)))[1][1].hex()


class Key:
    """A key file with a certificate that messages are signed with."""

    def __init__(self, path, certificate=None):
        self.path = pathlib.Path(path)
        self.certificate = certificate  # DER

    @classmethod
    def new(cls, directory, name, bits=2048):
        path = pathlib.Path(directory) / f"{name}.key"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                f"rsa_keygen_bits:{bits}", "-out", path)
        # Not openssl's own configuration, which makes a CA of it.
        config = path.with_suffix(".cnf")
        config.write_text("[req]\ndistinguished_name=dn\n[dn]\n")
        return cls(path, openssl(
            "req", "-x509", "-new", "-config", config, "-key", path, "-subj",
            f"/CN={name}", "-days", "2", "-outform", "DER"))

    def pem_file(self):
        out = self.path.with_suffix(".signer.pem")
        out.write_text(pem(self.certificate))
        return out


def whole_request(key, subject, san, challenge):
    """A CSR with a subject of several parts ("/C=CH/CN=Jane Doe") and names of
    any type: [("DNS", "a.example"), ...] as openssl's configuration has them."""
    lines = ["[req]", "prompt=no", "string_mask=utf8only",
             "distinguished_name=dn", "attributes=attrs",
             "req_extensions=ext", "[dn]"]
    lines += [f"{i}.{part}" for i, part in
              enumerate(subject.split("/")[1:])]
    lines += ["[attrs]", f"challengePassword={challenge}", "[ext]",
              "subjectAltName=@san", "[san]"]
    lines += [f"{kind}.{i}={text}" for i, (kind, text) in enumerate(san)]
    config = key.path.with_suffix(".request.cnf")
    config.write_text("\n".join(lines) + "\n")
    return openssl("req", "-new", "-utf8", "-key", key.path, "-config",
                   config, "-outform", "DER")


class Message:
    """What was sent, as far as the reply is held against it."""

    def __init__(self, body, transaction, nonce, key):
        self.body, self.transaction = body, transaction
        self.nonce, self.key = nonce, key


class Reply:
    def __init__(self, status, fail, text, content, envelope, certificates,
                 crls):
        self.status, self.fail, self.text = status, fail, text
        self.content = content  # the SignedData that was enclosed, or None
        self.envelope = envelope
        self.certificates, self.crls = certificates, crls

    def __repr__(self):
        return (f"Reply(status={self.status}, fail={self.fail}, "
                f"text={self.text!r}, certificates="
                f"{len(self.certificates)})")


class Client:
    def __init__(self, url, directory, tls=None, cipher="aes-128-cbc",
                 digest="sha256", method="POST"):
        """tls: an ssl context, with a client certificate if it has one."""
        self.url, self.tls, self.method = url, tls, method
        self.headers = {}
        self.directory = pathlib.Path(directory)
        self.cipher, self.digest = cipher, digest
        self.recipient = None  # DER; the server's certificate

    # ---- HTTP ----

    def http(self, operation, message=None, body=None):
        u = urllib.parse.urlsplit(self.url)
        if u.scheme == "https":
            c = http.client.HTTPSConnection(u.hostname, u.port, timeout=60,
                                            context=self.tls)
        else:
            c = http.client.HTTPConnection(u.hostname, u.port, timeout=60)
        query = f"{u.path}?operation={operation}"
        if message is not None:
            query += "&message=" + urllib.parse.quote(message, safe="")
        try:
            c.request("GET" if body is None else "POST", query, body=body,
                      headers=self.headers)
            r = c.getresponse()
            out = r.read()
            self.content_type = r.headers["Content-Type"]
            if r.status != 200:
                raise Refused(r.status, out)
            return out
        finally:
            c.close()

    def capabilities(self):
        return self.http("GetCACaps", "0").decode().split()

    def ca_certificates(self):
        """DER, the server's first, which messages are encrypted to."""
        body = self.http("GetCACert", "0")
        found = [body] if self.content_type == "application/x-x509-ca-cert" \
            else signed_data(body)[1]
        self.recipient = self.recipient or found[0]
        return found

    def send(self, body):
        if self.method == "GET":
            return self.http("PKIOperation",
                             base64.b64encode(body).decode())
        return self.http("PKIOperation", body=body)

    # ---- messages ----

    def file(self, name, content):
        path = self.directory / f"scep-{name}"
        path.write_bytes(content)
        return path

    def request(self, key, common_name, dns=None, challenge=None,
                extensions=()):
        """A CSR; dns: names, by default the common name."""
        lines = ["[req]", "prompt=no", "string_mask=utf8only",
                 "distinguished_name=dn", "req_extensions=ext"]
        if challenge is not None:
            lines += ["attributes=attrs", "[attrs]",
                      f"challengePassword={challenge}"]
        alternatives = ",".join(f"DNS:{n}" for n in (
            [common_name] if dns is None else dns))
        lines += ["[dn]", f"CN={common_name}", "[ext]"]
        if alternatives:
            lines.append(f"subjectAltName={alternatives}")
        lines += list(extensions) or ["keyUsage=digitalSignature"]
        config = self.file("req.cnf", "\n".join(lines).encode() + b"\n")
        return openssl("req", "-new", "-key", key.path, "-config", config,
                       "-outform", "DER")

    def enclose(self, content, recipient=None, cipher=None, oaep=False):
        if recipient is None:
            if self.recipient is None:
                self.ca_certificates()
            recipient = self.recipient
        to = self.file("to.pem", pem(recipient).encode())
        options = ["-keyopt", "rsa_padding_mode:oaep"] if oaep else []
        return openssl("cms", "-encrypt", "-binary", "-outform", "DER",
                       f"-{cipher or self.cipher}", "-recip", to, *options,
                       data=content)

    def attributes(self, kind, transaction, nonce, enclosed, digest):
        def row(name, value):
            return sequence(oid(name), set_of(value))
        return [
            row(CONTENT_TYPE, oid(DATA)),
            row(MESSAGE_DIGEST, der(4, openssl(
                "dgst", f"-{digest}", "-binary", data=enclosed))),
            row(MESSAGE_TYPE, der(0x13, str(kind).encode())),
            row(TRANSACTION, der(0x13, transaction.encode())),
            row(SENDER_NONCE, der(4, nonce))]

    def sign(self, kind, enclosed, key, transaction, nonce, digest=None):
        digest = digest or self.digest
        algorithm = sequence(oid(DIGESTS[digest]), der(5))
        attributes = sorted(self.attributes(kind, transaction, nonce,
                                            enclosed, digest))
        signature = openssl("dgst", f"-{digest}", "-sign", key.path,
                            data=der(0x31, *attributes))
        info = sequence(integer(1), issuer_and_serial(key.certificate),
                        algorithm, der(0xa0, *attributes),
                        sequence(oid(RSA), der(5)), der(4, signature))
        return sequence(oid(SIGNED_DATA), der(0xa0, sequence(
            integer(1), set_of(algorithm),
            sequence(oid(DATA), der(0xa0, der(4, enclosed))),
            der(0xa0, key.certificate), set_of(info))))

    def message(self, kind, content, key, transaction=None, nonce=None,
                **how):
        transaction = transaction or secrets.token_hex(16)
        nonce = nonce or secrets.token_bytes(16)
        enclosed = self.enclose(content, **how)
        return Message(self.sign(kind, enclosed, key, transaction, nonce),
                       transaction, nonce, key)

    # ---- replies ----

    def parse(self, body, message):
        """Verifies a CertRep, and that it is one to this message."""
        enclosed, certificates, _, infos = signed_data(body)
        signer = certificates[0] if certificates else self.recipient
        with_signer = self.file("from.pem", pem(signer).encode())
        reply = self.file("reply.der", body)
        words = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER",
                 "-in", reply, "-certfile", with_signer]
        if enclosed is None:
            words += ["-content", "/dev/null"]
        openssl(*words)
        assert len(infos) == 1, "one signer is to sign a CertRep"
        fields = items(only(infos[0]))
        attributes = {}
        for _, row, _ in items(fields[3][1]):
            name, values = items(row)
            attributes[name[2]] = only(values[1])

        def value(name):
            return attributes.get(oid(name))
        assert value(MESSAGE_TYPE) == b"3", value(MESSAGE_TYPE)
        assert value(TRANSACTION) == message.transaction.encode()
        assert value(RECIPIENT_NONCE) == message.nonce
        assert len(value(SENDER_NONCE)) == 16 and \
            value(SENDER_NONCE) != message.nonce
        # Cisco IOS and strongSwan take nothing but rsaEncryption here.
        assert items(fields[4][1])[0][2] == oid(RSA)
        status = int(value(STATUS))
        fail, text = value(FAIL_INFO), value(FAIL_TEXT)
        content, certs, crls = None, [], []
        if status == SUCCESS:
            envelope = self.file("envelope.der", enclosed)
            content = openssl("cms", "-decrypt", "-binary", "-inform", "DER",
                              "-in", envelope, "-inkey", message.key.path,
                              "-recip", message.key.pem_file())
            _, certs, crls, _ = signed_data(content)
        return Reply(status, None if fail is None else int(fail),
                     None if text is None else text.decode(), content,
                     enclosed, certs, crls)

    def exchange(self, *words, **how):
        message = self.message(*words, **how)
        return self.parse(self.send(message.body), message)

    # ---- what clients do ----

    def enrol(self, common_name, key=None, challenge=None, dns=None, **how):
        """The key that was used is in the reply."""
        key = key or Key.new(self.directory, common_name)
        csr = self.request(key, common_name, dns, challenge)
        reply = self.exchange(PKCS_REQ, csr, key, **how)
        reply.key = key
        return reply

    def renew(self, old, key, common_name, dns=None, kind=RENEWAL_REQ,
              challenge=None, **how):
        """old: a Key with the certificate that is replaced."""
        reply = self.exchange(
            kind, self.request(key, common_name, dns, challenge), old, **how)
        reply.key = key
        return reply

    def poll(self, key, transaction, issuer, **how):
        subject = names(key.certificate)[1]
        return self.exchange(CERT_POLL, sequence(issuer, subject), key,
                             transaction=transaction, **how)

    def get(self, kind, certificate, key, transaction="SSCEP transactionId"):
        """GET_CERT or GET_CRL, with the transaction that sscep always has."""
        return self.exchange(kind, issuer_and_serial(certificate), key,
                             transaction=transaction)
