"""GetCert, GetCRL, CertPoll and renewals of RFC 8894, end to end, by the client
of tests/support/scep_client.py: Debian 12 and 13 have no sscep, which is the one
that sends GetCert and GetCRL, always under the same transaction.  And the
examples of docs/scep.md and README.md that no other test runs."""
import pathlib
import plistlib
import re

from client import need, wait_until
from scep_server import (CHALLENGE, example, issued, run_example, run_script,
                         server, url, verifies)
from support import scep_client as scep
from support.scep_client import Client, Key

need("pki")
README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
s = server({"default": '{profile: device, authentication: [challenge, '
                       'approval], challenge_file: scep-challenge, '
                       'names: ["dns:*.example"]}',
            "old": '{profile: device, authentication: [challenge], '
                   'challenge_file: scep-challenge, names: ["dns:*.example"], '
                   'legacy_sha1: true, legacy_des3: true}',
            "readme": "{profile: default, authentication: [tokens]}"})


def enrolled(c, name, **how):
    reply = c.enrol(name, challenge=CHALLENGE, **how)
    assert reply.status == scep.SUCCESS, reply
    return Key(reply.key.path, reply.certificates[0])


def pending():
    return [r for r in s.cli("approval", "list", parse=True)["approvals"]
            if r["status"] == "pending"]


with s:
    urls = s.cli("urls", parse=True)["scep"]
    assert urls == {"default": url(s), "old": url(s, "old"),
                    "readme": url(s, "readme")}, urls
    assert f"SCEP profile old {url(s, 'old')}" in " ".join(
        s.cli("urls").split())
    c = Client(urls["default"], s.top)
    assert {"AES", "POSTPKIOperation", "Renewal", "SHA-256", "SHA-384",
            "SHA-512", "SCEPStandard"} <= set(c.capabilities())
    ra, issuing, *above = c.ca_certificates()
    assert c.content_type == "application/x-x509-ca-ra-cert"
    for method in ("POST", "GET"):
        for how in ({}, {"oaep": True}, {"cipher": "aes-256-cbc"}):
            c.method = method
            device = enrolled(c, "a.example", **how)
    c.method = "POST"

    # sscep's transaction of GetCert and GetCRL is the same for everybody, with
    # a space in it.
    other = enrolled(c, "b.example")
    for _ in range(2):
        for asked in (device, other):
            got = c.get(scep.GET_CERT, asked.certificate, device)
            assert got.status == scep.SUCCESS, got
            assert got.certificates == [asked.certificate], got
            got = c.get(scep.GET_CRL, asked.certificate, other)
            assert got.status == scep.SUCCESS, got
            assert len(got.crls) == 1 and not got.certificates, got
    assert got.crls[0] == s.get("/crl/issuing.crl")[2]
    # Of another CA, and a serial that nobody has.
    alien = Key.new(s.top, "alien")
    for kind in (scep.GET_CERT, scep.GET_CRL):
        got = c.get(kind, alien.certificate, device)
        assert (got.status, got.fail) == (scep.FAILURE, scep.BAD_CERT_ID), got
    nobody = scep.sequence(scep.names(device.certificate)[0],
                           scep.integer(0x1234567890))
    got = c.exchange(scep.GET_CERT, nobody, device)
    assert (got.status, got.fail) == (scep.FAILURE, scep.BAD_CERT_ID), got

    # Renewals: RenewalReq, and PKCSReq signed by the certificate.
    for kind in (scep.RENEWAL_REQ, scep.PKCS_REQ):
        fresh = Key.new(s.top, f"fresh{kind}")
        got = c.renew(device, fresh, "a.example", kind=kind)
        assert got.status == scep.SUCCESS, got
        shown = s.cli("cert", "show", scep.serial(got.certificates[0]),
                      parse=True)
        assert shown["replaces"], shown
        device = Key(fresh.path, got.certificates[0])
    # Types that are none: 18 was one of drafts (CVE-2026-30836).
    n = len(issued(s))
    for kind in (18, 1, 99):
        key = Key.new(s.top, "k18")
        got = c.exchange(kind, c.request(key, "k.example",
                                         challenge=CHALLENGE), key)
        assert got.status == scep.FAILURE, (kind, got)
    assert len(issued(s)) == n

    # Without a challenge: PENDING, polls by the same key alone.
    waiting = Key.new(s.top, "wait.example")
    transaction = "A/transaction+with=signs"
    got = c.enrol("wait.example", key=waiting, transaction=transaction)
    assert got.status == scep.PENDING, got
    issuer = scep.names(device.certificate)[0]
    assert c.poll(waiting, transaction, issuer).status == scep.PENDING
    row, = pending()
    s.cli("operator", "add", "alice")
    s.cli("approval", "approve", row["id"], "--hash", s.cli(
        "approval", "show", row["id"], parse=True)["request_sha256"], "--as",
        "alice")
    thief = Key.new(s.top, "thief")
    assert c.poll(thief, transaction, issuer).status == scep.FAILURE
    got = wait_until(
        lambda: (lambda r: r.status == scep.SUCCESS and r)(
            c.poll(waiting, transaction, issuer)), 20, why="the certificate")
    assert got.certificates, got

    # What the metrics say of all this.
    counted = {k: v for k, v in s.metrics().items()
               if k.startswith("chancery_scep_messages_total") and v > 0}

    def count(kind, outcome):
        return counted.get("chancery_scep_messages_total"
                           f'{{type="{kind}",outcome="{outcome}"}}', 0)
    assert count("PKCSReq", "success") == 7 + 1, counted
    assert count("RenewalReq", "success") == 1, counted
    assert count("PKCSReq", "pending") == 1, counted
    assert count("CertPoll", "success") == 1, counted
    assert count("CertPoll", "badCertId") == 1, counted
    assert count("GetCert", "success") == count("GetCRL", "success") == 4
    assert count("GetCert", "badCertId") == 2, counted
    assert count("GetCRL", "badCertId") == 1, counted
    assert count("other", "badRequest") == 3, counted
    assert s.metrics()["chancery_scep_certificate_not_after_seconds"
                       '{ca="issuing"}'] > 0

    # The floor: what the profile does not take gets badAlg.
    old = Client(url(s, "old"), s.top, cipher="des3", digest="sha1")
    enrolled(old, "old.example")
    for how in ({"cipher": "des3"}, {"digest": "sha1"}):
        strict = Client(url(s), s.top, **how)
        got = strict.enrol("old.example", challenge=CHALLENGE)
        assert (got.status, got.fail) == (scep.FAILURE, scep.BAD_ALG), got

    # Another password for all: the one before it is nobody's.
    run_example(s, "static-challenge", s.top)
    secret = (s.state / "scep-challenge").read_text().strip()
    strict = Client(url(s), s.top)
    wait_until(lambda: strict.enrol("n.example", challenge=secret).status ==
               scep.SUCCESS, 20, every=0.5, why="the reload")
    got = strict.enrol("m.example", challenge=CHALLENGE)
    assert (got.status, got.fail) == (scep.FAILURE, scep.BAD_REQUEST), got

    # A payload of Apple's that is well formed.
    payload = plistlib.loads(example("apple").encode())["PayloadContent"]
    assert payload["Key Usage"] == 5 and payload["URL"].endswith("/fleet")
    assert payload["Subject"][0][0][0] == "CN", payload

    block, = re.findall(r"```\n(SECRET=[^`]*pki --scep .*?)```",
                        README.read_text(), re.S)
    run_script(s, block.replace("--state demo", f"--state {s.state}").replace(
        "http://localhost:8080/scep", url(s, "readme")), s.top)
    verifies(s, s.top / "router.pem")
