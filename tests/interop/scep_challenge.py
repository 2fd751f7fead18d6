"""One-time secrets that an MDM fetches over HTTPS, as Jamf Pro's webhook does:
curl asks with its event, strongSwan's pki enrols with what came, once; a
restart and a kill -9 forget nothing."""
import json
import subprocess

from client import need, wait_until
from scep_server import (issued, run_example, run_script, server, url,
                         verifies)

need("pki")
JAMF = {
    "webhook": {"id": 1, "name": "SCEP", "webhookEvent": "SCEPChallenge",
                "eventTimestamp": 1757435578000},
    "event": {"scepServerUrl": "", "payloadTypes": ["com.apple.security.scep"],
              "payloadIdentifier": "CDB0BC64-F3EB-4B1A-AA5E-9A5D994CA593",
              "targetDevice": {"deviceName": "John's MacBook Pro",
                               "serialNumber": "C02XL0ALJGH5",
                               "udid": "EBBFF74D-C6B7-5599-93A9"}},
}
ENROL = """test -f "$WHO.key" || openssl genrsa -out "$WHO.key" 2048
pki --scep --url "$URL" --in "$WHO.key" --dn "${DN-CN=$NAME}" --san "$NAME" \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert ca-1.der --outform pem | openssl x509 > any.pem"""

s = server({
    "default": "{profile: device, authentication: [tokens], "
               "challenge_clients_file: mdms, challenges_per_hour: 40, "
               'names: ["dns:*.example"], max_failures: 15}',
    "other": "{profile: device, authentication: [tokens]}",
    "whole": "{profile: whole, authentication: [tokens], "
             'challenge_clients_file: mdms, names: ["dns:*.example"]}',
})
top = s.top
hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"],
                        input="Right:password 7", check=True, text=True,
                        stdout=subprocess.PIPE).stdout
(s.state / "mdms").write_text(f"jamf:{hashed}second:{hashed}")


def fetch(body=None, user="jamf:Right:password 7", path="/scep/challenge",
          kind="application/json", base=None, more=()):
    """(status, headers, body) by curl."""
    words = ["curl", "-sS", "--cacert", s.root, "-X", "POST", "-D", "-",
             (base or f"https://localhost:{s.ports['https']}") + path, *more]
    if user:
        words += ["-u", user]
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body)
        words += ["-H", f"Content-Type: {kind}", "--data-binary", text]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE,
                          timeout=30).stdout
    head, _, rest = done.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    return int(lines[0].split()[1]), lines[1:], rest


def secret(body=None, **how):
    status, headers, text = fetch(body, **how)
    assert status == 200, (status, text)
    assert "content-type: text/plain; charset=utf-8" in headers, headers
    assert "cache-control: no-store" in headers, headers
    assert text.isalnum() and text.isascii() and len(text) == 32, text
    return text.decode()


def enrol(password, name="a.example", who="one", check=True, **more):
    done = run_script(s, ENROL, top, check=check, WHO=who, NAME=name,
                      CHALLENGE=password, **more)
    if check:
        verifies(s, top / "any.pem")
    return done.returncode == 0


with s:
    run_script(s, 'pki --scepca --url "$URL" --caout ca.der --raout ra.der '
               "--force", top)
    # What docs/scep.md shows.
    run_example(s, "fetch", top, PASSWORD="Right:password 7",
                CHALLENGE_URL=url(s, kind="https") + "/challenge")
    verifies(s, top / "fetched.pem")

    one = secret(JAMF)
    row = s.cli("token", "list", parse=True)["tokens"][0]
    assert row["device"] == "C02XL0ALJGH5", row
    assert row["created_by"] == "challenge client jamf", row
    assert row["service"] == "scep/default" and row["uses"] == 1, row
    assert not enrol(one, name="a.test", check=False)
    assert not enrol(one, check=False, URL=url(s, "other"))
    enrol(one)
    enrol(one)  # the same request
    assert not enrol(one, who="thief", check=False)
    assert len(issued(s)) == 2, issued(s)

    # Names that the MDM knows bind; nothing else is said by an empty body.
    bound = secret({"names": ["dns:b.example"], "device": "phone-7"})
    assert not enrol(bound, who="two", check=False)
    enrol(bound, name="b.example", who="two")
    enrol(secret(), name="c.example", who="three")
    bearer = secret(user=None, more=[
        "-H", "Authorization: Bearer second.Right:password 7"])
    enrol(bearer, name="d.example", who="four")

    # Where the subject is the request's: a secret that is good for what the
    # profile's names say is good for no other common name.
    at = {"URL": url(s, "whole"), "who": "whole"}
    other = secret(JAMF, path="/scep/whole/challenge")
    for dn in ("CN=boss", "CN=a.example, UID=boss", "CN=a.test"):
        assert not enrol(other, check=False, DN=dn, **at), dn
    enrol(other, DN="O=Example, CN=a.example", **at)

    for status, how in (
            (401, {"user": None}),
            (401, {"user": "jamf:wrong"}),
            (401, {"user": "nobody:Right:password 7"}),
            (404, {"path": "/scep/other/challenge"}),
            (404, {"base": f"http://localhost:{s.ports['http']}",
                   "path": "/scep/default/challenge"}),
            (404, {"base": f"http://localhost:{s.ports['http']}"}),
            (415, {"body": "<JSSEvent/>", "kind": "text/xml"}),
            (400, {"body": "{}x"}),
            (400, {"body": {"webhook": {"webhookEvent": "ComputerAdded"}}}),
            (403, {"body": {"names": ["dns:a.test"]}})):
        got, headers, text = fetch(**how)
        assert got == status, (how, got, text)
        assert got != 401 or any(
            h.startswith("www-authenticate: basic") for h in headers), headers

    # A restart and a kill -9 of everything: what was fetched is still good.
    kept, killed = secret(JAMF), secret(JAMF)
    s.stop()
    s.start()
    enrol(kept, who="kept")
    assert not enrol(one, who="thief", check=False)
    s.kill()
    s.start()
    enrol(killed, who="killed")
    assert not enrol(killed, who="thief", check=False)
    assert not enrol(kept, who="thief", check=False)

    # Cut off before and behind the moment when it is recorded: Jamf asks
    # again, and gets one that works.
    for point in ("token.insert.before", "token.insert.after"):
        s.stop()
        s.start(fault=f"{point}:1:kill")

        def again():
            try:
                status, _, text = fetch(JAMF)
            except subprocess.CalledProcessError:
                return None
            return text.decode() if status == 200 else None
        enrol(wait_until(again, 30, why="a secret"), who=point)
        assert f"fault {point} reached" in "\n".join(s.log_lines()), point

    # Guesses end, for the right one too.
    for _ in range(20):
        status = fetch(user="jamf:wrong")[0]
    assert status == 429, status
    assert fetch(JAMF)[0] == 429
    log = "\n".join(s.log_lines())
    for text in (one, bound, bearer, kept, killed, "Right:password"):
        assert text not in log
    s.cli("log", "verify")
    s.cli("log", "replay")
