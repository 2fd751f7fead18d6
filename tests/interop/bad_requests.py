"""Wrong ACME requests over the wire: status, type, headers, nothing changed.

RFC 8555 sections 6 and 7 up to the order, against a live server; Wire.look()
judges the headers of every single answer.
"""
import json

from client import server
from support.acme_wire import (JOSE, Account, Wire, b64, ecdsa_as_der, expect,
                               ident, make_key)

SECOND_PROFILE = "  short:\n    ca: issuing\n    lifetime: 2d\n" \
    "    description: two days\n    wildcards: false\n    backdate: 0s\n"


# ---- before ACME: the table, the media type, what is no request ----

def transport(w):
    for url in ("/acme/", "/acme/nothing", "/acme/order", "/acme/order/",
                "/acme/a/b/c/d", "/acme/chall/x"):
        for method in ("GET", "HEAD", "POST"):
            r = expect(w.request(method, url), 404)
            assert method == "HEAD" or r.type == "malformed", str(r)
    for url in ("/acme/new-account", "/acme/new-order", "/acme/revoke-cert",
                "/acme/order/x", "/acme/order/x/finalize", "/acme/authz/x",
                "/acme/chall/x/web", "/acme/cert/x", "/acme/acct/x",
                "/acme/acct/x/orders"):
        for method in ("GET", "HEAD"):
            r = expect(w.request(method, url), 405)
            assert set(r.one("Allow").split(", ")) == {"POST", "OPTIONS"}
    expect(w.get("/acme/new-order"), 405, "malformed")
    for method in ("PUT", "DELETE", "PATCH"):
        assert w.request(method, "/acme/new-order").status in (405, 501)
    for kind in (None, "application/json", "application/jose", "text/plain",
                 "application/x-www-form-urlencoded", "*/*"):
        expect(w.request("POST", "/acme/new-order", "{}", kind=kind), 415,
               "malformed")
    # A parameter does not make it another media type (RFC 9110 8.3.1).
    for kind in (JOSE + "; charset=utf-8", "Application/JOSE+json"):
        expect(w.request("POST", "/acme/new-order", "{}", kind=kind), 400,
               "malformed", "protected")
    expect(w.request("POST", "/acme/new-account", b" " * 20000), 413,
           "malformed")
    expect(w.request("POST", "/acme/new-order", b" " * 300000), 413,
           "malformed")
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    expect(w.octets(b"POST /acme/new-account HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Type: application/jose+json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n" + chunk,
                    path="/acme/new-account"), 413, "malformed")
    w.close()
    for line in (b"Content-Length : 0", b" folded: x", b"Content-Length: -1",
                 b"X: \x00", b"Transfer-Encoding: chunked\r\n"
                 b"Content-Length: 3"):
        r = w.octets(b"POST /acme/new-order HTTP/1.1\r\nHost: localhost\r\n" +
                     line + b"\r\n\r\n", path="/acme/new-order")
        expect(r, 400, "malformed")
        w.close()


def directory_and_nonce(w):
    r = expect(w.directory(), 200)
    assert r.one("Content-Type") == "application/json"
    o = r.json
    meta = o.pop("meta")
    assert set(o) == {"newNonce", "newAccount", "newOrder", "revokeCert"}, o
    assert all(v.startswith(w.base + "/acme/") for v in o.values())
    assert set(meta["profiles"]) == {"default", "short"}, meta
    expect(w.get("/acme/directory", "HEAD"), 200)
    short = expect(w.directory("short"), 200).json
    assert short["newOrder"] == w.base + "/acme/short/new-order"
    assert meta["profiles"]["short"] == "two days"
    assert list(short["meta"]["profiles"]) == ["short"]
    expect(w.directory("nobody"), 404, "malformed", "nobody")
    expect(w.get("/acme/new-nonce", "HEAD"), 200)
    r = expect(w.get("/acme/new-nonce"), 204)
    assert r.one("Replay-Nonce") and r.body == b""
    a = Account(w).open()
    assert expect(a.post("/acme/directory"), 200).json["newNonce"]
    expect(a.post("/acme/new-nonce"), 204)
    expect(a.post("/acme/directory", {}), 400, "malformed")
    expect(a.post("/acme/new-nonce", {}), 400, "malformed")


