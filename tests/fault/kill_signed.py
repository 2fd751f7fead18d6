"""kill -9 at each step between a signed challenge and its certificate: what was
signed once is one certificate, for the request that had it; whose answer was
lost has it again; and a thief of the challenge has nothing, at any step."""
import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "interop"))
import record
from client import need, wait_until
from scep_server import issued, run_script, server, url, verifies
from signed_challenge import Key, claims

need("pki")
POINTS = ("token.insert.before", "token.insert.after", "issue.intent.before",
          "issue.intent.after", "issue.sign.before", "issue.sign.after",
          "issue.issued.before", "issue.issued.after", "issue.reply.before")
ENROL = """test -f "$WHO.key" || openssl genrsa -out "$WHO.key" 2048
test -f ra.der || pki --scepca --url "$URL" --caout ca.der --raout ra.der
pki --scep --url "$URL" --in "$WHO.key" --dn "CN=a.example" --san a.example \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert ca-1.der --outform pem | openssl x509 > "$WHO.pem"
"""
# Servers at once, each with its share of the points.
AT_ONCE = 3
mdm = Key("ES256", "mdm")


def enrol(s, who, challenge):
    return run_script(s, ENROL, s.top, check=False, WHO=who,
                      CHALLENGE=challenge).returncode == 0


def kill_at(s, n, point):
    jws = mdm.jws(claims(url(s), "a.example", sub=point))
    s.stop()
    s.start(fault=f"{point}:1:kill")
    # Nobody there, or not yet: the client asks again, with the same.
    wait_until(lambda: enrol(s, point, jws), 60, every=0.2, why=point)
    assert f"fault {point} reached" in "\n".join(s.log_lines()), point
    verifies(s, s.top / f"{point}.pem")
    first = (s.top / f"{point}.pem").read_text()
    assert not enrol(s, "thief", jws), point
    assert enrol(s, point, jws), point
    assert (s.top / f"{point}.pem").read_text() == first, point
    # The device's one challenge is counted once, whatever happened.
    assert not enrol(s, "thief", mdm.jws(
        claims(url(s), "a.example", sub=point))), point
    rows = [r for r in issued(s) if r["status"] == "valid"]
    assert len(rows) == n + 1, (point, rows)
    print(point, "ok", flush=True)


def share(points):
    s = server({"default": "{profile: device, authentication: [signed], "
                           "signed_keys_file: mdm.pem, max_failures: 1000, "
                           "signed_per_device: 1}"})
    (s.state / "mdm.pem").write_bytes(mdm.pem())
    with s:
        run_script(s, 'pki --scepca --url "$URL" --caout ca.der '
                   "--raout ra.der --force", s.top)
        for n, point in enumerate(points):
            kill_at(s, n, point)
        tokens = s.cli("token", "list", parse=True)["tokens"]
        assert len(tokens) == len(points), tokens
        assert all(t["uses_left"] == 0 for t in tokens), tokens
        s.stop()
        record.check(s)
        took = [b["token"] for _, kind, b in record.events(s)
                if kind == "cert-intent" and b.get("token")]
        # An intent that was voided gave its use back: the token has another.
        assert set(took) == {t["id"] for t in tokens}, took


with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
    for done in [pool.submit(share, POINTS[i::AT_ONCE])
                 for i in range(AT_ONCE)]:
        done.result()
