"""Signed challenges (authentication: [signed]): strongSwan's pki enrols with a
JWS that an MDM, here python3-cryptography and openssl, has signed; whatever is
wrong with one is refused with one sentence; a restart forgets nothing."""
import json
import signal
import subprocess
import time

from client import need, wait_until
from scep_server import issued, run_example, run_script, server, url, verifies
from signed_challenge import Key, b64, claims

need("pki")
SAYS = "the challengePassword is not one that can be used"
ENROL = """test -f "$WHO.key" || openssl genrsa -out "$WHO.key" 2048
for name in $NAMES; do san="${san-} --san $name"; done
pki --scep --url "$URL" --in "$WHO.key" --dn "${DN:-CN=${NAMES%% *}}" $san \
--password "$CHALLENGE" --cacert-enc ra.der --cacert-sig ra.der \
--cacert ca.der --cacert ca-1.der --outform pem > any.pem"""
ec256, ec384 = Key("ES256", "mdm-1"), Key("ES384", "mdm-2")
edwards, rsa, stranger = Key("EdDSA"), Key("RS256"), Key("ES256", "mdm-1")
pss = Key("PS256")

s = server({
    "default": "{profile: device, authentication: [signed, tokens], "
               "signed_keys_file: mdm.jwks, signed_per_device: 2, "
               "max_failures: 1000}",
    "own": "{profile: device, authentication: [signed], "
           "signed_keys_file: mdm.pem, signed_audience: [\"urn:our:scep\"]}",
    "whole": "{profile: whole, authentication: [signed], "
             "signed_keys_file: mdm.pem, max_failures: 1000}",
})
top = s.top
(s.state / "mdm.jwks").write_text(json.dumps(
    {"keys": [ec256.jwk(), ec384.jwk(), edwards.jwk(), rsa.jwk(),
              pss.jwk() | {"alg": "PS256"}]}))
(s.state / "mdm.pem").write_bytes(rsa.pem())
(top / "mdm.key").write_bytes(rsa.private_pem())


def enrol(password, names="a.example", who="one", check=True, **more):
    return run_script(s, ENROL, top, check=check, WHO=who, NAMES=names,
                      CHALLENGE=password, **more)


def refused(password, why, **how):
    n = len(issued(s))
    done = enrol(password, check=False, **how)
    assert done.returncode != 0, (why, done.stdout)
    assert len(issued(s)) == n, why
    # The same to the client, whatever it was; the log knows.
    lines = [line for line in s.log_lines() if "signed challenge:" in line]
    assert lines, (why, s.log_lines()[-5:])
    assert password[:200] not in "\n".join(s.log_lines()), why


def pem():
    """pki writes what it is told; openssl reads it back as it will."""
    path = top / "any.pem"
    path.write_text(subprocess.run(
        ["openssl", "x509", "-in", path], check=True, text=True,
        stdout=subprocess.PIPE).stdout)
    return path


