#!/usr/bin/env python3
"""Full ACME issuances per second of server CPU: Chancery, and pebble beside it.

    acme.py --chancery build/release/src/main/chancery \\
            --load build/release/bench/acme/acme-load [--work DIR]

Both serve the same load generator in the same run, one after the other, first
over kept connections, then with a TLS connection per flow. Chancery validates
http-01 and is durable; pebble keeps everything in memory and is told not to
validate, nor to sleep, nor to refuse nonces. pebble gets two clients, since
four make it deadlock. Prints JSON; refuses nothing but durability figures of a
--work directory on tmpfs.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

from server import Server, free_port, wait_until  # noqa: E402

PEBBLE = {
    "PEBBLE_VA_ALWAYS_VALID": "1",
    "PEBBLE_VA_NOSLEEP": "1",
    "PEBBLE_WFE_NONCEREJECT": "0",
    "PEBBLE_AUTHZREUSE": "0",
}


def load(options, connections, *words):
    """One run of the generator; its figures."""
    command = [options.load, "--connections", connections, "--alg",
               options.alg, "--seconds", str(options.seconds)]
    command += [str(word) for word in words]
    if options.rate:
        command += ["--rate", str(options.rate)]
    if options.skip_poll:
        command += ["--skip-poll"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          timeout=options.seconds * 3 + 60, check=False)
    return json.loads(done.stdout) if done.stdout else {"failed": "all"}


class Quiet(Server):
    """The generator answers DNS itself: no second server on the cores."""

    def start_dns(self):
        return


def run_chancery(options, work):
    os.environ["CHANCERY"] = options.chancery
    with Quiet(directory=work / "chancery", name="Bench") as server:
        return {kind: load(
            options, kind, "--directory", server.directory, "--cacert",
            server.root, "--clients", options.clients, "--http-port",
            server.ports["http01"], "--dns-port", server.dns_port, "--pid",
            server.process.pid, "--state", server.state, "--metrics",
            f"http://127.0.0.1:{server.ports['ops']}/metrics")
            for kind in ("kept", "new")}


def run_pebble(options, work):
    if shutil.which("pebble") is None:
        return {"skipped": "no pebble on this machine"}
    home = work / "pebble"
    home.mkdir()
    port = free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", home / "key.pem",
         "-out", home / "cert.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, stderr=subprocess.DEVNULL)
    (home / "pebble.json").write_text(json.dumps({"pebble": {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{free_port()}",
        "certificate": str(home / "cert.pem"),
        "privateKey": str(home / "key.pem"),
        "httpPort": free_port(), "tlsPort": free_port()}}))
    with open(home / "log", "wb") as log, subprocess.Popen(
            ["pebble", "-config", str(home / "pebble.json")],
            env={**os.environ, **PEBBLE}, stdout=log, stderr=log) as pebble:
        try:
            wait_until(lambda: b"ACME directory" in
                       (home / "log").read_bytes(), why="pebble")
            return {kind: load(
                options, kind, "--directory",
                f"https://127.0.0.1:{port}/dir", "--cacert",
                home / "cert.pem", "--clients", min(options.clients, 2),
                "--pid", pebble.pid) for kind in ("kept", "new")}
        finally:
            pebble.kill()


def ratio(ours, theirs):
    def per_cpu(figures):
        return figures.get("server", {}).get("issuances_per_cpu_second")

    return {kind: round(per_cpu(ours[kind]) / per_cpu(theirs[kind]), 2)
            for kind in ("kept", "new")
            if per_cpu(ours.get(kind, {})) and per_cpu(theirs.get(kind, {}))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chancery", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--work", default=".", help="on a real disk")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--alg", default="ES256")
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--skip-poll", action="store_true")
    options = parser.parse_args()
    options.chancery = str(pathlib.Path(options.chancery).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-acme-",
                                         dir=options.work)).resolve()
    try:
        chancery = run_chancery(options, work)
        pebble = run_pebble(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps({
        "bench": "acme", "chancery": chancery, "pebble": pebble,
        "chancery_to_pebble_per_cpu_second": ratio(chancery, pebble),
    }, indent=2))
    good = all(chancery[kind].get("failed") == 0 for kind in ("kept", "new"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
