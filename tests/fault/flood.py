"""A flood of SCEP messages starves nobody else: the dearest request that a
stranger can send (two operations with an RSA key) takes at most half of the
workers, and what is beyond gets 503 with Retry-After at once.

Hundreds of connections from several addresses send messages without a pause, a
third of them undecipherable, while one client asks for OCSP with and without
nonces, a CRL and ACME's directory, and registers accounts. The measure does not
depend on the machine: not many messages of the flood may be worked through
between a question and its answer. Were they served in their turn, that would be
as many as there are connections.
"""
import multiprocessing
import os
import selectors
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../interop"))

from cryptography import x509  # noqa: E402
from scep_server import CHALLENGE, issued, server, url  # noqa: E402
from support import scep_client as scep  # noqa: E402
from support.acme_driver import Client as AcmeClient  # noqa: E402
from support.ocsp_client import Asker  # noqa: E402
from support.server import wait_until  # noqa: E402

ADDRESSES = [f"127.0.0.{n}" for n in range(2, 8)]
CONNECTIONS = 240
MESSAGES = 12
ROUNDS, SECONDS = 20, 20
# Half of the workers are 16; what is in their hands when a question comes, what
# they take up meanwhile, and scheduling on a busy machine.
AHEAD = CONNECTIONS // 3
PATIENCE = 10


# ---- the flood ----

