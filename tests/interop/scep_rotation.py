"""The server's key for SCEP is replaced (ra rotate): strongSwan enrols with the
certificate that it fetched before, with the new one, and after a restart; ra
retire ends the old one.  From the examples of docs/scep.md."""
import json
import time

from client import need
from scep_server import (CHALLENGE, issued, run_example, run_script, server,
                         url, verifies)
from support import scep_client as scep
from support.scep_client import Client

need("pki")
s = server({"default": '{profile: device, authentication: [challenge], '
                       'challenge_file: scep-challenge, '
                       'names: ["dns:*.example"]}'})
ENROL = """openssl genrsa -out r.key 2048
pki --scep --url "$URL" --in r.key --dn "CN=r.example" --san r.example \
--password "$CHALLENGE" --cacert-enc "$RA" --cacert-sig "$RA" \
--cacert ca.der --cacert ca-1.der --outform pem > r.pem"""
KEY, PREVIOUS = (s.state / f"keys/{n}.key" for n in ("ra", "ra.previous"))


def enrols(ra, check=True):
    n = len(issued(s))
    done = run_script(s, ENROL, s.top, check=check, RA=ra)
    if done.returncode == 0:
        verifies(s, s.top / "r.pem")
    assert len(issued(s)) == n + (done.returncode == 0)
    return done.returncode == 0


def shown():
    return s.cli("ra", "show", parse=True)


def serials(key):
    return [row["serial"] for row in key["certificates"]]


with s:
    before = shown()
    assert before["previous"] is None and \
        len(before["current"]["certificates"]) == 1, before
    run_example(s, "strongswan", s.top)
    old = Client(url(s), s.top)
    old.ca_certificates()

    # What would be done changes nothing.
    content = KEY.read_bytes()
    s.cli("ra", "rotate", "--dry-run")
    assert KEY.read_bytes() == content and shown() == before
    assert not s.cli("ra", "rotate", "--key", "ec-p256", check=False
                     ).returncode == 0
    assert not s.cli("ra", "retire", check=False).returncode == 0

    run_example(s, "rotate", s.top)
    after = shown()
    assert after["previous"] == before["current"], after
    assert after["current"]["spki_sha256"] != \
        before["current"]["spki_sha256"]
    assert KEY.read_bytes() != content and PREVIOUS.read_bytes() == content
    for path in (KEY, PREVIOUS):
        assert path.stat().st_mode & 0o777 == 0o600, path
    text = s.cli("ra", "show")
    assert all(x in text for x in serials(after["current"]) +
               serials(after["previous"])), text
    # GetCACert gives the new one at once.
    new = Client(url(s), s.top)
    assert [scep.serial(new.ca_certificates()[0])] == \
        serials(after["current"])
    run_script(s, 'pki --scepca --url "$URL" --caout new-ca.der '
                  '--raout new-ra.der --force', s.top)
    assert (s.top / "new-ra.der").read_bytes() == new.recipient

    # Both, before and after a restart.
    for _ in range(2):
        assert enrols("ra.der") and enrols("new-ra.der")
        for client in (old, new):
            reply = client.enrol("c.example", challenge=CHALLENGE)
            assert reply.status == scep.SUCCESS, reply
        # Renewals too, and a poll or GetCRL of who has the old one.
        got = old.get(scep.GET_CRL, reply.certificates[0],
                      scep.Key(reply.key.path, reply.certificates[0]))
        assert got.status == scep.SUCCESS, got
        assert shown() == after
        s.cli("check", "--quiet")
        assert s.stop() == 0
        s.start()
        assert shown() == after

    # One previous key at a time.
    refused = s.cli("ra", "rotate", check=False)
    assert refused.returncode == 1 and "ra retire" in refused.stderr, refused
    assert shown() == after

    run_example(s, "retire", s.top)
    assert shown() == {"current": after["current"], "previous": None}
    assert not PREVIOUS.exists()
    assert not enrols("ra.der", check=False) and enrols("new-ra.der")
    reply = old.enrol("c.example", challenge=CHALLENGE)
    assert (reply.status, reply.fail) == (
        scep.FAILURE, scep.BAD_MESSAGE_CHECK), reply
    assert s.stop() == 0
    s.start()
    assert shown()["previous"] is None and enrols("new-ra.der")

    # Larger ones, and the record: each key is a leaf of the log.
    s.cli("ra", "rotate", "--key", "rsa-3072")
    third = shown()["current"]["spki_sha256"]
    acts = [json.loads(line) for line in s.cli("log", "export").splitlines()]
    text = json.dumps(acts)
    assert text.count("ra-retire") == 1, text
    for key in (after["current"]["spki_sha256"], third):
        assert key in text, key
    assert enrols("new-ra.der")

    # A certificate that was revoked is given out and used no more.
    client = Client(url(s), s.top)
    gone = scep.serial(client.ca_certificates()[0])
    s.cli("cert", "revoke", gone, "--reason", "superseded")
    until = time.monotonic() + 20
    while scep.serial(Client(url(s), s.top).ca_certificates()[0]) == gone:
        assert time.monotonic() < until, "still given out"
        time.sleep(0.2)
    reply = client.enrol("d.example", challenge=CHALLENGE)
    assert (reply.status, reply.fail) == (
        scep.FAILURE, scep.BAD_MESSAGE_CHECK), reply
    client = Client(url(s), s.top)
    client.ca_certificates()
    reply = client.enrol("d.example", challenge=CHALLENGE)
    assert reply.status == scep.SUCCESS, reply
