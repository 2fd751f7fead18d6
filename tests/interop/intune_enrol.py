"""Intune decides SCEP requests: strongSwan's pki with challenges of the stand-in,
allowed and refused; a notice that is late, that cannot be delivered, that is
denied; a certificate is nobody's before Intune has confirmed it."""
import threading
import time

from client import need, wait_until
from intune_server import Intune, enrol, ocsp, serial, server
from scep_server import issued, run_script, url
from support import scep_client as scep
from support.scep_client import Client, Key

need("pki")
ROW = "{profile: device, authentication: [%s], intune: %s, chain: issuer}"
PROFILES = {"default": ROW % ("intune", "contoso"),
            "hasty": ROW % ("intune", "hasty"),
            "mixed": ROW % ("intune, approval", "contoso")}
TENANTS = {"contoso": {"timeout": "3s", "revocation": False},
           "hasty": {"timeout": "3s", "revocation": False, "withhold": False}}
POLL = "--interval 1 --maxpolltime 60"
NOTICE = "successNotification"


def challenge(name):
    return intune.challenge(f"CN={name}", [f"dns:{name}"])


def moves():
    """What became of inquiries, oldest first."""
    return [(r["from"], r["to"]) for r in s.log_events("inquiry")]


def in_background(name, **how):
    t = threading.Thread(target=enrol, args=(s, name, challenge(name)),
                         kwargs=dict(how, options=POLL, timeout=90),
                         daemon=True)
    t.start()
    return t


def done(t, name):
    t.join(90)
    assert (s.top / f"{name}.pem").read_text(), name


with Intune.scratch() as intune:
    s = server(intune, PROFILES, TENANTS)
    with s:
        # Validated, issued, confirmed, handed out: in this order.
        enrol(s, "good.example", challenge("good.example"))
        assert moves() == [("asking", "granted"), ("granted", "issued"),
                           ("issued", "closed")], moves()
        notice, = intune.issued
        assert notice["serial"].lstrip("0") == \
            serial(s, "good.example").lstrip("0"), notice
        assert ocsp(s, "good.example") == "good"
        n = len(issued(s))

        # Not of this name; not Intune's; used for another request's name.
        for password in (challenge("other.example"), "bm90IEludHVuZSdz"):
            assert enrol(s, "bad.example", password, check=False).returncode
        assert len(issued(s)) == n and len(intune.issued) == 1
        assert sum(to == "refused" for _, to in moves()) == 2
        # Nothing without a challenge, but by an operator where it says so.
        client = Client(url(s), s.top)
        ra = client.ca_certificates()[0]
        key = Key.new(s.top, "plain.example")
        reply = client.enrol("plain.example", key)
        assert (reply.status, reply.fail) == (scep.FAILURE, scep.BAD_REQUEST)
        mixed = Client(url(s, "mixed"), s.top)
        mixed.recipient = ra
        assert mixed.enrol("plain.example", key).status == scep.PENDING
        assert len(issued(s)) == n

        # The notice takes its time: so does the reply.
        intune.delay[NOTICE] = 2
        begun = time.monotonic()
        enrol(s, "slow.example", challenge("slow.example"))
        assert time.monotonic() - begun >= 2
        intune.delay.clear()

        # It cannot be delivered: withheld at every door until it is.
        intune.instead[NOTICE] = "drop"
        waiting = in_background("late.example")
        wait_until(lambda: ("issued", "issued") in moves(),
                   why="a notice in vain")
        row = issued(s)[0]
        assert row["status"] == "valid", row
        assert not (s.top / "late.example.pem").exists() or \
            not (s.top / "late.example.pem").read_text()
        got = client.exchange(
            scep.GET_CERT, scep.sequence(
                scep.names(ra)[0], scep.integer(int(row["serial"], 16))), key)
        assert got.status == scep.FAILURE, got
        # A kill and a start: the same, and then it is delivered.
        s.kill()
        s.start()
        time.sleep(1)
        assert waiting.is_alive()
        intune.instead.clear()
        done(waiting, "late.example")
        assert any(r["serial"].lstrip("0") ==
                   serial(s, "late.example").lstrip("0")
                   for r in intune.issued)
        assert ocsp(s, "late.example") == "good"

        # Intune says no to it: nobody gets it, and it is revoked.
        intune.instead[NOTICE] = "CertificateThumbprintInvalid"
        assert enrol(s, "no.example", challenge("no.example"),
                     check=False).returncode
        wait_until(lambda: ("withdrawn", "withdrawn") in moves(),
                   why="a revocation")
        row = issued(s)[0]
        assert row["status"] == "revoked", row
        shown = s.cli("cert", "show", row["serial"], parse=True)
        assert shown.get("reason") == "cessationOfOperation", shown

        # withhold: false hands out first and tells afterwards.
        intune.instead[NOTICE] = "drop"
        enrol(s, "hasty.example", challenge("hasty.example"),
              URL=url(s, "hasty"))
        before = len(intune.issued)
        intune.instead.clear()
        wait_until(lambda: len(intune.issued) == before + 1, 60,
                   why="the notice")

        # A renewal without a challenge asks nobody.
        asked = intune.count("validateRequest")
        run_script(s, """
openssl genrsa -out renewed.key 2048
pki --scep --url "$URL" --in renewed.key --dn "CN=good.example" \
--san good.example --cert good.example.pem --key good.example.key \
--cacert-enc ra.der --cacert-sig ra.der --cacert ca.der --cacert root.der \
--outform pem > renewed.pem""", s.top)
        assert intune.count("validateRequest") == asked
        assert not intune.refusals, intune.refusals
        for password in intune.challenges:
            assert not any(password in line for line in s.log_lines())
