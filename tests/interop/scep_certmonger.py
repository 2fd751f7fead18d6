"""certmonger over SCEP in RA mode, without being told of any certificate: a
request by GET, and a rekey, which it sends as a PKCSReq that the old certificate
has signed; from the examples of docs/scep.md."""
import subprocess

from client import need
from scep_server import (environment, example, issued, run_script, server,
                         verifies)

need("certmonger")
need("dbus-run-session")
s = server({"default": "{profile: device, authentication: [tokens]}"})


def session(script, **more):
    """Under a message bus of its own, which starts the daemon: the home that
    it keeps its requests in is that of the bus."""
    home = {name: str(s.top) for name in
            ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")}
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-euo", "pipefail", "-c", script],
        cwd=s.top, env=environment(s, **home, **more), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=100,
        check=False)
    assert done.returncode == 0, done.stdout


with s:
    secret = s.cli("token", "create", "--profile", "device", "--name",
                   "dns:monger.example").strip()
    session(example("certmonger") + "cp monger.pem first.pem\n" +
            example("certmonger-rekey"), CHALLENGE=secret)
    verifies(s, s.top / "first.pem")
    verifies(s, s.top / "monger.pem")
    rows = issued(s)
    assert len(rows) == 2, rows
    newest = s.cli("cert", "show", rows[0]["serial"], parse=True)
    assert newest["replaces"], newest
    keys = {run_script(s, f"openssl x509 -in {name} -noout -pubkey",
                       s.top).stdout for name in ("first.pem", "monger.pem")}
    assert len(keys) == 2, "the key is the same"
    asked = [r for r in s.log_events("request") if r["path"] == "/scep" and
             r.get("object")]
    assert [r["method"] for r in asked] == ["GET", "GET"], asked
