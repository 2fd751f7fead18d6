"""Full CRLs, those of shards and deltas: OpenSSL and GnuTLS take them, whatever
the CA's key; HTTP serves them as caches and slow clients need them.

    crl.py ec-p256|ec-p384|rsa-2048|ed25519
"""
import gzip
import shutil
import subprocess
import sys

from client import Server, need, run, serial_of, wait_until

need("certtool")
KEY = sys.argv[1]
PROFILE = "profiles:\n  sharded: {ca: issuing, crl_shards: true}\n"


def text(crl):
    return subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-noout", "-text"], input=crl,
        stdout=subprocess.PIPE, check=True).stdout.decode()


def pem(s, path, name):
    """The CRL at this path as PEM; both libraries verify its signature."""
    status, headers, crl = s.get(path)
    assert status == 200, (path, status)
    assert headers["Content-Type"] == "application/pkix-crl"
    der, out = s.top / f"{name}.der", s.top / f"{name}.pem"
    der.write_bytes(crl)
    ca = s.state / "certs" / ("root.pem" if "root" in path else "issuing.pem")
    done = run("openssl", "crl", "-inform", "DER", "-in", der, "-CAfile", ca,
               "-out", out)
    assert "verify OK" in done.stdout, done.stdout
    run("certtool", "--verify-crl", "--load-ca-certificate", ca, "--infile",
        out)
    return out.read_text()


def verify(s, leaf, crls, good, *options):
    bundle = s.top / "bundle.pem"
    bundle.write_text("".join(crls))
    done = run("openssl", "verify", "-crl_check_all", *options, "-CAfile",
               s.root, "-CRLfile", bundle, "-untrusted", leaf, leaf,
               check=False)
    assert (done.returncode == 0) == good, done.stdout
    assert good or "revoked" in done.stdout, done.stdout


def issue(s, name, profile):
    _, csr = s.csr(name)
    leaf = s.top / f"{name}.pem"
    leaf.write_text(s.cli("cert", "issue", "--csr", csr, "--profile", profile))
    return leaf


def pointer(s, leaf):
    """The path of the CRL that the certificate names."""
    out = run("openssl", "x509", "-in", leaf, "-noout", "-ext",
              "crlDistributionPoints").stdout
    url = out.partition("URI:")[2].split()[0]
    assert url.startswith(s.http_url), url
    return url, url[len(s.http_url):]


def revoke(s, leaf):
    s.cli("cert", "revoke", serial_of(leaf), "--reason", "superseded")


def listed(s, path, leaf):
    return serial_of(leaf).upper() in text(s.get(path)[2])


def shards(s):
    root = pem(s, "/crl/root.crl", "root")
    good, bad = issue(s, "good.test", "sharded"), issue(s, "bad.test", "sharded")
    plain = issue(s, "plain.test", "default")
    assert pointer(s, plain)[1] == "/crl/issuing.crl"
    for leaf in (good, bad):
        url, path = pointer(s, leaf)
        # RFC 5280 section 5.2.5: the very URI of the certificates, critical.
        shown = text(s.get(path)[2])
        assert "Issuing Distribution Point: critical" in shown, shown
        assert f"URI:{url}\n" in shown, shown
        verify(s, leaf, [root, pem(s, path, "shard")], True)
    revoke(s, bad)
    path = pointer(s, bad)[1]
    wait_until(lambda: listed(s, path, bad), 2, why="the shard's CRL")
    wait_until(lambda: listed(s, "/crl/issuing.crl", bad), 2,
               why="the full CRL, which is complete")
    verify(s, bad, [root, pem(s, path, "shard")], False)
    verify(s, bad, [root, pem(s, "/crl/issuing.crl", "full")], False)
    verify(s, good, [root, pem(s, pointer(s, good)[1], "shard")], True)
    # Another shard's CRL in the place of this one does not help an attacker.
    other = next(f"/crl/issuing/{i}.crl" for i in range(1, 5)
                 if f"/crl/issuing/{i}.crl" != path)
    bundle = s.top / "bundle.pem"
    bundle.write_text(root + pem(s, other, "other"))
    done = run("openssl", "verify", "-crl_check_all", "-CAfile", s.root,
               "-CRLfile", bundle, "-untrusted", bad, bad, check=False)
    assert done.returncode != 0 and "different CRL scope" in done.stdout, done
    for i in range(1, 5):
        pem(s, f"/crl/issuing/{i}.crl", f"shard{i}")
    for path in ("/crl/issuing/0.crl", "/crl/issuing/5.crl",
                 "/crl/issuing/01.crl", "/crl/issuing-delta.crl",
                 "/crl/nobody/1.crl", "/crl/nobody.crl"):
        assert s.get(path)[0] == 404, path


