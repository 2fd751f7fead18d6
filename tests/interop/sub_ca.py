"""init --sub-ca: the key is made here, another root (openssl) signs the
request, ca import checks the chain and serve issues below it.  Also a backup,
taken while it serves, restored and served again."""
import shutil

from client import Server, run, serial_of, verify_chain

CA = """[ca]
basicConstraints = critical, CA:TRUE{path}
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def sign(s, name, path=", pathlen:0", ca="TRUE"):
    ext = s.top / f"{name}.ext"
    ext.write_text(CA.format(path=path).replace("TRUE", ca))
    run("openssl", "x509", "-req", "-in", s.state / "certs/issuing.csr",
        "-CA", s.top / "root.pem", "-CAkey", s.top / "root.key", "-days",
        "1000", "-extfile", ext, "-extensions", "ca", "-out",
        s.top / f"{name}.pem", "-set_serial", "0x1234567890")
    chain = s.top / f"{name}-chain.pem"
    chain.write_text((s.top / f"{name}.pem").read_text() +
                     (s.top / "root.pem").read_text())
    return chain


s = Server.fresh(name="Sub", init=("--sub-ca",))
try:
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "3000", "-subj",
        "/O=Elsewhere/CN=Their Root", "-keyout", s.top / "root.key", "-out",
        s.top / "root.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    # Not served before there is a certificate; refused when it is none of a
    # CA, or when it is for another key.
    s.start(ready=False, testing=False)
    assert s.process.wait(30) == 1
    done = s.cli("ca", "import", "--ca", "issuing", "--chain",
                 sign(s, "leaf", path="", ca="FALSE"), check=False)
    assert done.returncode == 1, done
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
        "/CN=Other key", "-keyout", s.top / "o.key", "-out", s.top / "o.pem")
    done = s.cli("ca", "import", "--ca", "issuing", "--chain",
                 s.top / "o.pem", check=False)
    assert done.returncode == 1, done
    s.cli("ca", "import", "--ca", "issuing", "--chain", sign(s, "good"))
    s.cli("check")
    s.start(testing=False)
    _, csr = s.csr("www.sub.test")
    pem = s.top / "www.pem"
    pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                         "default"))
    verify_chain(s, pem, "www.sub.test")
    backup = s.top / "backup"
    s.cli("backup", "--to", backup)
    assert s.stop() == 0
    # Restored as the manual says: the copy is the state directory.
    shutil.rmtree(s.state)
    shutil.copytree(backup, s.state)
    kept = s.state / "keys/passphrase"
    assert not kept.exists(), "the passphrase travelled with the keys"
finally:
    s.close()
assert not s.findings, s.findings

# The same with the passphrase that the operator keeps.
s = Server(name="Backup")
try:
    secret = s.top / "secret"
    secret.write_text("a passphrase of the operator\n")
    s.init_arguments = ["--testing", "--passphrase-file", secret]
    s.init()
    env = {"CHANCERY_PASSPHRASE": "a passphrase of the operator"}
    s.start(env=env)
    _, csr = s.csr("www.backup.test")
    pem = s.top / "www.pem"
    pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                         "default"))
    s.cli("backup", "--to", s.top / "backup")
    s.stop()
    shutil.rmtree(s.state)
    shutil.copytree(s.top / "backup", s.state)
    s.start(env=env)
    assert s.cli("cert", "show", serial_of(pem), parse=True)["status"] in (
        "valid", "issued")
    pem.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                         "default"))
    verify_chain(s, pem, "www.backup.test")
finally:
    s.close()
assert not s.findings, s.findings
