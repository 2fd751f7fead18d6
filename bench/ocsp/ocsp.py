#!/usr/bin/env python3
"""OCSP answers per second of CPU, beside nginx serving one pre-signed answer.

    ocsp.py --chancery build/release/src/main/chancery [--seconds N] [--work DIR]
            [--load build/release/bench/acme/acme-load]

A real server issues some certificates; wrk asks for all of them in turn over
kept connections.  Cached answers count the CPU time of the server process (the
signer does nothing), those with a nonce that of server and signer together.
nginx serves one such answer as a static file, in the same run, under the same
load.  With --load, latencies too: of a few hundred cached answers a second, by
h2load, while nothing else happens and while certificates are issued by ACME at
70 % of the rate that was measured just before; nginx is asked meanwhile as well,
which tells the machine's share.  Prints JSON; nothing fails for being slow.
"""
import argparse
import base64
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

from server import Server  # noqa: E402


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


http_bench = module("http_bench", "bench/http/http.py")

# Requests are made once; the load generator does not compute.
WRK = """
local requests, n, i = {}, 0, 0
init = function()
  for line in io.lines("%(file)s") do
    local method, path, body = line:match("^(%%S+) (%%S+) ?(%%S*)$")
    local raw = body:gsub("..", function(h)
      return string.char(tonumber(h, 16)) end)
    n = n + 1
    requests[n] = wrk.format(method, path,
      {["Content-Type"] = "application/ocsp-request"},
      method == "POST" and raw or nil)
  end
end
request = function()
  i = i %% n + 1
  return requests[i]
end
"""


class Quiet(Server):
    """No names are validated here."""

    def start_dns(self):
        return


def certificates(server, count):
    """DER requests with SHA-1 CertIDs, one for each certificate."""
    _, csr = server.csr("bench.test")
    issuer = server.state / "certs/issuing.pem"
    out = []
    for i in range(count):
        pem = server.top / "bench.pem"
        pem.write_text(server.cli("cert", "issue", "--csr", csr, "--profile",
                                  "default", "--name", "dns:bench.test"))
        der = server.top / f"{i}.der"
        subprocess.run(["openssl", "ocsp", "-issuer", issuer, "-cert", pem,
                        "-no_nonce", "-reqout", der], check=True)
        out.append(der.read_bytes())
    return out


def tlv(tag, value):
    size = bytes([len(value)]) if len(value) < 128 else \
        bytes([0x81, len(value)])
    return bytes([tag]) + size + value


def with_nonce(der):
    tbs = der[2:][2:]
    extension = tlv(0x30, bytes.fromhex("06092b0601050507300102") +
                    tlv(4, tlv(4, os.urandom(32))))
    return tlv(0x30, tlv(0x30, tbs + tlv(0xa2, tlv(0x30, extension))))


def lines(ders, way):
    for der in ders:
        if way == "get":
            yield "GET /ocsp/" + urllib.parse.quote(
                base64.b64encode(der).decode(), safe="")
        else:
            yield f"POST /ocsp {der.hex()}"


