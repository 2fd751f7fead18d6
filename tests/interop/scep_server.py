"""What the tests of SCEP clients share: a server with profiles, and the
examples of docs/scep.md, which are what the tests run."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Server  # noqa: E402

DOC = pathlib.Path(__file__).resolve().parents[2] / "docs/scep.md"
CHALLENGE = "Correcthorse7"
PROFILES = """  device: {ca: issuing, lifetime: 1d, subject_cn: csr_cn, key_usage: [digitalSignature, keyEncipherment], extended_key_usage: [clientAuth, serverAuth]}
  other: {ca: issuing, lifetime: 1d, extended_key_usage: [clientAuth]}
  whole: {ca: issuing, lifetime: 1d, acme: false, subject: request, extended_key_usage: [clientAuth]}
"""


def configure(s, profiles):
    """Adds profiles of the CA and of SCEP."""
    path = s.state / "chancery.yaml"
    text = path.read_text()
    if PROFILES not in text:
        text = text.replace("\nprofiles:\n", "\nprofiles:\n" + PROFILES, 1)
    rows = ", ".join(f"{name}: {row}" for name, row in profiles.items())
    text = re.sub(r"\nscep:\n((?:  #.*\n)*)  profiles: \{.*\}\n",
                  lambda m: f"\nscep:\n{m[1]}  profiles: {{{rows}}}\n", text,
                  count=1)
    assert rows in text, "no scep.profiles in the configuration"
    path.write_text(text)
    secret = s.state / "scep-challenge"
    secret.write_text(CHALLENGE + "\n")
    secret.chmod(0o600)


def server(profiles, **how):
    s = Server.fresh(name="SCEP", **how)
    configure(s, profiles)
    return s


def url(s, profile=None, kind="http"):
    scheme = "https" if kind == "https" else "http"
    return f"{scheme}://localhost:{s.ports[kind]}/scep" + (
        f"/{profile}" if profile else "")


def environment(s, **more):
    env = dict(os.environ)
    env.update(STATE=str(s.state), ROOT=s.root, CHALLENGE=CHALLENGE,
               URL=url(s),
               PATH=f"{pathlib.Path(s.binary).parent}:{env['PATH']}")
    env.update(more)
    return env


def example(name):
    """The block of docs/scep.md behind <!-- example: name -->."""
    found = re.search(rf"<!-- example: {name} -->\n```\n(.*?)```",
                      DOC.read_text(), re.S)
    assert found, f"docs/scep.md has no example {name}"
    return found.group(1)


def run_script(s, script, directory, check=True, timeout=120, **more):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script],
                          cwd=directory, env=environment(s, **more),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=timeout,
                          check=False)
    if check:
        assert done.returncode == 0, done.stdout
    return done


def run_example(s, name, directory, **more):
    """Runs an example as it stands; any command that fails fails it."""
    return run_script(s, example(name), directory, **more)


def issued(s):
    """Certificates of clients, newest first."""
    rows = s.cli("cert", "list", parse=True)
    rows = rows if isinstance(rows, list) else rows["certificates"]
    return [r for r in rows if r["profile"] in ("device", "other", "whole")]


def verifies(s, path):
    """A second implementation agrees that the chain holds."""
    subprocess.run(
        ["openssl", "verify", "-CAfile", s.root, "-untrusted",
         str(s.state / "certs/issuing.pem"), str(path)], check=True,
        stdout=subprocess.DEVNULL)
