"""python3-acme (certbot's library) as a driver: the objects themselves."""
import http.server
import threading

import josepy as jose
from acme import challenges, client, errors, messages
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography import x509

from client import is_revoked, refused_nonces, server

answers = {}


class Challenge(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = answers.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write((body or "none").encode())

    def log_message(self, *args):
        pass


def make_csr(*names):
    key = ec.generate_private_key(ec.SECP256R1(), default_backend())
    csr = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([])).add_extension(x509.SubjectAlternativeName(
            [x509.DNSName(n) for n in names]), False).sign(
                key, hashes.SHA256(), default_backend())
    return key, csr.public_bytes(serialization.Encoding.PEM)


def revocable(leaf):
    """josepy wrapped pyOpenSSL's certificates before its version 2."""
    if not hasattr(jose, "ComparableX509"):
        return leaf
    import OpenSSL
    return jose.ComparableX509(OpenSSL.crypto.X509.from_cryptography(leaf))


def account(s, key, alg):
    net = client.ClientNetwork(key, alg=alg, verify_ssl=s.root,
                               user_agent="chancery-interop")
    directory = messages.Directory.from_json(
        net.get(s.directory).json())
    acme = client.ClientV2(directory, net)
    acme.new_account(messages.NewRegistration.from_data(
        email="you@example.com", terms_of_service_agreed=True))
    return acme


def issue(acme, *names):
    key, csr = make_csr(*names)
    order = acme.new_order(csr)
    for authz in order.authorizations:
        assert not authz.body.identifier.value.startswith("*.")
        chall = next(c for c in authz.body.challenges
                     if isinstance(c.chall, challenges.HTTP01))
        response, validation = chall.response_and_validation(acme.net.key)
        answers[chall.chall.path] = validation
        acme.answer_challenge(chall, response)
    return key, acme.poll_and_finalize(order)


with server() as s:
    httpd = http.server.ThreadingHTTPServer(
        ("127.0.0.1", s.ports["http01"]), Challenge)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    keys = [
        (jose.JWKRSA(key=rsa.generate_private_key(
            65537, 2048, default_backend())), jose.RS256),
        (jose.JWKEC(key=ec.generate_private_key(
            ec.SECP256R1(), default_backend())), jose.ES256),
        (jose.JWKEC(key=ec.generate_private_key(
            ec.SECP384R1(), default_backend())), jose.ES384),
    ]
    for key, alg in keys:
        acme = account(s, key, alg)
        name = f"{alg.name.lower()}.python.test"
        _, order = issue(acme, name, "second." + name)
        leaf = x509.load_pem_x509_certificate(
            order.fullchain_pem.encode(), default_backend())
        got = leaf.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value.get_values_for_type(
                x509.DNSName)
        assert sorted(got) == sorted([name, "second." + name]), got
        # The same key again: the same account, whatever else is said.
        known = acme.net.account
        acme.net.account = None     # so that it signs with its jwk
        try:
            acme.new_account(messages.NewRegistration.from_data(
                email="other@example.com", terms_of_service_agreed=True))
            raise AssertionError("newAccount made a second account")
        except errors.ConflictError as found:
            assert found.location == known.uri, (found.location, known.uri)
        acme.net.account = known
        acme.revoke(revocable(leaf), 4)
        is_revoked(s, f"{leaf.serial_number:040x}")
    # A name that cannot be validated: the error says what was looked up.
    try:
        _, csr = make_csr("nothing-here.python.test")
        order = acme.new_order(csr)
        chall = next(c for c in order.authorizations[0].body.challenges
                     if isinstance(c.chall, challenges.HTTP01))
        acme.answer_challenge(chall, chall.response(acme.net.key))
        acme.poll_and_finalize(order)
        raise AssertionError("a validation without an answer held")
    except errors.ValidationError as e:
        text = " ".join(str(c.error) for c in
                        e.failed_authzrs[0].body.challenges if c.error)
        assert "nothing-here.python.test" in text, text
    refused_nonces(s)
    httpd.shutdown()
