#!/usr/bin/env python3
"""From exec to ready with many certificates stored, and idle memory.

    start.py --chancery build/release/src/main/chancery \\
             --load build/release/bench/acme/acme-load [--certs N] [--work DIR]

A real server issues a few certificates; then the last of them is copied N times
into its store, its issuance log and its signer's journal, one in a hundred of
them revoked, and the server is started again and again.  The time is that until
"ready"; memory is the resident set of the three processes, a while after that.
Prints JSON; nothing fails for being slow.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

from server import Server  # noqa: E402

SLOT = 128  # of the journal: src/signer/journal.h
LEAF = 1
ISSUED, REVOKED = 2, 3
MONTH = 30 * 86400
CHUNK = 10000


class Quiet(Server):
    """acme-load answers DNS itself."""

    def start_dns(self):
        return


def issue_some(server, load, flows):
    subprocess.run(
        [load, "--directory", server.directory, "--cacert", server.root,
         "--clients", "2", "--flows", str(flows), "--http-port",
         str(server.ports["http01"]), "--dns-port", str(server.dns_port)],
        stdout=subprocess.DEVNULL, check=True)


def row_of(db, table, where):
    cursor = db.execute(f"SELECT * FROM {table} WHERE {where}")
    names = [d[0] for d in cursor.description]
    return dict(zip(names, cursor.fetchone()))


def insert(db, table, rows):
    names = list(rows[0])
    db.executemany(
        f"INSERT INTO {table} ({','.join(names)}) VALUES "
        f"({','.join('?' * len(names))})",
        [[row[n] for n in names] for row in rows])


def serial_at(serial, at):
    """Node and 40 bits of seconds stand before the random part."""
    return serial[:1] + at.to_bytes(5, "big") + os.urandom(14)


def fill_store(path, n):
    """Makes the copies, each with a key and a name of its own, and gives away
    (log position of the intent, serial, tbs, seconds)."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -1000000")
    cert = row_of(db, "cert", "seq = (SELECT max(seq) FROM cert WHERE "
                  f"status = {ISSUED} AND order_id IS NOT NULL)")
    der = row_of(db, "cert_der", f"cert_seq = {cert['seq']}")
    name = row_of(db, "cert_name", f"cert_seq = {cert['seq']}")
    events = [row_of(db, "log", f"position = {cert[c]}")
              for c in ("intent_position", "issued_position")]
    position, = db.execute("SELECT max(position) FROM log").fetchone()
    seq, = db.execute("SELECT max(seq) FROM cert").fetchone()
    now = int(time.time())
    for first in range(0, n, CHUNK):
        rows = {"log": [], "cert": [], "cert_der": [], "cert_name": []}
        for i in range(first, min(first + CHUNK, n)):
            seq += 1
            at = now - MONTH + i * (MONTH - 7200) // n
            serial = serial_at(cert["serial"], at)
            tbs = der["tbs"].replace(cert["serial"], serial)
            off = i % 100 == 0
            for event in events:
                position += 1
                rows["log"].append({**event, "position": position, "at": at})
            rows["cert"].append({
                **cert, "seq": seq, "id": f"copy-{i}", "serial": serial,
                "status": REVOKED if off else ISSUED, "created_at": at,
                "not_before": at, "not_after": at + 3 * MONTH,
                "order_id": f"order-{i}", "intent_position": position - 1,
                "issued_position": position, "spki_sha256": os.urandom(32),
                "revoked_at": at if off else 0, "reason": 4 if off else -1})
            rows["cert_der"].append({**der, "cert_seq": seq, "tbs": tbs})
            rows["cert_name"].append({**name, "cert_seq": seq})
            yield position - 1, serial, tbs, at
        for table, values in rows.items():
            insert(db, table, values)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def fill_journal(path, made):
    slots = path.read_bytes()
    last = slots[-SLOT:]
    model = next(slots[i:i + SLOT] for i in range(SLOT, len(slots), SLOT)
                 if slots[i + 4] == LEAF)
    check, out = last[-16:], bytearray()
    for position, serial, tbs, at in made:
        body = (model[:8] + position.to_bytes(8, "big") +
                (at * 1000000).to_bytes(8, "big") + model[24:56] +
                serial.ljust(24, b"\0") + hashlib.sha256(tbs).digest())
        check = hashlib.sha256(check + body).digest()[:16]
        out += body + check
    with open(path, "ab") as f:
        f.write(out)


def processes(server):
    return {"supervisor": server.process.pid, **server.children()}


def memory_kb(pid, what):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() \
            .splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1])
    raise AssertionError(f"no {what} of process {pid}")


def memory(server):
    # Warm: its first housekeeping is done, a client was served.
    time.sleep(3)
    pids = processes(server)
    each = {name: memory_kb(pid, "Rss") for name, pid in pids.items()}
    return {"rss_kb": each, "rss_sum_mb": round(sum(each.values()) / 1024, 1),
            "pss_sum_mb": round(sum(
                memory_kb(pid, "Pss") for pid in pids.values()) / 1024, 1)}


def starts(server, rounds):
    times = []
    for _ in range(rounds):
        server.kill()
        begun = time.monotonic()
        server.start()
        times.append(time.monotonic() - begun)
    return {"ready_s_median": round(statistics.median(times), 3),
            "ready_s_max": round(max(times), 3)}


def measure(options, work):
    with Quiet(directory=work / "chancery", name="Bench") as server:
        issue_some(server, options.load, 4)
        out = {"empty": {**starts(server, options.rounds), **memory(server)}}
        server.stop()
        fill_journal(
            server.state / "keys/signer.journal",
            fill_store(server.state / "db/chancery.db", options.certs))
        server.start()
        out["full"] = {"certs": options.certs,
                       **starts(server, options.rounds), **memory(server)}
        # It is a server still.
        issue_some(server, options.load, 4)
        server.stop()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chancery", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--certs", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", default=".", help="on a real disk")
    options = parser.parse_args()
    os.environ["CHANCERY"] = str(pathlib.Path(options.chancery).resolve())
    options.load = str(pathlib.Path(options.load).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-start-",
                                         dir=options.work)).resolve()
    try:
        print(json.dumps({"bench": "start", **measure(options, work)},
                         indent=2))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
