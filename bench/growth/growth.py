#!/usr/bin/env python3
"""What a million stored certificates cost: each rate of an empty server and of
a full one, in turns.

    growth.py --chancery build/release/src/main/chancery \\
              --bench build/release/bench [--certs N] [--work DIR]

Two real servers stand side by side; the store, the log and the journal of one
have N certificates more, with as many keys, and as many requests of SCEP
(bench/start makes them). Both are loaded in turns, round after round: issuance
by ACME, SCEP and EST, OCSP from the cache and with nonces, and the time from a
revocation to the answer that says so. Figures are medians of the rounds, work
per second of server CPU, and full to empty as a ratio. Prints JSON.
"""
import argparse
import contextlib
import importlib.util
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
for folder in ("tests", "tests/interop"):
    sys.path.insert(0, str(ROOT / folder))

import est_server  # noqa: E402
import scep_server  # noqa: E402
from support.server import wait_until  # noqa: E402


def bench(name):
    """The other benchmarks: tests have files of the same names."""
    spec = importlib.util.spec_from_file_location(
        f"bench_{name}", ROOT / f"bench/{name}/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


est, ocsp, scep, start = map(bench, ("est", "ocsp", "scep", "start"))

CERTIFICATES = 20  # that OCSP is asked for
REVOCATIONS = 5


def configure(server):
    est_server.configure(server, est.LABELS, [("dev", None)])
    # One table of profiles has room for both.
    path = server.state / "chancery.yaml"
    text = path.read_text()
    mine = scep_server.PROFILES
    scep_server.PROFILES = "".join(
        line for line in mine.splitlines(True)
        if f"  {line.split(':')[0].strip()}: " not in text)
    try:
        scep_server.configure(server, scep.PROFILES)
    finally:
        scep_server.PROFILES = mine


def fill(server, certs):
    start.fill_journal(server.state / "keys/signer.journal",
                       start.fill_store(server.state / "db/chancery.db",
                                        certs))
    with contextlib.closing(sqlite3.connect(
            server.state / "db/chancery.db")) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -1000000")
        db.executemany(
            "INSERT INTO scep_request (profile, client_transaction, "
            "csr_sha256, spki_sha256, cert_id, not_after) "
            "VALUES ('default', ?, ?, ?, ?, ?)",
            ((os.urandom(20).hex(), os.urandom(32), os.urandom(32),
              f"copy-{i}", int(time.time()) + start.MONTH)
             for i in range(certs)))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def settle(server):
    """The log's tree has caught up, and nothing else is left to do."""
    wait_until(lambda: server.metrics()["chancery_log_waiting"] == 0, 600,
               every=1, why="the log's tree")


def by_acme(options, server):
    out = subprocess.run(
        [f"{options.bench}/acme/acme-load", "--connections", "kept",
         "--clients", "16", "--directory", server.directory, "--cacert",
         server.root, "--http-port", str(server.ports["http01"]),
         "--dns-port", str(server.dns_port), "--seconds",
         str(options.seconds), "--pid", str(server.process.pid)],
        stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)["server"]["issuances_per_cpu_second"]


def by_scep(options, server, work):
    options.load = f"{options.bench}/scep/scep-load"
    at = scep_server.url(server)
    return scep.load(options, at, scep.ca_certs(at, work), server.process.pid,
                     options.messages, "--clients", 12)["per_cpu_second"]


def by_est(options, server, bodies):
    out = subprocess.run(
        [f"{options.bench}/est/est-load",
         f"https://localhost:{server.ports['est']}/.well-known/est/"
         "simpleenroll", server.root, "16", str(options.seconds), "kept",
         str(server.process.pid), *bodies, "-u",
         f"dev:{est_server.PASSWORD}"], stdout=subprocess.PIPE,
        check=True).stdout
    return json.loads(out)["per_cpu_second"]


def by_ocsp(options, server, work, ders, way):
    address = f"127.0.0.1:{server.ports['http']}"
    pids = server.children()
    if way == "nonce":
        return ocsp.load(
            work, address, ocsp.lines(map(ocsp.with_nonce, ders), "post"),
            options.seconds, 64, [pids["server"], pids["signer"]]
        )["per_cpu_second"]
    return ocsp.load(work, address, ocsp.lines(ders, "get"), options.seconds,
                     32, [pids["server"]])["per_cpu_second"]


def revoked(server, work):
    """Milliseconds from the command's beginning to the answer."""
    _, csr = server.csr("bench.test")
    issuer = server.state / "certs/issuing.pem"
    times = []
    for _ in range(REVOCATIONS):
        pem = work / "revoke.pem"
        pem.write_text(server.cli("cert", "issue", "--csr", csr, "--profile",
                                  "default", "--name", "dns:bench.test"))
        serial = subprocess.run(
            ["openssl", "x509", "-in", pem, "-noout", "-serial"], check=True,
            stdout=subprocess.PIPE, text=True).stdout.split("=")[1].strip()
        der = subprocess.run(
            ["openssl", "ocsp", "-issuer", issuer, "-cert", pem, "-no_nonce",
             "-reqout", "/dev/stdout"], check=True,
            stdout=subprocess.PIPE).stdout
        path = next(ocsp.lines([der], "get")).split()[1]
        before = server.get(path)[2]
        begun = time.monotonic()
        server.cli("cert", "revoke", serial, "--reason", "superseded")
        wait_until(lambda: server.get(path)[2] != before, 20, every=0.002,
                   why="the revocation in OCSP")
        times.append((time.monotonic() - begun) * 1000)
    return statistics.median(times)


def measure(options, work):
    bodies = est.bodies(work)
    servers = {}
    with contextlib.ExitStack() as stack:
        for which in ("empty", "full"):
            server = ocsp.Quiet(directory=work / which, name="Bench",
                                options={"loops": 1})
            server.init()
            configure(server)
            servers[which] = stack.enter_context(server)
            start.issue_some(server, f"{options.bench}/acme/acme-load", 4)
        servers["full"].stop()
        fill(servers["full"], options.certs)
        servers["full"].start()
        ders = {}
        for which, server in servers.items():
            settle(server)
            ders[which] = ocsp.certificates(server, CERTIFICATES)
        seen = {}
        for _ in range(options.rounds):
            for which, server in servers.items():
                here = {
                    "acme": by_acme(options, server),
                    "scep": by_scep(options, server, work),
                    "est": by_est(options, server, bodies),
                    "ocsp_cached": by_ocsp(options, server, work,
                                           ders[which], "cached"),
                    "ocsp_nonce": by_ocsp(options, server, work, ders[which],
                                          "nonce"),
                    "revoked_ms": revoked(server, work)}
                for name, value in here.items():
                    seen.setdefault(name, {}).setdefault(
                        which, []).append(round(value, 1))
        return {name: {**both, "full_to_empty": round(
            statistics.median(both["full"]) /
            statistics.median(both["empty"]), 3)}
            for name, both in seen.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chancery", required=True)
    parser.add_argument("--bench", required=True,
                        help="where the load generators were built")
    parser.add_argument("--certs", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--work", default=".", help="on a real disk")
    options = parser.parse_args()
    os.environ["CHANCERY"] = str(pathlib.Path(options.chancery).resolve())
    options.bench = str(pathlib.Path(options.bench).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-growth-",
                                         dir=options.work)).resolve()
    try:
        print(json.dumps({"bench": "growth", "certs": options.certs,
                          **measure(options, work),
                          "load_average": os.getloadavg()}, indent=2))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
