"""zlint (Debian 13) finds nothing in what we sign: every key type, a profile
that follows the Baseline Requirements, CA certificates, the CRLs."""
import json
import subprocess

from client import Server, is_revoked, need, run, serial_of

zlint = need("zlint")
# A private CA is bound by no root programme; by the Baseline Requirements where
# its profile says so.
PRIVATE = ("-excludeSources",
           "CABF_BR,CABF_EV,CABF_SMIME_BR,ETSI_ESI,Mozilla,Apple")
BASELINE = ("-excludeSources", "CABF_EV,CABF_SMIME_BR,ETSI_ESI,Mozilla,Apple")
# RFC 5280 section 4.2.1.2 would like a subject key identifier in leaves; the
# Baseline Requirements (7.1.2.7.6) would not, and we leave it out.
ON_PURPOSE = {
    "w_ext_subject_key_identifier_missing_sub_cert",
    # The pointers of this test's server name localhost.
    "w_sub_cert_aia_contains_internal_names",
}
WEB = ("profiles:\n  web: {ca: issuing, baseline: true, lifetime: 45d, "
       "policies: [2.23.140.1.2.1]}\n")


def lint(path, arguments, least):
    out = run(zlint, *arguments, path).stdout
    found = json.loads(out[out.index("{"):])
    results = {k: v["result"] for k, v in found.items()}
    bad = {k: v for k, v in results.items() if v in ("error", "fatal", "warn")
           and k not in ON_PURPOSE}
    assert not bad, bad
    # A linter that looked at nothing finds nothing.
    passed = [k for k, v in results.items() if v == "pass"]
    assert len(passed) >= least, passed


s = Server.fresh(name="Zlint")
try:
    path = s.state / "chancery.yaml"
    path.write_text(path.read_text().replace("profiles:\n", WEB, 1))
    s.start()
    for key in ("ec", "p384", "rsa"):
        _, csr = s.csr(f"{key}.example.com", key)
        for profile, arguments in (("default", PRIVATE), ("web", BASELINE)):
            pem = s.top / f"{key}-{profile}.pem"
            pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                                 profile))
            lint(pem, arguments, 20)
    revoked = serial_of(s.top / "ec-web.pem")
    s.cli("cert", "revoke", revoked, "--reason", "keyCompromise")
    is_revoked(s, revoked)
    for ca, least in (("root", 1), ("issuing", 3)):
        lint(s.state / f"certs/{ca}.pem", PRIVATE, 15)
        _, _, crl = s.get(f"/crl/{ca}.crl")
        pem = s.top / f"{ca}.crl.pem"
        pem.write_bytes(subprocess.run(
            ["openssl", "crl", "-inform", "DER"], input=crl, check=True,
            stdout=subprocess.PIPE).stdout)
        lint(pem, PRIVATE, least)
finally:
    s.close()
