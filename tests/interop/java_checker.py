"""The JDK's path validator (PKIXRevocationChecker): by OCSP, with and without a
nonce, and by CRL with the root's."""
import pathlib
import subprocess

from client import need, serial_of, server, wait_until

java = need("java")
need("javac")
SOURCE = pathlib.Path(__file__).with_name("java") / "RevocationCheck.java"

REASONS = {"superseded": "SUPERSEDED", "keyCompromise": "KEY_COMPROMISE",
           "unspecified": "UNSPECIFIED"}


def check(s, mode, chains, *options):
    """{chain: result} as the validator has it."""
    done = subprocess.run(
        [java, *options, "-Dcom.sun.security.enableCRLDP=true", str(SOURCE),
         s.root, mode, *map(str, chains)], check=True,
        stdout=subprocess.PIPE, text=True, timeout=120)
    rows = [line.split(" ", 2) for line in done.stdout.splitlines()]
    print(done.stdout, end="")
    return {pathlib.Path(path): result for path, _, result in rows}


with server() as s:
    want = {}
    for i, reason in enumerate([None, *REASONS]):
        # A key of its own each: a compromised one takes its others along.
        _, csr = s.csr(f"java{i}.test")
        chain = s.top / f"java{i}.pem"
        chain.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                               "default"))
        want[chain] = "good"
        if reason is not None:
            s.cli("cert", "revoke", serial_of(chain), "--reason", reason)
            want[chain] = f"revoked {REASONS[reason]}"

    for nonce in ("false", "true"):
        got = check(s, "ocsp", want,
                    f"-Djdk.security.certpath.ocspNonce={nonce}")
        assert got == want, (nonce, got)

    # The CRL is made within a second of the revocation.
    wait_until(lambda: check(s, "crl", want) == want, 10,
               why="what the CRL must say")
