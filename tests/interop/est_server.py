"""What the tests of EST clients share: a server with labels, and the examples
of docs/est.md, which are what the tests run."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Server  # noqa: E402

DOC = pathlib.Path(__file__).resolve().parents[2] / "docs/est.md"
PASSWORD = "correct horse"
PROFILES = """  device: {ca: issuing, lifetime: 1d, extended_key_usage: [clientAuth, serverAuth], key_usage: [digitalSignature, keyEncipherment, keyAgreement]}
  registrar: {ca: issuing, lifetime: 1d, extended_key_usage: [clientAuth, 1.3.6.1.5.5.7.3.28]}
  other: {ca: issuing, lifetime: 1d, extended_key_usage: [clientAuth]}
"""


def password_hash(password):
    return subprocess.run(["openssl", "passwd", "-6", password], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


def configure(s, labels, users=()):
    """Adds profiles and labels; users are (name, patterns or None)."""
    path = s.state / "chancery.yaml"
    text = path.read_text()
    if PROFILES not in text:
        text = text.replace("\nprofiles:\n", "\nprofiles:\n" + PROFILES, 1)
    rows = ", ".join(f"{name}: {row}" for name, row in labels.items())
    text = re.sub(r"\n  labels: \{.*\}\n", f"\n  labels: {{{rows}}}\n", text, count=1)
    path.write_text(text)
    hashed = password_hash(PASSWORD)
    lines = [":".join(filter(None, (name, hashed, patterns)))
             for name, patterns in users]
    (s.state / "est-users").write_text("".join(x + "\n" for x in lines))


def server(labels, users=()):
    s = Server.fresh(name="EST")
    configure(s, labels, users)
    return s


def example(name):
    """The block of docs/est.md behind <!-- example: name -->."""
    found = re.search(rf"<!-- example: {name} -->\n```\n(.*?)```", DOC.read_text(),
                      re.S)
    assert found, f"docs/est.md has no example {name}"
    return found.group(1)


def environment(s, **more):
    env = dict(os.environ)
    env.update(STATE=str(s.state), ROOT=s.root, PASSWORD=PASSWORD,
               PORT=str(s.ports["est"]),
               URL=f"https://localhost:{s.ports['est']}",
               EST=f"https://localhost:{s.ports['est']}/.well-known/est",
               PATH=f"{pathlib.Path(s.binary).parent}:{env['PATH']}")
    env.update(more)
    return env


def run_example(s, name, directory, **more):
    """Runs an example as it stands; any command that fails fails it."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", example(name)],
                          cwd=directory, env=environment(s, **more),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=120)
    print(f"== {name}\n{done.stdout}")
    assert done.returncode == 0, f"example {name}: exit {done.returncode}"
    return done.stdout


def issued(s):
    """Rows of our record that EST asked for, newest first."""
    rows = s.cli("cert", "list", parse=True)
    rows = rows if isinstance(rows, list) else rows["certificates"]
    return [r for r in rows if r["requester"] == "est"]


def verifies(s, pem):
    subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", s.root,
                    "-untrusted", str(s.state / "certs/issuing.pem"),
                    str(pem)], check=True)


def same_key(key, pem):
    """The private key belongs to the certificate."""
    def public(*words):
        return subprocess.run(["openssl", *map(str, words)], check=True,
                              stdout=subprocess.PIPE).stdout
    return public("pkey", "-in", key, "-pubout") == \
        public("x509", "-in", pem, "-noout", "-pubkey")
