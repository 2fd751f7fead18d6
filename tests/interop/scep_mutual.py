"""Profiles of SCEP behind TLS client certificates: each takes its own and
nobody else's, on the listener that asks for them and on no other; the message
inside is authenticated as ever.  By Python's ssl and by curl."""
import signal
import ssl

from client import need, wait_until
from scep_server import (CHALLENGE, issued, run_example, server, url,
                         verifies)
from signed_challenge import Key as SigningKey, claims
from support import scep_client as scep
from support.scep_client import Client, Key, Refused, openssl

need("curl")
COMMON = ('profile: device, authentication: [challenge], '
          'challenge_file: scep-challenge, names: ["dns:*.example"]')
s = server({
    "default": f"{{{COMMON}}}",
    "own": f"{{{COMMON}, client_certificate_profiles: [device]}}",
    "makers": f"{{{COMMON}, client_anchors_file: makers.pem}}",
    "others": f"{{{COMMON}, client_anchors_file: others.pem}}",
    "both": f"{{{COMMON}, client_anchors_file: makers.pem, "
            "client_certificate_profiles: [other]}",
    "vouched": "{profile: device, authentication: [signed], signed_keys_file: "
               "mdm.pem, client_anchors_file: makers.pem}",
})
mdm = SigningKey("RS256")
(s.state / "mdm.pem").write_bytes(mdm.pem())
PROFILES = ("own", "makers", "others", "both")


def maker(name):
    """A CA of somebody else's."""
    key, crt = s.top / f"{name}-ca.key", s.state / f"{name}.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
            "-out", crt, "-subj", f"/CN={name}", "-days", "2", "-addext",
            "keyUsage=critical,keyCertSign")
    return key, crt


def made(name, ca, usage="clientAuth"):
    """(certificate, key) files of a device of that CA."""
    key, csr = s.top / f"{name}.key", s.top / f"{name}.csr"
    crt, ext = s.top / f"{name}.crt", s.top / f"{name}.ext"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
            "-out", csr, "-subj", f"/CN={name}")
    ext.write_text("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
                   f"extendedKeyUsage={usage}\n")
    openssl("x509", "-req", "-in", csr, "-CA", ca[1], "-CAkey", ca[0],
            "-CAcreateserial", "-out", crt, "-days", "1", "-extfile", ext)
    return crt, key


def est_url(profile):
    return f"https://localhost:{s.ports['est']}/scep/{profile}"


def client(profile, pair=None, version=None):
    tls = ssl.create_default_context(cafile=s.root)
    if pair is not None:
        tls.load_cert_chain(*map(str, pair))
    if version is not None:
        tls.maximum_version = version
    return Client(est_url(profile), s.top, tls=tls)


def opens(profile, pair, name="in.example", **how):
    c = client(profile, pair, **how)
    assert "POSTPKIOperation" in c.capabilities()
    reply = c.enrol(name, challenge=CHALLENGE)
    assert reply.status == scep.SUCCESS, (profile, reply)
    (s.top / "in.pem").write_text(scep.pem(reply.certificates[0]))
    verifies(s, s.top / "in.pem")
    return Key(reply.key.path, reply.certificates[0])


def closed(c, why, status=403):
    """Every operation says the same; nothing is issued."""
    n = len(issued(s))
    other = Client(url(s), s.top)
    other.ca_certificates()
    key = Key.new(s.top, "shut")
    message = other.message(scep.PKCS_REQ, other.request(
        key, "shut.example", challenge=CHALLENGE), key)
    for act in (c.capabilities, c.ca_certificates,
                lambda: c.send(message.body)):
        try:
            act()
        except Refused as e:
            assert e.status == status, e
            assert why in e.body.decode(), e
        else:
            raise AssertionError("an operation without " + why)
    assert len(issued(s)) == n


makers, others = maker("makers"), maker("others")
(s.top / "makers").write_bytes((s.state / "makers.pem").read_bytes())
for wrong, why in ((b"", "has no certificate in PEM"),
                   (openssl("x509", "-in", made("leaf", makers)[0]),
                    "is no CA's"), (None, "makers.pem: No such file")):
    if wrong is None:
        (s.state / "makers.pem").unlink()
    else:
        (s.state / "makers.pem").write_bytes(wrong)
    told = s.cli("check", check=False)
    assert told.returncode == 1 and why in told.stdout + told.stderr, told
