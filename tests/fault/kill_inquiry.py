"""kill -9 at each step of requests that a service decides: a webhook, and Intune,
which has to confirm a certificate before anybody may have it.  Several clients
send each request until they are answered; afterwards each has one certificate,
the same whenever it asks again, nothing is left to be done, and what Intune had
not confirmed was in nobody's hands."""
import concurrent.futures
import pathlib
import sqlite3
import sys
import threading
import time

import record

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "interop"))
from scep_server import configure, issued, server, url  # noqa: E402
from support import intune_standin as standin  # noqa: E402
from support import scep_client as scep  # noqa: E402
from support.scep_client import Client, Key  # noqa: E402
from support.server import wait_until  # noqa: E402
from support.webhook import Webhook  # noqa: E402

CLIENTS = 3
# Points at once, each with a server of its own: most of a run is waiting for
# leases and for the next try.
AT_ONCE = 6
# Which passage: the first of each kind is that of the first request.
WEBHOOK = [f"inquiry.{p}.{when}:1" for p in ("open", "move")
           for when in ("before", "after")] + [
    f"inquiry.move.{when}:{n}" for n in (4, 6) for when in ("before", "after")
    ] + ["issue.intent.before:2", "issue.intent.after:2",
         "issue.sign.before:2", "issue.sign.after:2", "issue.issued.before:2",
         "issue.issued.after:2"]
INTUNE = ["inquiry.open.after:1", "issue.issued.after:2"] + [
    f"inquiry.move.{when}:{n}" for n in (1, 4, 7, 9)
    for when in ("before", "after")]


class Sender(threading.Thread):
    """Sends one request until it is granted, and says when."""

    def __init__(self, s, directory, challenge, name):
        super().__init__(daemon=True)
        directory.mkdir()
        self.c, self.name = Client(url(s), directory), name
        self.c.recipient = challenge.recipient
        self.key = Key.new(directory, name)
        self.message = self.c.message(
            scep.PKCS_REQ,
            self.c.request(self.key, name, challenge=challenge.of(name)),
            self.key)
        self.certificate, self.at = None, None

    def ask(self):
        try:
            reply = self.c.parse(self.c.send(self.message.body), self.message)
        except (OSError, scep.Refused, scep.http.client.HTTPException):
            return None  # nobody there, or not ready for it: again
        if reply.status == scep.PENDING:
            return None
        assert reply.status == scep.SUCCESS, reply
        return reply.certificates[0]

    def run(self):
        self.certificate = wait_until(self.ask, 90, every=0.2,
                                      why="a certificate")
        self.at = time.monotonic()


class Challenges:
    def __init__(self, s, make):
        c = Client(url(s), s.top)
        c.ca_certificates()
        self.recipient, self.of = c.recipient, make


def write_configuration(s, section, row, authentication):
    configure(s, {"default": "{profile: device, authentication: "
                             f"[{authentication}], {authentication}: it}}"})
    path = s.state / "chancery.yaml"
    text = path.read_text()
    assert f"\n{section}: {{}}\n" in text, section
    text = text.replace(f"\n{section}: {{}}\n",
                        f"\n{section}: {{it: {row}}}\n")
    path.write_text(text)


def run(s, fault, make):
    """Prepared by a server without a fault, so that the passages are those of
    the requests alone."""
    s.start()
    challenges = Challenges(s, make)
    senders = [Sender(s, s.top / f"c{i}", challenges, f"n{i}.example")
               for i in range(CLIENTS)]
    s.stop()
    point, _, n = fault.rpartition(":")
    s.start(fault=f"{point}:{n}:kill")
    for t in senders:
        t.start()
    for t in senders:
        t.join(100)
        assert t.certificate is not None, (fault, t.name)
    assert f"fault {point} reached" in "\n".join(s.log_lines()), fault
    return senders


def check(s, senders):
    rows = [r for r in issued(s) if r["status"] == "valid"]
    assert len(rows) == len(issued(s)) == CLIENTS, rows
    assert sorted(int(r["serial"], 16) for r in rows) == sorted(
        int(scep.serial(t.certificate), 16) for t in senders)
    for t in senders:
        assert t.ask() == t.certificate
    def left():
        with sqlite3.connect(f"file:{s.state}/db/chancery.db?mode=ro",
                             uri=True) as db:
            return db.execute("SELECT count(*) FROM inquiry WHERE due_at > 0 "
                              "OR sealed IS NOT NULL").fetchone()[0]
    wait_until(lambda: left() == 0, 30, why="nothing left to be done")
    s.stop()
    record.check(s)


def webhook(fault):
    s = server({})
    hook = Webhook(s.top).start()
    hook.answer = lambda q: (200, {"allow": q["scepChallenge"] == "hook pass"})
    write_configuration(s, "webhooks", hook.row.replace(
        "timeout: 5s", "timeout: 1s"), "webhook")
    try:
        senders = run(s, fault, lambda name: "hook pass")
        check(s, senders)
        assert not hook.wrong and len(hook.questions) >= CLIENTS
        assert "hook pass" not in "\n".join(s.log_lines())
    finally:
        s.close()
        hook.stop()


def deliver(service):
    wait_until(lambda: service.count("successNotification") >= CLIENTS, 90,
               why="notices that are lost")
    service.instead.clear()


def intune(fault):
    s = server({})
    secret = s.state / "keys/intune.secret"
    secret.write_text(standin.CLIENT_SECRET + "\n")
    secret.chmod(0o600)
    with standin.Intune.scratch() as service:
        write_configuration(
            s, "intune", service.options("keys/intune.secret", timeout="1s",
                                         revocation=False), "intune")
        # The first notices are lost: what is issued has to wait.
        service.instead["successNotification"] = "drop"
        threading.Thread(target=deliver, args=(service,), daemon=True).start()
        try:
            senders = run(s, fault, lambda name: service.challenge(
                f"CN={name}", [f"dns:{name}"], size=600))
            assert not service.refusals, service.refusals
            first = min(t for t, what, outcome in service.events
                        if (what, outcome) == ("successNotification",
                                               "Success"))
            assert all(t.at > first for t in senders)
            # Each of the senders' own certificates, and no other.
            assert {int(n["serial"], 16) for n in service.issued} == {
                int(scep.serial(t.certificate), 16) for t in senders}
            check(s, senders)
        finally:
            s.close()


def timed(one, point):
    began = time.monotonic()
    one(point)
    print(point, f"{time.monotonic() - began:.0f} s ok", flush=True)


if __name__ == "__main__":
    points, one = {"webhook": (WEBHOOK, webhook),
                   "intune": (INTUNE, intune)}[sys.argv[1]]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(timed, one, p) for p in points
                     if not sys.argv[2:] or p in sys.argv[2:]]:
            done.result()
