"""A webhook decides: strongSwan's pki against a service that allows, refuses,
takes its time, is down for a while, and has a certificate of somebody else;
many replies held at once, while OCSP answers; the example of docs/scep.md."""
import pathlib
import re
import threading
import time

from cryptography import x509

from client import need, wait_until
from scep_server import (configure, example, issued, run_script, server, url,
                         verifies)
from support import scep_client as scep
from support.ocsp_client import Asker
from support.scep_client import Client, Key
from support.webhook import ALLOW, DENY, Webhook, make_ca

need("pki")
HELD = 40
s = server({})
top = s.top
hook = Webhook(top).start()
stranger = Webhook(top, "stranger").start()
make_ca(top, "elsewhere")

ROW = '{profile: device, authentication: [webhook], webhook: %s}'
path = s.state / "chancery.yaml"
# As the page has it, with the stand-in's place and files.
page = example("webhook")
hooks = re.search(r"^webhooks:\n((?:  .*\n)+)", page, re.M)
assert "fleet:" in page and hooks, page
for key in ("url:", "anchors_file:", "secret_file:", "token_file:"):
    assert key in hooks[1], hooks[1]
configure(s, {"default": ROW % "hook", "other": ROW % "stranger"})
text = path.read_text()
text = re.sub(r"^webhooks: \{\}$", "webhooks: {hook: %s, stranger: %s}" % (
    hook.row, re.sub(r"anchors_file: [^,]*",
                     f"anchors_file: {top}/elsewhere.pem", stranger.row)),
    text, flags=re.M)
text = re.sub(r"^workers: .*$", "workers: 16", text, flags=re.M)
path.write_text(text)

ENROL = """openssl genrsa -out "$NAME.key" 2048
pki --scepca --url "$URL" --caout ca.der --raout ra.der --force
pki --scep --url "$URL" --in "$NAME.key" --dn "CN=$NAME" --san "$NAME" \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert ca-1.der --outform pem --interval 1 \
--maxpolltime 30 $OPTIONS > "$NAME.pem"
openssl x509 -in "$NAME.pem" -out "$NAME.crt"
"""


def enrol(name, options="", check=True, **more):
    return run_script(s, ENROL, top, check=check, NAME=name, OPTIONS=options,
                      **more)


def decided(question):
    if question["scepChallenge"] == "let me in":
        return 200, ALLOW
    return 200, dict(DENY, error={"message": "no such device"})


def asked(name):
    return [q for q in hook.questions
            if q["x509CertificateRequest"]["subject"]["commonName"] == name]


def inquiries():
    return [r for r in s.log_events("inquiry")]


class Sender(threading.Thread):
    """Sends one message until there is an answer of SCEP's."""

    def __init__(self, c, message):
        super().__init__(daemon=True)
        self.client, self.message, self.body = c, message, None

    def run(self):
        while self.body is None:
            try:
                self.body = self.client.send(self.message.body)
            except scep.Refused as e:
                assert e.status == 503, e
                time.sleep(0.1)