# ---- the JWS ----

def jws(w):
    a = Account(w).open()
    order = {"identifiers": [ident("jws.test")]}

    def post(**change):
        return a.post("/acme/new-order", order, **change)

    for alg in ("none", "HS256", "PS256", "ES256K", "RS256", "ES384", ""):
        r = expect(post(alg=alg), 400, "badSignatureAlgorithm")
        assert set(r.json["algorithms"]) == {"RS256", "ES256", "ES384",
                                             "ES512", "EdDSA"}, str(r)
    expect(post(alg=None), 400, "malformed", "alg")
    expect(post(alg=7), 400, "malformed")
    for more in ({"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False},
                 {"b64": False, "crit": ["b64"]}):
        expect(post(**more), 400, "malformed")
    expect(post(jwk=True, kid=a.kid), 400, "malformed", "both")
    expect(post(jwk=True), 400, "malformed", "kid")
    expect(a.post("/acme/new-account", {}), 400, "malformed", "jwk")
    expect(post(kid=None), 400, "malformed", "neither")
    # RFC 8555 section 6.4: unauthorized, not malformed as Pebble has it.
    for url in (w.base + "/acme/new-account", w.base + "/acme/new-order/",
                "https://elsewhere.test/acme/new-order", "x",
                w.base.replace("https", "http") + "/acme/new-order"):
        expect(post(url=url), 403, "unauthorized", "URL")
    expect(post(url=None), 400, "malformed", "url")
    expect(post(url=3), 400, "malformed")
    # RFC 8555 section 6.5 and rule 12; 6.5.2: no base64url is malformed.
    words = "JWS has an invalid anti-replay nonce"
    expect(post(nonce=None), 400, "badNonce", words)
    expect(post(nonce="AAAA"), 400, "badNonce", words)
    expect(post(nonce="A" * 32), 400, "badNonce", words)
    for bad in ("", "a=", "a b", "a+/b", "ä", 7):
        expect(post(nonce=bad), 400, "malformed")
    nonce = w.nonce()
    expect(post(nonce=nonce, signature=lambda s: s[::-1]), 400, "malformed")
    expect(post(nonce=nonce), 201)
    expect(post(nonce=nonce), 400, "badNonce", words)
    fresh = expect(post(nonce="AAAA"), 400, "badNonce").one("Replay-Nonce")
    expect(Account(w).open().post("/acme/new-order", order, nonce=fresh), 201)
    # Signatures: DER instead of r||s, lengths, zero.
    for change in (ecdsa_as_der, lambda s: s[:-1], lambda s: s + b"\0",
                   lambda s: b"", lambda s: b"\0" * 64,
                   lambda s: b"\xff" * 64):
        expect(post(signature=change), 400, "malformed")
    for around in ({"header": {}}, {"header": {"alg": "ES256"}},
                   {"signatures": []}, {"payload": None}, {"payload": 3},
                   {"payload": "e30="}, {"payload": "*"},
                   {"protected": None}, {"signature": None}):
        expect(post(around=around), 400, "malformed")
    forms(w, a)
    keys(w)


def forms(w, a):
    """Bodies that are no JWS, and JSON that is none."""
    for body in ("", "{}", "[]", "null", "3", "x", '{"protected":""}',
                 "\xff", '{"a":' * 200, "[" * 8000,
                 '{"payload":"","payload":"","protected":"","signature":""}'):
        expect(w.request("POST", "/acme/new-order", body.encode("latin-1")),
               400, "malformed")
    for text in ("", "x", "[]", '{"alg":"ES256"', "{}"):
        expect(w.request("POST", "/acme/new-order", a.jws(text, {})), 400,
               "malformed")
    for payload in ("", "x", "[]", "null", '{"identifiers":[],'
                    '"identifiers":[]}', b'{"identifiers":"\xff"}',
                    '{"a":' + "[" * 40 + "]" * 40 + "}", "{} {}"):
        expect(a.post("/acme/new-order", payload), 400, "malformed")
    # The same member twice, in the signed part.
    head = a.header("/acme/new-order")
    text = json.dumps(head)[:-1] + ',"alg":"ES256"}'
    expect(w.request("POST", "/acme/new-order", a.jws(text, {})), 400,
           "malformed")


def keys(w):
    """RFC 8555 section 6.2: which keys no account gets, and why."""
    good = Account(w)
    weak = Account(w, "RS256", make_key("RS2561024"))
    expect(weak.post("/acme/new-account", {}, jwk=True), 400, "badPublicKey")
    one = b64(b"\0" * 31 + b"\1")
    for jwk in ({}, {"kty": "EC"}, {"kty": "oct", "k": "AAAA"},
                {"kty": "EC", "crv": "P-256", "x": one, "y": one},
                {"kty": "EC", "crv": "secp256k1", "x": one, "y": one},
                {**good.jwk, "d": one}, {**good.jwk, "x": "AA"},
                Account(w, "ES384").jwk, Account(w, "EdDSA").jwk,
                Account(w, "RS256").jwk):
        expect(good.post("/acme/new-account", {}, jwk=jwk), 400,
               "badPublicKey")
    for jwk in ("x", [], 3):
        r = good.post("/acme/new-account", {}, jwk=jwk)
        assert r.status == 400 and r.type in ("badPublicKey", "malformed")
    # Somebody else's public key: the signature does not hold.
    expect(good.post("/acme/new-account", {}, jwk=Account(w).jwk), 400,
           "malformed")
    small = {**weak.jwk, "n": Account(w, "RS256").jwk["n"], "e": "Aw"}
    expect(weak.post("/acme/new-account", {}, jwk=small), 400,
           "badPublicKey")
    for alg in ("RS256", "ES384", "ES512", "EdDSA"):
        Account(w, alg).open()
    expect(good.post("/acme/new-account", {"onlyReturnExisting": True},
                     jwk=True), 400, "accountDoesNotExist")


# ---- accounts ----

def accounts(w):
    a, b = Account(w), Account(w).open()
    for payload, kind in (
            ({"onlyReturnExisting": True}, "accountDoesNotExist"),
            ({"contact": ["tel:+1"]}, "unsupportedContact"),
            ({"contact": ["https://x.test/"]}, "unsupportedContact"),
            ({"contact": ["mailto:a@b.test,c@d.test"]}, "invalidContact"),
            ({"contact": ["mailto:a@b.test?subject=x"]}, "invalidContact"),
            ({"contact": ["mailto:nobody"]}, "invalidContact"),
            ({"contact": ["nobody"]}, "invalidContact"),
            ({"contact": "mailto:a@b.test"}, "malformed"),
            ({"contact": [3]}, "malformed"),
            ({"onlyReturnExisting": "yes"}, "malformed"),
            ({"termsOfServiceAgreed": 1}, "malformed"),
            (None, "malformed"), ("[]", "malformed")):
        expect(a.post("/acme/new-account", payload, jwk=True), 400, kind)
    r = expect(a.post("/acme/new-account", {
        "contact": ["mailto:a@b.test"], "status": "revoked", "orders": "x",
        "externalAccountBinding": {}, "new": 1}, jwk=True), 201)
    a.kid = r.location
    assert r.json["status"] == "valid" and a.kid.startswith(w.base)
    assert set(r.json) == {"status", "contact", "orders"}, str(r)
    for payload in ({}, {"contact": ["tel:+1"]}, None, "x"):
        again = expect(a.post("/acme/new-account", payload, jwk=True), 200)
        assert again.location == a.kid and again.json == r.json
    same = expect(a.post(a.kid, {"status": "valid", "orders": "x", "key": {},
                                 "termsOfServiceAgreed": False}), 200)
    assert same.json == r.json
    expect(a.post(a.kid, {"contact": ["ftp://x"]}), 400,
           "unsupportedContact")
    assert expect(a.post(a.kid), 200).json == r.json
    # Kids that are none, and another's.
    order = {"identifiers": [ident("kid.test")]}
    for kid in (w.base + "/acme/acct/AAAAAAAAAAAAAAAAAAAAAA",
                w.base + "/acme/acct/", a.kid + "/", a.kid + "x", "1",
                a.kid.replace("https", "http"), w.base + "/acme/new-order"):
        expect(a.post("/acme/new-order", order, kid=kid), 400,
               "accountDoesNotExist")
    expect(a.post("/acme/new-order", order, kid=b.kid), 400, "malformed")
    expect(a.post(b.kid), 403, "unauthorized")
    expect(a.post(b.kid, {"status": "deactivated"}), 403, "unauthorized")
    expect(a.post(b.kid + "/orders"), 403, "unauthorized")
    expect(a.post(a.kid + "/orders", {}), 400, "malformed")
    assert expect(a.post(a.kid + "/orders"), 200).json == {"orders": []}


def deactivated(w):
    a = Account(w).open()
    order = expect(a.order("gone.test"), 201)
    r = expect(a.post(a.kid, {"status": "deactivated"}), 200)
    assert r.json["status"] == "deactivated"
    for url, payload in ((a.kid, None), (a.kid + "/orders", None),
                         (order.location, None), ("/acme/directory", None),
                         (order.json["authorizations"][0], None),
                         ("/acme/new-order", {}), ("/acme/revoke-cert", {})):
        expect(a.post(url, payload), 401, "unauthorized", "deactivated")
    expect(a.post("/acme/new-account", {}, jwk=True), 401, "unauthorized")


# ---- orders ----

def orders(w):
    a, b = Account(w).open(), Account(w).open()
    for list_, status, kind in (
            (None, 400, "malformed"), ([], 400, "malformed"),
            ("x", 400, "malformed"), (["x"], 400, "malformed"),
            ([{}], 400, "malformed"), ([{"type": "dns"}], 400, "malformed"),
            ([{"type": "dns", "value": 3}], 400, "malformed"),
            (["email=a@b.test"], 400, "unsupportedIdentifier"),
            (["permanent-identifier=x"], 400, "unsupportedIdentifier"),
            (["127.0.0.1"], 400, "malformed"), (["::1"], 400, "malformed"),
            (["ip=x.test"], 400, "malformed"), (["ip=1.2.3"], 400,
                                                "malformed"),
            (["ip=010.0.0.1"], 400, "malformed"),
            (["ip=10.0.0.0/8"], 400, "malformed"),
            (["*.*.a.test"], 400, "malformed"), (["*"], 400, "malformed"),
            (["*.test"], 400, "malformed"), (["a.*.test"], 400, "malformed"),
            (["*a.test"], 400, "malformed"), (["a..test"], 400, "malformed"),
            (["a.test."], 400, "malformed"), (["-a.test"], 400, "malformed"),
            (["a_b.test"], 400, "malformed"), ([""], 400, "malformed"),
            (["ä.test"], 400, "malformed"),
            (["xn--mnchen-3ya.test"], 201, None),
            (["xn--.test"], 400, "malformed"),
            (["xn--a.test"], 400, "malformed"),
            (["a" * 64 + ".test"], 400, "malformed"),
            ([".".join(["a" * 60] * 5)], 400, "malformed"),
            ([f"n{i}.test" for i in range(101)], 400, "malformed")):
        idents = [ident(n) if isinstance(n, str) and list_ != ["x"] else n
                  for n in list_] if isinstance(list_, list) else list_
        expect(a.post("/acme/new-order", {"identifiers": idents}), status,
               kind)
    r = a.order("good.test", "a_b.test", "email=x@y.test")
    assert r.type == "compound" and len(r.json["subproblems"]) == 2, str(r)
    r = expect(a.order("B.Test", "a.test", "b.test", "A.TEST", "*.b.test",
                       "ip=2001:DB8:0::1"), 201)
    assert [i["value"] for i in r.json["identifiers"]] == \
        ["b.test", "a.test", "*.b.test", "2001:db8::1"], str(r)
    assert r.json["status"] == "pending" and r.location.startswith(w.base)
    assert len(r.json["authorizations"]) == 4
    wild = a.post(r.json["authorizations"][2]).json
    assert wild["identifier"]["value"] == "b.test" and wild["wildcard"]
    assert [c["type"] for c in wild["challenges"]] == ["dns-01"]
    plain = a.post(r.json["authorizations"][0]).json
    assert "wildcard" not in plain and len(plain["challenges"]) == 3
    address = a.post(r.json["authorizations"][3]).json
    assert sorted(c["type"] for c in address["challenges"]) == \
        ["http-01", "tls-alpn-01"]
    poll = expect(a.post(r.location), 200)
    assert poll.json == r.json and poll.one("Retry-After")
    expect(a.post(r.location, {}), 400, "malformed")
    for url in (r.location, r.json["finalize"], r.json["authorizations"][0],
                plain["challenges"][0]["url"]):
        for payload in (None, {}, {"csr": "AAAA"},
                        {"status": "deactivated"}):
            expect(b.post(url, payload), 400 if url == r.location and payload
                   is not None else 403)
    for url in ("/acme/order/AAAAAAAAAAAAAAAAAAAAAA",
                "/acme/authz/AAAAAAAAAAAAAAAAAAAAAA",
                "/acme/cert/AAAAAAAAAAAAAAAAAAAAAA", "/acme/order/%00",
                "/acme/order/..", "/acme/chall/AAAAAAAAAAAAAAAAAAAAAA/web"):
        expect(a.post(url), 404, "malformed")
    listed = a.post(a.kid + "/orders").json["orders"]
    assert r.location in listed and len(listed) == 2


def profiles(w):
    a = Account(w).open()
    order = expect(a.order("p.test", profile=None), 201)
    assert order.json["profile"] == "default"
    assert expect(a.post("/acme/new-order", {
        "identifiers": [ident("p.test")], "profile": "short"}),
        201).json["profile"] == "short"
    r = expect(a.order("p.test", profile="short"), 201)
    assert r.json["profile"] == "short"
    assert r.links("index") == [w.base + "/acme/short/directory"]
    for path, name in (("/acme/new-order", "nobody"), ("/acme/new-order", ""),
                       ("/acme/short/new-order", "default"),
                       ("/acme/nobody/new-order", None)):
        expect(a.post(path, {"identifiers": [ident("p.test")],
                             "profile": name}), 400, "invalidProfile")
    expect(a.post("/acme/new-order", {"identifiers": [ident("p.test")],
                                      "profile": 3}), 400, "malformed")
    # What the profile does not allow is told now, not at finalize.
    expect(a.order("*.p.test", profile="short"), 403, "rejectedIdentifier")


def with_second_profile(s):
    path = s.state / "chancery.yaml"
    text = path.read_text()
    path.write_text(text.replace("\nprofiles:\n",
                                 "\nprofiles:\n" + SECOND_PROFILE, 1))


def run():
    s = server()
    with_second_profile(s)
    with s:
        w = Wire(s)
        for part in (transport, directory_and_nonce, jws, accounts,
                     deactivated, orders, profiles):
            part(w)
            print(f"{part.__name__}: {w.replies} answers so far")


run()
