"""The log: a verifier that shares no code recomputes it over HTTP; each way of
tampering with a state directory is found by `log verify`, which says what."""
import base64
import hashlib
import json
import os
import shutil
import signal
import sqlite3

from cryptography.hazmat.primitives.serialization import (Encoding,
                                                          PublicFormat)

from client import run, server, wait_until
from support import tlog_verify as tlog
from support.acme_driver import Client, Responder
from support.server import Server

# More than a tile of the second level: 256 * 256.
MANY = 66000


def database(s):
    return sqlite3.connect(s.state / "db/chancery.db", isolation_level=None)


def append(s, n):
    """Rows as the writer makes them, faster than by commands."""
    db = database(s)
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO log (at, kind, body) VALUES (1800000000, 'operator', ?)",
        ((f'{{"at":1800000000,"data":{{"n":{i}}},"kind":"operator"}}'.encode(),)
         for i in range(n)))
    db.execute("COMMIT")
    db.close()


def entries(s):
    return s.cli("log", "export").encode().splitlines()


def grown(s):
    """The newest checkpoint once it covers every row."""
    def covers():
        done = s.cli("log", "checkpoint", "--json", check=False)
        if done.returncode != 0:
            return None
        found = json.loads(done.stdout)
        return found if found["size"] == len(entries(s)) else None
    return wait_until(covers, 60, 0.3, "a checkpoint of all rows")


def fails(what, *says):
    """The verifier refuses."""
    try:
        what()
    except tlog.Bad as e:
        assert not says or says[0] in str(e), e
    else:
        raise AssertionError("the independent verifier was content")


def issue(s, name):
    _, csr = s.csr(name)
    return s.cli("cert", "issue", "--csr", csr, "--profile", "default",
                 parse=True)["serial"]


def small_log(s):
    """Entries, proofs and their forgeries on a log of one partial tile."""
    serials = [issue(s, f"n{i}.log.test") for i in range(3)]
    s.cli("cert", "revoke", serials[0], "--reason", "superseded")
    responder = Responder(s.ports["http01"])
    Client(s, responder).register().issue("www.log.test")
    responder.close()
    s.cli("cert", "revoke", serials[1], "--reason", "keyCompromise")
    # The reason of a revocation may become this one, and the key is blocked.
    s.cli("cert", "revoke", serials[0], "--reason", "keyCompromise",
          check=False)
    head = grown(s)
    key = head["key"]
    log = tlog.Log(f"{s.http_url}/log", key)
    assert log.verify_entries(entries(s)) == head["size"]
    kept = s.top / "kept.checkpoint"
    kept.write_bytes(log.note)

    proof = s.top / "serial.tlog-proof"
    s.cli("log", "prove", serials[1], "--to", proof)
    index, entry, size = tlog.open_proof(proof.read_bytes(), key)
    assert json.loads(entry)["serial"] == serials[1].lower().replace(":", "")
    assert entries(s)[index] == entry and size == head["size"]
    out = run(s.binary, "log", "check-proof", proof, "--key", key).stdout
    assert entry.decode() in out

    # Not one character of it, nor of the key, may be another.
    text = proof.read_text()
    for old, new in (("index ", "index 1"), ("\nextra ", "\nextra AAAA"),
                     (f"\n{size}\n", f"\n{size + 1}\n")):
        assert old in text
        forged = s.top / "forged.tlog-proof"
        forged.write_text(text.replace(old, new, 1))
        fails(lambda: tlog.open_proof(forged.read_bytes(), key))
        assert run(s.binary, "log", "check-proof", forged, "--key", key,
                   check=False).returncode == 1
    other = tlog.ed25519.Ed25519PrivateKey.generate()
    octets = b"\x01" + other.public_key().public_bytes(
        Encoding.Raw, PublicFormat.Raw)
    name = head["origin"]
    ident = tlog.hashlib.sha256(name.encode() + b"\n" + octets).hexdigest()[:8]
    stranger = f"{name}+{ident}+{base64.b64encode(octets).decode()}"
    fails(lambda: tlog.open_proof(proof.read_bytes(), stranger))
    assert run(s.binary, "log", "check-proof", proof, "--key", stranger,
               check=False).returncode == 1
    terminal(s, other, stranger)
    return key, kept, other, stranger


