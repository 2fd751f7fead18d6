#!/usr/bin/env python3
"""SCEP issuances per second of server CPU: Chancery, and scepserver beside it.

    scep.py --chancery build/release/src/main/chancery \\
            --load build/release/bench/scep/scep-load [--work DIR]

PKCSReq with a challenge, RSA-2048 clients and server, P-256 CA, over kept and
new connections; and what renewals, wrong challenges, undecipherable messages
and messages over the limit cost. Certificates are counted, not answers: each
reply's pkiStatus, every eighth opened and checked by OpenSSL's CMS, and what
the store has more afterwards. scepserver (Debian's package scep) gets the same
load generator in the same run, with one client, since with several it answers
most without issuing; its certificates are those in its depot. DIR must be on a
real disk. Prints JSON.
"""
import argparse
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests/interop"))

from scep_server import CHALLENGE, configure, url  # noqa: E402
from support.server import Server, free_port, wait_until  # noqa: E402

COMMON = "profile: device, authentication: [challenge], challenge_file: " \
    'scep-challenge, names: ["dns:*.bench.example"]'
PROFILES = {"default": f"{{{COMMON}, max_failures: 100000}}",
            "limited": f"{{{COMMON}}}"}
CERT_ISSUED = 2


class Quiet(Server):
    """No name server on the cores: SCEP asks nobody."""

    def start_dns(self):
        return


def ca_certs(at, work):
    """The certificates that GetCACert gives, as files."""
    with urllib.request.urlopen(f"{at}?operation=GetCACert") as reply:
        body, kind = reply.read(), reply.headers["Content-Type"]
    command = ["openssl", "x509", "-inform", "DER"] \
        if kind == "application/x-x509-ca-cert" \
        else ["openssl", "pkcs7", "-inform", "DER", "-print_certs"]
    text = subprocess.run(command, input=body, stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    out = []
    for i, part in enumerate(text.split("-----BEGIN CERTIFICATE-----")[1:]):
        path = work / f"ca-{i}.pem"
        path.write_text("-----BEGIN CERTIFICATE-----" + part)
        out.append(str(path))
    return out


def load(options, at, certs, pid, count, *words):
    done = subprocess.run(
        [options.load, "--url", f"{at}?operation=PKIOperation", "--ra",
         certs[0], "--ca",
         certs[min(1, len(certs) - 1)], "--challenge", CHALLENGE, "--pid",
         str(pid), "--count", str(count), *map(str, words)],
        stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    return json.loads(done.stdout)


def stored(server):
    """Certificates of devices in the store that are issued."""
    with sqlite3.connect(f"file:{server.state}/db/chancery.db?mode=ro",
                         uri=True) as db:
        return db.execute("SELECT count(*) FROM cert WHERE status = ? AND "
                          "profile = 'device'", (CERT_ISSUED,)).fetchone()[0]


def run_chancery(options, work):
    os.environ["CHANCERY"] = options.chancery
    server = Quiet(directory=work / "chancery", name="Bench")
    server.init()
    configure(server, PROFILES)
    with server as s:
        certs = ca_certs(url(s), work)
        common = ["--clients", options.clients, "--state", s.state,
                  "--metrics", f"http://127.0.0.1:{s.ports['ops']}/metrics"]
        out = {}
        for way in options.ways:
            kind, _, connections = way.partition("-")
            at = url(s, "limited" if kind == "limited" else None)
            before = stored(s)
            figures = load(
                options, at, certs, s.process.pid, options.count, *common,
                "--kind", "wrong" if kind == "limited" else kind,
                "--connections", connections or "kept")
            figures["stored"] = stored(s) - before
            out[way] = figures
        return out


def run_scepserver(options, work):
    if shutil.which("scepserver") is None:
        return {"skipped": "no scepserver on this machine"}
    depot = work / "depot"
    port = free_port()
    subprocess.run(["scepserver", "ca", "-init", "-depot", depot,
                    "-organization", "Bench", "-country", "XX", "-keySize",
                    "2048"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with open(work / "scepserver.log", "wb") as log, subprocess.Popen(
            ["scepserver", "-depot", str(depot), "-port", str(port),
             "-challenge", CHALLENGE], stdout=log, stderr=log) as process:
        try:
            at = f"http://127.0.0.1:{port}/scep"
            wait_until(lambda: b"listen" in
                       (work / "scepserver.log").read_bytes(),
                       why="scepserver")
            certs = ca_certs(at, work)

            def issued():
                return len(list(depot.glob("*.pem")))

            out = {}
            for connections in ("kept", "new"):
                before = issued()
                figures = load(options, at, certs, process.pid,
                               options.yardstick, "--clients", 1,
                               "--connections", connections, "--warm", 0)
                figures["stored"] = issued() - before
                figures["per_cpu_second"] = round(
                    figures["stored"] / figures["server_cpu_seconds"], 1)
                out[f"issue-{connections}"] = figures
            return out
        finally:
            process.kill()


def ratios(ours, theirs):
    return {way: round(ours[way]["per_cpu_second"] /
                       theirs[way]["per_cpu_second"], 2)
            for way in ours if way in theirs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chancery", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--work", default=".", help="on a real disk")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--yardstick", type=int, default=600,
                        help="requests to scepserver")
    parser.add_argument(
        "--ways", nargs="*", default=["issue-kept", "issue-new", "renew",
                                      "wrong", "garbage", "limited"])
    options = parser.parse_args()
    options.chancery = str(pathlib.Path(options.chancery).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-scep-",
                                         dir=options.work)).resolve()
    try:
        chancery = run_chancery(options, work)
        scepserver = run_scepserver(options, work) \
            if options.yardstick else {}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps({
        "bench": "scep", "chancery": chancery, "scepserver": scepserver,
        "chancery_to_scepserver_per_cpu_second": ratios(chancery, scepserver),
        "load_average": os.getloadavg()}, indent=2))
    good = all(
        figures["stored"] == figures["certificates"] +
        figures["certificates_before"] and
        figures["not_as_asked"] == figures["other"] == 0
        for figures in chancery.values())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
