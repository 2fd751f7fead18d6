"""The operator's commands; OpenSSL, GnuTLS and curl check what comes out."""
import pathlib
import subprocess

from client import need, run, server, serial_of, verify_chain, wait_until

need("certtool")
CA_KEYS = ("ec-p256", "ec-p384", "rsa-2048", "ed25519")


def check_crl(s):
    """Both libraries verify the CRL; the chain holds with it."""
    _, headers, crl = s.get("/crl/issuing.crl")
    assert headers["Content-Type"] == "application/pkix-crl"
    (s.top / "issuing.crl").write_bytes(crl)
    _, _, root_crl = s.get("/crl/root.crl")
    (s.top / "root.crl").write_bytes(root_crl)
    for name, issuer in (("issuing", "issuing"), ("root", "root")):
        ca = s.state / f"certs/{issuer}.pem"
        out = run("openssl", "crl", "-inform", "DER", "-in",
                  s.top / f"{name}.crl", "-CAfile", ca, "-noout").stdout
        assert "verify OK" in out, out
        subprocess.run(["openssl", "crl", "-inform", "DER", "-in",
                        s.top / f"{name}.crl", "-out",
                        s.top / f"{name}.crl.pem"], check=True)
        run("certtool", "--verify-crl", "--load-ca-certificate", ca,
            "--infile", s.top / f"{name}.crl.pem")
    (s.top / "crls.pem").write_text(
        (s.top / "issuing.crl.pem").read_text() +
        (s.top / "root.crl.pem").read_text())


def check_all_with_crl(s, pem, good):
    done = run("openssl", "verify", "-crl_check_all", "-CAfile", s.root,
               "-CRLfile", s.top / "crls.pem", "-untrusted", pem, pem,
               check=False)
    assert (done.returncode == 0) == good, done.stdout
    assert good or "revoked" in done.stdout, done.stdout


def ask_ocsp(s, pem, url):
    """The responder that the certificate names says that it is good."""
    issuing, trusted = s.top / "issuing.pem", s.top / "trusted.pem"
    run("openssl", "x509", "-inform", "DER", "-in", s.top / "issuing.cer",
        "-out", issuing)
    trusted.write_bytes(pathlib.Path(s.root).read_bytes() +
                        issuing.read_bytes())
    said = run("openssl", "ocsp", "-issuer", issuing, "-cert", pem, "-url",
               url, "-CAfile", trusted)
    assert f"{pem}: good" in said.stdout, said.stdout
    assert "Response verify OK" in said.stdout, said.stdout


def one(ca_key):
    with server_of(ca_key) as s:
        pems = []
        for key in ("ec", "p384", "rsa", "ed25519"):
            name = f"{key}.operator.test"
            _, csr = s.csr(name, key)
            pem = s.top / f"{key}.pem"
            pem.write_text(s.cli("cert", "issue", "--csr", csr,
                                 "--profile", "default"))
            verify_chain(s, pem, name)
            pems.append(pem)
        check_crl(s)
        check_all_with_crl(s, pems[0], True)
        serial = serial_of(pems[0])
        s.cli("cert", "revoke", serial, "--reason", "keyCompromise")
        again = s.cli("cert", "revoke", serial, "--reason", "keyCompromise",
                      check=False)
        assert again.returncode == 0 and \
            "was revoked already" in again.stdout, again
        wait_until(lambda: crl_names(s, serial), 5, why="the CRL")
        check_crl(s)
        check_all_with_crl(s, pems[0], False)
        check_all_with_crl(s, pems[1], True)
        for version in ("--http1.1", "--http2"):
            url = f"https://localhost:{s.ports['https']}/ca/issuing.cer"
            run("curl", "-sSf", version, "--cacert", s.root, "-o",
                s.top / "issuing.cer", "-w", "%{http_version} %{http_code}",
                url)
            run("openssl", "x509", "-inform", "DER", "-in",
                s.top / "issuing.cer", "-noout", "-subject")
        run("curl", "-sSf", "--http2-prior-knowledge",
            f"{s.http_url}/ca/root.cer", "-o", s.top / "root.cer")
        # Every URL that a certificate names is answered.
        text = run("openssl", "x509", "-in", pems[1], "-noout",
                   "-text").stdout
        urls = [w.partition("URI:")[2] for w in text.split()
                if w.startswith("URI:http")]
        assert len(urls) >= 2, text
        for url in urls:
            if url.endswith("/ocsp"):
                ask_ocsp(s, pems[1], url)
            else:
                run("curl", "-sSf", "-o", "/dev/null", url)


def crl_names(s, serial):
    _, _, crl = s.get("/crl/issuing.crl")
    text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout",
                           "-text"], input=crl, stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    return serial.upper() in text


def server_of(ca_key):
    from support.server import Server
    return Server.fresh(init=("--testing", "--key", ca_key), name="Operator")


for kind in CA_KEYS:
    one(kind)

# A command without a server says so, with its own exit status.
with server() as s:
    s.stop()
    done = s.cli("cert", "list", check=False)
    assert done.returncode == 3, done
    assert s.cli("cert", "frobnicate", check=False).returncode == 2
