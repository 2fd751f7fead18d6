#!/usr/bin/env python3
"""Fetches of a CRL per second of server CPU, beside nginx with the same file.

    bench/crl/crl.py --chancery BIN [--seconds N]

Prints one JSON object.  Needs wrk and nginx (apt); what is missing is left out.
Requests divided by the CPU time that the server's processes used meanwhile, so
the load generator's share of the cores does not count.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))
from support.server import Server, free_port, wait_until  # noqa: E402

NGINX = """daemon off; master_process on; worker_processes 1; pid {d}/pid;
error_log stderr crit; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; etag on;
 client_body_temp_path {d}/1; proxy_temp_path {d}/2; fastcgi_temp_path {d}/3;
 uwsgi_temp_path {d}/4; scgi_temp_path {d}/5;
 open_file_cache max=10; sendfile on; server {{ listen {port}; root {d}; }} }}
"""
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process and of its children that live."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        pids = [pid] + [int(p) for p in f.read().split()]
    total = 0.0
    for p in pids:
        with open(f"/proc/{p}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def load(pid, url, seconds):
    before = cpu_seconds(pid)
    out = subprocess.run(["wrk", "-t1", "-c32", f"-d{seconds}s", url],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    used = cpu_seconds(pid) - before
    assert "Non-2xx" not in out, out
    done = int(re.search(r"(\d+) requests in", out).group(1))
    return {"requests": done, "per_cpu_second": round(done / used),
            "per_second": round(done / seconds)}


arguments = argparse.ArgumentParser()
arguments.add_argument("--chancery", required=True)
arguments.add_argument("--seconds", type=int, default=5)
a = arguments.parse_args()
os.environ["CHANCERY"] = a.chancery
wrk, nginx = shutil.which("wrk"), shutil.which("nginx") or "/usr/sbin/nginx"
result = {"load_average": os.getloadavg()[0]}
with Server.fresh(name="Bench") as s, tempfile.TemporaryDirectory() as d:
    _, _, crl = s.get("/crl/issuing.crl")
    result["octets"] = len(crl)
    if wrk:
        result["chancery"] = load(s.process.pid,
                                  s.http_url + "/crl/issuing.crl", a.seconds)
    if wrk and os.access(nginx, os.X_OK):
        os.chmod(d, 0o755)
        pathlib.Path(d, "issuing.crl").write_bytes(crl)
        port = free_port()
        conf = pathlib.Path(d, "conf")
        conf.write_text(NGINX.format(d=d, port=port))
        server = subprocess.Popen([nginx, "-c", str(conf)])
        url = f"http://127.0.0.1:{port}/issuing.crl"
        wait_until(lambda: subprocess.run(
            ["curl", "-sf", "-o", "/dev/null", url],
            check=False).returncode == 0, 10, why="nginx")
        result["nginx"] = load(server.pid, url, a.seconds)
        server.terminate()
        server.wait()
print(json.dumps(result, indent=1))
