"""Every way to revoke: certbot by its account and by the certificate's key, an
operator's command, the secret by curl, a compromise and what it takes with it,
and ten thousand by one decision while others are issued."""
import json
import subprocess
import sys
import threading
import time

from client import is_revoked, need, run, serial_of, server, wait_until

certbot = need("certbot")
curl = need("curl")


def reason_on_crl(s, serial):
    """"Superseded", "" without a reason, None when it is not listed."""
    _, _, crl = s.get("/crl/issuing.crl")
    text = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-noout", "-text"], input=crl,
        stdout=subprocess.PIPE, check=True).stdout.decode()
    for block in text.split("Serial Number: ")[1:]:
        if block.split()[0].lower() != serial.lower():
            continue
        _, found, rest = block.partition("X509v3 CRL Reason Code:")
        return rest.strip().split("\n")[0].strip() if found else ""
    return None


def by_certbot(s):
    base = s.top / "certbot"
    env = {"REQUESTS_CA_BUNDLE": s.root}
    common = ["--server", s.directory, "-n", "--config-dir", base,
              "--work-dir", base, "--logs-dir", base]

    def issue(name):
        run(certbot, "certonly", "--standalone", "--http-01-port",
            s.ports["http01"], "-d", name, "--agree-tos",
            "--register-unsafely-without-email", *common, env=env)
        return base / "live" / name

    def revoke(live, reason, *more):
        run(certbot, "revoke", "--cert-path", live / "cert.pem", "--reason",
            reason, "--no-delete-after-revoke", *more, *common, env=env)
        is_revoked(s, serial_of(live / "cert.pem"))

    # Those that certbot offers, by the account.
    shown = {"unspecified": "", "affiliationchanged": "Affiliation Changed",
             "superseded": "Superseded",
             "cessationofoperation": "Cessation Of Operation"}
    for reason, words in shown.items():
        live = issue(f"{reason}.certbot.test")
        revoke(live, reason)
        got = reason_on_crl(s, serial_of(live / "cert.pem"))
        assert got == words, (reason, got)
    # The key itself says that it is compromised: it is not certified again.
    live = issue("key.certbot.test")
    twin = s.top / "twin.pem"
    run("openssl", "req", "-new", "-key", live / "privkey.pem", "-subj", "/",
        "-addext", "subjectAltName=DNS:twin.certbot.test", "-out",
        s.top / "twin.csr")
    twin.write_text(s.cli("cert", "issue", "--csr", s.top / "twin.csr",
                          "--profile", "default"))
    revoke(live, "keycompromise", "--key-path", live / "privkey.pem")
    assert reason_on_crl(s, serial_of(live / "cert.pem")) == "Key Compromise"
    is_revoked(s, serial_of(twin))
    again = s.cli("cert", "issue", "--csr", s.top / "twin.csr", "--profile",
                  "default", check=False)
    assert again.returncode == 1 and "blocked" in again.stderr, again


def by_operator(s):
    _, csr = s.csr("operator.test")
    serial = s.cli("cert", "issue", "--csr", csr, "--profile", "default",
                   parse=True)["serial"]
    # The renewal says what it replaces, and both sides show it.
    new = s.cli("cert", "issue", "--csr", csr, "--profile", "default",
                "--replaces", serial, parse=True)["serial"]
    assert s.cli("cert", "show", new, parse=True)["replaces"] == serial
    assert s.cli("cert", "show", serial, parse=True)["replaced_by"] == new
    said = s.cli("cert", "revoke", serial, "--reason", "privilegeWithdrawn")
    assert said.startswith("revoked "), said
    is_revoked(s, serial)
    said = s.cli("cert", "revoke", serial, "--reason", "superseded")
    assert said.startswith("was revoked already"), said
    assert reason_on_crl(s, serial) == "Privilege Withdrawn"
    for bad in ("certificateHold", "removeFromCRL", "boredom"):
        done = s.cli("cert", "revoke", new, "--reason", bad, check=False)
        assert done.returncode in (1, 2), done
    # Now it turns out to be compromised: the reason follows, the rest too.
    s.cli("cert", "revoke", serial, "--reason", "keyCompromise")
    wait_until(lambda: reason_on_crl(s, serial) == "Key Compromise", 5,
               why="the reason on the CRL")
    is_revoked(s, new)
    # A key of which there is no certificate, by a request that it signed.
    _, csr = s.csr("leaked.test")
    said = s.cli("cert", "revoke", "--key-proof", csr)
    assert said.startswith("blocked the key"), said
    done = s.cli("cert", "issue", "--csr", csr, "--profile", "default",
                 check=False)
    assert done.returncode == 1, done


def by_secret(s):
    _, csr = s.csr("secret.test")
    issued = s.cli("cert", "issue", "--csr", csr, "--profile", "default",
                   parse=True)
    url = f"https://localhost:{s.ports['https']}/revoke"

    def post(serial, secret):
        done = run(curl, "-sS", "--cacert", s.root, "-o", "-", "-w",
                   "\n%{http_code}", "-H", "Content-Type: application/json",
                   "-d", json.dumps({"serial": serial, "secret": secret,
                                     "reason": "superseded"}), url)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    wrong = post(issued["serial"], "x" * 32)
    assert wrong[0] == 403, wrong
    assert post("01" * 20, issued["revocation_secret"]) == wrong
    status, body = post(issued["serial"], issued["revocation_secret"])
    assert status == 200 and json.loads(body)["status"] == "revoked", body
    is_revoked(s, issued["serial"])
    assert post(issued["serial"], issued["revocation_secret"])[0] == 200
    # The secret is in no log line and not in the database.
    secret = issued["revocation_secret"]
    assert all(secret not in line for line in s.log_lines())
    for path in (s.state / "db").iterdir():
        assert secret.encode() not in path.read_bytes(), path