with s:
    aud = url(s)
    run_script(s, 'pki --scepca --url "$URL" --caout ca.der --raout ra.der '
               "--force", top)
    # What docs/scep.md shows: openssl signs, pki enrols.
    run_example(s, "signed-challenge", top)
    verifies(s, top / "signed.pem")
    run_example(s, "signed-challenge", top, URL=url(s), NAME="b.example")

    for key in (ec256, ec384, edwards, rsa, pss):
        enrol(key.jws(claims(aud, "a.example")), who=key.alg)
        verifies(s, pem())
    # The other URL, several audiences, several names in any order.
    for to in (url(s, "default", "https"), ["urn:other", aud]):
        enrol(ec256.jws(claims(to, "a.example")), who="to")
    enrol(ec256.jws(claims(aud, "", names=["dns:B.Example", "dns:a.example"],
                           subject="a.example")), "a.example b.example",
          "two")
    enrol(rsa.jws(claims("urn:our:scep", "a.example")), who="own",
          URL=url(s, "own"))

    good = claims(aud, "a.example")
    n = len(issued(s))
    now = int(time.time())
    for why, jws in {
        "none": ec256.jws(good, {"alg": "none"}, b""),
        "none, with something behind it": ec256.jws(
            good, {"alg": "none"}, b"x"),
        "a MAC with the public key": rsa.mac(good),
        "the algorithm of another key": ec256.jws(
            good, {"alg": "RS256", "kid": "mdm-1"}),
        "the algorithm that its key is not for": pss.jws(
            good, {"alg": "RS256"}),
        "another's key": stranger.jws(good),
        "another's kid": ec256.jws(good, {"alg": "ES256", "kid": "mdm-2"}),
        "a key that comes along": stranger.jws(
            good, {"alg": "ES256", "jwk": stranger.jwk()}),
        "a key from elsewhere": ec256.jws(
            good, {"alg": "ES256", "jku": "https://x.example/"}),
        "crit": ec256.jws(good, {"alg": "ES256", "crit": ["exp"]}),
        "another audience": ec256.jws(good | {"aud": "urn:other"}),
        "the profile beside it": rsa.jws(good | {"aud": "urn:our:scep"}),
        "no audience": ec256.jws(claims(None, "a.example")),
        "expired": ec256.jws(good | {"exp": now - 1}),
        "for a year": ec256.jws(good | {"exp": now + 366 * 86400}),
        "not yet": ec256.jws(good | {"nbf": now + 3600}),
        "no end": ec256.jws({k: v for k, v in good.items() if k != "exp"}),
        "no number": ec256.jws(claims(aud, "a.example", jti=None)),
        "no device": ec256.jws(claims(aud, "a.example", sub=None)),
        "no names": ec256.jws(claims(aud, "a.example", names=None)),
        "a claim twice": ec256.jws(
            json.dumps(good)[:-1] + ', "names": ["dns:a.example"]}'),
        "something behind it": ec256.jws(json.dumps(good) + "{}"),
        "padded": ec256.jws(good) + "=",
        "a part more": ec256.jws(good) + "." + b64("x"),
        "two keys' work": ".".join(ec256.jws(good).split(".")[:2] + [
            ec256.jws(claims(aud, "b.example")).split(".")[2]]),
        "100 kB": ec256.jws(claims(aud, "a.example", more="x" * 75000)),
        "a name too few in the request": ec256.jws(
            claims(aud, "", names=["dns:a.example", "dns:b.example"])),
        "another common name": ec256.jws(
            claims(aud, "a.example", subject="b.example")),
    }.items():
        if why == "100 kB":
            # Not even a challengePassword.
            assert enrol(jws, check=False).returncode != 0
            assert len(issued(s)) == n
        else:
            refused(jws, why)
    refused(ec256.jws(good), "a name too many in the request",
            names="a.example b.example")
    assert len(issued(s)) == n
    tokens = s.cli("token", "list", parse=True)["tokens"]
    assert len(tokens) == n, (len(tokens), n)  # nothing of those is there

    # Where the subject is the request's, it is vouched for too: by the names,
    # or by the claim, and nobody else can be slipped in beside it.
    at = {"URL": url(s, "whole"), "who": "whole"}
    for subject, dn in ((None, "CN=boss"), (None, "CN=a.example, UID=boss"),
                        ("Ann", "CN=boss, CN=Ann"),
                        ("Ann", "CN=Ann, UID=boss"),
                        ("Ann", "CN=a.example")):
        jws = rsa.jws(claims(at["URL"], "a.example", subject=subject))
        assert enrol(jws, check=False, DN=dn, **at).returncode, dn
        assert len(issued(s)) == n, dn
    for subject, dn in (("Ann", "C=CH, O=Example, CN=Ann"),
                        (None, "O=Example, CN=a.example")):
        enrol(rsa.jws(claims(at["URL"], "a.example", subject=subject)),
              DN=dn, **at)
        n += 1
        assert len(issued(s)) == n, dn

    # It still counts, once; another key has nothing of it, nor has another
    # challenge of the same number.
    jws = ec256.jws(good)
    enrol(jws, who="mine")
    enrol(jws, who="mine")
    assert len(issued(s)) == n + 1
    refused(jws, "used", who="thief")
    refused(ec256.jws(good), "the same number again", who="thief")
    waiting = ec256.jws(claims(aud, "a.example"))
    s.stop()
    s.start()
    refused(jws, "used before the restart", who="thief")
    enrol(waiting, who="late")
    assert len(issued(s)) == n + 2

    # Two for a device, and no more of it.
    def of(device):
        return ec256.jws(claims(aud, "a.example", sub=device))
    enrol(of("phone"), who="p1")
    enrol(of("phone"), who="p2")
    refused(of("phone"), "the third of a device", who="p3")
    enrol(of("tablet"), who="p3")
    row = s.cli("token", "list", parse=True)["tokens"][0]
    assert row["device"] == "tablet" and row["service"] == "scep/default" \
        and row["created_by"] == "signed challenge of mdm-1" \
        and row["uses_left"] == 0, row

    # Keys are changed by a reload: the new one counts and the old one does not,
    # nor does what it had signed before; a file with a mistake changes nothing.
    keys, fresh = s.state / "mdm.jwks", Key("ES256", "mdm-3")
    before = of("desk")

    def reload(text, well=True):
        new = keys.with_suffix(".new")
        new.write_text(text)
        new.rename(keys)
        mark = len(s.log_lines())
        s.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any(
            f'"event":"{"reloaded" if well else "reload-refused"}"' in line
            for line in s.log_lines()[mark:]), why="the reload")

    refused(fresh.jws(claims(aud, "a.example")), "not yet a key", who="fresh")
    reload(json.dumps({"keys": [fresh.jwk()]}))
    enrol(fresh.jws(claims(aud, "a.example")), who="fresh")
    refused(before, "its key is gone", who="desk")
    reload(json.dumps({"keys": [fresh.jwk() | {"alg": "RS512"}]}), False)
    enrol(fresh.jws(claims(aud, "a.example")), who="fresh2")
    reload(json.dumps({"keys": [ec256.jwk(), fresh.jwk()]}))
    enrol(before, who="desk")
    s.cli("log", "verify")
