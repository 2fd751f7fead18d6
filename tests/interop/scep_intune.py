"""Intune decides: strongSwan's pki with challenges of the stand-in.  Allowed
and refused; a certificate is nobody's before Intune has confirmed it, at any door
and after a kill; what Intune does not confirm is revoked; services that are
slow, down or elsewhere, tokens that are not taken, revocations."""
import signal
import ssl
import threading
import time

from client import need, wait_until
from intune_server import Intune, enrol, ocsp, serial, server
from scep_server import configure, issued, run_script, url, verifies
from support import scep_client as scep
from support.scep_client import Client, Key

need("pki")
VALIDATE, SUCCESS = "validateRequest", "successNotification"
ROW = "{{profile: device, authentication: [{}], intune: {}, chain: issuer{}}}"
NARROW = ', names: ["dns:*.narrow.example"]'
PROFILES = {
    "default": ROW.format("intune", "contoso", ""),
    "open": ROW.format("intune", "open", ""),
    "narrow": ROW.format("intune", "contoso", NARROW),
    "mixed": ROW.format("intune, approval", "contoso", ""),
}
TENANTS = {
    "contoso": {"timeout": "5s", "revocation_period": "1s"},
    "open": {"timeout": "5s", "withhold": False, "revocation": False},
}
POLL = "--interval 1 --maxpolltime 60"


def der_of(number):
    shown = s.cli("cert", "show", number, parse=True)
    return ssl.PEM_cert_to_DER_cert(
        shown["pem"].split("-----END CERTIFICATE-----")[0] +
        "-----END CERTIFICATE-----\n")


def password_for(name, **how):
    return intune.challenge(f"CN={name}", [f"dns:{name}"], **how)


def moves():
    """What became of inquiries, oldest first."""
    return [(r["from"], r["to"]) for r in s.log_events("inquiry")]


def row_of(name):
    """Of its certificate, or None."""
    return next((r for r in issued(s) if r["names"] == [f"dns:{name}"]), None)


def refused(name, password, code, profile=None):
    n, known = len(issued(s)), intune.count(VALIDATE, code)
    assert enrol(s, name, password, check=False,
                 URL=url(s, profile)).returncode != 0, name
    assert intune.count(VALIDATE, code) > known, intune.events[-6:]
    assert len(issued(s)) == n, issued(s)


def in_background(name, **more):
    """A device that waits; call what is returned for its end."""
    failed = []

    def work():
        try:
            enrol(s, name, password_for(name), options=POLL, timeout=90,
                  **more)
        except BaseException as e:  # noqa: B902
            failed.append(e)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def end():
        thread.join(90)
        assert not thread.is_alive() and not failed, failed
        return time.monotonic()

    end.thread = thread
    return end


def allowed():
    """And Intune knows of the certificate before the device has it."""
    intune.delay[SUCCESS] = 2
    enrol(s, "a.example", password_for("a.example"))
    had = time.monotonic()
    assert intune.time_of(SUCCESS, "Success") < had
    intune.delay.clear()
    verifies(s, s.top / "a.example.pem")
    assert moves() == [("asking", "granted"), ("granted", "issued"),
                       ("issued", "closed")], moves()
    assert [i["serial"] for i in intune.issued] == [
        serial(s, "a.example")], intune.issued
    assert len(intune.issued[0]["transaction"]) > 0
    assert ocsp(s, "a.example") == "good"
    n = intune.count("token")
    enrol(s, "b.example", password_for("b.example", size=7000))
    assert intune.count("token") == n, "tokens are kept"


def refusals():
    """By a code in a status 200."""
    refused("c.example", password_for("d.example"), "SubjectNameMismatch")
    # (With a short one, pki 5.9.8 has its attributes out of DER's order.)
    refused("c.example", "guess" * 800, "ChallengeDecryptionError")
    refused("c.example", password_for("c.example", lifetime=-1),
            "ChallengeExpired")
    for code in "ScepProfileNoLongerTargetedToTheClient", "ACodeOfNextYear":
        intune.instead[VALIDATE] = code
        refused("c.example", password_for("c.example"), code)
    intune.instead.clear()


def nothing_to_ask():
    """Without a challenge, or with a name that is not for this profile."""
    n, had = intune.count(VALIDATE), len(issued(s))
    assert enrol(s, "c.example", "", check=False).returncode != 0
    assert enrol(s, "c.example", password_for("c.example"), check=False,
                 URL=url(s, "narrow")).returncode != 0
    # But by an operator, where the profile says so.
    client = Client(url(s, "mixed"), s.top)
    client.ca_certificates()
    assert client.enrol("plain.example", Key.new(
        s.top, "plain.example")).status == scep.PENDING
    # Renewing without a challenge asks nobody.
    run_script(s, """
openssl genrsa -out renewed.key 2048
pki --scep --url "$URL" --in renewed.key --dn "CN=b.example" \
--san b.example --cert b.example.pem --key b.example.key \
--cacert-enc ra.der --cacert-sig ra.der --cacert ca.der --cacert root.der \
--outform pem > renewed.pem""", s.top)
    assert intune.count(VALIDATE) == n and len(issued(s)) == had + 1


