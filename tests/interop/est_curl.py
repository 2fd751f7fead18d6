"""curl and openssl: every operation, from the examples of docs/est.md."""
import re
import subprocess

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from client import need
from est_server import (DOC, PASSWORD, configure, environment, example, issued,
                        run_example, same_key, server, verifies)

need("curl")
KEYS = ("profile: device, authentication: [certificate, users], "
        "users_file: est-users, server_keys: true, "
        "recipients_file: recipients.pem, named_keys_file: est-keys")
LABELS = {
    "default": "{profile: device, authentication: [certificate, users, "
               "tokens], users_file: est-users}",
    "keys": "{" + KEYS + "}",
    "clear": "{" + KEYS + ", server_keys_clear: true}",
}


def curl(s, *words, body=None):
    """(status, headers, body)"""
    done = subprocess.run(["curl", "-sS", "-i", "--cacert", s.root, *words],
                          input=body, stdout=subprocess.PIPE, check=True)
    head, _, rest = done.stdout.partition(b"\r\n\r\n")
    assert len(head) < 1000, "strongSwan 5.9.8 reads no longer head"
    return int(head.split()[1]), head.decode().lower(), rest


def recipient(top, name, words, usage):
    """A self-signed certificate that keys can be encrypted to."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", *words, "-nodes",
                    "-subj", f"/CN={name}", "-days", "2", "-keyout",
                    top / f"{name}.key", "-out", top / f"{name}.pem",
                    "-addext", f"keyUsage={usage}"], check=True,
                   stderr=subprocess.DEVNULL)
    return (top / f"{name}.pem").read_text()


def signs_itself(c):
    try:
        c.public_key().verify(c.signature, c.tbs_certificate_bytes,
                              ec.ECDSA(c.signature_hash_algorithm))
    except InvalidSignature:
        return False
    return True


s = server(LABELS)
(s.state / "est-users").write_text("")
top = s.top
bag = recipient(top, "rsa", ["rsa:2048"], "keyEncipherment")
bag += recipient(top, "ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
                 "keyAgreement")
bag += recipient(top, "signs", ["rsa:2048"], "digitalSignature")
(s.state / "recipients.pem").write_text(bag)
(s.state / "est-keys").write_text(f"plant:{'0f' * 32}\n")
# The labels of the page are labels.
page = re.search(r"```yaml\n(profiles:.*?)```", DOC.read_text(), re.S).group(1)
rows = dict(re.findall(r"^    ([a-z]+): (\{.*\})$", page, re.M))
(s.state / "certs/recipients.pem").write_text(bag)
assert len(rows) == 4, rows
configure(s, rows, [])
s.cli("check")
configure(s, LABELS, [])
# check and serve tell what is wrong with the files, and show no password.
(s.state / "est-keys").chmod(0o644)
(s.state / "est-users").write_text("dev1:in the clear\n")
told = s.cli("check", check=False)
assert told.returncode == 1 and "est-users:1" in told.stdout + told.stderr
assert "in the clear" not in told.stdout + told.stderr
(s.state / "est-users").write_text("")
s.start(ready=False)
s.process.wait(20)
assert any("mode 644" in line for line in s.log_lines()), s.log_lines()
(s.state / "est-keys").chmod(0o600)
run_example(s, "users", top)
with open(s.state / "est-users", "a") as f:
    line = (s.state / "est-users").read_text().strip()
    f.write(line.replace("dev1:", "dev9:", 1).replace(
        "dns:dev1.example", "dns:*.example") + "\n")
with s:
    run_example(s, "cacerts", top)
    cas = (top / "cas.pem").read_text()
    assert cas.count("BEGIN CERTIFICATE") == 2, cas
    assert "rsaEncryption" not in (out := run_example(s, "csrattrs", top))
    assert "prime256v1" in out and "Extension Request" in out, out
    run_example(s, "enroll", top)
    verifies(s, top / "dev1.pem")
    assert same_key(top / "dev1.key", top / "dev1.pem")
    run_example(s, "token", top)
    verifies(s, top / "dev2.pem")
    assert same_key(top / "dev2.key", top / "dev2.pem")
    run_example(s, "reenroll", top)
    verifies(s, top / "dev1-new.pem")
    assert same_key(top / "dev1-new.key", top / "dev1-new.pem")
    rows = issued(s)
    assert len(rows) == 3, rows
    new = s.cli("cert", "show", rows[0]["serial"], parse=True)
    old = s.cli("cert", "show", rows[2]["serial"], parse=True)
    assert new["replaces"] in (old["id"], old["serial"]), (new, old)

    # The one-time secret is used up now.
    status, _, _ = curl(
        s, "-u", "any:used", "-H", "Content-Type: application/pkcs10",
        "--data-binary", "@" + str(top / "dev2.der"),
        environment(s)["EST"] + "/simpleenroll")
    assert status == 401

    # Keys by the server: to RSA, to EC, to a named key, and in the clear.
    text = example("server-key").replace("dev1:", "dev9:")
    for kind in ("rsa", "ec"):
        place = top / f"made-{kind}"
        place.mkdir()
        for end in ("pem", "key"):
            (place / f"recipient.{end}").write_text(
                (top / f"{kind}.{end}").read_text())
        subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=place,
                       env=environment(s), check=True)
        verifies(s, place / "made.pem")
        subprocess.run(["openssl", "pkey", "-inform", "DER", "-in",
                        place / "made.key", "-out", place / "made.pkey"],
                       check=True)
        assert same_key(place / "made.pkey", place / "made.pem")
    est = environment(s)["EST"]
    clear = [*("-u dev9:" + PASSWORD).split(" ", 1), "-H",
             "Content-Type: application/pkcs10"]
    plain = subprocess.run(["openssl", "base64", "-A", "-in",
                            str(top / "dev1.der")], check=True,
                           stdout=subprocess.PIPE).stdout
    status, head, body = curl(s, *clear, "--data-binary", "@-",
                              est + "/clear/serverkeygen", body=plain)
    assert status == 200 and "multipart/mixed" in head, (status, body)
    parts = body.split(b"\r\n\r\n")
    assert b"application/pkcs8" in parts[0], parts[0]
    (top / "clear.b64").write_bytes(parts[1].split(b"\r\n")[0] + b"\n")
    subprocess.run("openssl base64 -d -A -in clear.b64 | openssl pkey "
                   "-inform DER -out clear.key", shell=True, cwd=top,
                   check=True)
    assert not same_key(top / "clear.key", top / "dev1.pem")
    (top / "clear-cert.b64").write_bytes(parts[2].split(b"\r\n")[0] + b"\n")
    subprocess.run("openssl base64 -d -A -in clear-cert.b64 | openssl pkcs7 "
                   "-inform DER -print_certs -out clear.pem", shell=True,
                   cwd=top, check=True)
    assert same_key(top / "clear.key", top / "clear.pem")
    # Not without a recipient where the label wants one.
    status, _, body = curl(s, *clear, "--data-binary", "@-",
                           est + "/keys/serverkeygen", body=plain)
    assert status == 403 and b"DecryptKeyIdentifier" in body, body
    status, _, body = curl(s, *clear, "--data-binary", "@-",
                           est + "/serverkeygen", body=plain)
    assert status == 404, body
    status, _, body = curl(s, *clear, "--data-binary", "@-", est + "/fullcmc",
                           body=plain)
    assert status == 501, body

    # While a root is replaced, who trusts either gets to the other.
    s.cli("ca", "rollover", "root")
    run_example(s, "cacerts", top)
    bag = (top / "cas.pem").read_text()
    assert bag.count("BEGIN CERTIFICATE") == 5, bag
    end = "-----END CERTIFICATE-----\n"
    cas = [x509.load_pem_x509_certificate((c + end).encode())
           for c in bag.split(end)[:-1]]
    ties = [c for c in cas if not signs_itself(c)]
    assert len(ties) == 3, ties
    (top / "ties.pem").write_bytes(b"".join(
        c.public_bytes(serialization.Encoding.PEM) for c in ties))
    for root in ("root.pem", "root-2.pem"):
        subprocess.run(["openssl", "verify", "-no-CApath", "-CAfile",
                        s.state / "certs" / root, "-untrusted",
                        top / "ties.pem", top / "dev1-new.pem"], check=True)
    logged = "\n".join(s.log_lines())
    assert "PRIVATE" not in logged and PASSWORD not in logged
    print("EST, curl", [r["names"] for r in issued(s)])