def http(s):
    """RFC 9110: validators, ranges, encodings; fresh until the next is due."""
    path = "/crl/issuing.crl"
    _, csr = s.csr("many.test")
    many = s.top / "many.pem"
    for _ in range(16):
        many.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                              "default"))
        revoke(s, many)
    s.cli("crl", "now", "issuing")
    status, headers, plain = s.get(path)
    tag = headers["ETag"]
    assert status == 200 and int(headers["Content-Length"]) == len(plain)
    assert headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in headers
    age = int(headers["Cache-Control"].partition("max-age=")[2].split(",")[0])
    # A day, the period; not the week until nextUpdate.
    assert 86000 < age <= 86400, headers["Cache-Control"]
    assert s.get(path, headers={"If-None-Match": tag})[0] == 304
    status, headers, part = s.get(path, headers={"Range": "bytes=10-19"})
    assert status == 206 and part == plain[10:20], (status, part)
    ask = {"Accept-Encoding": "br, gzip"}
    wait_until(lambda: s.get(path, headers=ask)[1].get("Content-Encoding") ==
               "gzip", 5, why="the compressed form")
    _, headers, packed = s.get(path, headers=ask)
    assert gzip.decompress(packed) == plain and len(packed) < len(plain)
    assert headers["ETag"] != tag and not headers["ETag"].startswith("W/")
    same = {**ask, "If-None-Match": headers["ETag"]}
    assert s.get(path, headers=same)[0] == 304
    for no in ("identity", "gzip;q=0", "*", "xgzip"):
        answer = s.get(path, headers={"Accept-Encoding": no})
        assert "Content-Encoding" not in answer[1], no
    assert s.get(path, headers={**ask, "Range": "bytes=0-3"})[2] == plain[:4]
    out = s.top / "by-curl.der"
    run("curl", "-sSf", "--compressed", "-o", out, s.http_url + path)
    assert out.read_bytes() == plain


def deltas(s):
    root = pem(s, "/crl/root.crl", "root")
    early, late = issue(s, "early.test", "default"), issue(
        s, "late.test", "default")
    wait_until(lambda: s.get("/crl/issuing-delta.crl")[0] == 200, 5,
               why="the first delta")
    revoke(s, early)
    s.cli("crl", "now", "issuing")
    full = pem(s, "/crl/issuing.crl", "full")
    shown = text(s.get("/crl/issuing.crl")[2])
    assert "Freshest CRL" in shown and "issuing-delta.crl" in shown, shown
    assert listed(s, "/crl/issuing.crl", early)
    revoke(s, late)
    wait_until(lambda: listed(s, "/crl/issuing-delta.crl", late), 4,
               why="the delta")
    shown = text(s.get("/crl/issuing-delta.crl")[2])
    assert "Delta CRL Indicator: critical" in shown, shown
    assert not listed(s, "/crl/issuing-delta.crl", early)
    assert pem(s, "/crl/issuing.crl", "full") == full
    delta = pem(s, "/crl/issuing-delta.crl", "delta")
    # The full one alone does not tell; with its delta both are revoked.
    verify(s, late, [root, full], True)
    verify(s, late, [root, full, delta], False, "-use_deltas",
           "-extended_crl")
    verify(s, early, [root, full, delta], False, "-use_deltas",
           "-extended_crl")
    rows = s.cli("crl", "show", "issuing", parse=True)["crls"]
    kinds = [r["kind"] for r in rows]
    assert kinds == ["full", "delta"] + ["shard"] * 4, kinds
    assert rows[1]["base"] == rows[0]["number"] < rows[1]["number"], rows
    before = rows[0]["number"]
    after = s.cli("crl", "now", parse=True)["crls"]
    number = next(r["number"] for r in after
                  if r["ca"] == "issuing" and r["kind"] == "full")
    assert number > max(before, rows[1]["number"])
    refused = s.cli("crl", "now", "root", check=False)
    assert refused.returncode == 1 and "offline" in refused.stderr, refused
    assert s.cli("crl", "show", "none", check=False).returncode == 1
    ages = {k: v for k, v in s.metrics().items() if k.startswith(
        "chancery_crl_left_seconds")}
    assert ages['chancery_crl_left_seconds{path="/crl/issuing.crl"}'] > 86400


def zlint(s):
    if shutil.which("zlint") is None:
        return
    for path, name in (("/crl/issuing.crl", "full"),
                       ("/crl/issuing/1.crl", "shard1"),
                       ("/crl/issuing-delta.crl", "delta")):
        pem(s, path, name)
        out = run("zlint", "-excludeSources", "CABF_EV,CABF_SMIME_BR,ETSI_ESI",
                  s.top / f"{name}.pem").stdout
        assert '"result":"error"' not in out and \
            '"result":"fatal"' not in out, out


with Server(init=("--testing", "--key", KEY), name="CRL") as s:
    s.stop()
    path = s.state / "chancery.yaml"
    path.write_text(path.read_text().replace("profiles:\n", PROFILE, 1))
    s.configure({"crl.shards": 4})
    s.start()
    shards(s)
    http(s)
    s.configure({"crl.delta": "1h", "crl.next_publish": "true"})
    s.stop()
    s.start()
    deltas(s)
    zlint(s)
    s.stop()
    run(s.binary, "log", "verify", "--state", s.state)
