"""OCSP responders: kill -9 at every step of a rotation leaves no gap and no
double; a key that an operator replaced is certified at the next start; without
one all but OCSP goes on."""
import os
import subprocess
import sys

import record
from support.server import Server, wait_until

# The first issuance of a start at two thirds of the responder's life is its own.
STEPS = ("responder.", "issue.", "journal.", "signer.reply")


def responders(s):
    """All on record, and the one that signs."""
    certificates = s.cli("cert", "list", parse=True)["certificates"]
    live = s.cli("ca", "show", "issuing", parse=True)["responder"]
    return [c for c in certificates if c["profile"] == "ocsp-responder"], live


def live(s):
    def shown():
        try:
            return responders(s)[1]
        except AssertionError:  # between two lives of the server
            return None
    return wait_until(shown, 30, why="a live responder")


def rotation(point):
    with Server.fresh(name="Responder") as s:
        first = live(s)
        metrics = s.get("/metrics", "ops")[2].decode()
        assert 'chancery_ocsp_responder_not_after_seconds{ca="issuing"} ' \
            in metrics, metrics
        s.stop()
        s.configure({"testing.clock_offset": "61d"})
        s.start(fault=f"{point}:1:kill", ready=False)
        wait_until(lambda: f"fault {point} reached" in
                   "\n".join(s.log_lines()), 30, why=f"{point} to be reached")

        def rotated():
            now = live(s)
            return now["serial"] != first["serial"] and now
        second = wait_until(rotated, 30, why="the new responder")
        # They overlap, and there is exactly one new one.
        assert second["not_before"] < first["not_after"], (first, second)
        assert first["not_after"] < second["not_after"], (first, second)
        assert len(responders(s)[0]) == 2, responders(s)
        s.stop()
        s.start()
        assert live(s)["serial"] == second["serial"]
        assert len(responders(s)[0]) == 2, responders(s)
        s.stop()
        record.check(s)
        print(point, "ok")


def replaced_key():
    with Server.fresh(name="Responder") as s:
        first = live(s)
        s.stop()
        key = s.state / "keys" / "ocsp.key"
        clear = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256"], check=True,
            stdout=subprocess.PIPE).stdout
        key.write_bytes(subprocess.run(
            ["openssl", "pkcs8", "-topk8", "-scrypt", "-passout",
             f"file:{s.state}/keys/passphrase"], check=True, input=clear,
            stdout=subprocess.PIPE).stdout)
        s.start()
        second = live(s)
        assert second["serial"] != first["serial"]
        assert second["key_hash"] != first["key_hash"]
        assert len(responders(s)[0]) == 2
        s.stop()
        # Without the key: told, and nothing else stops.
        key.rename(key.with_suffix(".away"))
        s.start()
        assert responders(s)[1] is None
        assert any(s.log_events("responder-key-missing"))
        s.stop()
        key.with_suffix(".away").rename(key)
        s.start()
        assert live(s)["serial"] == second["serial"]
        assert len(responders(s)[0]) == 2
        s.stop()
        record.check(s)
        print("replaced key ok")


if sys.argv[1] == "key":
    replaced_key()
else:
    points = subprocess.run(
        [os.environ["CHANCERY"], "serve", "--list-faults"], check=True,
        stdout=subprocess.PIPE, text=True).stdout.split()
    todo = [p for p in points if p.startswith(
        tuple(sys.argv[2:]) or STEPS)]
    assert todo, "this binary lists no such fault points"
    for p in todo:
        rotation(p)
