#!/usr/bin/env python3
"""EST simpleenroll per second of server CPU, durable.

    est.py --chancery build/release/src/main/chancery \\
           --load build/release/bench/est/est-load [--work DIR]

HTTP Basic and client certificates, each over kept connections and with a TLS
connection per request. DIR must be on a real disk. Prints JSON.
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
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests/interop"))

from est_server import PASSWORD, configure  # noqa: E402
from support.server import Server  # noqa: E402

BODIES = 32
LABELS = {
    "default": "{profile: device, authentication: [certificate, users], "
               "users_file: est-users, certificate_names: any}",
}


class Quiet(Server):
    """No name server on the cores: EST asks nobody."""

    def start_dns(self):
        return


def bodies(work):
    out = []
    for i in range(BODIES):
        der = subprocess.run(
            ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN=d{i}.example",
             "-addext", f"subjectAltName=DNS:d{i}.example", "-keyout",
             "/dev/null", "-outform", "DER"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        path = work / f"body-{i}"
        path.write_bytes(subprocess.run(
            ["openssl", "base64", "-A"], input=der, check=True,
            stdout=subprocess.PIPE).stdout)
        out.append(str(path))
    return out


def run(options, work):
    os.environ["CHANCERY"] = options.chancery
    requests = bodies(work)
    server = Quiet(directory=work / "chancery", name="Bench")
    server.init()
    configure(server, LABELS, [("dev", None)])
    with server as s:
        key, csr = s.csr("client.example")
        chain = work / "client.pem"
        chain.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                               "device"))
        ways = {"basic": ["-u", f"dev:{PASSWORD}"],
                "certificate": ["-c", str(chain), key]}
        out = {}
        for way, words in ways.items():
            for kind in ("kept", "new"):
                done = subprocess.run(
                    [options.load,
                     f"https://localhost:{s.ports['est']}/.well-known/est/"
                     "simpleenroll", s.root, str(options.clients),
                     str(options.seconds), kind, str(s.process.pid),
                     *requests, *words], stdout=subprocess.PIPE, check=True,
                    timeout=options.seconds * 3 + 60)
                out[f"{way}_{kind}"] = json.loads(done.stdout)
        return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chancery", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--work", default=".", help="on a real disk")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    options.chancery = str(pathlib.Path(options.chancery).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-est-",
                                         dir=options.work)).resolve()
    try:
        figures = run(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps({"bench": "est", "chancery": figures,
                      "load_average": os.getloadavg()}, indent=2))
    return 0 if all(f["failed"] == 0 for f in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
