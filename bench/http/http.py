#!/usr/bin/env python3
"""What the net layer serves per second of server CPU, beside nginx.

    bench/http/http.py BUILD/bench/http/bench_http_server [--seconds N]

Prints one JSON object.  Rates are requests divided by the CPU time (user and
system, from procfs) that the server used meanwhile, so the load generator's
share of the cores does not count.  What is not installed (wrk, h2load, ab,
nginx) is left out.  Nothing fails for being slow.
"""
import argparse
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
BODY = 1024


def cpu_seconds(pid):
    """User and system time of a process and of its children that live."""
    total = 0.0
    for p in [pid] + children(pid):
        with open(f"/proc/{p}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


class Bench:
    """A server program that prints where it listens."""

    def __init__(self, program, loops):
        self.process = subprocess.Popen(
            [program, "--size", str(BODY), "--loops", str(loops)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.pid = told["pid"]
        self.http, self.https = told["http"], told["https"]
        self.path, self.slow_path = "/blob", "/worker"

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


NGINX = """
daemon off; master_process on; worker_processes 1; pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; etag on;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
  uwsgi_temp_path t4; scgi_temp_path t5;
  open_file_cache max=10; sendfile on; tcp_nodelay on;
  server {{ listen {http}; root {root}; }}
  server {{ listen {https} ssl http2; root {root};
    ssl_protocols TLSv1.3; ssl_ecdh_curve X25519:P-256;
    ssl_certificate {root}/cert.pem; ssl_certificate_key {root}/key.pem; }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    """One worker that serves one static file of the same size."""

    def __init__(self, root):
        self.http = f"127.0.0.1:{free_port()}"
        self.https = f"127.0.0.1:{free_port()}"
        self.path = "/blob"
        self.slow_path = None
        # Its worker runs as another user when we are root.
        os.chmod(root, 0o755)
        with open(os.path.join(root, "blob"), "wb") as f:
            f.write(b"x" * BODY)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-keyout", f"{root}/key.pem", "-out", f"{root}/cert.pem"],
            check=True, stderr=subprocess.DEVNULL)
        conf = os.path.join(root, "nginx.conf")
        with open(conf, "w") as f:
            f.write(NGINX.format(http=self.http, https=self.https, root=root))
        self.process = subprocess.Popen(
            ["nginx", "-p", root, "-c", conf], stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for(self.http)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def wait_for(address):
    host, port = address.rsplit(":", 1)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection((host, int(port))).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on {address}")


def measured(server, command, pattern):
    """Requests per second of server CPU, and per second of wall clock."""
    before, start = cpu_seconds(server.pid), time.monotonic()
    out = subprocess.run(command, capture_output=True, text=True).stdout
    wall = time.monotonic() - start
    used = cpu_seconds(server.pid) - before
    found = re.search(pattern, out)
    if found is None or used == 0 or "Non-2xx" in out:
        return None
    n = int(found.group(1))
    if n == 0:
        return None
    return {"requests": n, "per_cpu_second": round(n / used),
            "per_second": round(n / wall)}


def loads(server, seconds):
    """The commands whose program is installed."""
    h2 = r"(\d+) 2xx"
    plain = f"http://{server.http}{server.path}"
    tls = f"https://{server.https}{server.path}"
    timed = ["h2load", "-D", str(seconds)]
    rows = [
        ("h1_keepalive_c32",
         ["wrk", "-t1", "-c32", f"-d{seconds}", plain],
         r"(\d+) requests in"),
        ("h2c_c8_m32", timed + ["-c8", "-m32", plain], h2),
        ("h2_tls_c16_m8", timed + ["-c16", "-m8", tls], h2),
        ("h1_tls_keepalive_c16", timed + ["--h1", "-c16", tls], h2),
        ("new_connection",
         ["ab", "-q", "-n", str(8000 * seconds), "-c16", plain],
         r"Complete requests:\s+(\d+)"),
        ("new_tls_connection",
         ["ab", "-q", "-n", str(500 * seconds), "-c8", tls],
         r"Complete requests:\s+(\d+)"),
    ]
    if server.slow_path:
        rows.append(("worker_h1_keepalive_c32",
                     ["wrk", "-t1", "-c32", f"-d{seconds}",
                      f"http://{server.http}{server.slow_path}"],
                     r"(\d+) requests in"))
    return [r for r in rows if shutil.which(r[1][0])]


def run_loads(server, seconds):
    return {name: measured(server, command, pattern)
            for name, command, pattern in loads(server, seconds)}


def idle_tls_kb(server, count, h2):
    """Resident memory of an idle TLS connection after one request."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2" if h2 else "http/1.1"])
    host, port = server.https.rsplit(":", 1)
    kept = []

    def one():
        s = context.wrap_socket(socket.create_connection((host, int(port))))
        if h2:
            # Preface, settings, and GET /blob on stream 1.
            block = b"\x82\x87\x04\x05/blob\x01\x01a"
            s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                      b"\0\0\0\4\0\0\0\0\0" +
                      len(block).to_bytes(3, "big") + b"\1\5\0\0\0\1" + block)
            got = b""
            while got.count(b"x") < BODY:
                got += s.recv(65536)
        else:
            s.sendall(b"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")
            got = b""
            while len(got.split(b"\r\n\r\n", 1)[-1]) < BODY:
                got += s.recv(65536)
        kept.append(s)

    for _ in range(50):
        one()
    before = resident_kb(server.pid)
    for _ in range(count):
        one()
    after = resident_kb(server.pid)
    for s in kept:
        s.close()
    return round((after - before) / count, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--idle", type=int, default=400)
    args = parser.parse_args()
    result = {"cores": os.cpu_count(), "body": BODY}

    for loops in (1, 2):
        server = Bench(args.server, loops)
        result[f"chancery_{loops}_loop"] = run_loads(server, args.seconds)
        server.stop()
    server = Bench(args.server, 1)
    result["idle_tls_h1_kb"] = idle_tls_kb(server, args.idle, False)
    server.stop()
    server = Bench(args.server, 1)
    result["idle_tls_h2_kb"] = idle_tls_kb(server, args.idle, True)
    server.stop()
    if shutil.which("nginx"):
        with tempfile.TemporaryDirectory() as root:
            server = Nginx(root)
            result["nginx_static"] = run_loads(server, args.seconds)
            server.stop()
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