def terminal(s, signer, key):
    """Whoever has the log's key has no word at the auditor's terminal."""
    name, ident, _ = tlog.parse_key(key)
    name = name if isinstance(name, str) else name.decode()
    proof = s.top / "escape.tlog-proof"
    for entry in (b"\x1b]0;all agree\x07", "\u009b2J".encode(), b"\xff\x00"):
        text = "\n".join((name, "1", base64.b64encode(
            tlog.leaf_hash(entry)).decode(), "")).encode()
        line = base64.b64encode(ident + signer.sign(text)).decode()
        proof.write_bytes(
            b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(entry) +
            b"\nindex 0\n\n" + text +
            f"\n\u2014 {name} {line}\n".encode())
        out = run(s.binary, "log", "check-proof", proof, "--key", key).stdout
        assert out.isascii() and "in base64" in out and \
            base64.b64encode(entry).decode() in out, out
        out = run(s.binary, "log", "check-proof", proof, "--key", key,
                  "--json").stdout
        assert base64.b64decode(
            json.loads(out)["entry_base64"]) == entry, out


def hung_signer(s):
    """Who waits for a checkpoint holds up nothing else; metrics tell."""
    size = grown(s)["size"]
    m = s.metrics()
    assert m["chancery_log_entries"] == size
    assert m["chancery_log_waiting"] == 0
    assert m["chancery_log_checkpoint_age_seconds"] < 600
    pid = s.children()["signer"]
    os.kill(pid, signal.SIGSTOP)
    try:
        s.cli("operator", "add", "auditor")
        wait_until(lambda: s.metrics()["chancery_log_waiting"] == 1, 5, 0.1,
                   "the entry that waits")
        wait_until(lambda: s.get("/readyz")[0] == 503, 4, 0.1,
                   "that the signer does not answer")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: s.metrics()["chancery_log_entries"] == size + 1, 20,
               0.2, "the checkpoint")
    wait_until(lambda: s.get("/readyz")[0] == 200, 5, 0.1, "ready")


def http(s, size):
    """Headers and refusals of both listeners."""
    for kind in ("http", "https"):
        status, headers, _ = s.get("/log/checkpoint", kind)
        assert status == 200 and "max-age=1" in headers["Cache-Control"]
        status, headers, data = s.get("/log/tile/0/000", kind)
        assert status == 200 and len(data) == 8192
        assert "immutable" in headers["Cache-Control"]
        # What was partial stays there when it is full.
        status, _, part = s.get("/log/tile/0/000.p/7", kind)
        assert status == 200 and part == data[:7 * 32]
    for path in ("0/x999/000", "0/0", "0/000.p/0", "0/000.p/256", "0/x000/001",
                 "3/000", "63/000", "64/000", "entries/000", "0/../0/000",
                 f"0/{size // 256:03d}"):
        assert s.get(f"/log/tile/{path}")[0] == 404, path


def large_log(s, key, kept):
    """A log of three levels, after a start that had to catch up."""
    s.stop()
    append(s, MANY)
    s.start()
    head = grown(s)
    assert head["size"] > MANY and head["key"] == key
    log = tlog.Log(f"{s.http_url}/log", key)
    rows = entries(s)
    assert log.verify_entries(rows) == head["size"]
    http(s, head["size"])
    for position in (1, 256, 257, 65536, 65537, head["size"]):
        proof = s.cli("log", "prove", position).encode()
        index, entry, _ = tlog.open_proof(proof, key)
        assert index == position - 1 and entry == rows[index]

    # Consistency: line by line what RFC 6962 section 2.1.2 says.
    leaves = [tlog.leaf_hash(r) for r in rows[:head["size"]]]
    _, old, root = tlog.open_checkpoint(kept.read_bytes(),
                                        tlog.parse_key(key))
    file = s.top / "grown.proof"
    for since in (kept, 1, 256, 65536, 65537, head["size"]):
        size = old if since is kept else since
        file.write_text(s.cli("log", "prove", "--consistency", since))
        lines = file.read_text().partition("\n\n")[0].split("\n")
        expected = [base64.b64encode(h).decode()
                    for h in tlog.consistency(size, leaves)]
        first = base64.b64encode(tlog.mth(leaves[:size])).decode()
        assert lines[1:] == [f"old {size} {first}", *expected], since
        run(s.binary, "log", "check-proof", file, "--key", key)
    assert base64.b64encode(root).decode() == \
        base64.b64encode(tlog.mth(leaves[:old])).decode()
    s.cli("log", "verify", "--key", key, "--checkpoint", kept)


