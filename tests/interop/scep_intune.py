"""Intune decides: strongSwan's pki with a challenge of the stand-in.  Allowed
and refused, the notice before the certificate, slow services and ones that are
down, a token that is not taken, a service that moved, and revocation."""
import signal
import ssl
import threading
import time

from client import need, wait_until
from intune_server import Intune, enrol, ocsp, serial, server
from scep_server import configure, issued, url, verifies

need("pki")
VALIDATE, SUCCESS = "validateRequest", "successNotification"
ROW = "{{profile: device, authentication: [intune], intune: {}, " \
      "chain: issuer{}}}"
PROFILES = {
    "default": ROW.format("contoso", ""),
    "open": ROW.format("open", ""),
    "narrow": ROW.format("contoso", ', names: ["dns:*.narrow.example"]'),
}
TENANTS = {
    "contoso": {"timeout": "60s", "revocation_period": "1s"},
    "open": {"withhold": False, "revocation": False},
}
POLL = "--interval 1 --maxpolltime 100"


def der_of(number):
    shown = s.cli("cert", "show", number, parse=True)
    return ssl.PEM_cert_to_DER_cert(
        shown["pem"].split("-----END CERTIFICATE-----")[0] +
        "-----END CERTIFICATE-----\n")


def password_for(name, **how):
    return intune.challenge(f"CN={name}", [f"dns:{name}"], **how)


def refused(name, password, code, profile=None):
    n, known = len(issued(s)), intune.count(VALIDATE, code)
    assert enrol(s, name, password, check=False,
                 URL=url(s, profile)).returncode != 0, name
    assert intune.count(VALIDATE, code) > known, intune.events[-6:]
    assert len(issued(s)) == n, issued(s)


def in_background(*words, **more):
    """A device that waits; call what is returned for its end."""
    failed = []

    def work():
        try:
            enrol(s, *words, **more)
        except BaseException as e:  # noqa: B902
            failed.append(e)

    thread = threading.Thread(target=work)
    thread.start()

    def end():
        thread.join(130)
        assert not thread.is_alive() and not failed, failed
        return time.monotonic()

    end.thread = thread
    return end


with Intune.scratch() as intune:
    s = server(intune, PROFILES, TENANTS)
    intune.certificate_of = der_of
    with s:
        # Allowed; and Intune knows of the certificate before the device has
        # it.
        intune.delay[SUCCESS] = 2
        enrol(s, "a.example", password_for("a.example"))
        had = time.monotonic()
        assert intune.time_of(SUCCESS, "Success") < had
        intune.delay.clear()
        verifies(s, s.top / "a.example.pem")
        assert [i["serial"] for i in intune.issued] == [
            serial(s, "a.example")], intune.issued
        assert len(intune.issued[0]["transaction"]) > 0
        n = intune.count("token")
        enrol(s, "b.example", password_for("b.example", size=7000))
        assert intune.count("token") == n, "tokens are kept"

        # Refused by a code in a status 200.
        refused("c.example", password_for("d.example"), "SubjectNameMismatch")
        # (With a short one, pki 5.9.8 has its attributes out of DER's order.)
        refused("c.example", "guess" * 800, "ChallengeDecryptionError")
        refused("c.example", password_for("c.example", lifetime=-1),
                "ChallengeExpired")
        for code in ("ScepProfileNoLongerTargetedToTheClient",
                     "ACodeOfNextYear"):
            intune.instead[VALIDATE] = code
            refused("c.example", password_for("c.example"), code)
        intune.instead.clear()
        # Without any challenge, or with a name that is not for this profile,
        # there is nothing to ask.
        n = intune.count(VALIDATE)
        assert enrol(s, "c.example", "", check=False).returncode != 0
        assert enrol(s, "c.example", password_for("c.example"), check=False,
                     URL=url(s, "narrow")).returncode != 0
        assert intune.count(VALIDATE) == n

        # A notice that takes longer than a reply can be held: PENDING, and
        # the poll gets it.
        intune.delay[SUCCESS] = 27
        slow = in_background("slow.example", password_for("slow.example"),
                             options=POLL, timeout=120)
        wait_until(lambda: SUCCESS in intune.waiting, why="its notice")
        intune.delay.clear()

        # The notice service is down: withhold: false hands out all the same,
        # and tells Intune afterwards.
        intune.instead[SUCCESS] = 503
        enrol(s, "open.example", password_for("open.example"),
              URL=url(s, "open"))
        assert "open.example" not in str(intune.issued)
        # Else it is withheld, then delivered.
        n = intune.count(SUCCESS, "503 switched")
        down = in_background("down.example", password_for("down.example"),
                             options=POLL, timeout=120)
        wait_until(lambda: intune.count(SUCCESS, "503 switched") > n and any(
            r["names"] == ["dns:down.example"] for r in issued(s)),
                   why="notices")
        assert down.thread.is_alive(), "the certificate was handed out"
        intune.instead.clear()
        had = down()
        assert intune.time_of(SUCCESS, "Success") < had
        wait_until(lambda: any(i["serial"] == serial(s, "open.example")
                               for i in intune.issued), 60,
                   why="the notice of what was handed out")

        # Neither garbage nor a huge answer is a yes; nor is silence.
        for instead in ("garbage", "huge", "empty", "drop", 500, 404):
            intune.instead[VALIDATE] = instead
            n = len(intune.events)
            name = f"{instead}.example"
            waits = in_background(name, password_for(name), options=POLL)
            wait_until(lambda: any(w == VALIDATE
                                   for _, w, _ in intune.events[n:]),
                       why="a question")
            intune.instead.clear()
            waits()
            verifies(s, s.top / f"{name}.pem")

        # Its tokens are refused once; then it moves.
        intune.expire_tokens()
        enrol(s, "token.example", password_for("token.example"))
        intune.move()
        n = intune.count("endpoints")
        enrol(s, "moved.example", password_for("moved.example"), options=POLL)
        assert intune.count("endpoints") > n

        had = slow()
        assert any(t < had and w == SUCCESS for t, w, _ in intune.events)
        assert any(i["serial"] == serial(s, "slow.example")
                   for i in intune.issued)

        # What Intune takes back is gone in OCSP and CRL, and it is told.
        assert ocsp(s, "a.example") == "good"
        context = intune.revoke(serial(s, "a.example"),
                                intune.issued[0]["issuer"])
        wait_until(lambda: context not in intune.revocations, 30,
                   why="the result")
        assert intune.results[-1]["succeeded"] is True, intune.results
        assert ocsp(s, "a.example") == "revoked"
        wait_until(lambda: serial(s, "a.example").lower() in s.crl_serials(),
                   why="the CRL")

        # Allowed by Intune, and not by us, whose rules were changed meanwhile:
        # it is told.
        intune.delay[VALIDATE] = 3
        n = len(issued(s))
        late = in_background("late.example", password_for("late.example"),
                             check=False)
        wait_until(lambda: VALIDATE in intune.waiting, why="the question")
        configure(s, {**PROFILES, "default": ROW.format(
            "contoso", ', names: ["dns:*.narrow.example"]')})
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(True for _ in s.log_events("reloaded")),
                   why="the reload")
        late()
        wait_until(lambda: intune.failed, why="the failure notice")
        assert intune.failed[0]["why"] and len(issued(s)) == n, intune.failed
        assert not intune.refusals, intune.refusals
        for password in intune.challenges:
            assert not any(password in line for line in s.log_lines())
