"""The process split, seen from outside: a dying signer, back-off, drain,
reload, rights, and memory without a key in it."""
import base64
import datetime
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import record
from support.acme_driver import Client, Responder
from support.server import Server, wait_until


def signer_dies():
    """Issuance goes on after the signer was killed in the middle of it."""
    with Server.fresh(name="Signer") as s:
        responder = Responder(s.ports["http01"])
        client = Client(s, responder).register()
        for i in range(6):
            if i % 2:
                os.kill(s.children()["signer"], signal.SIGKILL)
            _, certificate, _ = client.issue(f"n{i}.signer.test")
            assert certificate is not None
        assert any(s.log_events("child-ended"))
        wait_until(lambda: s.get("/readyz")[0] == 200, 20, why="readiness")
        responder.close()
        s.stop()
        record.check(s)


def backs_off():
    """A signer that dies at once is started ever more rarely."""
    with Server.fresh(name="Back") as s:
        seen = set()

        def fresh_signer():
            pid = s.children().get("signer")
            return pid if pid not in seen else None
        for _ in range(5):
            pid = wait_until(fresh_signer, 20, why="a signer")
            seen.add(pid)
            os.kill(pid, signal.SIGKILL)
        wait_until(fresh_signer, 20, why="a signer")
        # One that is killed before it has its keys was a start as well.
        starts = [datetime.datetime.fromisoformat(
            r["time"].replace("Z", "+00:00")).timestamp()
            for r in s.log_events()
            if r.get("role") == "signer" and
            r["event"] in ("child-started", "child-not-started")]
        gaps = [b - a for a, b in zip(starts, starts[1:])]
        assert len(gaps) == 5 and gaps[-1] > 1 > gaps[0], gaps


def reload_drops_nothing():
    with Server.fresh(name="Reload") as s:
        client = Client(s).register()
        stop, errors, done = threading.Event(), [], [0]

        def load():
            while not stop.is_set():
                try:
                    client.once("GET", s.directory)
                    done[0] += 1
                except Exception as e:
                    errors.append(repr(e))
                    return
        worker = threading.Thread(target=load)
        worker.start()
        s.configure({"profiles.default.lifetime": "30d"})
        before = done[0]
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(s.log_events("reloaded")), 20, why="a reload")
        wait_until(lambda: done[0] > before + 5, 20, why="requests after it")
        stop.set()
        worker.join()
        assert not errors, errors
        _, csr = s.csr("reload.test")
        pem = s.cli("cert", "issue", "--csr", csr, "--profile", "default")
        text = subprocess.run(["openssl", "x509", "-noout", "-dates"],
                              input=pem, stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        first, last = [time.mktime(time.strptime(
            line.partition("=")[2], "%b %d %H:%M:%S %Y GMT"))
            for line in text.strip().splitlines()]
        # notAfter is inclusive: notBefore + lifetime - 1 s, and notBefore is
        # set back by an hour.
        assert 29 * 86400 < last - first <= 30 * 86400 + 3600, text
        # A broken configuration is refused, and the old one stays.
        path = s.state / "chancery.yaml"
        good = path.read_text()
        path.write_text(good + "\nfrobnicate: 1\n")
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(s.log_events("reload-refused")), 20,
                   why="a refusal")
        path.write_text(good)
        assert s.get("/healthz")[0] == 200


def drains():
    with Server.fresh(name="Drain") as s:
        responder = Responder(s.ports["http01"])
        client = Client(s, responder).register()
        client.issue("www.drain.test")
        responder.close()
        assert s.stop() == 0
        record.check(s)
        assert not (s.state / "run/control.sock").exists()


def private_scalars(s):
    """Private octets of each CA-side key, by openssl and the passphrase."""
    passphrase = s.state / "keys/passphrase"
    out = {}
    for role in ("issuing", "ocsp", "log"):
        text = subprocess.run(
            ["openssl", "pkey", "-in", s.state / f"keys/{role}.key",
             "-passin", f"file:{passphrase}", "-noout", "-text"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        octets = re.search(r"priv:\s+((?:[0-9a-f]{2}[:\s]*)+)", text)
        scalar = bytes.fromhex(re.sub(r"[:\s]", "", octets.group(1)))
        out[role] = scalar[-32:]
    return out


def memory_of(pid):
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            bounds, rights = line.split()[:2]
            if not rights.startswith("r") or "[v" in line:
                continue
            start, end = (int(x, 16) for x in bounds.split("-"))
            # Shadow memory of sanitizers is endless and holds no data.
            if end - start > 1 << 30:
                continue
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue


def no_key_in_the_server():
    """Design section 9: no private scalar of a signer's key in the server's
    memory, descriptors or environment; and the scan does find what is there."""
    if os.geteuid() != 0:
        print("not root: memory of other processes cannot be read")
        return
    with Server.fresh(name="Scan") as s:
        _, csr = s.csr("scan.test")
        s.cli("cert", "issue", "--csr", csr, "--profile", "default")
        scalars = private_scalars(s)
        passphrase = (s.state / "keys/passphrase").read_bytes().strip()
        children = s.children()
        # OpenSSL keeps big numbers in words of the machine's order.
        needles = [n for v in scalars.values() for n in (v, v[::-1])]
        for chunk in memory_of(children["server"]):
            for n in needles + [passphrase, base64.b64encode(passphrase)]:
                assert n not in chunk, "a secret of the signer's"
        found = any(scalars["issuing"][::-1] in chunk or
                    scalars["issuing"] in chunk
                    for chunk in memory_of(children["signer"]))
        assert found, "the scan does not even find the signer's own key"
        for role, pid in children.items():
            assert pathlib.Path(f"/proc/{pid}/environ").read_bytes() == b""
            links = [os.readlink(p) for p in
                     pathlib.Path(f"/proc/{pid}/fd").iterdir()]
            keys = [x for x in links if x.endswith(".key")]
            assert not keys, f"{role} holds {keys}"
        status = {r: pathlib.Path(f"/proc/{p}/status").read_text()
                  for r, p in children.items()}
        uid = {r: re.search(r"Uid:\s+(\d+)", t).group(1)
               for r, t in status.items()}
        assert uid["server"] != uid["signer"] and "0" not in uid.values(), uid
        for r, t in status.items():
            assert re.search(r"NoNewPrivs:\s+1", t), r
            assert re.search(r"CapEff:\s+0+$", t, re.M), r
            if not os.environ.get("SANITIZED"):
                assert re.search(r"Seccomp:\s+2", t), r


def real_ca_is_not_for_testing():
    real = Server.fresh(name="Real", init=())
    try:
        real.start(ready=False)
        assert real.process.wait(20) == 1, "serve --testing took a real CA"
        real.start(testing=False)
        assert real.get("/healthz")[2] == b"ok\n"
    finally:
        real.close()


def own_name_that_may_not_be():
    """A server that cannot certify its own name says so and stays down."""
    s = Server.fresh(name="Own", options={
        "base_url": '"https://other.test:1"',
        "profiles.default.dns_deny": "[other.test]"})
    try:
        s.start(ready=False)
        assert s.process.wait(20) == 1
        text = "\n".join(s.log_lines())
        assert "own certificate cannot be issued" in text, text
        assert len(list(s.log_events("child-ended"))) <= 2, text
    finally:
        s.close()


for test in (signer_dies, backs_off, reload_drops_nothing, drains,
             no_key_in_the_server, real_ca_is_not_for_testing,
             own_name_that_may_not_be):
    print(test.__name__, flush=True)
    test()
