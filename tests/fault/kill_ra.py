"""kill -9 while the server certifies its SCEP key: no gap, no double, and the
certificate of before opens messages until its end."""
import re
import subprocess

import record
from support.server import Server, wait_until

POINTS = ("ra.issue.before", "ra.issue.after")


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
