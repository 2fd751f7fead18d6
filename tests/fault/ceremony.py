"""kill -9 at every step of an offline act: nothing half is ever served, and the
same command said again brings it to its end."""
import os
import shutil
import subprocess
import sys

import record  # noqa: F401: puts tests/ on the path
from support.server import Server

POINTS = {
    "rollover issuing": ("ceremony.key.after", "ceremony.cert.after",
                         "ceremony.record.after", "ceremony.config.before",
                         "ceremony.config.after"),
    "rollover root": ("ceremony.crl.before", "ceremony.crl.after",
                      "ceremony.cert.after"),
    "crl root": ("ceremony.crl.before", "ceremony.crl.after"),
}


def points():
    out = subprocess.run([os.environ["CHANCERY"], "serve", "--list-faults"],
                         check=True, stdout=subprocess.PIPE, text=True)
    return {p for p in out.stdout.split() if p.startswith("ceremony.")}


def names(s):
    return {c["name"] for c in s.cli("ca", "list", parse=True)["cas"]}


def killed(s, words, point, passage):
    done = s.cli("ca", *words.split(), check=False,
                 env={"CHANCERY_FAULT": f"{point}:{passage}:kill"})
    assert done.returncode == -9, (words, point, done)
    assert f"fault {point} reached" in done.stderr, done


def one(pristine, words, point, passage):
    print(words, point, passage, flush=True)
    s = Server(name="Ceremony")
    s.ports, s.dns_port = made.ports, made.dns_port
    shutil.copytree(pristine, s.state)
    try:
        killed(s, words, point, passage)
        done = point == "ceremony.config.after"
        # What a server would start with, now, is whole.
        s.cli("check", "--quiet")
        again = s.cli("ca", *words.split(), check=False)
        assert again.returncode == (1 if done else 0), (words, point, again)
        if done:
            assert "already" in again.stderr, again
        s.cli("check", "--quiet")
        for path in (s.state / "keys").glob("*.key"):
            assert path.stat().st_mode & 0o77 == 0, path
        s.start()
        expected = {"root", "issuing"}
        if words.startswith("rollover"):
            expected.add(words.split()[1] + "-2")
        assert names(s) == expected, names(s)
        _, csr = s.csr("www.ceremony.test")
        s.cli("cert", "issue", "--csr", csr, "--profile", "default")
        assert s.get("/readyz")[0] == 200
        s.stop()
    finally:
        s.close()
    assert not s.findings, s.findings


covered = {p for ps in POINTS.values() for p in ps}
assert covered == points(), covered ^ points()
made = Server.fresh(name="Ceremony")
try:
    for command, steps in POINTS.items():
        for step in steps:
            one(made.state, command, step, 1)
    # The links between two roots are certificates too.
    for n in (2, 3):
        one(made.state, "rollover root", "ceremony.cert.after", n)
finally:
    made.close()
sys.exit(0)
