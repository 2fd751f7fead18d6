"""A model of what OCSP and CRL must say, held against a real server.

Random steps (issue, issue again for the same key, revoke, revoke again, let
time pass, step the clock back, kill -9 the server, the signer or all of it while
requests run) change a plain table of certificates here and the record there;
after each, the answers for random serials of every kind must be the table's.

MODEL_STEPS and MODEL_SEED repeat or lengthen a run; scripts/test --extended
draws a seed and runs ten times as many.
"""
import collections
import http.client
import json
import os
import random
import signal
import socket
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

import record
from support.ocsp_client import Asker, seconds, verify
from support.server import Server, wait_until

EXTENDED = bool(os.environ.get("EXTENDED"))
STEPS = int(os.environ.get("MODEL_STEPS", "20000" if EXTENDED else "2500"))
SEED = int(os.environ.get("MODEL_SEED", str(
    random.SystemRandom().randrange(10 ** 6) if EXTENDED else 1)))
LIFETIME = 6 * 3600
START = 3600  # of the clock: steps back must not go before the CA's own time
REASONS = {
    "keyCompromise": "key_compromise",
    "affiliationChanged": "affiliation_changed",
    "superseded": "superseded",
    "cessationOfOperation": "cessation_of_operation",
    "privilegeWithdrawn": "privilege_withdrawn",
    "unspecified": None,
}
STATUS = ocsp.OCSPCertStatus
ANSWER = ocsp.OCSPResponseStatus


