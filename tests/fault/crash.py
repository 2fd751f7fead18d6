"""kill -9 of all three processes at random moments under load, again and again:
what a client was given is in the record, what it revoked is in the CRL, and the
signer's journal has every certificate."""
import hashlib
import os
import random
import sys
import threading
import time

import record
from support.acme_driver import Client, Refused, Responder
from support.server import Server, wait_until

ROUNDS = int(os.environ.get("CHANCERY_CRASHES", "20"))
CLIENTS = 3
SLOT, CHECK = 128, 16
CHECKPOINT = 5


def journal(s):
    """{(kind, serial in hex): SHA-256 of the bytes}; the chain is checked."""
    data = (s.state / "keys/signer.journal").read_bytes()
    assert data[:SLOT].startswith(b"chancery signer journal 1\n")
    out, positions, before = {}, set(), data[SLOT - CHECK:SLOT]
    assert len(data) % SLOT == 0, "a torn record was kept"
    for at in range(SLOT, len(data), SLOT):
        slot = data[at:at + SLOT]
        check = hashlib.sha256(before + slot[:-CHECK]).digest()[:CHECK]
        assert slot[:4] == b"CSJ1" and slot[-CHECK:] == check, f"slot {at}"
        before = check
        if slot[4] == CHECKPOINT:  # its position is the log's size
            continue
        position = int.from_bytes(slot[8:16], "big")
        assert position not in positions, f"position {position} twice"
        positions.add(position)
        out[slot[4], slot[56:76].hex()] = slot[80:112]
    return out


class Worker(threading.Thread):
    def __init__(self, s, responder, n, stop):
        super().__init__(daemon=True)
        self.client = Client(s, responder, patience=60)
        self.n, self.stop = n, stop
        self.given, self.revoked, self.errors = [], [], []

    def run(self):
        try:
            self.client.register()
            for i in range(10 ** 6):
                if self.stop.is_set():
                    return
                _, certificate, _ = self.client.issue(
                    f"n{self.n}-{i}.crash.test")
                if certificate is None:
                    continue
                self.given.append(certificate)
                if i % 4 == 3:
                    self.revoke(certificate)
        except Exception as e:  # told by the main thread
            self.errors.append(f"{type(e).__name__}: {e}")

    def revoke(self, certificate):
        try:
            self.client.revoke(certificate, 4)
        except Refused as e:
            # A former life of the server has done it.
            if e.type != "alreadyRevoked":
                raise
        self.revoked.append(certificate)


def serial(certificate):
    return f"{certificate.serial_number:040x}"


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else \
        int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with Server.fresh(name="Crash") as s:
        responder, stop = Responder(s.ports["http01"]), threading.Event()
        workers = [Worker(s, responder, n, stop) for n in range(CLIENTS)]
        for w in workers:
            w.start()
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.1, 1.2))
            s.kill()
            # Sometimes once more while it recovers.
            if chance.random() < 0.3:
                s.start(ready=False)
                time.sleep(chance.uniform(0, 0.15))
                s.kill()
                os.close(s.ready_fd)
            s.start()
        time.sleep(1)
        stop.set()
        for w in workers:
            w.join(90)
        responder.close()
        errors = [e for w in workers for e in w.errors]
        assert not errors, errors
        given = [c for w in workers for c in w.given]
        revoked = {serial(c) for w in workers for c in w.revoked}
        assert len(given) >= ROUNDS, f"only {len(given)} certificates"
        wait_until(lambda: revoked <= s.crl_serials(), 20,
                   why="every revoked serial in the CRL")
        assert s.stop() == 0
        kinds = record.check(s)
        signed = journal(s)
        issued = set()
        intents = {b["id"]: b for _, k, b in record.events(s)
                   if k == "cert-intent"}
        for _, kind, body in record.events(s):
            if kind == "cert-issued":
                issued.add(intents[body["id"]]["serial"].lower())
        lost = {serial(c) for c in given} - issued
        assert not lost, f"given, but not in the record: {lost}"
        for c in given:
            digest = hashlib.sha256(c.tbs_certificate_bytes).digest()
            assert signed.get((1, serial(c))) == digest, \
                f"{serial(c)} is not in the journal as it was given"
        print(len(given), "given,", len(revoked), "revoked;", dict(kinds))


main()
