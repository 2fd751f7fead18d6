"""What Intune wants revoked: asked for, revoked in OCSP and CRL, and told again,
also after a kill in between, a token that is refused, a service that moved and
one that is down."""
import signal

from client import need, wait_until
from intune_server import Intune, configure, enrol, ocsp, serial, server

need("pki")
TENANT = {"contoso": {"revocation_period": "1s"}}
PROFILES = {"default": "{profile: device, authentication: [challenge], "
                       "challenge_file: scep-challenge, "
                       'names: ["dns:*.example"], chain: issuer}'}


def result(context):
    row, = [r for r in intune.results if r["requestContext"] == context]
    return row


def told(context, why):
    wait_until(lambda: context not in intune.revocations, 30, why=why)
    return result(context)


with Intune.scratch() as intune:
    s = server(intune, PROFILES, TENANT)
    with s:
        for name in ("a", "b", "c", "d", "e"):
            enrol(s, f"{name}.example", "Correcthorse7")
        # The downloads come by themselves.
        wait_until(lambda: intune.count("downloadRevocationRequests") > 1,
                   why="downloads")
        assert ocsp(s, "a.example") == "good"

        # As .NET prints serials, and an issuer that is ours.
        context = intune.revoke(serial(s, "a.example"), "issuing")
        assert told(context, "the first")["succeeded"] is True, intune.results
        assert ocsp(s, "a.example") == "revoked"
        wait_until(lambda: serial(s, "a.example").lower() in s.crl_serials(),
                   why="the CRL")
        row = s.cli("cert", "show", serial(s, "a.example"), parse=True)
        assert row["status"] == "revoked", row
        # Once more: it is so already, and that is a success.
        context = intune.revoke(serial(s, "a.example").lower())
        assert told(context, "the same again")["succeeded"] is True

        # Not ours, not SCEP's, no serial at all.
        own = s.cli("cert", "issue", "--csr", s.csr("x.example")[1],
                    "--profile", "default")
        (s.top / "own.pem").write_text(own)
        for number, error in (
                (serial(s, "own"), "CertificateNotFoundError"),
                ("1234567890", "CertificateNotFoundError"),
                ("serial", "ParameterDataInvalidError")):
            row = told(intune.revoke(number), number)
            assert (row["succeeded"], row["errorCode"]) == (False, error), row
        row = told(intune.revoke(serial(s, "b.example"), "CN=Other"), "other")
        assert row["errorCode"] == "CertificateNotFoundError", row
        assert ocsp(s, "own") == "good" and ocsp(s, "b.example") == "good"

        # Its tokens are refused once: it gets others.
        n = intune.count("token")
        intune.expire_tokens()
        context = intune.revoke(":".join(
            serial(s, "b.example")[i:i + 2] for i in range(0, 40, 2)))
        assert told(context, "after a 401")["succeeded"] is True
        assert intune.count("token") > n
        # It moved: Graph is asked again.
        n = intune.count("endpoints")
        intune.move()
        context = intune.revoke("0000" + serial(s, "c.example"))
        assert told(context, "elsewhere")["succeeded"] is True
        assert intune.count("endpoints") > n

        # Results that are not taken are told again.
        for instead in (503, "garbage", "empty", "huge", "drop"):
            intune.instead["uploadRevocationResults"] = instead
            n = len(intune.events)
            context = intune.revoke(serial(s, "d.example"))
            wait_until(lambda: any(
                w == "uploadRevocationResults"
                for _, w, _ in intune.events[n:]), 30, why="an upload")
            wait_until(lambda: ocsp(s, "d.example") == "revoked", 10,
                       why="the revocation itself")
            assert context in intune.revocations
            del intune.instead["uploadRevocationResults"]
            assert told(context, str(instead))["succeeded"] is True

        # Killed when it is revoked and Intune not told yet.
        intune.instead["downloadRevocationRequests"] = 503
        assert s.stop() == 0
        s.start(fault="revoke.after:1:kill")
        context = intune.revoke(serial(s, "e.example"))
        del intune.instead["downloadRevocationRequests"]
        wait_until(lambda: any("fault revoke.after reached" in line
                               for line in s.log_lines()), why="the fault")
        assert told(context, "after a kill")["succeeded"] is True
        assert ocsp(s, "e.example") == "revoked"

        # A reload that takes the tenant away ends it.
        configure(s, intune, {})
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(True for _ in s.log_events("reloaded")),
                   why="the reload")
        assert not intune.refusals, intune.refusals
