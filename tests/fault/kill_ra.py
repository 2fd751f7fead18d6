"""kill -9 while the server certifies its SCEP key: no gap, no double, and the
certificate of before opens messages until its end.  And while an operator
rotates that key: no key is lost, and the same command ends what it began."""
import os
import re
import subprocess

import record
from support import scep_client as scep
from support.server import Server, wait_until

POINTS = ("ra.issue.before", "ra.issue.after")
ROTATION = ("ra.rotate.next", "ra.rotate.previous", "ra.rotate.key")
listed = subprocess.run([os.environ["CHANCERY"], "serve", "--list-faults"],
                        check=True, stdout=subprocess.PIPE, text=True).stdout
assert {p for p in listed.split() if p.startswith("ra.")} == \
    {*POINTS, *ROTATION}, listed


def configure(s):
    path = s.state / "chancery.yaml"
    text = path.read_text()
    row = "{default: {profile: default, authentication: [tokens]}}"
    changed = re.sub(r"\nscep:\n((?:  #.*\n)*)  profiles: \{.*\}\n",
                     lambda m: f"\nscep:\n{m[1]}  profiles: {row}\n", text)
    assert row in changed
    path.write_text(changed)


def recorded(s):
    rows = s.cli("cert", "list", parse=True)["certificates"]
    return [r for r in rows if r["profile"] == "scep-ra" and
            r["status"] == "valid"]


def served(s):
    """The serial of the first certificate of GetCACert."""
    try:
        status, _, body = s.get("/scep?operation=GetCACert")
    except OSError:
        return None
    if status != 200:
        return None
    out = subprocess.run(
        "openssl pkcs7 -inform DER -print_certs | openssl x509 -noout -serial",
        shell=True, input=body, check=True, stdout=subprocess.PIPE).stdout
    return out.decode().strip().partition("=")[2].lower()


for point in POINTS:
    with Server.fresh(name="RA") as s:
        s.stop()
        configure(s)
        s.start(fault=f"{point}:1:kill", ready=False)
        first = wait_until(lambda: served(s), 30, why="GetCACert")
        assert f"fault {point} reached" in "\n".join(s.log_lines()), point
        assert [r["serial"] for r in recorded(s)] == [first], recorded(s)
        # Two thirds of its life later there is a second one, once.
        s.stop()
        s.configure({"testing.clock_offset": "250d"})
        s.start(fault=f"{point}:1:kill", ready=False)

        def renewed():
            now = served(s)
            return now != first and now
        second = wait_until(renewed, 30, why="the next certificate")
        rows = recorded(s)
        assert sorted(r["serial"] for r in rows) == sorted([first, second]), \
            rows
        s.stop()
        record.check(s)
        print(point, "ok")


def opens(client):
    """The message is deciphered, and refused for what is in it."""
    reply = client.enrol("a.example")
    assert reply.status == scep.FAILURE, reply
    return reply.fail == scep.BAD_REQUEST


def keys(s):
    shown = s.cli("ra", "show", parse=True)
    return tuple(k and k["spki_sha256"]
                 for k in (shown["current"], shown["previous"]))


for point in ROTATION:
    with Server.fresh(name="Rotation") as s:
        s.stop()
        configure(s)
        s.start()
        client = scep.Client(s.http_url + "/scep", s.top)
        client.ca_certificates()
        assert opens(client)
        first, _ = keys(s)
        done = s.cli("ra", "rotate", check=False,
                     env={"CHANCERY_FAULT": f"{point}:1:kill"})
        assert done.returncode == -9, done
        assert f"fault {point} reached" in done.stderr, done
        # The server knows nothing of it; one that starts now has all.
        assert keys(s) == (first, None) and opens(client)
        s.cli("check", "--quiet")
        s.stop()
        s.start()
        assert opens(client)
        whole = point == "ra.rotate.key"
        assert (keys(s) == (first, None)) != whole, keys(s)
        again = s.cli("ra", "rotate", check=False)
        assert again.returncode == whole, again
        assert ("ra retire" in again.stderr) == whole, again
        assert ("taken up" in again.stdout) != whole, again
        current, previous = keys(s)
        assert previous == first != current, (first, current, previous)
        assert opens(client) and opens(scep.Client(client.url, s.top))
        left = sorted(p.name for p in (s.state / "keys").glob("ra.*"))
        assert left == ["ra.key", "ra.previous.key"], left
        for name in left:
            mode = (s.state / "keys" / name).stat().st_mode & 0o777
            assert mode == 0o600, (name, oct(mode))
        s.cli("check", "--quiet")
        s.cli("log", "verify")
        s.stop()
        record.check(s)
        print(point, "ok")
