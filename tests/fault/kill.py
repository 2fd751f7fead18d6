"""kill -9 at every fault point of a flow: never two certificates for an order,
never a lost one; the client that goes on ends with exactly one."""
import json
import os
import pathlib
import subprocess
import sys

import record
from support.acme_driver import Client, Responder
from support.approvals import ask
from support.server import Server, wait_until

ISSUE = ("account.insert", "order.insert", "challenge.start",
         "validation.finish", "issue.", "journal.", "signer.reply",
         "writer.commit")
REVOKE = ("revoke.", "crl.")
RENEW = ("tls.renew",)
LOG = ("log.",)
BULK = ("bulk.", "compromise.")
ENROL = ("token.", "approval.decide")


def points(prefixes, binary):
    out = subprocess.run([binary, "serve", "--list-faults"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout.split()
    return [p for p in out if p.startswith(prefixes)]


def reached(s, point):
    text = "\n".join(s.log_lines())
    assert f"fault {point} reached" in text, f"{point} was not reached"


def issue_flow(point):
    with Server.fresh(name="Kill") as s:
        s.stop()
        # A passage in the middle of the flow, not one of the start.
        passage = 6 if point.startswith("writer.") else \
            2 if point.startswith(("journal.", "signer.")) else 1
        s.start(fault=f"{point}:{passage}:kill", ready=False)
        responder = Responder(s.ports["http01"])
        client = Client(s, responder).register()
        order, certificate, _ = client.issue("www.kill.test")
        if order["status"] == "invalid":
            # Refused is allowed only if nothing was released for it.
            assert certificate is None
            order, certificate, _ = client.issue("www.kill.test")
        assert certificate is not None, order
        # More of them, so that a later passage is reached too.
        for i in range(3):
            _, more, _ = client.issue(f"n{i}.kill.test")
            assert more is not None
        responder.close()
        serial = f"{certificate.serial_number:040x}"
        row = s.cli("cert", "show", serial, parse=True)
        assert row["status"] in ("valid", "issued"), row
        reached(s, point)
        s.stop()
        kinds = record.check(s)
        print(point, dict(kinds))


def revoke_flow(point):
    with Server.fresh(name="Kill") as s:
        responder = Responder(s.ports["http01"])
        client = Client(s, responder).register()
        _, certificate, _ = client.issue("www.kill.test")
        serial = f"{certificate.serial_number:040x}"
        s.stop()
        s.start(fault=f"{point}:1:kill", ready=False)
        client.nonce = client.connection = None
        try:
            client.revoke(certificate)
        except Exception as e:  # an answer of the next life: already revoked
            assert getattr(e, "type", "") == "alreadyRevoked", e

        def listed():
            try:
                status, _, crl = s.get("/crl/issuing.crl")
            except OSError:
                return False
            if status != 200:
                return False
            text = subprocess.run(
                ["openssl", "crl", "-inform", "DER", "-noout", "-text"],
                input=crl, stdout=subprocess.PIPE, check=True).stdout
            return serial.upper() in text.decode()
        wait_until(listed, 20, why="the serial in the CRL")
        wait_until(lambda: f"fault {point} reached" in
                   "\n".join(s.log_lines()), 20, why=f"{point} to be reached")
        responder.close()
        s.stop()
        record.check(s)
        print(point, "ok")


SHARDS = "profiles:\n  sharded: {ca: issuing, crl_shards: true}\n"


def crl_text(s, path):
    try:
        status, _, crl = s.get(path)
    except OSError:
        return ""
    if status != 200:
        return ""
    return subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-noout", "-text"], input=crl,
        stdout=subprocess.PIPE, check=True).stdout.decode()


def numbers(s):
    return {r["url"]: r["number"]
            for r in s.cli("crl", "show", "issuing", parse=True)["crls"]}


def crl_flow(point):
    """The delta is published first, the shard's CRL after it."""
    for passage in (1, 2):
        s = Server.fresh(name="Kill")
        try:
            path = s.state / "chancery.yaml"
            path.write_text(path.read_text().replace("profiles:\n", SHARDS, 1))
            s.configure({"crl.shards": 1, "crl.delta": "1h"})
            s.start()
            _, csr = s.csr("shard.kill.test")
            row = s.cli("cert", "issue", "--csr", csr, "--profile", "sharded",
                        parse=True)
            serial = row["serial"].upper()
            wait_until(lambda: crl_text(s, "/crl/issuing-delta.crl"), 10,
                       why="the first delta")
            before = numbers(s)
            s.stop()
            s.start(fault=f"{point}:{passage}:kill", ready=False)
            wait_until(lambda: s.cli("cert", "revoke", serial, check=False)
                       .returncode in (0, 1), 20, why="the revocation")
            for path in ("/crl/issuing-delta.crl", "/crl/issuing/1.crl"):
                wait_until(lambda: serial in crl_text(s, path), 20,
                           why=f"the serial in {path}")
            wait_until(lambda: f"fault {point} reached" in
                       "\n".join(s.log_lines()), 20,
                       why=f"{point} to be reached")
            after = numbers(s)
            assert all(after[u] >= before[u] for u in before), (before, after)
            s.cli("crl", "now")
            now = numbers(s)
            assert all(now[u] > before[u] for u in before
                       if "delta" not in u), (before, now)
            assert serial in crl_text(s, "/crl/issuing.crl")
            s.stop()
            record.check(s)
            s.cli("log", "verify")
            print(point, passage, "ok")
        finally:
            s.close()


def renew_flow(point):
    s = Server.fresh(name="Kill")
    try:
        s.configure({"testing.clock_offset": "25d"})
        s.start(fault=f"{point}:1:kill", ready=False)
        wait_until(lambda: any(s.log_events("ready")), 30, why="readiness")
        reached(s, point)
        # Its certificate is of a time that this test's own clock is not in.
        assert s.get("/healthz", "http")[0] == 200
        s.stop()
        record.check(s)
        print(point, "ok")
    finally:
        s.close()


def log_flow(point):
    """The next life signs what this one did not tell, and nothing else."""
    with Server.fresh(name="Kill") as s:
        s.stop()
        s.start(fault=f"{point}:1:kill", ready=False)
        wait_until(lambda: f"fault {point} reached" in
                   "\n".join(s.log_lines()), 30, why=f"{point} to be reached")
        wait_until(lambda: len(list(s.log_events("ready"))) >= 2, 30,
                   why="the next life")
        key, csr = s.csr("www.kill.test")
        s.cli("cert", "issue", "--csr", csr, "--profile", "default")

        def covered():
            found = s.cli("log", "checkpoint", "--json", check=False)
            rows = len(s.cli("log", "export").splitlines())
            return found.returncode == 0 and \
                json.loads(found.stdout)["size"] == rows
        wait_until(covered, 20, why="a checkpoint of all rows")
        s.stop()
        record.check(s)
        report = s.cli("log", "verify", parse=True)
        assert report["holds"] and report["checkpoints"] > 0, report
        print(point, report["rows"], "rows hold")


def issue_many(s, count):
    """Certificates of one key by the control socket: serials."""
    _, csr = s.csr("many.kill.test")
    text = pathlib.Path(csr).read_text()
    out = []
    for i in range(count):
        out.append(s.control("/certs", {
            "csr": text, "profile": "default",
            "names": [f"dns:n{i}.kill.test"]})["serial"])
    return csr, out


def all_or_none(s, serials, before):
    """Each of them is off, in the record and on the CRL; or none is."""
    def settled():
        try:
            listed = s.crl_serials() & set(serials)
            rows = s.cli("cert", "list", "--limit", 1000, "--status",
                         "revoked", parse=True)["certificates"]
        except (OSError, AssertionError):
            return False
        off = {r["serial"] for r in rows} & set(serials)
        return off == listed == (set() if before else set(serials))
    wait_until(settled, 30, every=0.3,
               why="none" if before else "all of them to be revoked")


def bulk_flow(point):
    """Many by one decision, and all that has a key: kill -9 at each step."""
    step = point.startswith("bulk.step")
    with Server.fresh(name="Kill") as s:
        csr, serials = issue_many(s, 230)
        s.stop()
        # The second step of two: the first is done, and is not done again.
        s.start(fault=f"{point}:{2 if step else 1}:kill", ready=False)
        wait_until(lambda: any(s.log_events("ready")) and
                   s.port_open("http"), 30, why="readiness")
        wait_until(lambda: s.cli("cert", "list", "--limit", 1,
                                 check=False).returncode == 0, 20)
        if point.startswith("compromise."):
            words = ["cert", "revoke", "--key-proof", csr]
        else:
            words = ["cert", "revoke", "--name", "*.kill.test",
                     "--profile", "default", "--reason", "superseded"]
            plan = s.cli(*words, parse=True)
            assert plan["count"] == len(serials), plan
            words += ["--confirm", plan["set_sha256"]]
        done = s.cli(*words, check=False)
        wait_until(lambda: f"fault {point} reached" in
                   "\n".join(s.log_lines()), 20, why=f"{point} to be reached")
        # Acknowledged or not, what was not durable never happened.
        before = point.endswith(("begin.before", "block.before"))
        assert not before or done.returncode != 0, done
        all_or_none(s, serials, before)
        s.stop()
        s.start()
        all_or_none(s, serials, before)
        s.stop()
        kinds = record.check(s)
        assert kinds["cert-revoked"] == (0 if before else len(serials)), kinds
        assert s.cli("log", "replay", parse=True)["agrees"]
        print(point, dict(kinds))


def leaves(s, *kinds):
    return [body for _, kind, body in record.events(s) if kind in kinds]


def enrol_flow(point):
    """An operator's act dies under way: it is done once, or not at all."""
    with Server.fresh(name="Kill") as s:
        s.stop()
        name = "enrol.kill.test"
        ask(s, name, "anonymous 192.0.2.1")
        s.start()
        s.cli("operator", "add", "alice")
        shown = s.cli("approval", "show", name, parse=True)
        s.stop()
        s.start(fault=f"{point}:1:kill", ready=False)
        act = ("token", "create", "--profile", "default") \
            if point.startswith("token.") else \
            ("approval", "approve", name, "--hash",
             shown["request_sha256"], "--as", "alice")

        def acted():
            done = s.cli(*act, check=False)
            return done if done.returncode != 3 else None
        last = wait_until(acted, 30, why="an answer")
        reached(s, point)
        tokens = s.cli("token", "list", parse=True)["tokens"]
        status = s.cli("approval", "show", name, parse=True)["status"]
        s.stop()
        record.check(s)
        if point.startswith("token."):
            # One that nobody has seen the secret of may be left.
            assert last.returncode == 0, last
            assert len(tokens) == (2 if point.endswith("after") else 1)
            assert {b["id"] for b in leaves(s, "token")} == \
                {t["id"] for t in tokens}
        else:
            assert status == "approved", status
            assert last.returncode == (1 if point.endswith("after") else 0)
            assert len(leaves(s, "approval")) == 1
        print(point, "ok")


flows = {"issue": (ISSUE, issue_flow), "revoke": (REVOKE, revoke_flow),
         "renew": (RENEW, renew_flow), "enrol": (ENROL, enrol_flow),
         "log": (LOG, log_flow), "bulk": (BULK, bulk_flow),
         "crl": (("crl.",), crl_flow)}
prefixes, flow = flows[sys.argv[1]]
binary = os.environ["CHANCERY"]
todo = points(sys.argv[2:] and tuple(sys.argv[2:]) or prefixes, binary)
assert todo, "this binary lists no such fault points"
for p in todo:
    flow(p)
