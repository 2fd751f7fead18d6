"""zlint (Debian 13) finds nothing in what we sign: every key type, a profile
that follows the Baseline Requirements, a device's certificate by SCEP with all
that one can carry, CA certificates, SCEP's own, the CRLs."""
import json
import subprocess

from client import Server, is_revoked, need, run, serial_of
import scep_server
from support import scep_client

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
       "policies: [2.23.140.1.2.1]}\n"
       "  people: {ca: issuing, lifetime: 30d, acme: false, email: true, "
       "email_allow: [mail.example], uri: true, uri_allow: "
       "[\"tag:microsoft.com,2022-09-14:sid:\"], upn: true, upn_allow: "
       "[a.example], subject: request, key_usage: [digitalSignature, "
       "keyEncipherment], extended_key_usage: [clientAuth]}\n")
SUBJECT = "/C=CH/O=Example AG/OU=Devices/CN=Jane Doe/emailAddress=" \
    "jane@mail.example"
NAMES = [("otherName", "1.3.6.1.4.1.311.20.2.3;UTF8:jane@a.example"),
         ("URI", "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-512"),
         ("email", "jane@mail.example"), ("DNS", "jane.example")]


# Who renews by SCEP is answered under the key of the certificate that it has:
# keyEncipherment stands beside clientAuth, as in docs/scep.md, though
# RFC 5280 section 4.2.1.12 does not name the two together.
SCEP_ON_PURPOSE = {"e_key_usage_and_extended_key_usage_inconsistent"}


def lint(path, arguments, least, on_purpose=frozenset()):
    out = run(zlint, *arguments, path).stdout
    found = json.loads(out[out.index("{"):])
    results = {k: v["result"] for k, v in found.items()}
    bad = {k: v for k, v in results.items() if v in ("error", "fatal", "warn")
           and k not in ON_PURPOSE | on_purpose}
    assert not bad, bad
    # A linter that looked at nothing finds nothing.
    passed = [k for k, v in results.items() if v == "pass"]
    assert len(passed) >= least, passed


s = Server.fresh(name="Zlint")
try:
    path = s.state / "chancery.yaml"
    path.write_text(path.read_text().replace("profiles:\n", WEB, 1))
    scep_server.configure(
        s, {"default": "{profile: people, authentication: [tokens]}"})
    s.start()
    for key in ("ec", "p384", "rsa"):
        _, csr = s.csr(f"{key}.example.com", key)
        for profile, arguments in (("default", PRIVATE), ("web", BASELINE)):
            pem = s.top / f"{key}-{profile}.pem"
            pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                                 profile))
            lint(pem, arguments, 20)
    client = scep_client.Client(scep_server.url(s), s.top)
    key = scep_client.Key.new(s.top, "jane")
    reply = client.exchange(
        scep_client.PKCS_REQ, scep_client.whole_request(
            key, SUBJECT, NAMES, s.cli(
                "token", "create", "--profile", "people").strip()), key)
    assert reply.status == scep_client.SUCCESS, reply
    for name, certificate in (("jane", reply.certificates[0]),
                              ("ra", client.recipient)):
        pem = s.top / f"{name}.pem"
        pem.write_text(scep_client.pem(certificate))
        lint(pem, PRIVATE, 20, SCEP_ON_PURPOSE)
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