def restored(s, key):
    """A backup of the running server verifies, serves and goes on."""
    copy = s.top / "copy"
    s.cli("backup", "--to", copy)
    shutil.copy(s.state / "keys/passphrase", copy / "keys/passphrase")
    s.stop()
    away = s.top / "first"
    s.state.rename(away)
    copy.rename(s.state)
    s.cli("log", "verify", "--key", key)
    s.start()
    issue(s, "restored.log.test")
    grown(s)
    assert not list(s.log_events("log-checkpoint"))
    s.cli("log", "verify", "--key", key)
    # An older database under the journal: the signer says so and signs none.
    s.stop()
    shutil.copy(away / "db/chancery.db", s.top / "older.db")
    for f in (s.state / "db").iterdir():
        f.unlink()
    shutil.copy(s.top / "older.db", s.state / "db/chancery.db")
    db = database(s)
    unlocked(db)
    last = db.execute("SELECT max(position) FROM log").fetchone()[0]
    db.execute("DELETE FROM checkpoint WHERE size > ?", (last - 4,))
    db.execute("DELETE FROM log WHERE position > ?", (last - 4,))
    db.close()
    done = s.cli("log", "verify", check=False)
    assert done.returncode == 1 and "its end is missing" in done.stdout, done
    s.start()
    told = wait_until(lambda: list(s.log_events("log-checkpoint")), 20,
                      why="the signer's refusal")
    assert "are not those of the checkpoint that was signed last" in \
        str(told[0]) or "the database is older than" in str(told[0]), told[0]
    s.stop()
    shutil.rmtree(s.state)
    away.rename(s.state)


def unlocked(db):
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE "
                              "type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA foreign_keys = OFF")


def position_of(db, kind):
    return db.execute("SELECT min(position) FROM log WHERE kind = ?",
                      (kind,)).fetchone()[0]


# ---- ways to tamper; each returns what must be said ----

def change_row(db, state):
    db.execute("UPDATE log SET body = ? WHERE position = 300", (
        b'{"at":1800000000,"data":{"n":-1},"kind":"operator"}',))
    return ["position 300: the row is not the one that was logged"]


def change_last_row(db, state):
    n = db.execute("SELECT max(position) FROM log").fetchone()[0]
    db.execute("UPDATE log SET body = ?, at = 1800000000, kind = 'operator' "
               "WHERE position = ?", (
                   b'{"at":1800000000,"data":{},"kind":"operator"}', n))
    return [f"the first {n} rows are not those of the stored checkpoint",
            f"the first {n} rows are not those of the signer's checkpoint"]


def not_canonical(db, state):
    db.execute("UPDATE log SET body = ? WHERE position = 300", (
        b'{"at": 1800000000,"data":{"n":1},"kind":"operator"}',))
    return ["position 300: the body is not canonical JSON",
            "position 300: the row is not the one that was logged"]


def change_certificate(db, state):
    p = position_of(db, "cert-intent")
    body = db.execute("SELECT body FROM log WHERE position = ?",
                      (p,)).fetchone()[0]
    o = json.loads(body)
    tbs = bytearray(base64.b64decode(o["tbs"]))
    tbs[-1] ^= 1
    o["tbs"] = base64.b64encode(bytes(tbs)).decode()
    text = json.dumps(o, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)
    db.execute("UPDATE log SET body = ? WHERE position = ?",
               (text.encode(), p))
    return [f"position {p}: the row is not the one",
            f"position {p}: the signer's journal has other to-be-signed bytes"]


def delete_row(db, state):
    p = position_of(db, "cert-intent")
    db.execute("DELETE FROM log WHERE position = ?", (p,))
    return [f"position {p}: no such row",
            f"position {p}: the signer has signed a certificate, the log has "
            "none there"]


def swap_rows(db, state):
    a, b = (db.execute("SELECT at, kind, body FROM log WHERE position = ?",
                       (p,)).fetchone() for p in (400, 500))
    for p, row in ((400, b), (500, a)):
        db.execute("UPDATE log SET at = ?, kind = ?, body = ? WHERE "
                   "position = ?", (*row, p))
    return [f"position {p}: the row is not the one" for p in (400, 500)]


