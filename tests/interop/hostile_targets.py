"""Hostile validation targets: each costs one bounded slot and says why, while an
honest one beside all of them is validated as fast as ever.

What they are: endless redirects, loops, drips, floods, silence, resets, what is
not HTTP, addresses that nobody may be sent to, by DNS name and by redirect.
"""
import json
import socket
import struct
import threading
import time

from client import Server, wait_until
from support.acme_driver import Client

TIMEOUT = 3
# Names of special-purpose addresses, by validation.hosts_file.
ADDRESSES = {
    "metadata.test": ["169.254.169.254"], "unspecified.test": ["0.0.0.0"],
    "multicast.test": ["224.0.0.1"], "reserved.test": ["240.0.0.1"],
    "mapped.test": ["::ffff:169.254.169.254"], "linklocal.test": ["fe80::1"],
    "teredo.test": ["2001::1"], "nat64.test": ["64:ff9b::a9fe:a9fe"],
    # One that may be dialled beside one that may not.
    "rebind.test": ["169.254.169.254", "127.0.0.1"],
}


class Target(threading.Thread):
    """Answers http-01 on the validation port, by the first label of Host."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.answers = port, {}
        self.asked, self.lock, self.closed = {}, threading.Lock(), False
        self.most, self.now = 0, 0
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)

    def run(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        kind = None
        with c:
            try:
                c.settimeout(30)
                head = b""
                while b"\r\n\r\n" not in head:
                    data = c.recv(4096)
                    if not data:
                        return
                    head += data
                path = head.split()[1].decode()
                host = head.lower().partition(b"\nhost:")[2].split()[0]
                kind = host.decode().split(".")[0].rstrip("0123456789")
                with self.lock:
                    self.asked[kind] = self.asked.get(kind, 0) + 1
                getattr(self, kind, self.good)(c, path, host.decode())
            except OSError:
                pass

    def close(self):
        self.closed = True
        self.listener.close()

    def forever(self, c, data, pause=0.0):
        while not self.closed:
            c.sendall(data)
            time.sleep(pause)

    def redirect(self, c, url):
        c.sendall(f"HTTP/1.1 302 Found\r\nLocation: {url}\r\n"
                  "Content-Length: 0\r\n\r\n".encode())

    # ---- what each of them does ----

    def good(self, c, path, host):
        body = self.answers.get(path, "").encode()
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
                  (len(body), body))

    rebind = good

    def loop(self, c, path, host):
        self.redirect(c, path)

    def chain(self, c, path, host):
        self.redirect(c, f"/{time.monotonic_ns()}")

    def silent(self, c, path, host):
        c.recv(1)

    def driphead(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\n")
        self.forever(c, b"A: b\r\n", 0.2)

    def dripbody(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self.forever(c, b"a", 0.2)

    def hugehead(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\n")
        self.forever(c, b"A: " + b"b" * 10000 + b"\r\n")

    def hugeline(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\nA: ")
        self.forever(c, b"b" * 10000)

    def hugebody(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self.forever(c, b"a" * 65536)

    def chunks(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.forever(c, b"1;" + b"x" * 9000 + b"\r\na\r\n")

    def interim(self, c, path, host):
        self.forever(c, b"HTTP/1.1 100 Continue\r\n\r\n")

    def reset(self, c, path, host):
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))

    def garbage(self, c, path, host):
        self.forever(c, bytes(range(256)) * 40)

    def old(self, c, path, host):
        """HTTP/0.9: the body alone."""
        c.sendall(self.answers.get(path, "").encode())

    def short(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nabc")

    def gzip(self, c, path, host):
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        self.forever(c, b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\xed\xc1" * 5000)

    def tofile(self, c, path, host):
        self.redirect(c, "file:///etc/passwd")

    def togopher(self, c, path, host):
        self.redirect(c, "gopher://127.0.0.1:25/_QUIT")

    def toport(self, c, path, host):
        self.redirect(c, "http://good.test:22/")

    def toaddress(self, c, path, host):
        self.redirect(c, f"http://127.0.0.1:{self.port}{path}")

    def toname(self, c, path, host):
        self.redirect(c, f"http://metadata.test:{self.port}/latest")

    def tonumber(self, c, path, host):
        self.redirect(c, f"http://2852039166:{self.port}/latest")

    def touser(self, c, path, host):
        self.redirect(c, f"http://a:b@good.test:{self.port}/")

    def tonull(self, c, path, host):
        self.redirect(c, "http://good.test/\0\r\nSet-Cookie: a")

    def tolong(self, c, path, host):
        self.redirect(c, "/" + "a" * 12000)

    def totls(self, c, path, host):
        # The https port of the redirect is a plain one.
        self.redirect(c, f"https://good.test:{self.port}/")


def kinds():
    skip = set(dir(threading.Thread)) | {
        "serve", "close", "forever", "redirect", "good", "rebind"}
    return [k for k in vars(Target) if not k.startswith("_") and k not in skip]


def error_of(client, url):
    _, authz = client.post(url, None)
    challenge = next(c for c in authz["challenges"] if c["type"] == "http-01")
    return authz["status"], challenge.get("error", {})


def challenge(client, order):
    url = order["authorizations"][0]
    _, authz = client.post(url, None)
    c = next(x for x in authz["challenges"] if x["type"] == "http-01")
    path = "/.well-known/acme-challenge/" + c["token"]
    client.responder.answers[path] = f"{c['token']}.{client.thumbprint}"
    client.post(c["url"], {})
    return url


def issued_in(client, name):
    began = time.monotonic()
    _, certificate, _ = client.issue(name)
    assert certificate is not None
    return time.monotonic() - began


def run(s, target):
    client = Client(s, target).register()
    quick = issued_in(client, "good0.test")
    urls = {}
    names = [f"{k}.test" for k in kinds()] + \
        [n for n in ADDRESSES if n != "rebind.test"]
    for name in names:
        urls[name] = challenge(client, client.new_order(name))
    # Beside all of them, many times over.
    for i in range(1, 4):
        took = issued_in(client, f"good{i}.test")
        assert took < quick + 2, f"an honest one took {took:.1f} s"
    # Each has a first outcome within its time.
    end = time.monotonic() + 4 * TIMEOUT
    left = dict(urls)
    while left and time.monotonic() < end:
        for name, url in list(left.items()):
            status, error = error_of(client, url)
            assert status != "valid", f"{name} was validated"
            if error:
                print(f"  {name}: {status}: {error['type'][26:]}: "
                      f"{error['detail'][:150]}")
                assert "\n" not in error["detail"] and \
                    error["detail"].isprintable(), error
                json.dumps(error)
                del left[name]
        time.sleep(0.2)
    assert not left, f"no outcome: {sorted(left)}"
    for name in ADDRESSES:
        status, error = error_of(client, urls[name]) \
            if name in urls else ("", {})
        if name in urls:
            assert status == "invalid" and "permit_networks" in \
                error["detail"], (name, status, error)
    assert issued_in(client, "rebind.test") < quick + 3
    # As many at once as there are slots, all of them silent: the honest one
    # waits for its turn, and gets it.
    for i in range(80):
        challenge(client, client.new_order(f"silent{i}.test"))
    assert issued_in(client, "good9.test") < 4 * TIMEOUT + 5
    assert s.get("/readyz")[0] == 200
    assert target.asked["chain"] <= 12 * 4, target.asked
    assert target.asked["loop"] <= 4, target.asked
    wait_until(lambda: s.get("/healthz")[0] == 200, 5, why="health")


def main():
    s = Server(name="Targets")
    s.state.mkdir()
    hosts = s.state / "hosts"
    hosts.write_text("".join(f"{a} {n}\n" for n, v in ADDRESSES.items()
                             for a in v))
    hosts.chmod(0o644)
    # Relative to the state directory, like every path.
    s.options = {"validation.hosts_file": "hosts",
                 "validation.timeout": f"{TIMEOUT}s"}
    target = Target(s.ports["http01"])
    target.start()
    with s:
        children = s.children()
        run(s, target)
        assert s.children() == children, "a process died"
        began = time.monotonic()
        assert s.stop() == 0
        assert time.monotonic() - began < 15
    target.close()


main()