def by_secret_of_est(s):
    """EST hands it out as a field of its answer."""
    hashed = run("openssl", "passwd", "-6", "enrol").stdout.strip()
    (s.state / "est.users").write_text(f"client:{hashed}\n")
    s.stop()
    s.configure({"est.labels": "{default: {profile: default, "
                 "authentication: [users], users_file: est.users}}"})
    s.start()
    _, csr = s.csr("est.secret.test")
    run("openssl", "req", "-in", csr, "-outform", "DER", "-out",
        s.top / "est.der")
    run("openssl", "base64", "-in", s.top / "est.der", "-out",
        s.top / "est.b64")
    run(curl, "-sSf", "--cacert", s.root, "-u", "client:enrol",
        "-H", "Content-Type: application/pkcs10",
        "-H", "Content-Transfer-Encoding: base64",
        "--data-binary", f"@{s.top / 'est.b64'}", "-D", s.top / "est.head",
        "-o", s.top / "est.p7b",
        f"https://localhost:{s.ports['est']}/.well-known/est/simpleenroll")
    head = (s.top / "est.head").read_text()
    secret = [line.split()[1] for line in head.splitlines()
              if line.startswith("Chancery-Revocation-Secret:")][0]
    serial = s.cli("cert", "list", "--name", "est.secret.test",
                   parse=True)["certificates"][0]["serial"]
    done = run(curl, "-sSf", "--cacert", s.root,
               "-H", "Content-Type: application/json",
               "-d", json.dumps({"serial": serial, "secret": secret}),
               s.cli("urls", parse=True)["revoke"])
    assert '"revoked"' in done.stdout, done.stdout
    is_revoked(s, serial)


def fill(s, csr, names):
    """Many at once: the control socket with a few threads."""
    text = open(csr).read()
    left = list(names)

    def work():
        while left:
            try:
                name = left.pop()
            except IndexError:
                return
            s.control("/certs", {"csr": text, "profile": "default",
                                 "names": [f"dns:{name}"]})
    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def by_decision(s, count):
    _, csr = s.csr("bulk.test")
    fill(s, csr, [f"n{i}.bulk.test" for i in range(count)])
    words = ["cert", "revoke", "--name", "*.bulk.test", "--reason",
             "cessationOfOperation"]
    said = s.cli(*words)
    assert f"{count} certificates would be revoked" in said, said
    assert "Nothing was changed" in said, said
    plan = s.cli(*words, parse=True)
    fill(s, csr, ["late.bulk.test"])
    done = s.cli(*words, "--confirm", plan["set_sha256"], check=False)
    assert done.returncode == 1 and "look at them again" in done.stderr, done
    plan = s.cli(*words, parse=True)
    assert plan["count"] == count + 1, plan
    before = s.metrics()

    # Issuance goes on beside it.
    stop, slowest, issued = threading.Event(), [0.0], [0]
    text = open(csr).read()

    def issue():
        while not stop.is_set():
            begin = time.monotonic()
            s.control("/certs", {"csr": text, "profile": "default",
                                 "names": ["dns:beside.test"]})
            slowest[0] = max(slowest[0], time.monotonic() - begin)
            issued[0] += 1
    thread = threading.Thread(target=issue)
    thread.start()
    begin = time.monotonic()
    done = s.cli(*words, "--confirm", plan["set_sha256"], parse=True)
    took = time.monotonic() - begin
    stop.set()
    thread.join()
    assert done["status"] == "finished", done
    assert (done["revoked"], done["skipped"]) == (count + 1, 0), done
    left = s.cli(*words, parse=True)
    assert left["count"] == 0, left
    wait_until(lambda: (reason_on_crl(s, done_serial(s)) ==
                        "Cessation Of Operation"), 10, why="the CRL")
    crls = s.metrics()["chancery_crls_total"] - before["chancery_crls_total"]
    print(f"revoked {count + 1} in {took:.2f} s with {crls:.0f} CRLs; "
          f"{issued[0]} issued beside it, the slowest in {slowest[0]:.3f} s")
    assert crls <= took + 3, "not a CRL for each"
    assert issued[0] > 0 and slowest[0] < 5, (issued, slowest)


def done_serial(s):
    rows = s.cli("cert", "list", "--name", "n0.bulk.test", parse=True)
    return rows["certificates"][0]["serial"]


with server(**{"profiles.default.revocation_secret": "true"}) as s:
    by_operator(s)
    by_secret(s)
    by_secret_of_est(s)
    by_certbot(s)
    by_decision(s, int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
    # All of it can be told from the log alone.
    replayed = s.cli("log", "replay", parse=True)
    assert replayed["agrees"], replayed
