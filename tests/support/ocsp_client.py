"""OCSP requests by hand, so that any serial can be asked for; answers are read
by python3-cryptography and their signatures verified."""
import calendar
import hashlib
import http.client

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.x509 import ocsp

SHA1, SHA256 = "2b0e03021a", "608648016503040201"


def tlv(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    if n < 128:
        return bytes([tag, n]) + content
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def cert_id(issuer, serial, sha256=False):
    """RFC 6960 section 4.1.1; issuer: a cryptography certificate."""
    digest = hashlib.sha256 if sha256 else hashlib.sha1
    spki = issuer.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)
    key = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
    if sha256:
        # The BIT STRING is the last element of the SubjectPublicKeyInfo.
        at = 4 if spki[1] & 0x80 and spki[1] & 0x7f == 2 else 2
        at = 3 if spki[1] == 0x81 else at
        n = spki[at + 1]
        rest = spki[at + 2 + n:]
        head = 2 + (rest[1] & 0x7f if rest[1] & 0x80 else 0)
        key = digest(rest[head + 1:]).digest()
    number = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    algorithm = tlv(0x30, tlv(6, bytes.fromhex(SHA256 if sha256 else SHA1)) +
                    b"\x05\x00")
    return tlv(0x30, algorithm +
               tlv(4, digest(issuer.subject.public_bytes()).digest()) +
               tlv(4, key) + tlv(2, number))


def request(ids, nonce=None):
    singles = b"".join(tlv(0x30, i) for i in ids)
    more = b""
    if nonce is not None:
        extension = tlv(0x30, tlv(6, bytes.fromhex("2b0601050507300102")) +
                        tlv(4, tlv(4, nonce)))
        more = tlv(0xa2, tlv(0x30, extension))
    return tlv(0x30, tlv(0x30, tlv(0x30, singles) + more))


def seconds(when):
    """Of a datetime without zone, as python3-cryptography 38 gives them."""
    return calendar.timegm(when.timetuple())


def verify(public_key, signature, data, algorithm):
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        public_key.verify(signature, data, ec.ECDSA(algorithm))
    elif isinstance(public_key, ed25519.Ed25519PublicKey):
        public_key.verify(signature, data)
    else:
        public_key.verify(signature, data, padding.PKCS1v15(), algorithm)


class Asker:
    """One kept connection to a server's http listener."""

    def __init__(self, port, issuer):
        self.port, self.issuer = port, issuer
        self.connection = None

    def post(self, body):
        for last in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "localhost", self.port, timeout=20)
            try:
                self.connection.request(
                    "POST", "/ocsp", body,
                    {"Content-Type": "application/ocsp-request"})
                r = self.connection.getresponse()
                return r.status, r.headers, r.read()
            except (OSError, http.client.HTTPException):
                self.connection = None
                if last:
                    raise
        return None

    def ask(self, serial, sha256=False, nonce=None):
        """The parsed answer, its signature and responder verified."""
        status, _, body = self.post(request(
            [cert_id(self.issuer, serial, sha256)], nonce))
        assert status == 200, status
        answer = ocsp.load_der_ocsp_response(body)
        if answer.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL:
            self.check_signature(answer)
        return answer

    def check_signature(self, answer):
        responder = answer.certificates[0]
        verify(self.issuer.public_key(), responder.signature,
               responder.tbs_certificate_bytes,
               responder.signature_hash_algorithm)
        usage = responder.extensions.get_extension_for_class(
            x509.ExtendedKeyUsage).value
        assert x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING in usage
        key = x509.SubjectKeyIdentifier.from_public_key(
            responder.public_key()).digest
        assert answer.responder_key_hash == key, "byKey is another key's"
        verify(responder.public_key(), answer.signature,
               answer.tbs_response_bytes, answer.signature_hash_algorithm or
               hashes.SHA256())
        assert answer.next_update <= responder.not_valid_after, \
            "outlives its responder"