class Control:
    """The operators' API on run/control.sock, one kept connection."""

    def __init__(self, path):
        self.path, self.connection = str(path), None

    def ask(self, method, path, body=None):
        if self.connection is None:
            c = http.client.HTTPConnection("localhost", timeout=30)
            c.sock = socket.socket(socket.AF_UNIX)
            c.sock.settimeout(30)
            c.sock.connect(self.path)
            self.connection = c
        try:
            self.connection.request(
                method, "/control/v1" + path,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json"} if body is not None
                else {})
            r = self.connection.getresponse()
            return r.status, json.loads(r.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.connection = None
            raise


class Certificate:
    """A row of the model."""

    def __init__(self, serial, not_after):
        self.serial, self.not_after = serial, not_after
        self.reason = None  # a name of REASONS: revoked
        self.asked = None  # a revocation that may or may not have happened


class Model:
    def __init__(self, s):
        self.s, self.r = s, random.Random(SEED)
        self.offset = self.latest = START
        self.certificates = {}
        self.done = collections.Counter()
        self.number = 0
        self.csrs = [self.csr(i) for i in range(24)]
        self.connect()

    def connect(self):
        self.issuer = x509.load_pem_x509_certificate(
            (self.s.state / "certs/issuing.pem").read_bytes())
        self.control = Control(self.s.state / "run/control.sock")
        self.asker = Asker(self.s.ports["http"], self.issuer)

    def csr(self, i):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.SubjectAlternativeName(
            [x509.DNSName(f"m{i}.model.test")])
        return x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([])).add_extension(name, True).sign(
                key, hashes.SHA256()).public_bytes(
                    serialization.Encoding.PEM).decode()

    def now(self):
        return time.time() + self.offset

    # ---- steps ----

    def issue(self, control=None):
        status, body = (control or self.control).ask(
            "POST", "/certs", {"csr": self.r.choice(self.csrs)})
        assert status in (201, 503), (status, body)
        if status == 201:
            serial = int(body["serial"], 16)
            self.certificates[serial] = Certificate(
                serial, x509.load_pem_x509_certificate(
                    body["pem"].encode()).not_valid_after)

    def revoke(self, c, control=None):
        """Of any certificate, also of one that is revoked or expired."""
        # Another certificate of a compromised key would be revoked too, and
        # the key blocked: tests/interop/revocation.py has that.
        reason = self.r.choice([n for n in REASONS if n != "keyCompromise"])
        c.asked = reason
        status, body = (control or self.control).ask(
            "POST", f"/certs/{c.serial:040x}/revoke", {"reason": reason})
        if status == 503:
            return
        c.asked = None
        assert status == 200, (status, body)
        if c.reason is None:
            # Another client may have been first, with its own.
            c.reason = body.get("reason") or "unspecified"
            assert c.reason == reason or not body["changed"], body
        self.done["revoked"] += 1

    def step_issue(self):
        self.issue()

    def step_revoke(self):
        if self.certificates:
            c = self.r.choice(list(self.certificates.values()))
            self.revoke(c)
            self.check_ocsp(c)

    def restart_at(self, offset):
        self.s.stop()
        self.offset = offset
        self.latest = max(self.latest, offset)
        self.s.configure({"testing.clock_offset": f"{offset}s"})
        self.s.start()
        self.connect()

    def step_forward(self):
        """Some minutes to some hours: certificates expire on the way."""
        self.restart_at(self.offset + self.r.choice(
            (600, 3600, LIFETIME // 2, LIFETIME + 1)))

    def step_back(self):
        """To before a revocation, which stays one; never further in all
        than signer and CRLs allow for, which is ten minutes."""
        back = min(self.r.randrange(60, 240),
                   self.offset - (self.latest - 540))
        if back < 60:
            self.step_forward()
            return
        self.issue()
        c = list(self.certificates.values())[-1]
        self.revoke(c)
        self.restart_at(self.offset - back)
        self.check_ocsp(c)

    def burst(self, stop):
        control = Control(self.s.state / "run/control.sock")
        r = random.Random(self.r.random())
        while not stop.is_set():
            try:
                if r.random() < 0.6 or not self.certificates:
                    self.issue(control)
                else:
                    self.revoke(r.choice(list(self.certificates.values())),
                                control)
            except (OSError, http.client.HTTPException, ValueError):
                control = Control(self.s.state / "run/control.sock")
                time.sleep(0.01)

    def step_crash(self):
        """kill -9 of one or all while two clients issue and revoke."""
        stop = threading.Event()
        threads = [threading.Thread(target=self.burst, args=(stop,))
                   for _ in range(2)]
        for t in threads:
            t.start()
        time.sleep(self.r.random() * 0.15)
        who = self.r.choice(("server", "signer", "all"))
        if who == "all":
            self.s.kill()
        else:
            os.kill(self.s.children()[who], signal.SIGKILL)
        stop.set()
        for t in threads:
            t.join(60)
            assert not t.is_alive(), "a client hangs"
        if who == "all":
            self.s.start()
        else:
            wait_until(self.is_ready, 30, why=f"readiness without {who}")
        self.connect()
        self.settle()
        self.done[f"killed {who}"] += 1

    def is_ready(self):
        try:
            return self.s.get("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def settle(self):
        """What no answer came to: the record says what became of it."""
        after, known = "", set()
        while True:
            status, page = self.control.ask(
                "GET", "/certs?limit=500" + (after and f"&after={after}"))
            assert status == 200, page
            for row in page["certificates"]:
                serial = int(row["serial"], 16)
                known.add(serial)
                if serial not in self.certificates:
                    self.take_over(serial, row)
                self.settle_revocation(self.certificates[serial], row)
            if not page.get("next"):
                break
            after = page["next"]
        lost = set(self.certificates) - known
        assert not lost, f"acknowledged and not in the record: {lost}"

    def take_over(self, serial, row):
        """Issued while its client saw nothing but a broken connection."""
        status, whole = self.control.ask("GET", f"/certs/{serial:040x}")
        assert status == 200, whole
        if "pem" in whole:
            not_after = x509.load_pem_x509_certificate(
                whole["pem"].encode()).not_valid_after
        else:
            assert row["status"] == "voided", row
            not_after = None
        c = Certificate(serial, not_after)
        if row["status"] in ("revoked", "voided"):
            c.asked = c.reason = row.get("reason") or "unspecified"
        self.certificates[serial] = c
        self.done["taken over"] += 1

    def settle_revocation(self, c, row):
        if c.reason is not None:
            assert row["status"] in ("revoked", "voided"), \
                f"{c.serial:x} was revoked and is {row['status']}"
        elif row["status"] == "revoked":
            assert c.asked is not None, f"nobody revoked {c.serial:x}"
            c.reason = row.get("reason") or "unspecified"
        c.asked = None

    # ---- the oracle ----

    def is_expired(self, c):
        return c.not_after is None or seconds(c.not_after) < self.now()

    def ask(self, *question):
        """A dead signer is tryLater, for as long as it takes to start."""
        until = time.monotonic() + 10
        while True:
            answer = self.asker.ask(*question)
            if answer.response_status != ANSWER.TRY_LATER:
                return answer
            assert time.monotonic() < until, "tryLater without end"
            self.done["try later"] += 1
            time.sleep(0.02)

    def check_ocsp(self, c):
        answer = self.ask(c.serial, self.r.random() < 0.5,
                          os.urandom(32) if self.r.random() < 0.2 else None)
        if self.is_expired(c) and answer.response_status == \
                ANSWER.UNAUTHORIZED:
            # RFC 9919: the record of an expired one may be dropped.
            self.done["dropped"] += 1
            return
        assert answer.response_status == ANSWER.SUCCESSFUL, \
            f"{c.serial:x}: {answer.response_status}"
        if c.reason is None:
            assert answer.certificate_status == STATUS.GOOD, \
                f"{c.serial:x} is good, told {answer.certificate_status}"
        else:
            assert answer.certificate_status == STATUS.REVOKED, \
                f"{c.serial:x} is revoked, told {answer.certificate_status}"
            want = REASONS[c.reason]
            got = answer.revocation_reason
            assert (got and got.name) == want, (c.reason, got)
            assert answer.revocation_time <= answer.this_update, \
                "revoked in its future"
        now = self.now()
        # A clock that was stepped back leaves answers of its future.
        assert seconds(answer.this_update) <= now + 600, "of the future"
        assert now < seconds(answer.next_update), "past its nextUpdate"
        self.done[answer.certificate_status.name] += 1

    def check_unissued(self):
        serial = self.r.choice((
            self.r.getrandbits(158) | 1 << 157, 1, 0x7f,
            next(iter(self.certificates), 0) ^ 1))
        answer = self.ask(serial)
        assert serial in self.certificates or \
            answer.response_status == ANSWER.UNAUTHORIZED, \
            f"{serial:x} was never issued: {answer.response_status}"
        self.done["unissued"] += 1

    def crl_covers(self):
        """The CRL, if it has every revoked certificate that is unexpired."""
        status, _, body = self.s.get("/crl/issuing.crl")
        assert status == 200, status
        crl = x509.load_der_x509_crl(body)
        listed = {e.serial_number: e for e in crl}
        missing = [c for c in self.certificates.values()
                   if c.reason is not None and not self.is_expired(c) and
                   c.serial not in listed]
        return None if missing else (crl, listed)

    def check_crl(self):
        crl, listed = wait_until(self.crl_covers, 5,
                                 why="a CRL with all that is revoked")
        verify(self.issuer.public_key(), crl.signature,
               crl.tbs_certlist_bytes, crl.signature_hash_algorithm)
        for serial, entry in listed.items():
            c = self.certificates.get(serial)
            assert c is not None and c.reason is not None, \
                f"{serial:x} is listed and was not revoked"
            try:
                reason = entry.extensions.get_extension_for_class(
                    x509.CRLReason).value.reason.name
            except x509.ExtensionNotFound:
                reason = None
            assert reason == REASONS[c.reason], (c.reason, reason)
        number = crl.extensions.get_extension_for_class(
            x509.CRLNumber).value.crl_number
        assert number >= self.number, "the CRL number fell"
        self.number = number
        assert self.now() < seconds(crl.next_update), "past its nextUpdate"
        assert seconds(crl.last_update) <= self.now() + 600
        self.done["crl"] += 1

    def look(self):
        for _ in range(2):
            if self.certificates:
                self.check_ocsp(self.r.choice(
                    list(self.certificates.values())))
        if self.r.random() < 0.2:
            self.check_unissued()

    def run(self):
        steps = ((self.step_issue, 600), (self.step_revoke, 350),
                 (self.check_crl, 40), (self.step_crash, 6),
                 (self.step_forward, 3), (self.step_back, 2))
        for n in range(STEPS):
            step = self.r.choices([f for f, _ in steps],
                                  [w for _, w in steps])[0]
            try:
                step()
                self.look()
            except BaseException:
                print(f"step {n}, {step.__name__}, seed {SEED}",
                      file=sys.stderr)
                raise
            self.done[step.__name__] += 1
        self.check_crl()


def main():
    # A run that does not crash or step the clock has tested half of it.
    with Server.fresh(options={
            "profiles.default.lifetime": f"{LIFETIME // 3600}h",
            "crl.period": "2h", "crl.validity": "24h",
            "ocsp.validity": "24h",
            "tls.lifetime": "5h",
            "testing.clock_offset": f"{START}s"}) as s:
        m = Model(s)
        m.run()
        for kind in ("GOOD", "REVOKED", "unissued", "crl", "step_forward",
                     "step_back", "step_crash"):
            assert m.done[kind] > 0, f"the run had no {kind}"
        assert s.stop() == 0
        kinds = record.check(s)
        assert kinds["cert-issued"] >= len(
            [c for c in m.certificates.values() if c.not_after])
    print(f"seed {SEED}: {dict(m.done)}")


if __name__ == "__main__":
    main()
