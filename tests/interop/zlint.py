"""zlint (Debian 13) accepts every certificate and CRL that we sign."""
from client import need, run, server

zlint = need("zlint")
with server() as s:
    for key in ("ec", "p384", "rsa"):
        _, csr = s.csr(f"{key}.zlint.test", key)
        pem = s.top / f"{key}.pem"
        pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                             "default"))
        out = run(zlint, "-summary", "-includeSources",
                  "RFC3279,RFC5280,RFC5480,RFC5891,RFC8813,Community",
                  pem).stdout
        assert "error" not in out.lower() or '"error": 0' in out.lower(), out
