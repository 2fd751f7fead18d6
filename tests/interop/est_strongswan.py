"""strongSwan's pki: CA certificates, enrolment, renewal, polling for an
approval; from the examples of docs/est.md."""
import subprocess
import threading

from client import need, wait_until
from est_server import (environment, example, issued, run_example, same_key,
                        server, verifies)

need("pki")
LABEL = "{profile: device, users_file: est-users, retry_after: 1s, " \
        "authentication: [certificate, users, approval]}"
s = server({"default": LABEL}, [("swan", "dns:swan.example")])
top = s.top


def pem(name):
    """pki writes what it is told; openssl reads it back as it will."""
    out = subprocess.run(["openssl", "x509", "-in", top / name], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    (top / name).write_text(out)
    return top / name


with s:
    run_example(s, "strongswan", top)
    assert (top / "ca.der").exists()
    verifies(s, pem("swan.pem"))
    assert same_key(top / "swan.key", top / "swan.pem")
    run_example(s, "strongswan-renew", top)
    verifies(s, pem("swan-new.pem"))
    assert same_key(top / "swan-new.key", top / "swan-new.pem")
    rows = issued(s)
    assert len(rows) == 2, rows
    newest = s.cli("cert", "show", rows[0]["serial"], parse=True)
    assert newest["replaces"], newest

    # Without a password: it waits until an operator has looked at it.
    s.cli("operator", "add", "alice")
    failed = []

    def wait():
        try:
            run_example(s, "approval", top)
        except BaseException as e:  # noqa: B902
            failed.append(e)

    waiting = threading.Thread(target=wait)
    waiting.start()

    def seen(row):
        """The hash of what the operator has looked at."""
        return s.cli("approval", "show", row["id"],
                     parse=True)["request_sha256"]

    def pending():
        rows = s.cli("approval", "list", parse=True)
        rows = rows if isinstance(rows, list) else rows["approvals"]
        return [r for r in rows if r["status"] == "pending"]

    row = wait_until(pending, 30, why="the request in the queue")[0]
    assert len(issued(s)) == 2, "issued before it was approved"
    s.cli("approval", "approve", row["id"], "--hash", seen(row),
          "--as", "alice")
    waiting.join(60)
    assert not failed, failed
    verifies(s, pem("wait.pem"))
    assert same_key(top / "wait.key", top / "wait.pem")

    # Rejected: the client is told, and nothing is issued.
    before = len(issued(s))
    text = example("approval").replace("wait.", "refuse.")
    client = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text],
                              cwd=top, env=environment(s),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    row = wait_until(pending, 30, why="the second request")[0]
    s.cli("approval", "reject", row["id"], "--hash", seen(row),
          "--as", "alice", "--reason", "not on the list")
    out, _ = client.communicate(timeout=60)
    assert client.returncode != 0, out
    assert len(issued(s)) == before
    told = [r for r in s.log_events("request") if r["status"] == 403]
    assert told and "not on the list" in told[-1]["note"], told
    print("EST, strongSwan", [r["names"] for r in issued(s)])