(s.state / "makers.pem").write_bytes((s.top / "makers").read_bytes())
# The password that all share is nobody else's to read: check says it, and serve
# takes no such file.
(s.state / "scep-challenge").chmod(0o640)
told = s.cli("check", check=False)
assert told.returncode == 1 and "chmod 600" in told.stdout, told
told = s.cli("serve", "--testing", check=False)
assert told.returncode != 0 and "expected 600" in told.stderr, told
(s.state / "scep-challenge").chmod(0o600)
s.cli("check", "--quiet")
with s:
    device = made("device", makers)
    stranger = made("stranger", others)

    urls = s.cli("urls", parse=True)["scep"]
    assert urls["default"] == url(s), urls
    assert all(urls[p] == est_url(p) for p in PROFILES), urls
    # The anchor's own, with and without TLS 1.3.
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        opens("makers", device, version=version)
    opens("both", device)
    # An MDM signs for the URL that it was given, which is this listener's.
    assert urls["vouched"] == est_url("vouched"), urls
    for to, status in ((urls["vouched"], scep.SUCCESS),
                       (urls["makers"], scep.FAILURE),
                       (url(s, "vouched", "https"), scep.SUCCESS)):
        reply = client("vouched", device).enrol(
            "in.example", challenge=mdm.jws(claims(to, "in.example")))
        assert reply.status == status, (to, reply)
    opens("others", stranger)
    # Without a certificate; another profile's anchor; nobody's.
    for profile in PROFILES:
        closed(client(profile), "connection has none")
    closed(client("makers", stranger), "no CA that profile makers takes")
    closed(client("both", stranger), "no CA that profile both takes")
    closed(client("others", device), "no CA that profile others takes")
    closed(client("own", device), "no CA that profile own takes")
    closed(client("makers", made("server", makers, "serverAuth")),
           "has no clientAuth")
    alone = Key.new(s.top, "alone")
    closed(client("makers", (alone.pem_file(), alone.path)),
           "no CA that profile makers takes")

    # Not instead of the challengePassword.
    reply = client("makers", device).enrol("in.example", challenge="wrong")
    assert reply.status == scep.FAILURE, reply
    reply = client("makers", device).enrol("in.test", challenge=CHALLENGE)
    assert reply.status == scep.FAILURE, reply

    # Our own: by plain SCEP, then with what that gave; until it is revoked.
    got = Client(url(s), s.top).enrol("first.example", challenge=CHALLENGE)
    first = Key(got.key.path, got.certificates[0])
    pair = first.pem_file(), first.path
    second = opens("own", pair, name="second.example")
    closed(client("both", pair), "is of profile device, which")
    closed(client("makers", pair), "is of profile device, which")
    # The same connection's certificate renews, as the message's signer.
    c = client("own", pair)
    fresh = Key.new(s.top, "fresh")
    got = c.renew(first, fresh, "first.example")
    assert got.status == scep.SUCCESS, got
    s.cli("cert", "revoke", scep.serial(first.certificate), "--reason",
          "superseded")
    closed(client("own", pair), "is revoked")
    opens("own", (second.pem_file(), second.path))

    # curl, with a message that was made before.
    c = Client(url(s), s.top)
    key = Key.new(s.top, "curl")
    message = c.message(scep.PKCS_REQ, c.request(
        key, "curl.example", challenge=CHALLENGE), key)
    (s.top / "message").write_bytes(message.body)
    run_example(s, "mutual", s.top, MUTUAL=est_url("makers"))
    reply = c.parse((s.top / "answer").read_bytes(), message)
    assert reply.status == scep.SUCCESS, reply

    # On no other listener; and on this one nothing else.
    for kind in ("http", "https"):
        closed(Client(url(s, "makers", kind), s.top, tls=s.tls()),
               "TLS client certificates alone")
    closed(client("default", device), "is not served here", status=404)
    closed(client("nothing", device), "there is no profile nothing",
           status=404)

    # A reload: anchors that are gone open nothing, whatever was verified.
    opens("makers", device)
    (s.state / "makers.pem").write_bytes((s.state / "others.pem").read_bytes())
    s.process.send_signal(signal.SIGHUP)

    def gone():
        try:
            client("makers", device).capabilities()
        except Refused as e:
            return e.status == 403
    wait_until(gone, 20, why="the reload")
    opens("makers", stranger)

    # A proxy that ends TLS has no certificate of its client's.
    s.configure({"trusted_proxies": '["127.0.0.0/8", "::1/128"]'})
    assert s.stop() == 0
    s.start()
    through = client("makers", stranger)
    through.headers = {"X-Forwarded-For": "192.0.2.7"}
    closed(through, "connection has none")
