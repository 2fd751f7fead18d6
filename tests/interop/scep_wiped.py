"""What a message encloses is gone from the server's memory when it is answered:
challengePasswords, by POST and by GET.  (Wrong ones: the right one is in a file
that the server holds.)  The scan finds what it shall find: a name on record."""
import os
import pathlib
import secrets
import sys

from scep_server import CHALLENGE, server, url
from support import scep_client as scep
from support.scep_client import Client

if os.geteuid() != 0:
    print("not root: memory of other processes cannot be read")
    sys.exit(77)

s = server({"default": '{profile: device, authentication: [challenge], '
                       'challenge_file: scep-challenge, '
                       'names: ["dns:*.example"]}'})


def memory_of(pid):
    """Shadow memory of sanitizers is endless and holds no data."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            bounds, rights = line.split()[:2]
            start, end = (int(x, 16) for x in bounds.split("-"))
            if not rights.startswith("r") or "[v" in line or \
                    end - start > 1 << 30:
                continue
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue


def spelt(password):
    """As text, and as BMPString has it."""
    return password.encode(), password.encode("utf-16-be")


def found(pid, needles):
    return {n for chunk in memory_of(pid) for n in needles if n in chunk}


with s:
    c = Client(url(s), s.top)
    marked = "wiped" + secrets.token_hex(8) + ".example"
    wrong = [secrets.token_hex(20) for _ in range(4)]
    for i, password in enumerate(wrong):
        c.method = "GET" if i % 2 else "POST"
        reply = c.enrol(marked, challenge=password)
        assert reply.status == scep.FAILURE, reply
    assert c.enrol(marked, challenge=CHALLENGE).status == scep.SUCCESS
    server_pid = s.children()["server"]
    seen = found(server_pid, [n for p in wrong for n in spelt(p)] + [
        marked.encode()])
    assert marked.encode() in seen, "the scan finds nothing at all"
    assert seen == {marked.encode()}, seen - {marked.encode()}