with s:
    hook.answer = decided
    done = enrol("good.example", CHALLENGE="let me in")
    assert "going to sleep" not in done.stdout, done.stdout
    verifies(s, top / "good.example.crt")
    question, = asked("good.example")
    assert question["provisionerName"] == "default"
    assert question["x509CertificateRequest"]["dnsNames"] == ["good.example"]
    assert question["scepTransactionID"] and question["timestamp"]
    assert len(issued(s)) == 1

    refused = enrol("bad.example", check=False, CHALLENGE="let me out")
    assert refused.returncode != 0, refused.stdout
    assert len(issued(s)) == 1 and len(asked("bad.example")) == 1
    assert any(r["to"] == "refused" and r["why"] == "denied it: no such device"
               for r in inquiries()), inquiries()

    # A renewal without a password asks nobody.
    n = len(hook.questions)
    run_script(s, """
cp good.example.key old.key
openssl genrsa -out new.key 2048
pki --scep --url "$URL" --in new.key --dn "CN=good.example" \
--san good.example --cert good.example.crt --key old.key \
--cacert-enc ra.der --cacert-sig ra.der --cacert ca.der --cacert ca-1.der \
--outform pem > new.pem""", top)
    assert len(hook.questions) == n and len(issued(s)) == 2

    # It takes its time: the reply is held, nobody polls.
    hook.answer = lambda q: (time.sleep(3), decided(q))[1]
    begun = time.monotonic()
    done = enrol("slow.example", CHALLENGE="let me in")
    assert time.monotonic() - begun >= 3
    assert "going to sleep" not in done.stdout, done.stdout
    verifies(s, top / "slow.example.crt")

    # Down: PENDING, and the poll has it when the service is back.
    hook.answer = decided
    hook.stop()
    waiting = threading.Thread(
        target=enrol, args=("late.example",),
        kwargs={"CHALLENGE": "let me in"}, daemon=True)
    waiting.start()
    wait_until(lambda: any(r["from"] == r["to"] == "asking"
                           for r in inquiries()), why="a try in vain")
    assert waiting.is_alive()
    hook.start()
    waiting.join(60)
    verifies(s, top / "late.example.crt")
    assert len(asked("late.example")) == 1

    # Whose certificate leads elsewhere is told nothing.
    assert enrol("any.example", "--maxpolltime 3", check=False,
                 URL=url(s, "other"), CHALLENGE="secret").returncode != 0
    assert not stranger.questions and not stranger.wrong
    before = len(issued(s))

    # Held replies occupy no worker.
    release = threading.Event()
    hook.answer = lambda q: (release.wait(30), decided(q))[1]
    text = text.replace("timeout: 5s", "timeout: 40s")
    path.write_text(text)
    s.process.send_signal(1)
    wait_until(lambda: list(s.log_events("reloaded")), why="a reload")
    maker = Client(url(s), top)
    maker.ca_certificates()
    key = Key.new(top, "held")
    messages = []
    for i in range(HELD):
        csr = maker.request(key, f"held{i}.example", challenge="let me in")
        messages.append(maker.message(scep.PKCS_REQ, csr, key))
    senders = [Sender(maker, m) for m in messages]
    for t in senders:
        t.start()
    wait_until(lambda: sum(q["x509CertificateRequest"]["subject"]
                           ["commonName"].startswith("held")
                           for q in hook.questions) == HELD, 60,
               why="all of them to be asked about")
    assert all(t.body is None for t in senders)
    asker = Asker(s.ports["http"], x509.load_pem_x509_certificate(
        (s.state / "certs/issuing.pem").read_bytes()))
    serial = int(issued(s)[0]["serial"], 16)
    for i in range(10):
        begun = time.monotonic()
        answer = asker.ask(serial, nonce=bytes([i] * 16))
        assert answer.certificate_status.name == "GOOD", answer
        assert "SHA-256" in maker.capabilities()
        assert time.monotonic() - begun < 5
    assert all(t.body is None for t in senders)
    release.set()
    for t in senders:
        t.join(60)
        reply = maker.parse(t.body, t.message)
        assert reply.status == scep.SUCCESS, reply
    assert len(issued(s)) == before + HELD
    # Each once, though each came again now.
    for m in messages[:3]:
        assert maker.parse(maker.send(m.body), m).status == scep.SUCCESS
    assert len(issued(s)) == before + HELD

    assert not hook.wrong, hook.wrong
    lines = "\n".join(s.log_lines())
    for secret in ("let me in", "let me out", hook.secret, hook.token):
        assert secret not in lines, secret
    store = (s.state / "db/chancery.db").read_bytes() + \
        pathlib.Path(str(s.state / "db/chancery.db") + "-wal").read_bytes()
    assert b"let me in" not in store and b"let me out" not in store
    seal = s.state / "keys/seal"
    assert seal.stat().st_mode & 0o777 == 0o600 and \
        len(seal.read_bytes()) == 32
    s.stop()
    # A state of an older version has none: it is made.
    seal.unlink()
    s.start()
    assert len(seal.read_bytes()) == 32
    assert list(s.log_events("seal-key-made"))
hook.stop()
stranger.stop()
