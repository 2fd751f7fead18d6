"""scripts/quickstart as a newcomer runs it, then every command that it prints,
pasted into a shell as it stands; then quickstart again."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]


def shell(text, timeout=600):
    done = subprocess.run(["bash", "-ec", text], cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout,
                          check=False)
    print("$", text)
    print(done.stdout, flush=True)
    assert done.returncode == 0, f"exit {done.returncode}"
    return done.stdout


def pasted(out):
    """The indented blocks between "Things to paste" and the end."""
    text = out.partition("Things to paste")[2].partition("\n\n")[2]
    text = text.rpartition("\nThe log is")[0]
    return [b for b in text.split("\n\n") if b.strip()]


def answering(out, root):
    """Each URL of the list is served, by GET, by POST alone, or as a prefix."""
    urls = re.findall(r"^.{28} (https?://\S+)$", out, re.M)
    assert len(urls) >= 18, urls
    below = {"/log": "/checkpoint", "/est": "/cacerts"}
    for url in urls:
        url += below.get(url[url.rindex("/"):], "")
        status = shell(f"curl -s -o /dev/null -w '%{{http_code}}' --cacert "
                       f"{root} {url}").strip()
        post = url.endswith(("/ocsp", "/revoke"))
        assert status == ("405" if post else "200"), (url, status)


with tempfile.TemporaryDirectory(prefix="chancery-demo-") as scratch:
    demo = f"{scratch}/demo"
    out = shell(f"scripts/quickstart {demo}")
    pid = int((pathlib.Path(demo) / "run/pid").read_text())
    try:
        blocks = pasted(out)
        assert len(blocks) >= 7, out
        said = "".join(shell(block) for block in blocks)
        for words in ("example.pem: good", "Response verify OK",
                      "example.pem: revoked", "Reason: superseded",
                      "DNS:www.example.test"):
            assert words in said, words
        answering(out, f"{demo}/certs/root.pem")
        assert "SHA-256 fingerprint" in out
        root = (pathlib.Path(demo) / "certs/root.pem").read_bytes()
        again = shell(f"scripts/quickstart {demo}")
        assert "already" in again, "a second run started a second server"
        assert root == (pathlib.Path(demo) / "certs/root.pem").read_bytes()
    finally:
        os.kill(pid, signal.SIGTERM)
    subprocess.run(["tail", f"--pid={pid}", "-f", "/dev/null"], timeout=60,
                   check=True)
    # What was issued outlives a restart: quickstart a third time.
    shell(f"scripts/quickstart {demo}")
    pid = int((pathlib.Path(demo) / "run/pid").read_text())
    listed = shell(f"build/release/src/main/chancery cert list --state {demo}")
    os.kill(pid, signal.SIGTERM)
    subprocess.run(["tail", f"--pid={pid}", "-f", "/dev/null"], timeout=60,
                   check=True)
    assert listed.count("dns:localhost") >= 2, listed
sys.exit(0)
