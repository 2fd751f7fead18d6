"""Everything as a plain user: init, serve, issue, check, reload, a dying signer,
drain; and what another program of that user can take of the processes."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import record
from support.acme_driver import Client, Responder
from support.server import Server, wait_until

UID = 65534
# 65534 is nobody, who has no home and no rights anywhere.
AS_USER = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups",
           "--"]


def as_user(*words):
    return subprocess.run([*AS_USER, *map(str, words)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def make(s):
    """The binary by way of setpriv; a folder of the user's."""
    program = s.top / "program"
    shutil.copy(s.binary, program)
    program.chmod(0o755)
    wrapper = s.top / "chancery"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(AS_USER)} {program} "$@"\n')
    wrapper.chmod(0o755)
    s.binary = str(wrapper)
    os.chown(s.top, UID, UID)
    s.top.chmod(0o755)


def out_of_reach(s, children):
    """No memory, no descriptors, no environment, not even by the own uid."""
    for role, pid in children.items():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}" in status, status
        assert "NoNewPrivs:\t1" in status, role
        for what in ("mem", "environ", "fd/3", "maps"):
            got = as_user("head", "-c", "1", f"/proc/{pid}/{what}")
            assert got.returncode != 0, f"{role}: {what}"


def main():
    if os.geteuid() != 0:
        print("not root: the other tests have run as a plain user")
        return
    s = Server(name="Plain")
    make(s)
    with s:
        assert any(s.log_events("one-uid"))
        # A kernel without Landlock says so, and then that.
        assert any(s.log_events("landlock-unavailable")) or \
            not any(s.log_events("keys-reachable"))
        for path in s.state.rglob("*"):
            assert path.lstat().st_uid == UID, path
        _, csr = s.csr("plain.test")
        pem = s.cli("cert", "issue", "--csr", csr, "--profile", "default")
        assert pem.count("BEGIN CERTIFICATE") == 2
        done = s.cli("check", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        responder = Responder(s.ports["http01"])
        client = Client(s, responder).register()
        assert client.issue("www.plain.test")[1] is not None
        children = s.children()
        assert set(children) == {"server", "signer"}
        out_of_reach(s, {**children, "supervisor": s.process.pid})
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(s.log_events("reloaded")), 20, why="a reload")
        os.kill(children["signer"], signal.SIGKILL)
        assert client.issue("again.plain.test")[1] is not None
        responder.close()
        assert s.stop() == 0
        record.check(s)


if shutil.which("setpriv") is None:
    sys.exit("setpriv is missing (util-linux)")
main()
