"""strongSwan's pki over SCEP: enrolment with default options, renewal, polling
for an approval, SHA-512, RSASSA-PSS, triple DES; from the examples of
docs/scep.md."""
import subprocess
import threading

from client import need, wait_until
from scep_server import (example, issued, run_example, run_script, server,
                         url, verifies)

need("pki")
COMMON = 'challenge_file: scep-challenge, names: ["dns:*.example"]'
s = server({
    "default": f"{{profile: device, authentication: [challenge, tokens, "
               f"approval], {COMMON}}}",
    "old": f"{{profile: device, authentication: [challenge], {COMMON}, "
           "legacy_des3: true}",
    "other": "{profile: other, authentication: [tokens]}",
})
top = s.top
ENROL = """openssl genrsa -out any.key 2048
pki --scep --url "$URL" --in any.key --dn "CN=$NAME" --san "$NAME" \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert ca-1.der --outform pem $OPTIONS > any.pem"""


def enrol(name, options="", check=True, **more):
    return run_script(s, ENROL, top, check=check, NAME=name, OPTIONS=options,
                      **more)


def pem(name):
    """pki writes what it is told; openssl reads it back as it will."""
    out = subprocess.run(["openssl", "x509", "-in", top / name], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    (top / name).write_text(out)
    return top / name


def key_is(key, certificate):
    def spki(*words):
        return subprocess.run(["openssl", *words], check=True,
                              stdout=subprocess.PIPE).stdout
    return spki("pkey", "-in", str(top / key), "-pubout") == \
        spki("x509", "-in", str(top / certificate), "-noout", "-pubkey")


def pending():
    rows = s.cli("approval", "list", parse=True)
    rows = rows if isinstance(rows, list) else rows["approvals"]
    return [r for r in rows if r["status"] == "pending"]


with s:
    run_example(s, "strongswan", top)
    verifies(s, pem("swan.pem"))
    assert key_is("swan.key", "swan.pem")
    run_example(s, "strongswan-renew", top)
    verifies(s, pem("swan-new.pem"))
    assert key_is("swan-new.key", "swan-new.pem")
    newest, first = issued(s)
    shown = s.cli("cert", "show", newest["serial"], parse=True)
    assert shown["replaces"], shown

    # What was revoked renews nothing.
    s.cli("cert", "revoke", newest["serial"], "--reason", "superseded")
    refused = run_script(
        s, "cp swan-new.pem swan.pem; cp swan-new.key swan.key", top)
    try:
        run_example(s, "strongswan-renew", top)
        raise RuntimeError("a revoked certificate was renewed")
    except AssertionError:
        pass
    assert len(issued(s)) == 2, issued(s)

    # PSS signs the message, the request and the client's own certificate.
    for options in ("--digest sha512", "--digest sha384", "--rsa-padding pss",
                    "--rsa-padding pss --digest sha512"):
        enrol("digest.example", options)
        verifies(s, pem("any.pem"))
        assert key_is("any.key", "any.pem")
    # What was enrolled so is renewed so, with a new key.
    run_script(s, "cp any.pem old.pem; cp any.key old.key", top)
    enrol("digest.example", "--rsa-padding pss --cert old.pem --key old.key",
          CHALLENGE="")
    verifies(s, pem("any.pem"))
    assert key_is("any.key", "any.pem") and not key_is("old.key", "any.pem")
    newest, *_ = issued(s)
    assert s.cli("cert", "show", newest["serial"], parse=True)["replaces"]
    # Triple DES where the profile takes it, and nowhere else.
    assert enrol("des3.example", "--cipher des3", check=False).returncode != 0
    enrol("des3.example", "--cipher des3", URL=url(s, "old"))
    verifies(s, pem("any.pem"))
    # Also over TLS' listener and the paths that devices have built in.
    for path in ("/scep/pkiclient.exe", "/cgi-bin/pkiclient.exe",
                 "/certsrv/mscep/mscep.dll"):
        enrol("path.example", URL=s.http_url + path)

    n = len(issued(s))
    # A wrong password, and a name that the profile does not give.
    assert enrol("a.example", CHALLENGE="wrong", check=False).returncode != 0
    assert enrol("a.test", check=False).returncode != 0
    assert len(issued(s)) == n and not pending(), issued(s)

    # A one-time secret is good for one.
    secret = s.cli("token", "create", "--profile", "device", "--name",
                   "dns:once.example").strip()
    enrol("once.example", CHALLENGE=secret)
    verifies(s, pem("any.pem"))
    assert enrol("once.example", CHALLENGE=secret, check=False).returncode
    assert not any(secret in line for line in s.log_lines())

    # Without a password: it polls until an operator has looked at it.
    s.cli("operator", "add", "alice")
    failed = []

    def wait(script):
        try:
            run_script(s, script, top)
        except BaseException as e:  # noqa: B902
            failed.append(e)

    poll = example("strongswan-poll")
    for script in (poll, poll.replace("--interval",
                                      "--rsa-padding pss --interval")):
        waiting = threading.Thread(target=wait, args=(script,))
        waiting.start()
        row, = wait_until(pending, 30, why="a request in the queue")
        seen = s.cli("approval", "show", row["id"], parse=True)
        s.cli("approval", "approve", row["id"], "--hash",
              seen["request_sha256"], "--as", "alice")
        waiting.join(90)
        assert not failed, failed
        verifies(s, pem("wait.pem"))
        assert key_is("wait.key", "wait.pem")
        assert issued(s)[0]["serial"].replace(":", "").lower() in \
            subprocess.run(["openssl", "x509", "-in", top / "wait.pem",
                            "-noout", "-serial"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.lower()
