"""A full disk rolls back and is told as 503, status goes on; a failing fsync
stops the server, which comes back status-only until a write holds."""
import record
from support.acme_driver import Client, Refused, Responder
from support.server import Server, wait_until


def until_refused(client):
    """Issues until the server says that it cannot; what it says."""
    try:
        client.register()
        for i in range(20):
            try:
                client.issue(f"n{i}.full.test")
            except AssertionError:
                # The outcome of a validation found no room: it stays due.
                client.new_order("again.full.test")
    except Refused as e:
        return e
    raise AssertionError("the disk never was full")


def full_disk():
    with Server.fresh(name="Full") as s:
        responder = Responder(s.ports["http01"])
        s.stop()
        # From the 40th write on the disk is full for this life.
        s.start(fault="vfs.write:40+:enospc")
        client = Client(s, responder, patience=2)
        e = until_refused(client)
        assert e.status == 503, e
        status, _, crl = s.get("/crl/issuing.crl")
        assert status == 200 and crl, status
        status, _, _ = s.get("/ca/issuing.cer")
        assert status == 200
        assert "fault vfs.write reached" in "\n".join(s.log_lines())
        assert s.process.poll() is None
        s.stop()
        # There is room again: the record is whole and the next run works.
        s.start()
        client = Client(s, responder).register()
        _, certificate, _ = client.issue("after.full.test")
        assert certificate is not None
        responder.close()
        s.stop()
        record.check(s)


def little_room():
    """Not ready before the first issuance fails: a probe alone would fit."""
    with Server.fresh(name="Room") as s:
        s.stop()
        s.start(fault="vfs.room:2+:enospc")
        assert s.get("/readyz")[0] == 200
        wait_until(lambda: s.get("/readyz")[0] == 503, 30, why="not ready")
        assert b"store not writable" in s.get("/readyz")[2]
        assert s.get("/healthz")[0] == 200
        status, _, crl = s.get("/crl/issuing.crl")
        assert status == 200 and crl, status
        assert "fault vfs.room reached" in "\n".join(s.log_lines())
        s.stop()
        s.start()
        assert s.get("/readyz")[0] == 200


def failing_fsync():
    with Server.fresh(name="Fsync") as s:
        responder = Responder(s.ports["http01"])
        s.stop()
        s.start(fault="vfs.sync:12:eio")
        client = Client(s, responder, patience=40).register()
        for i in range(12):
            order, certificate, _ = client.issue(f"n{i}.fsync.test")
            assert certificate is not None or order["status"] == "invalid"
        text = "\n".join(s.log_lines())
        assert "fault vfs.sync reached" in text
        assert any(s.log_events("store-broken")), "nothing stopped"
        assert any(s.log_events("status-only")), "it came back as if whole"
        assert not any(s.log_events("server-not-started")), \
            "it could not start status-only"
        wait_until(lambda: s.get("/readyz")[0] == 200, 20, why="readiness")
        responder.close()
        s.stop()
        record.check(s)


full_disk()
little_room()
failing_fsync()
