"""SCEP while a CA is succeeded by another: a client that still has the server's
certificate of before is served by the next CA; a profile that stays behind
offers the next CA's certificate, signed (GetNextCACert)."""
import signal
import subprocess

from client import need, wait_until
from scep_server import (CHALLENGE, run_example, run_script, server, url,
                         verifies)
from support import scep_client as scep
from support.scep_client import Client

need("pki")
s = server({"default": '{profile: device, authentication: [challenge], '
                       'challenge_file: scep-challenge, '
                       'names: ["dns:*.example"]}'})
ENROL = """openssl genrsa -out b.key 2048
pki --scep --url "$URL" --in b.key --dn "CN=b.example" --san b.example \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert ca-1.der --outform pem > b.pem"""


def caps():
    return s.get("/scep?operation=GetCACaps")[2].decode().split()


def openssl(*words, text=None):
    return subprocess.run(["openssl", *words], cwd=s.top, check=True,
                          input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def profile_of_ca(name):
    path = s.state / "chancery.yaml"
    lines = path.read_text().split("\n")
    at, = (i for i, line in enumerate(lines)
           if line.startswith("  device: {ca: "))
    lines[at] = f"  device: {{ca: {name}," + lines[at].partition(",")[2]
    path.write_text("\n".join(lines))
    s.process.send_signal(signal.SIGHUP)


with s:
    run_example(s, "strongswan", s.top)
    assert "GetNextCACert" not in caps(), caps()
    assert s.get("/scep?operation=GetNextCACert")[0] == 404
    s.cli("ca", "rollover", "issuing")
    # The message is to the certificate of the old CA, what is issued is of the
    # new one's.
    run_script(s, ENROL, s.top)
    chain = s.state / "certs/issuing-2.pem"
    openssl("verify", "-CAfile", s.root, "-untrusted", str(chain), "b.pem")

    # A profile that stays with the old CA for a while.
    profile_of_ca("issuing")
    wait_until(lambda: "GetNextCACert" in caps(), 20, why="GetNextCACert")
    status, headers, body = s.get("/scep?operation=GetNextCACert")
    assert status == 200, (status, body)
    assert headers["Content-Type"] == "application/x-x509-next-ca-cert"
    # Signed by a certificate that the clients have a chain for.
    (s.top / "cas.pem").write_bytes(b"".join(
        (s.state / f"certs/{name}.pem").read_bytes()
        for name in ("root", "issuing")))
    bag = openssl("cms", "-verify", "-inform", "DER", "-binary", "-CAfile",
                  "cas.pem", "-purpose", "any", text=body)
    pem = openssl("pkcs7", "-inform", "DER", "-print_certs", text=bag)
    assert openssl("x509", "-outform", "DER", text=pem) == \
        openssl("x509", "-in", str(chain), "-outform", "DER")
    run_script(s, ENROL, s.top)
    verifies(s, s.top / "b.pem")

    # Two roots of one name: GetCRL gives the one of the certificate's own.
    s.cli("ca", "rollover", "root")
    s.cli("ca", "new", "third", "--parent", "root-2")
    client = Client(url(s), s.top)
    got = client.enrol("c.example", challenge=CHALLENGE)
    assert got.status == scep.SUCCESS, got
    for ca, root in ("issuing", "root"), ("third", "root-2"):
        der = openssl("x509", "-in", str(s.state / f"certs/{ca}.pem"),
                      "-outform", "DER")
        crl = client.get(scep.GET_CRL, der, got.key)
        assert crl.status == scep.SUCCESS, (ca, crl)
        assert crl.crls == [s.get(f"/crl/{root}.crl")[2]], ca