def cut_tail(db, state):
    n = db.execute("SELECT max(position) FROM log").fetchone()[0]
    db.execute("DELETE FROM log WHERE position > ?", (n - 10,))
    return [f"there is a checkpoint of {n} entries, the log has {n - 10}",
            f"the signer has signed a checkpoint of {n} entries"]


def forge_checkpoint(db, state):
    """Signed with another key, which stands beside it."""
    db.execute("UPDATE checkpoint SET note = CAST(? AS TEXT), key = ? WHERE "
               "size = (SELECT max(size) FROM checkpoint)",
               (state["forged"], state["stranger"]))
    return ["it is of another key than the signer's journal says"]


def change_checkpoint(db, state):
    db.execute("UPDATE checkpoint SET note = replace(note, '=\n\n', "
               "'=\nmore\n\n')")
    return ["signature"]


def change_tile(db, state):
    db.execute("UPDATE log_tile SET hashes = zeroblob(8192) WHERE "
               "id = (1 << 56)")
    return ["tile 1/0: hash 0 is not that of the tile below"]


def lose_tile(db, state):
    db.execute("DELETE FROM log_tile WHERE id = 3")
    return ["tile 0/3 is missing"]


def several(db, state):
    return change_row(db, state) + swap_rows(db, state) + lose_tile(db, state)


def tampering(s, key, kept, stranger_key, stranger):
    head = grown(s)
    s.stop()
    text = head["note"].partition("\n\n")[0] + "\n"
    _, ident, public = tlog.parse_key(stranger)
    line = base64.b64encode(
        ident + stranger_key.sign(text.encode())).decode()
    state = {"stranger": public,
             "forged": f"{text}\n\u2014 {head['origin']} {line}\n".encode()}
    for way in (change_row, change_last_row, not_canonical,
                change_certificate, delete_row, swap_rows, cut_tail,
                forge_checkpoint, change_checkpoint, change_tile, lose_tile,
                several):
        with copy_of(s) as c:
            db = database(c)
            unlocked(db)
            says = way(db, state)
            db.close()
            done = c.cli("log", "verify", check=False)
            assert done.returncode == 1, (way.__name__, done)
            for sentence in says:
                assert sentence in done.stdout, (way.__name__, sentence,
                                                 done.stdout[-2000:])
            print(way.__name__, "is found")
    cut_both(s, kept)
    cut_journal(s)
    unrecorded(s)


def cut_both(s, kept):
    """Database and journal cut alike: only who kept a checkpoint sees it."""
    with copy_of(s) as c:
        path = c.state / "keys/signer.journal"
        size = int(kept.read_text().split("\n")[1])
        db = database(c)
        unlocked(db)
        db.execute("DELETE FROM log WHERE position > ?", (size - 5,))
        db.execute("DELETE FROM checkpoint WHERE size > ?", (size - 5,))
        db.execute("DELETE FROM log_tile")
        db.close()
        journal = path.read_bytes()
        keep = 128
        while keep < len(journal) and int.from_bytes(
                journal[keep + 8:keep + 16], "big") <= size - 5:
            keep += 128
        path.write_bytes(journal[:keep])
        assert c.cli("log", "verify", check=False).returncode == 0
        done = c.cli("log", "verify", "--checkpoint", kept, check=False)
        assert done.returncode == 1 and \
            "the kept checkpoint has" in done.stdout, done
        print("cut_both is found by a kept checkpoint")


def cut_journal(s):
    """A record taken out of the middle, and the journal's end cut off."""
    with copy_of(s) as c:
        path = c.state / "keys/signer.journal"
        journal = path.read_bytes()
        path.write_bytes(journal[:256] + journal[384:])
        done = c.cli("log", "verify", check=False)
        assert done.returncode == 1 and "damaged at octet 256" in done.stdout
        path.write_bytes(journal[:256])
        done = c.cli("log", "verify", check=False)
        assert done.returncode == 1 and \
            "the signer's journal does not know of it" in done.stdout, done
        print("cut_journal is found")


def records(journal, *new):
    """The journal with records behind it, as a signer would write them."""
    for kind, position in new:
        body = (b"CSJ1" + bytes([kind, 0, 0, 0]) +
                position.to_bytes(8, "big") + bytes(96))
        journal += body + hashlib.sha256(
            journal[-16:] + body).digest()[:16]
    return journal