class Sender:
    """One connection that sends the next message when it has an answer."""

    def __init__(self, address, port, messages, at, counts):
        self.address, self.port = address, port
        self.messages, self.at, self.counts = messages, at, counts
        self.connect()

    def connect(self):
        self.socket = socket.socket()
        self.socket.bind((self.address, 0))
        self.socket.connect(("127.0.0.1", self.port))
        self.buffer = b""

    def send(self):
        self.socket.sendall(self.messages[self.at % len(self.messages)])
        self.at += 1

    def receive(self):
        """Counts an answer that is whole, and sends again."""
        data = self.socket.recv(65536)
        if not data:
            self.socket.close()
            self.connect()
            return True
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return False
        fields = dict(line.lower().split(b": ", 1)
                      for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return False
        self.buffer = b""
        self.count(int(head.split()[1]), fields)
        if fields.get(b"connection") == b"close":
            self.socket.close()
            self.connect()
        return True

    def count(self, status, fields):
        if status == 200:
            self.counts["worked"].value += 1
        elif status == 503 and int(fields.get(b"retry-after", b"0")) > 0:
            self.counts["turned away"].value += 1
        else:
            self.counts["other"].value = status


def flood(port, messages, counts, over):
    waiting = selectors.DefaultSelector()
    for n in range(CONNECTIONS):
        sender = Sender(ADDRESSES[n % len(ADDRESSES)], port, messages, n,
                        counts)
        waiting.register(sender.socket, selectors.EVENT_READ, sender)
        sender.send()
    while not over.is_set():
        for key, _ in waiting.select(0.2):
            sender, before = key.data, key.fileobj
            if not sender.receive():
                continue
            if sender.socket is not before:
                waiting.unregister(before)
                waiting.register(sender.socket, selectors.EVENT_READ, sender)
            sender.send()


def requests(s, directory):
    """Whole HTTP requests; two thirds of them are granted."""
    client = scep.Client(url(s), directory)
    client.ca_certificates()
    keys = [scep.Key.new(directory, f"k{n}") for n in range(3)]
    out = []
    for n in range(MESSAGES):
        key = keys[n % len(keys)]
        enclosed = client.enclose(client.request(
            key, f"d{n}.example", challenge=CHALLENGE))
        if n % 3 == 2:
            # The content key cannot be unwrapped: an OCTET STRING of 256.
            at = enclosed.index(b"\x04\x82\x01\x00") + 100
            enclosed = enclosed[:at] + bytes([enclosed[at] ^ 1]) + \
                enclosed[at + 1:]
        body = client.sign(scep.PKCS_REQ, enclosed, key, f"flood-{n}",
                           os.urandom(16))
        out.append(b"POST /scep?operation=PKIOperation HTTP/1.1\r\n"
                   b"Host: localhost\r\nContent-Type: "
                   b"application/x-pki-message\r\nContent-Length: %d\r\n\r\n%s"
                   % (len(body), body))
    return out


# ---- the others ----

class Probes:
    """What others ask for; each is held against the flood meanwhile."""

    def __init__(self, s, counts):
        issuing = x509.load_pem_x509_certificate(
            (s.state / "certs/issuing.pem").read_bytes())
        self.s, self.counts = s, counts
        self.serial = int(issued(s)[0]["serial"], 16)
        self.asker = Asker(s.ports["http"], issuing)
        self.seen = {}

    def measure(self, name, what):
        began, worked = time.monotonic(), self.counts["worked"].value
        what()
        self.seen.setdefault(name, []).append(
            (self.counts["worked"].value - worked,
             time.monotonic() - began))

    def ocsp(self, nonce=None):
        answer = self.asker.ask(self.serial, nonce=nonce)
        assert answer.certificate_status.name == "GOOD", answer

    def get(self, *words):
        assert self.s.get(*words)[0] == 200, words

    def all(self):
        self.measure("OCSP, cached", self.ocsp)
        self.measure("OCSP, nonce", lambda: self.ocsp(os.urandom(16)))
        self.measure("CRL", lambda: self.get("/crl/issuing.crl"))
        self.measure("directory", lambda: self.get("/acme/directory",
                                                   "https"))
        self.measure("account", AcmeClient(self.s).register)

    def report(self):
        for name, values in self.seen.items():
            ahead, seconds = zip(*values)
            print(f"{name}: {len(values)} answers; messages worked on "
                  f"meanwhile {sorted(ahead)}; slowest "
                  f"{max(seconds):.3f} s", flush=True)

    def check(self):
        for name, values in self.seen.items():
            ahead, seconds = zip(*values)
            # An account takes three requests, two of them to workers.
            most = AHEAD * 2 if name == "account" else AHEAD
            assert sorted(ahead)[len(ahead) // 2] <= most, (name, ahead)
            assert max(seconds) < PATIENCE, (name, seconds)


s = server({"default": "{profile: device, authentication: [challenge], "
                       'challenge_file: scep-challenge, names: '
                       '["dns:*.example"], max_failures: 100000}'})
with s:
    messages = requests(s, s.top)
    first = scep.Client(url(s), s.top).enrol("first.example",
                                             challenge=CHALLENGE)
    assert first.status == scep.SUCCESS, first
    counts = {name: multiprocessing.Value("l", 0)
              for name in ("worked", "turned away", "other")}
    over = multiprocessing.Event()
    probes = Probes(s, counts)
    process = multiprocessing.Process(
        target=flood, args=(s.ports["http"], messages, counts, over))
    process.start()
    try:
        wait_until(lambda: counts["worked"].value >= CONNECTIONS, 60,
                   why="the flood")
        end = time.monotonic() + SECONDS
        for n in range(ROUNDS):
            if n >= 3 and time.monotonic() > end:
                break
            probes.all()
    finally:
        over.set()
        process.join(30)
    assert process.exitcode == 0, "the flood broke off"
    print({name: value.value for name, value in counts.items()})
    probes.report()
    probes.check()
    assert counts["turned away"].value > 0, "nobody was told to come later"
    assert counts["other"].value == 0, "an answer is none of 200 and 503"
    # What was granted was granted once.
    granted = [r for r in issued(s) if r["serial"] != f"{probes.serial:040x}"]
    assert len(granted) == MESSAGES * 2 // 3, len(granted)
    wait_until(lambda: s.get("/readyz")[0] == 200, 20, why="readiness")
    assert s.stop(60) == 0
