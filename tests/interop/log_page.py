"""docs/log.md: every command of the page, as it stands, on a running server."""
import os
import pathlib
import re
import subprocess

from client import server, wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]


def blocks():
    page = (TOP / "docs/log.md").read_text()
    found = re.findall(r"```\n(.*?)```", page, re.S)
    assert len(found) >= 8, found
    return found


def read_as(s, block, serial, key):
    for old, new in (("/var/lib/chancery", str(s.state)),
                     ("http://ca.example.com:8080", s.http_url),
                     (" SERIAL", f" {serial}"),
                     ("tests/support", str(TOP / "tests/support"))):
        block = block.replace(old, new)
    return re.sub(r"\bKEY\b", key, block)


with server() as s:
    _, csr = s.csr("www.page.test")
    serial = s.cli("cert", "issue", "--csr", csr, "--profile", "default",
                   parse=True)["serial"]
    wait_until(lambda: s.metrics()["chancery_log_waiting"] == 0 and
               s.metrics()["chancery_log_entries"] ==
               len(s.cli("log", "export").splitlines()), 20, 0.2,
               "a checkpoint of all entries")
    key = s.cli("log", "checkpoint").rpartition("key: ")[2].strip()
    env = dict(os.environ, PATH=f"{pathlib.Path(s.binary).parent}:" +
               os.environ["PATH"])
    told = []
    for block in blocks():
        words = read_as(s, block, serial, key)
        done = subprocess.run(["sh", "-e", "-c", words], cwd=s.top, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, (words, done)
        told.append(done.stdout)
    for says in (f"key: {key}", "all agree", "the live tables agree",
                 f'"serial":"{serial}"', "begins with the one of",
                 "Signature Verified Successfully"):
        assert any(says in t for t in told), (says, told)
    first, second = told[-1].split()
    assert first == second, told[-1]
print("the page says what happens")
