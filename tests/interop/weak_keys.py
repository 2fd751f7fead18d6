"""A list of weak keys (configuration weak_keys) in the form of Debian's
openssl-blacklist: the key on it gets no certificate, another one does."""
import hashlib
import subprocess

from client import Server


def fingerprint(key):
    """The last 20 digits of SHA-1 over what openssl prints of the modulus."""
    out = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-modulus"],
                         check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL).stdout
    return hashlib.sha1(out).hexdigest()[20:]


s = Server.fresh(name="Weak")
try:
    weak, weak_csr = s.csr("weak.test", "rsa")
    _, good_csr = s.csr("good.test", "rsa")
    listed = s.state / "weak.list"
    listed.write_text("# a comment\n" + fingerprint(weak) + "\n")
    s.configure({"weak_keys": "[weak.list]"})
    s.cli("check")
    s.start()
    s.cli("cert", "issue", "--csr", good_csr, "--profile", "default")
    done = s.cli("cert", "issue", "--csr", weak_csr, "--profile", "default",
                 check=False)
    assert done.returncode == 1 and "on the list" in done.stderr, done
    assert s.stop() == 0
    # A list that is none is told by check, and by serve at start.
    listed.write_text("not hexadecimal\n")
    done = s.cli("check", check=False)
    assert done.returncode == 1 and "weak.list" in done.stdout, done
    s.start(ready=False)
    assert s.process.wait(30) == 1
finally:
    s.close()
assert not s.findings, s.findings
