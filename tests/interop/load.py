"""Several clients at once against the live server, with reloads, CRLs, reads
and revocations in between: what TSan and ASan look at (label live)."""
import signal
import threading

from client import Server
from support.acme_driver import Client, Responder
from support.server import wait_until

CLIENTS, ROUNDS = 4, 6

with Server.fresh(name="Load") as s:
    responder = Responder(s.ports["http01"])
    errors, issued = [], []

    def work(n):
        try:
            client = Client(s, responder, patience=60).register()
            for i in range(ROUNDS):
                _, certificate, _ = client.issue(f"n{n}-{i}.load.test")
                assert certificate is not None
                issued.append(f"{certificate.serial_number:040x}")
                if i % 3 == 2:
                    client.revoke(certificate, 4)
        except Exception as e:
            errors.append(repr(e))

    threads = [threading.Thread(target=work, args=(n,))
               for n in range(CLIENTS)]
    for t in threads:
        t.start()
    for days in (60, 30, 90):
        s.configure({"profiles.default.lifetime": f"{days}d"})
        s.process.send_signal(signal.SIGHUP)
        s.get("/crl/issuing.crl")
        s.get("/ca/issuing.cer", "https")
        s.cli("cert", "list")
        s.cli("order", "list")
        s.metrics()
    for t in threads:
        t.join()
    assert not errors, errors
    assert len(set(issued)) == CLIENTS * ROUNDS
    wait_until(lambda: s.get("/readyz")[0] == 200, 20, why="readiness")
    responder.close()
    assert s.stop(60) == 0