def withheld():
    """The notice service is down: nobody has it, before and after a kill."""
    intune.instead[SUCCESS] = 503
    down = in_background("down.example")
    wait_until(lambda: intune.count(SUCCESS, "503 switched") > 1,
               why="notices")
    row = row_of("down.example")
    assert row["status"] == "valid" and down.thread.is_alive(), row
    client = Client(url(s), s.top)
    certificates = client.ca_certificates()
    got = client.exchange(scep.GET_CERT, scep.sequence(
        scep.names(certificates[0])[0],
        scep.integer(int(row["serial"], 16))), Key.new(s.top, "asks"))
    assert got.status == scep.FAILURE, got
    s.kill()
    s.start()
    n = intune.count(SUCCESS, "503 switched")
    # withhold: false hands it out, and tells Intune afterwards.
    enrol(s, "open.example", password_for("open.example"),
          URL=url(s, "open"))
    wait_until(lambda: intune.count(SUCCESS, "503 switched") > n + 1, 30,
               why="notices of both")
    assert {row_of("down.example")["serial"].upper(),
            serial(s, "open.example")}.isdisjoint(
                i["serial"] for i in intune.issued), intune.issued
    assert down.thread.is_alive(), "the certificate was handed out"
    intune.instead.clear()
    had = down()
    assert intune.time_of(SUCCESS, "Success") < had or any(
        i["serial"] == serial(s, "down.example") for i in intune.issued)
    assert ocsp(s, "down.example") == "good"
    wait_until(lambda: {serial(s, n) for n in (
        "down.example", "open.example")} <= {
            i["serial"] for i in intune.issued}, 60, why="both notices")


def denied():
    """Intune says no to the notice: nobody gets it, and it is revoked."""
    intune.instead[SUCCESS] = "CertificateThumbprintInvalid"
    assert enrol(s, "no.example", password_for("no.example"),
                 check=False).returncode != 0
    intune.instead.clear()
    wait_until(lambda: ("withdrawn", "withdrawn") in moves(),
               why="a revocation")
    row = row_of("no.example")
    assert row["status"] == "revoked", row
    shown = s.cli("cert", "show", row["serial"], parse=True)
    assert shown.get("reason") == "cessationOfOperation", shown


def no_answers():
    """Neither garbage nor a huge answer is a yes; nor is silence."""
    ends = {}
    for instead in "garbage", "huge", "empty", "drop", 500, 404:
        intune.instead[VALIDATE] = instead
        n, name = len(intune.events), f"{instead}.example"
        ends[name] = in_background(name)
        wait_until(lambda: any(w == VALIDATE for _, w, _ in intune.events[n:]),
                   why="a question")
        assert row_of(name) is None
    intune.instead.clear()
    for name, end in ends.items():
        end()
        verifies(s, s.top / f"{name}.pem")


def elsewhere():
    """Its tokens are refused once; then it moves."""
    intune.expire_tokens()
    enrol(s, "token.example", password_for("token.example"))
    intune.move()
    n = intune.count("endpoints")
    enrol(s, "moved.example", password_for("moved.example"), options=POLL)
    assert intune.count("endpoints") > n


def taken_back():
    """Gone in OCSP and CRL, and Intune is told."""
    context = intune.revoke(serial(s, "a.example"), intune.issued[0]["issuer"])
    wait_until(lambda: context not in intune.revocations, 30,
               why="the result")
    assert intune.results[-1]["succeeded"] is True, intune.results
    assert ocsp(s, "a.example") == "revoked"
    wait_until(lambda: serial(s, "a.example").lower() in s.crl_serials(),
               why="the CRL")


def allowed_in_vain():
    """By Intune, and not by us, whose rules were changed meanwhile."""
    intune.delay[VALIDATE] = 3
    n = len(issued(s))
    late = in_background("late.example", check=False)
    wait_until(lambda: VALIDATE in intune.waiting, why="the question")
    configure(s, {**PROFILES, "default": ROW.format("intune", "contoso",
                                                    NARROW)})
    s.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any(True for _ in s.log_events("reloaded")),
               why="the reload")
    late()
    wait_until(lambda: intune.failed, why="the failure notice")
    assert intune.failed[0]["why"] and len(issued(s)) == n, intune.failed


with Intune.scratch() as intune:
    s = server(intune, PROFILES, TENANTS)
    intune.certificate_of = der_of
    with s:
        for part in (allowed, refusals, nothing_to_ask, withheld, denied,
                     no_answers, elsewhere, taken_back, allowed_in_vain):
            begun = time.monotonic()
            part()
            print(part.__name__, f"{time.monotonic() - begun:.0f} s")
        assert not intune.refusals, intune.refusals
        for password in intune.challenges:
            assert not any(password in line for line in s.log_lines())
