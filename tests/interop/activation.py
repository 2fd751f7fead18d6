"""Socket activation and readiness as systemd does them: listeners come as
descriptors with names, READY=1 and STOPPING=1 go to NOTIFY_SOCKET."""
import os
import signal
import socket
import subprocess
import sys

from client import Server, wait_until

# Stands between: the variables name the process that execs chancery.
EXEC = """
import os, sys
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[1], sys.argv[1:])
"""


def passed_listener(port):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", port))
    s.listen(64)
    return s


s = Server.fresh(name="Activation")
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(str(s.top / "notify"))
notify.settimeout(30)
kinds = ("http", "https")
listeners = [passed_listener(s.ports[k]) for k in kinds]


def in_child():
    # Descriptors 3 and 4, as sd_listen_fds(3) has them.
    for i, listener in enumerate([os.dup(x.fileno()) for x in listeners]):
        os.dup2(listener, 20 + i)
    for i in range(len(listeners)):
        os.dup2(20 + i, 3 + i, inheritable=True)


try:
    with open(s.log_path, "ab") as log:
        s.process = subprocess.Popen(
            [sys.executable, "-c", EXEC, s.binary, "serve", "--state",
             str(s.state), "--testing"], stdout=log, stderr=log,
            preexec_fn=in_child, close_fds=False, env=dict(
                os.environ, LISTEN_FDS=str(len(kinds)),
                LISTEN_FDNAMES=":".join(kinds),
                NOTIFY_SOCKET=str(s.top / "notify")))
    # The connection was queued by the listener before anybody accepted it.
    with socket.create_connection(("127.0.0.1", s.ports["http"]), 30) as c:
        c.settimeout(30)
        c.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert c.recv(100).startswith(b"HTTP/1.1 200"), "no answer"
    assert notify.recv(100) == b"READY=1"
    assert s.get("/healthz", "https")[0] == 200
    # Those that nobody passed were opened by the supervisor itself.
    assert s.get("/healthz", "ops")[0] == 200
    s.process.send_signal(signal.SIGTERM)
    assert notify.recv(100) == b"STOPPING=1"
    assert s.process.wait(40) == 0
    # The listener is systemd's: the port still takes connections.
    wait_until(lambda: s.port_open("http"), 5, why="the passed listener")
finally:
    for listener in listeners:
        listener.close()
    s.close()
assert not s.findings, s.findings
