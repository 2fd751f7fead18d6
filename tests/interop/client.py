"""What the tests of ACME clients share: a server, names, checks."""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Server, wait_until  # noqa: E402,F401

SKIP = 77


def percent():
    return int(sys.argv[1]) if len(sys.argv) > 1 else 0


def server(**options):
    settings = {"testing.reject_nonces_percent": percent()}
    settings.update(options)
    return Server.fresh(options=settings, name="Interop")


def run(*words, env=None, timeout=120, check=True, cwd=None):
    """Runs a client; its output is shown when it fails."""
    environment = dict(os.environ)
    environment.update(env or {})
    done = subprocess.run([str(w) for w in words], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True,
                          errors="replace", timeout=timeout, check=False,
                          cwd=cwd)
    print("$", " ".join(str(w) for w in words))
    print(done.stdout)
    if check and done.returncode != 0:
        raise AssertionError(f"{words[0]}: exit {done.returncode}")
    return done


def need(program):
    """Skips when a packaged client is missing; CI allows no such skip."""
    for d in os.environ["PATH"].split(":") + ["/usr/sbin", "/sbin"]:
        if os.access(f"{d}/{program}", os.X_OK):
            return f"{d}/{program}"
    print(f"{program} is not installed")
    sys.exit(SKIP)


def verify_chain(s, pem, *names):
    """OpenSSL and GnuTLS both accept the chain; each name is in the leaf."""
    chain = pathlib.Path(pem)
    assert chain.exists(), f"no certificate at {pem}"
    for name in names:
        out = run("openssl", "x509", "-in", chain, "-noout", "-checkhost",
                  name.replace("*", "any")).stdout
        assert "does match" in out, out
    run("openssl", "verify", "-x509_strict", "-CAfile", s.root,
        "-untrusted", chain, chain)
    run("certtool", "--verify", "--load-ca-certificate", s.root,
        "--infile", chain)


def serial_of(pem):
    out = subprocess.run(["openssl", "x509", "-in", str(pem), "-noout",
                          "-serial"], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    return out.strip().partition("=")[2].lower()


def certificates(s, status=None):
    words = ["cert", "list"] + (["--status", status] if status else [])
    rows = s.cli(*words, parse=True)
    rows = rows if isinstance(rows, list) else rows["certificates"]
    return [r for r in rows if r["requester"] == "acme"]


def is_revoked(s, serial):
    """Revoked in the record, and in the CRL that relying parties fetch."""
    row = s.cli("cert", "show", serial, parse=True)
    assert row["status"] == "revoked", row
    def listed():
        _, _, crl = s.get("/crl/issuing.crl")
        text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout",
                               "-text"], input=crl, stdout=subprocess.PIPE,
                              check=True).stdout.decode()
        return serial.upper() in text
    wait_until(listed, 5, why=f"{serial} in the CRL")


def refused_nonces(s):
    """At a share above 0 a run without a refusal would have tested nothing."""
    refused = s.metrics()["chancery_acme_nonces_refused_total"]
    if percent() >= 50:
        assert refused > 0, "no nonce was refused"
    print(f"nonces refused: {refused:.0f}")