def cpu(pids):
    """From the scheduler, in seconds, of all threads."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def load(work, address, text, seconds, connections, pids):
    requests, script = work / "requests", work / "load.lua"
    requests.write_text("\n".join(text) + "\n")
    script.write_text(WRK % {"file": requests})
    before, begun = cpu(pids), time.monotonic()
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s",
         str(script), f"http://{address}"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    wall, used = time.monotonic() - begun, cpu(pids) - before
    n = int(re.search(r"(\d+) requests in", out).group(1))
    failed = "Non-2xx" in out or "Socket errors" in out
    return {"requests": n, "per_cpu_second": round(n / used),
            "per_second": round(n / wall), "errors": failed,
            "p99": re.search(r"99%\s+(\S+)", out).group(1)}


def nginx_with(work, answer):
    root = pathlib.Path(tempfile.mkdtemp(prefix="nginx-", dir=work))
    os.chmod(work, 0o755)
    os.chmod(root, 0o755)
    server = http_bench.Nginx(str(root))
    (root / "blob").write_bytes(answer)
    return server


def latencies(work, urls, seconds):
    """In ms, of answers to 4 connections of 100 requests a second each."""
    uris, log = work / "uris", work / "h2load.log"
    uris.write_text("\n".join(urls) + "\n")
    log.unlink(missing_ok=True)
    subprocess.run(
        ["h2load", "--h1", "-c4", "-t1", "--rps=100", f"-D{seconds}", "-i",
         uris, f"--log-file={log}"], stdout=subprocess.DEVNULL, check=True)
    rows = [line.split() for line in log.read_text().splitlines()]
    took = sorted(int(row[2]) / 1000 for row in rows)
    return {"answers": len(took),
            "errors": sum(row[1] != "200" for row in rows),
            "p50_ms": took[len(took) // 2],
            "p99_ms": took[len(took) * 99 // 100], "max_ms": took[-1]}


def acme(options, server, seconds, *words):
    """The generator of ACME issuances, begun."""
    return subprocess.Popen(
        [options.load, "--connections", "kept", "--clients", "16",
         "--directory", server.directory, "--cacert", server.root,
         "--http-port", str(server.ports["http01"]), "--dns-port",
         str(server.dns_port), "--seconds", str(seconds), *words],
        stdout=subprocess.PIPE, text=True)


def while_issuing(options, work, server, ders):
    base = f"http://127.0.0.1:{server.ports['http']}"
    urls = [base + line.split()[1] for line in lines(ders, "get")]
    out = {"idle": latencies(work, urls, options.seconds)}
    best = json.loads(acme(options, server, 3).communicate()[0])
    rate = 0.7 * best["issuances_per_second"]
    _, _, answer = server.get(urls[0][len(base):])
    other = nginx_with(work, answer)
    with acme(options, server, 2 * options.seconds + 3, "--rate",
              f"{rate:.1f}") as load_:
        try:
            time.sleep(1)
            out["issuing"] = latencies(work, urls, options.seconds)
            out["issuing_nginx"] = latencies(
                work, [f"http://{other.http}/blob"], options.seconds)
        finally:
            other.stop()
        done = json.loads(load_.communicate()[0])
    out["issuances_per_second"] = {
        "at_most": round(rate / 0.7), "meant": round(rate),
        "made": round(done["issuances_per_second"])}
    return out


def chancery(options, work):
    # One loop, so that the load generator has a core of its own.
    with Quiet(directory=work / "chancery", name="Bench",
               options={"loops": 1}) as server:
        ders = certificates(server, options.certificates)
        address = f"127.0.0.1:{server.ports['http']}"
        pids = server.children()
        both = [pids["server"], pids["signer"]]
        warm = load(work, address, lines(ders, "post"), 1, 8, both)
        assert not warm["errors"]
        before = server.metrics()
        out = {
            "cached_get": load(work, address, lines(ders, "get"),
                               options.seconds, 32, [pids["server"]]),
            "cached_post": load(work, address, lines(ders, "post"),
                                options.seconds, 32, [pids["server"]]),
        }
        hits = server.metrics()["chancery_ocsp_cache_hits_total"] - \
            before["chancery_ocsp_cache_hits_total"]
        signed = server.metrics()["chancery_ocsp_signed_total"]
        out["nonce_post"] = load(
            work, address, lines(map(with_nonce, ders), "post"),
            options.seconds, options.nonce_connections, both)
        out["nonce_post"]["signed"] = round(
            server.metrics()["chancery_ocsp_signed_total"] - signed)
        out["nonce_post"]["shed"] = round(
            server.metrics()["chancery_ocsp_shed_total"])
        out["hits"] = round(hits)
        _, _, answer = server.get(next(lines(ders, "get")).split()[1])
        if options.load and shutil.which("nginx"):
            out["latency"] = while_issuing(options, work, server, ders)
        return out, answer


def nginx(options, work, answer):
    server = nginx_with(work, answer)
    try:
        pids = http_bench.children(server.pid)
        return load(work, server.http, ["GET /blob"], options.seconds, 32,
                    pids)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chancery", required=True)
    parser.add_argument("--load", help="acme-load; latencies are taken too")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--certificates", type=int, default=50)
    parser.add_argument("--nonce-connections", type=int, default=64)
    parser.add_argument("--work", default=".")
    options = parser.parse_args()
    os.environ["CHANCERY"] = str(pathlib.Path(options.chancery).resolve())
    if options.load:
        options.load = str(pathlib.Path(options.load).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-ocsp-",
                                         dir=options.work)).resolve()
    try:
        out = {"bench": "ocsp", "load": os.getloadavg()[0]}
        out["chancery"], answer = chancery(options, work)
        out["answer_octets"] = len(answer)
        if shutil.which("nginx"):
            out["nginx_static"] = nginx(options, work, answer)
        print(json.dumps(out, indent=2))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
