"""docs/rollover.md, command by command: every sh block, in order, in one shell,
with STATE the directory of a running server."""
import os
import pathlib
import re
import subprocess

from client import Server

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/rollover.md"
blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
assert len(blocks) >= 9, len(blocks)
with Server.fresh(name="Page") as s:
    bin_dir = s.top / "bin"
    bin_dir.mkdir()
    (bin_dir / "chancery").symlink_to(s.binary)
    # A certificate, so that there is something that must expire first.
    _, csr = s.csr("www.page.test")
    s.cli("cert", "issue", "--csr", csr, "--profile", "default")
    env = dict(os.environ, STATE=str(s.state),
               PATH=f"{bin_dir}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "-exc", "\n".join(blocks)], env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=240,
                          check=False)
    print(done.stdout)
    assert done.returncode == 0, f"exit {done.returncode}"
    assert "has not taken it up" not in done.stdout
    assert "not before its last certificate" in done.stdout
    names = {c["name"]: c["state"] for c in s.cli("ca", "list",
                                                  parse=True)["cas"]}
    assert names == {"root": "draining", "root-2": "offline",
                     "lab": "issuing", "issuing": "draining",
                     "issuing-2": "draining", "issuing-3": "issuing"}, names
    s.cli("cert", "issue", "--csr", csr, "--profile", "default")
    assert s.get("/readyz")[0] == 200
    s.cli("check")
