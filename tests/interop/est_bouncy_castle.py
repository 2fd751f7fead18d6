"""Bouncy Castle's EST client: labels, csrattrs, enrolment, renewal, and the
channel binding of TLS 1.2, from the examples of docs/est.md."""
import os
import pathlib
import shutil
import subprocess
import sys

from client import SKIP, need
from est_server import (PASSWORD, environment, issued, run_example, server,
                        verifies)

need("java")
JARS = [f"/usr/share/java/{n}.jar" for n in ("bcprov", "bcpkix", "bcutil",
                                             "bctls")]
if not all(map(os.path.exists, JARS)):
    print("Bouncy Castle is not installed")
    sys.exit(SKIP)
BC = ":".join(JARS)
USERS = "users_file: est-users"
s = server({
    "default": "{profile: other, authentication: [certificate]}",
    "floor": "{profile: device, authentication: [certificate, users], "
             f"{USERS}}}",
    "bound": "{profile: device, authentication: [certificate, users], "
             f"{USERS}, channel_binding: true}}",
}, [("dev1", None)])
top = s.top
source = pathlib.Path(__file__).with_name("EstClient.java")
shutil.copy(source, top)


def castle(*words, check=True):
    done = subprocess.run(
        ["java", "-cp", BC, "EstClient.java", f"localhost:{s.ports['est']}",
         s.root, *words], cwd=top, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120)
    print("$ EstClient", *words, "\n" + done.stdout)
    assert not check or done.returncode == 0, words
    return done


with s:
    out = run_example(s, "bouncy-castle", top, BC=BC)
    assert "EST Issuing CA" in out and "EST Root CA" in out, out
    # id-pkcs9-at-challengePassword and ecPublicKey; where no binding is wanted,
    # the template of RFC 9908.
    for oid in ("1.2.840.113549.1.9.7", "1.2.840.10045.2.1",
                "1.2.840.113549.1.9.14"):
        assert f"{oid}\n" in out, out
    assert "1.2.840.113549.1.9.16.2.61\n" not in out, out
    assert "1.2.840.113549.1.9.16.2.61\n" in castle("floor", "csrattrs").stdout
    verifies(s, top / "castle.example.pem")
    assert len(issued(s)) == 1

    # Another connection's binding: refused, nothing is issued.
    done = castle("bound", "steal", "thief.example", "dev1", PASSWORD,
                  check=False)
    assert done.returncode != 0 and "403" in done.stdout, done.stdout
    # And without one.
    castle("floor", "enroll", "free.example", "dev1", PASSWORD)
    assert len(issued(s)) == 2
    shutil.copy(top / "free.example.pem", top / "first.pem")
    castle("floor", "renew", "free.example")
    verifies(s, top / "free.example.pem")
    assert (top / "free.example.pem").read_text() != \
        (top / "first.pem").read_text()
    newest = s.cli("cert", "show", issued(s)[0]["serial"], parse=True)
    assert newest["replaces"], newest

    # A certificate of another label is none of this one.
    done = castle("default", "renew", "free.example", check=False)
    assert done.returncode != 0 and "403" in done.stdout, done.stdout
    assert len(issued(s)) == 3
    print("EST, Bouncy Castle", [r["names"] for r in issued(s)])
    environment(s)
