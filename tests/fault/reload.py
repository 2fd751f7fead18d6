"""SIGHUP at its worst: configurations that a later part refuses, files that are
missing half-way, a new TLS key, storms; and the renewal of the own certificate
while the server runs."""
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import record
from support.acme_driver import Client
from support.server import Server, wait_until


def hup(s):
    """SIGHUP; the outcome as logged: None, or why it was refused."""
    before = len(list(s.log_events("reloaded"))), \
        len(list(s.log_events("reload-refused")))
    s.process.send_signal(signal.SIGHUP)

    def answered():
        done = list(s.log_events("reloaded"))[before[0]:]
        refused = list(s.log_events("reload-refused"))[before[1]:]
        return done or refused
    wait_until(answered, 40, why="an answer to SIGHUP")
    return bool(list(s.log_events("reload-refused"))[before[1]:])


def works(s, name, acme=True):
    if acme:
        Client(s).register()
    _, csr = s.csr(name)
    pem = s.cli("cert", "issue", "--csr", csr, "--profile", "default")
    assert pem.count("BEGIN CERTIFICATE") == 2
    s.cli("cert", "list")
    assert s.get("/readyz")[0] == 200


def served_certificate(s):
    """The SHA-256 of what the https listener shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", s.ports["https"]), 10) as c, \
            context.wrap_socket(c) as tls:
        return tls.getpeercert(True)


def same_children(s, children):
    assert s.children() == children, "a process died of a reload"


def own_certificate(s, name):
    """An operator's certificate and key, self-signed."""
    key, pem = s.top / f"{name}.key", s.top / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-keyout", key, "-out", pem, "-addext",
         "subjectAltName=DNS:localhost"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key.chmod(0o600)
    return key, pem


def refused_late():
    """A certificate that does not belong to the key: everything that took the
    configuration before goes back, and so does the supervisor."""
    with Server.fresh(name="Late") as s:
        children, shown = s.children(), served_certificate(s)
        _, pem = own_certificate(s, "other")
        path = s.state / "chancery.yaml"
        good = path.read_text()
        s.configure({"tls.certificate": pem, "profiles.default.lifetime":
                     "10d", "profiles.default.max_lifetime": "10d",
                     "tls.lifetime": "9d", "validation.timeout": "3s"})
        for _ in range(3):
            assert hup(s), "a certificate of another key was taken"
        works(s, "late.test")
        same_children(s, children)
        assert served_certificate(s) == shown
        rows = s.cli("cert", "list", "--name", "late.test", parse=True)
        assert len(rows["certificates"]) == 1, rows
        # The supervisor starts the next one from what works, too.
        os.kill(children["server"], signal.SIGKILL)
        wait_until(lambda: s.children().get("server") not in
                   (None, children["server"]), 20, why="another server")
        wait_until(lambda: s.port_open("https") and
                   s.get("/readyz")[0] == 200, 20, why="readiness")
        works(s, "after.test")
        path.write_text(good)
        assert not hup(s)
        works(s, "good.test")
        s.stop()
        record.check(s)


def half_sent():
    """A file that is missing half-way; then the others count as they are."""
    with Server.fresh(name="Half") as s:
        children = s.children()
        key, pem = own_certificate(s, "mine")
        s.configure({"tls.certificate": pem, "tls.key": key})
        content = pem.read_text()
        pem.unlink()
        for _ in range(300):
            assert hup(s), "a file that is not there was taken"
        pem.write_text(content)
        assert not hup(s)
        same_children(s, children)
        assert served_certificate(s) == ssl.PEM_cert_to_DER_cert(content)
        # A new certificate comes with a new key, as certbot makes them.
        key2, pem2 = own_certificate(s, "again")
        key2.replace(key)
        pem.write_text(pem2.read_text())
        assert not hup(s)
        same_children(s, children)
        assert served_certificate(s) == \
            ssl.PEM_cert_to_DER_cert(pem2.read_text())
        works(s, "half.test", acme=False)
        # What is bound at the start is not changed by a reload.
        s.configure({"control_socket": "run/other.sock"})
        assert hup(s), "another control socket was taken"
        assert s.stop() == 0
        assert not (s.state / "run/control.sock").exists()


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    raise AssertionError("no VmRSS")


def storm():
    """SIGHUP without end, while certificates are issued."""
    with Server.fresh(name="Storm") as s:
        children, stop = s.children(), threading.Event()

        def hups():
            while not stop.is_set():
                s.process.send_signal(signal.SIGHUP)
                time.sleep(0.005)
        thread = threading.Thread(target=hups)
        works(s, "storm.test")
        thread.start()
        for i in range(10):
            works(s, f"storm{i}.test")
        stop.set()
        thread.join()
        same_children(s, children)
        wait_until(lambda: not hup(s), 20, why="the last reload")
        count, before = len(list(s.log_events("reloaded"))), \
            resident(children["server"])
        for _ in range(100):
            assert not hup(s)
        more = resident(children["server"]) - before
        print(f"   {count} reloads in the storm; 100 more cost {more} kB")
        same_children(s, children)
        assert s.stop() == 0
        record.check(s)


def certainly_2026_06_renews_itself():
    """The own certificate is renewed while everything runs, once."""
    with Server.fresh(name="Renew", options={
            "profiles.default.backdate": "0s"}) as s:
        first = served_certificate(s)
        s.stop()
        # It is renewed when a third of its 30 days is left.
        s.configure({"testing.clock_offset": f"{20 * 86400 - 5}s"})
        s.start()
        children = s.children()
        assert served_certificate(s) == first
        wait_until(lambda: served_certificate(s) != first, 20, 0.2,
                   why="another certificate")
        same_children(s, children)
        second = served_certificate(s)
        time.sleep(3)
        assert served_certificate(s) == second, "renewed again at once"
        # Its certificates are of a time that this test is not in.
        works(s, "renew.test", acme=False)


def main():
    for test in (refused_late, half_sent, storm, certainly_2026_06_renews_itself):
        print(test.__name__, flush=True)
        test()


main()
