"""kill -9 at each step of an issuance that took a one-time secret, with several
clients that have it: one certificate comes of it, whatever happens between, and
the client whose request it was has it, lost answer or not."""
import base64
import os
import subprocess
import sys
import threading

import record
from support.server import Server, wait_until

POINTS = ("issue.intent.before", "issue.intent.after", "issue.sign.before",
          "issue.sign.after", "issue.issued.before", "issue.issued.after",
          "issue.reply.before")
CLIENTS = 4


def configure(s):
    path = s.state / "chancery.yaml"
    text = path.read_text()
    assert "\n  labels: {}\n" in text
    path.write_text(text.replace(
        "\n  labels: {}\n",
        "\n  labels: {default: {profile: default, "
        "authentication: [tokens]}}\n"))


def enrol(s, csr, secret):
    """Asks until there is an answer; its status."""
    def answer():
        done = subprocess.run(
            ["curl", "-sS", "--cacert", s.root, "-u", f"device:{secret}",
             "-H", "Content-Type: application/pkcs10", "--data-binary",
             f"@{csr}", "-o", f"{csr}.reply", "-w", "%{http_code}",
             f"https://localhost:{s.ports['est']}/.well-known/est/"
             "simpleenroll"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=60, check=False)
        # Nobody there, or not yet ready for it: again.
        ok = done.returncode == 0 and not done.stdout.startswith("5")
        return int(done.stdout) if ok else None
    return wait_until(answer, 60, why="an answer")


def serials(reply):
    """Of the certificates in an answer."""
    with open(reply, "rb") as f:
        bag = base64.b64decode(f.read())
    pem = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-print_certs"], input=bag,
        check=True, stdout=subprocess.PIPE).stdout
    serial = subprocess.run(
        ["openssl", "x509", "-noout", "-serial"], input=pem, check=True,
        stdout=subprocess.PIPE).stdout.decode()
    return [serial.strip().partition("=")[2].lower()]


def one(point):
    with Server.fresh(name="Token") as s:
        s.stop()
        configure(s)
        requests = []
        for i in range(CLIENTS):
            _, csr = s.csr(f"n{i}.token.test")
            subprocess.run(["openssl", "req", "-in", csr, "-outform", "DER",
                            "-out", f"{csr}.der"], check=True)
            with open(f"{csr}.b64", "wb") as out:
                subprocess.run(["openssl", "base64", "-in", f"{csr}.der"],
                               check=True, stdout=out)
            requests.append(f"{csr}.b64")
        s.start(fault=f"{point}:1:kill", ready=False)
        secret = wait_until(
            lambda: s.cli("token", "create", "--profile", "default",
                          check=False).stdout.strip(), 30, why="a secret")
        answers = {}
        threads = [threading.Thread(
            target=lambda r=r: answers.update({r: enrol(s, r, secret)}))
            for r in requests]
        for t in threads:
            t.start()
        for t in threads:
            t.join(90)
        assert f"fault {point} reached" in "\n".join(s.log_lines()), point
        # Whose answer was lost came again with the same octets; the others are
        # told that the secret is used up.
        assert sorted(answers.values()) == [200] + [401] * (CLIENTS - 1), \
            answers

        winner, = (r for r, status in answers.items() if status == 200)

        def settled():
            rows = s.cli("cert", "list", parse=True)["certificates"]
            return [r for r in rows if r["requester"] == "est" and
                    r["status"] == "valid"]
        rows = wait_until(settled, 20, why="the certificate")
        assert len(rows) == 1, rows
        for again in range(2):
            assert serials(f"{winner}.reply") == [rows[0]["serial"]], again
            assert enrol(s, winner, secret) == 200
        token, = s.cli("token", "list", parse=True)["tokens"]
        assert token["status"] == "used" and token["uses_left"] == 0, token
        s.stop()
        record.check(s)
        took = [b for _, kind, b in record.events(s)
                if kind == "cert-intent" and b.get("token") == token["id"]]
        assert len(took) == 1, took
        assert not any(secret in line for line in s.log_lines())
        print(point, sorted(answers.values()), "ok")


points = subprocess.run(
    [os.environ["CHANCERY"], "serve", "--list-faults"], check=True,
    stdout=subprocess.PIPE, text=True).stdout.split()
for p in POINTS:
    assert p in points, p
    if not sys.argv[1:] or p in sys.argv[1:]:
        one(p)
