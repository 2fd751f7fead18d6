"""What the tests of Intune share: a server with a tenant whose services are the
stand-in, and strongSwan's pki as the device."""
import re
import subprocess

import scep_server
from scep_server import run_script
from support.intune_standin import CLIENT_SECRET, Intune  # noqa: F401

# With chain: issuer, GetCACert has no root, and pki --scepca (5.9.8) wants one.
ENROL = """openssl genrsa -out "$NAME.key" 2048
curl -sf "$URL?operation=GetCACert" -o get.p7
openssl pkcs7 -inform DER -in get.p7 -print_certs -out get.pem
openssl x509 -in get.pem -outform DER -out ra.der
openssl x509 -in "$STATE/certs/issuing.pem" -outform DER -out ca.der
openssl x509 -in "$ROOT" -outform DER -out root.der
pki --scep --url "$URL" --in "$NAME.key" --dn "CN=$NAME" --san "$NAME" \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert root.der $OPTIONS --outform pem > "$NAME.out"
openssl x509 -in "$NAME.out" -out "$NAME.pem"
"""


def server(intune, profiles, tenants=None, **how):
    """tenants: further options of each; one named contoso if left out."""
    s = scep_server.Server.fresh(name="Intune", **how)
    secret = s.state / "keys/intune.secret"
    secret.write_text(CLIENT_SECRET + "\n")
    secret.chmod(0o600)
    configure(s, intune, tenants or {"contoso": {}})
    scep_server.configure(s, profiles)
    return s


def configure(s, intune, tenants):
    rows = ", ".join(
        f"{name}: {intune.options('keys/intune.secret', **more)}"
        for name, more in tenants.items())
    path = s.state / "chancery.yaml"
    done = re.sub(r"\nintune: \{.*\}\n", lambda m: f"\nintune: {{{rows}}}\n",
                  path.read_text(), count=1)
    assert rows in done, "no intune in the configuration"
    path.write_text(done)


def enrol(s, name, password, check=True, options="", timeout=60, **more):
    """One device; its certificate is NAME.pem."""
    return run_script(s, ENROL, s.top, check=check, timeout=timeout,
                      NAME=name, CHALLENGE=password, OPTIONS=options, **more)


def serial(s, name):
    out = subprocess.run(
        ["openssl", "x509", "-in", str(s.top / f"{name}.pem"), "-noout",
         "-serial"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return out.strip().partition("=")[2]


def ocsp(s, name):
    """"good" or "revoked", by openssl, which verifies the answer."""
    out = subprocess.run(
        ["openssl", "ocsp", "-issuer", str(s.state / "certs/issuing.pem"),
         "-cert", str(s.top / f"{name}.pem"), "-url", s.http_url + "/ocsp",
         "-CAfile", s.root], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False).stdout
    assert "Response verify OK" in out, out
    return re.search(rf"{name}\.pem: (\w+)", out).group(1)