def unrecorded(s):
    """Signed without a row, while a server says that it runs."""
    leaf, head = 1, 5
    for new, says in (
            ((leaf, 0), "an object at position 0"),
            ((leaf, 10**9), "signed 1 objects at positions behind the last"),
            ((leaf, 2**64 - 1), "signed 1 objects at positions behind"),
            ((head, 10**9), "signed a checkpoint of 1000000000 entries")):
        with copy_of(s) as c:
            (c.state / "run/listen.json").write_text(
                json.dumps({"pid": os.getpid(), "listeners": []}))
            path = c.state / "keys/signer.journal"
            path.write_bytes(records(path.read_bytes(), new))
            done = c.cli("log", "verify", check=False)
            assert done.returncode == 1 and says in done.stdout, (new, done)
    print("what was signed without a row is found")


# ---- the derived tables ----

def derived(s):
    """`log replay` rebuilds what the tables say, and finds what they make up."""
    s.cli("token", "create", "--profile", "default", "--uses", "3",
          "--name", "dns:token.log.test")
    out = s.cli("log", "replay", parse=True)
    assert out["operators"] == out["tokens"] == 1, out
    assert out["agrees"] and out["accounts"] == 1 and \
        out["blocked_keys"] >= 1 and out["certificates"] >= 6 and \
        out["revocations"] == 2 and out["crls"] >= 2, out
    s.stop()
    first = "(SELECT min(seq) FROM cert)"
    for change, says in (
            (f"UPDATE cert SET reason = 5 WHERE seq = {first}",
             " reason not as the log says"),
            ("UPDATE cert SET status = 2, revoked_at = 0, reason = -1 WHERE "
             "status = 3", " status revoked_at reason not as the log says"),
            (f"UPDATE cert_der SET tbs = x'00' WHERE cert_seq = {first}",
             " tbs not as the log says"),
            (f"DELETE FROM cert WHERE seq = {first}",
             ": the log has it, the live table has not"),
            ("DELETE FROM key_block", "blocked key"),
            ("UPDATE account SET thumbprint = zeroblob(32)",
             " thumbprint not as the log says"),
            ("INSERT INTO operator (name, uid, added_at, added_by) VALUES "
             "('eve', 7, 1, 'auditor')",
             "operator eve: in the live table, but no event"),
            ("UPDATE operator SET uid = 7", "operator auditor: the log has"),
            ("UPDATE token SET uses_left = 2", ": not as the log says"),
            ("UPDATE token SET names = ''", ": not as the log says"),
            ("INSERT INTO token (id, secret_sha256, profile, names, uses, "
             "uses_left, expires_at, created_at, created_by) VALUES ('t', "
             "zeroblob(32), 'default', '', 9, 9, 1900000000, 1, 'eve')",
             "token t: in the live table, but no event"),
            ("INSERT INTO approval (id, state, protocol, label, profile, "
             "requester, subject, names, request_sha256, spki_sha256, csr, "
             "created_at, expires_at, decided_at, decided_by) VALUES ('a', 2, "
             "'est', 'x', 'default', 'y', '', '', zeroblob(32), zeroblob(32), "
             "x'00', 1, 1900000000, 1, 'auditor')",
             "approval a: decided in the live table, but by no event"),
            ("INSERT INTO profile VALUES (zeroblob(32), 'x', '{}', 1)",
             "no event of the log made it"),
            ("DELETE FROM crl", "is not in the live table")):
        with copy_of(s) as c:
            db = database(c)
            unlocked(db)
            db.execute(change)
            db.close()
            done = c.cli("log", "replay", check=False)
            assert done.returncode == 1 and says in done.stdout, \
                (change, done)
    s.start()


class copy_of:
    """A copy of a stopped server's state directory."""

    def __init__(self, s):
        self.s = s

    def __enter__(self):
        self.c = Server(directory=self.s.top / "tampered")
        shutil.copytree(self.s.state, self.c.state,
                        ignore=shutil.ignore_patterns("run"))
        (self.c.state / "run").mkdir()
        return self.c

    def __exit__(self, *_):
        shutil.rmtree(self.c.top)


with server() as s:
    key, kept, stranger_key, stranger = small_log(s)
    hung_signer(s)
    derived(s)
    large_log(s, key, kept)
    restored(s, key)
    s.start()
    tampering(s, key, kept, stranger_key, stranger)
print("the log holds, and what does not hold is found")
