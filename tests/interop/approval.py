"""Tokens, operators and the approval queue by the commands; as users of other
uids too, where the test runs as root."""
import grp
import os
import re
import sqlite3
import subprocess

from client import server, wait_until
from support.approvals import ask

ALICE, BOB, EVE = 54321, 54322, 54323
ROOT = os.geteuid() == 0
# A group of the system that nobody here is in.
GROUP = "nogroup"


def command(s, *words, uid=None):
    """A command, as another user in GROUP: only root can be one."""
    def become():
        gid = grp.getgrnam(GROUP).gr_gid
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    return subprocess.run(
        [s.binary, *map(str, words), "--state", str(s.state)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL, timeout=60, check=False, cwd="/",
        preexec_fn=become if uid is not None else None)


def done(d):
    assert d.returncode == 0, d
    return d.stdout


def refused(d, *said):
    assert d.returncode == 1, d
    for text in said:
        assert text in d.stderr, d


def shown_hash(s, name, **how):
    """As an operator reads it from the screen."""
    out = done(command(s, "approval", "show", name, **how))
    assert f"dns:{name}" in out and "BEGIN CERTIFICATE REQUEST" in out, out
    return re.search(r"request sha256: ([0-9a-f]{64})", out).group(1)


def find_in_files(directory, secret):
    found = []
    for path in directory.rglob("*"):
        if path.is_file() and secret.encode() in path.read_bytes():
            found.append(path)
    return found


def tokens(s):
    secret = done(command(s, "token", "create", "--profile", "default",
                          "--name", "dns:a.token.test", "--uses", 2,
                          "--expires", "2h"))
    assert re.fullmatch(r"[A-Za-z0-9]{32}\n", secret), secret
    made = s.cli("token", "create", "--profile", "default", parse=True)
    assert re.fullmatch(r"[A-Za-z0-9]{32}", made["secret"]), made
    assert made["uses"] == 1 and made["names"] == [], made
    rows = s.cli("token", "list", parse=True)["tokens"]
    assert len(rows) == 2 and not any("secret" in r for r in rows), rows
    assert rows[1]["names"] == ["dns:a.token.test"], rows
    assert rows[1]["uses_left"] == 2, rows
    refused(command(s, "token", "create", "--profile", "none"),
            "no profile none")
    refused(command(s, "token", "create", "--profile", "default", "--expires",
                    "2y"), "366d")
    refused(command(s, "token", "create", "--profile", "default", "--name",
                    "email:a@token.test"), "mail")
    done(command(s, "token", "revoke", made["id"]))
    refused(command(s, "token", "revoke", "none"), "no such token")
    rows = s.cli("token", "list", parse=True)["tokens"]
    assert [r["status"] for r in rows] == ["revoked", "usable"], rows
    # Nowhere but on the operator's screen.
    s.stop()
    for text in (secret.strip(), made["secret"]):
        assert not find_in_files(s.top, text), find_in_files(s.top, text)
        assert find_in_files(s.top, made["id"]), "the search finds nothing"
    s.start()
    _, _, metrics = s.get("/metrics", "ops")
    assert secret.strip().encode() not in metrics


def decisions(s):
    s.stop()
    for name in ("one", "two", "three"):
        ask(s, f"{name}.approval.test", "anonymous 192.0.2.1")
    ask(s, "own.approval.test", "user carol")
    s.start()
    wait_until(lambda: s.metrics()["chancery_approvals_pending"] == 4,
               why="four that wait")
    one, two = "one.approval.test", "two.approval.test"
    sha = shown_hash(s, one)
    # Root is not an operator until it has a row.
    refused(command(s, "approval", "approve", one, "--hash", sha),
            f"uid {os.geteuid()} is not a named operator",
            f"operator add NAME --uid {os.geteuid()}")
    refused(command(s, "approval", "approve", one, "--hash", sha, "--as",
                    "carol"), "carol is not a named operator")
    done(command(s, "operator", "add", "carol"))
    done(command(s, "operator", "add", "owner", "--uid", os.geteuid(), "--as",
                 "carol"))
    # Not what was looked at.
    refused(command(s, "approval", "approve", one, "--hash",
                    shown_hash(s, two)), "hash is another")
    assert command(s, "approval", "approve", one).returncode == 2
    out = done(command(s, "approval", "approve", one, "--hash", sha))
    assert "is approved by owner" in out, out
    refused(command(s, "approval", "reject", one, "--hash", sha, "--reason",
                    "no", "--as", "carol"), "approved already, by owner")
    sha = shown_hash(s, two)
    out = done(command(s, "approval", "reject", two, "--hash", sha,
                       "--reason", "not one of ours", "--as", "carol"))
    assert "is rejected by carol" in out, out
    refused(command(s, "approval", "approve", two, "--hash", sha),
            "rejected already, by carol")
    # Carol asked for it.
    own = "own.approval.test"
    refused(command(s, "approval", "approve", own, "--hash",
                    shown_hash(s, own), "--as", "carol"),
            "cannot decide about it")
    rows = s.cli("approval", "list", parse=True)["approvals"]
    assert {r["id"].split(".")[0]: r["status"] for r in rows} == {
        "one": "approved", "two": "rejected", "three": "pending",
        "own": "pending"}, rows
    assert s.cli("approval", "show", two, parse=True)["reason"] == \
        "not one of ours"
    waiting = s.cli("approval", "list", "--status", "pending", parse=True)
    assert len(waiting["approvals"]) == 2, waiting
    wait_until(lambda: s.metrics()["chancery_approvals_pending"] == 2,
               why="two that wait")


def group(s):
    """Operators with uids of their own, who are neither root nor the server."""
    three = "three.approval.test"
    # The socket is root's and the server's alone.
    assert command(s, "approval", "list", uid=ALICE).returncode == 3
    s.stop()
    text = (s.state / "chancery.yaml").read_text()
    (s.state / "chancery.yaml").write_text(
        f"control_group: {GROUP}\n" +
        re.sub(r"(?m)^control_group:.*\n", "", text))
    s.start()
    mode = os.stat(s.state / "run/control.sock").st_mode & 0o777
    assert mode == 0o660, oct(mode)
    for uid, name in ((ALICE, "alice"), (BOB, "bob")):
        done(command(s, "operator", "add", name, "--uid", uid))
    assert "alice" in done(command(s, "operator", "list", uid=ALICE))
    sha = shown_hash(s, three, uid=ALICE)
    # In the group, and nobody.
    refused(command(s, "approval", "show", three, uid=EVE),
            f"uid {EVE} is not a named operator")
    # Nobody is somebody else, and root is not alice.
    for uid, name in ((ALICE, "bob"), (ALICE, "owner"), (ALICE, "carol"),
                      (None, "alice")):
        refused(command(s, "approval", "approve", three, "--hash", sha,
                        "--as", name, uid=uid), name)
    # Deciding is all that an operator does.
    for words in (("operator", "add", "eve", "--uid", EVE),
                  ("operator", "remove", "bob"),
                  ("token", "create", "--profile", "default")):
        refused(command(s, *words, uid=ALICE), "only root")
    out = done(command(s, "approval", "approve", three, "--hash", sha,
                       uid=ALICE))
    assert "is approved by alice" in out, out
    refused(command(s, "approval", "reject", three, "--hash", sha,
                    "--reason", "no", uid=BOB), "approved already, by alice")
    done(command(s, "operator", "remove", "bob"))
    refused(command(s, "approval", "list", uid=BOB), "not a named operator")


def record(s):
    s.stop()
    # The entries alone lead to the same operators, tokens and decisions.
    out = s.cli("log", "replay", parse=True)
    assert out["agrees"] and out["tokens"] == 2 and \
        out["approvals"] == (3 if ROOT else 2), out
    db = sqlite3.connect(f"file:{s.state}/db/chancery.db?mode=ro", uri=True)
    kinds = [k for k, in db.execute("SELECT kind FROM log")]
    db.close()
    assert kinds.count("token") == 2, kinds
    assert kinds.count("token-revoked") == 1, kinds
    assert kinds.count("approval") == (3 if ROOT else 2), kinds
    assert kinds.count("operator-added") == (4 if ROOT else 2), kinds
    assert kinds.count("operator-removed") == (1 if ROOT else 0), kinds


with server() as s:
    if ROOT:
        # Other users run the commands against it.
        os.chmod(s.top, 0o755)
    tokens(s)
    decisions(s)
    if ROOT:
        group(s)
    record(s)
