"""Wrong answers to challenges, wrong CSRs, wrong revocations; time and DNS.

What comes after the order: each case over the wire, against a live server that
validates over loopback.  bad_requests.py has what comes before.
"""
import ssl

from cryptography import x509

from client import server
from support.acme_driver import Responder
from support.acme_wire import (Account, Wire, b64, der, expect, make_csr,
                               make_key)


# ---- authorizations, challenges ----

def challenges(w, responder):
    a = Account(w).open()
    order = expect(a.order("chall.test"), 201)
    url = order.json["authorizations"][0]
    c = a.challenge(url)
    up = [url]
    for payload in (None, None):
        r = expect(a.post(c["url"], payload), 200)
        assert r.json["status"] == "pending" and r.links("up") == up
        assert r.json["url"] == c["url"] and r.one("Retry-After")
    for payload in ("[]", "x", "3"):
        expect(a.post(c["url"], payload), 400, "malformed")
    expect(a.post(c["url"].rpartition("/")[0] + "/none"), 404, "malformed")
    expect(a.post(url, {}), 400, "malformed")
    expect(a.post(url, {"status": "valid"}), 400, "malformed")
    expect(a.post(order.json["finalize"], {"csr": "AAAA"}), 403,
           "orderNotReady", "pending")
    responder.answers["/.well-known/acme-challenge/" + c["token"]] = "wrong"
    expect(a.post(c["url"], {"keyAuthorization": "legacy", "x": []}), 200)
    authz = a.settle(url)
    assert authz["status"] == "invalid" and len(authz["challenges"]) == 1
    error = authz["challenges"][0]["error"]
    assert error["type"].endswith(":incorrectResponse"), error
    assert "chall.test" in error["detail"] and "wrong" in error["detail"]
    # Posting again is no fault and starts nothing.
    r = expect(a.post(c["url"], {}), 200)
    assert r.json["status"] == "invalid" and r.links("up") == up
    r = expect(a.post(order.location), 200)
    assert r.json["status"] == "invalid" and r.json["error"]["type"]
    expect(a.post(order.json["finalize"], {"csr": "AAAA"}), 403,
           "orderNotReady", "invalid")
    # Given up by its owner, twice.
    order = expect(a.order("given-up.test"), 201)
    url = order.json["authorizations"][0]
    c = a.challenge(url)
    for _ in range(2):
        r = expect(a.post(url, {"status": "deactivated"}), 200)
        assert r.json["status"] == "deactivated"
    expect(a.post(c["url"], {}), 400, "malformed", "deactivated")
    assert a.post(order.location).json["status"] == "invalid"


# ---- finalize, certificate ----

def finalize(w, responder):
    a = Account(w).open()
    names = ("b.fin.test", "a.fin.test")
    order = a.authorize(expect(a.order(*names), 201), responder)
    assert order.json["status"] == "ready", str(order)
    url, key = order.json["finalize"], make_key("ES256")
    good = make_csr(key, *names)
    broken = bytearray(good)
    broken[-1] ^= 1
    for payload in (None, {}, {"csr": 3}, "x"):
        expect(a.post(url, payload), 400, "malformed")
    for csr in ("", "*", "AAAA", b64(good[:-3]), b64(good + b"\0"),
                b64(bytes(broken)), b64("-----BEGIN CERTIFICATE REQUEST"),
                b64(make_csr(key, names[0])), b64(make_csr(key)),
                b64(make_csr(key, *names, "c.fin.test")),
                b64(make_csr(key, *names, "ip=127.0.0.1")),
                b64(make_csr(key, "*.fin.test", *names)),
                b64(make_csr(key, *names, common_name="c.fin.test")),
                b64(make_csr(key, *names, common_name="Some Body")),
                b64(make_csr(a.key, *names)),
                b64(make_csr(make_key("RS2561024"), *names))):
        expect(a.post(url, {"csr": csr}), 400, "badCSR")
    assert a.post(order.location).json["status"] == "ready"
    r = expect(a.post(url, {"csr": b64(good)}), 200)
    assert r.location == order.location and r.json["status"] == "valid"
    assert r.json["identifiers"] == order.json["identifiers"]
    same = expect(a.post(url, {"csr": b64(good)}), 200)
    assert same.json == r.json and same.location == order.location
    other = make_csr(make_key("ES256"), *names)
    expect(a.post(url, {"csr": b64(other)}), 403, "orderNotReady")
    certificate(a, r.json["certificate"])
    # A second order has its authorizations already.
    again = expect(a.order(*names), 201)
    assert again.json["status"] == "ready"
    r = expect(a.post(again.json["finalize"], {"csr": b64(other) + "="}),
               200)
    assert r.json["status"] == "valid", str(r)
    # Who asks for a CA certificate gets a leaf.
    again = expect(a.order(*names), 201)
    r = expect(a.post(again.json["finalize"], {"csr": b64(make_csr(
        key, *names, more=[x509.BasicConstraints(True, None)]))}), 200)
    leaf = x509.load_pem_x509_certificate(a.post(r.json["certificate"]).body)
    found = [e.value for e in leaf.extensions
             if isinstance(e.value, x509.BasicConstraints)]
    assert not any(c.ca for c in found), found


def certificate(a, url):
    r = expect(a.post(url), 200)
    assert r.one("Content-Type") == "application/pem-certificate-chain"
    text = r.body.decode()
    assert text.endswith("-----END CERTIFICATE-----\n")
    lines = text.splitlines()
    assert text.count("BEGIN") == 2 and "" not in lines
    assert max(map(len, lines)) == 64 and "\r" not in text
    for accept, kind in (
            ("application/pkix-cert", "application/pkix-cert"),
            ("application/pkcs7-mime", "application/pkcs7-mime; "
             "smime-type=certs-only"),
            ("application/pem-certificate-chain, application/pkix-cert",
             "application/pem-certificate-chain"),
            ("application/json", "application/pem-certificate-chain"),
            ("text/html;q=0.9, */*", "application/pem-certificate-chain")):
        r = expect(a.post(url, headers={"Accept": accept}), 200)
        assert r.one("Content-Type") == kind, str(r.head)
    expect(a.post(url, {}), 400, "malformed")
    expect(Account(a.wire).open().post(url), 403, "unauthorized")


# ---- revocation ----

def revocation(w, responder):
    a, b, c = (Account(w).open() for _ in range(3))
    url = "/acme/revoke-cert"
    names = ("one.rev.test", "two.rev.test")
    order, leaf, key = a.issue(responder, *names)
    body = {"certificate": b64(der(leaf))}
    holder = Account(w, key=key)
    for payload in (None, {}, {"certificate": 3}, {"certificate": "*"},
                    {"certificate": "AAAA"}, "x",
                    {"certificate": b64(der(leaf) + b"\0")},
                    {**body, "reason": "1"}, {**body, "reason": 1.5}):
        expect(a.post(url, payload), 400, "malformed")
    for reason in (-1, 2, 6, 7, 8, 9, 10, 11, 255, 1 << 40):
        r = expect(a.post(url, {**body, "reason": reason}), 400,
                   "badRevocationReason", "expected 0, 1, 3, 4 or 5")
        expect(holder.post(url, {**body, "reason": reason}, jwk=True), 400,
               "badRevocationReason")
    expect(b.post(url, body), 403, "unauthorized")
    expect(b.post(url, body, jwk=True), 403, "unauthorized")
    expect(a.post(url, body, jwk=True), 403, "unauthorized")
    # Somebody else's certificate, and one that only looks like ours.
    mine = (w.server.state / "certs/root.pem").read_text()
    r = a.post(url, {"certificate": b64(ssl.PEM_cert_to_DER_cert(mine))})
    assert r.status in (403, 404), str(r)
    forged = bytearray(der(leaf))
    forged[-1] ^= 1
    r = a.post(url, {"certificate": b64(bytes(forged))})
    assert r.status in (400, 403, 404), str(r)
    # Half of the names is not enough; all of them are.
    half = expect(b.order(names[0]), 201)
    b.authorize(half, responder)
    expect(b.post(url, body), 403, "unauthorized")
    b.authorize(expect(b.order(names[1]), 201), responder)
    r = expect(b.post(url, {**body, "reason": 4}), 200)
    assert r.body == b""
    for who, jwk in ((a, False), (b, False), (holder, True)):
        expect(who.post(url, body, jwk=jwk), 400, "alreadyRevoked",
               "Certificate already revoked")
    expect(c.post(url, body), 403, "unauthorized")
    expect(a.post(order.json["certificate"]), 404, "malformed", "revoked")
    # By its own key, which then opens no account and no certificate.
    _, leaf, key = a.issue(responder, *names)
    holder = Account(w, key=key)
    expect(holder.post(url, {"certificate": b64(der(leaf)), "reason": 1},
                       jwk=True), 200)
    expect(holder.post("/acme/new-account", {}, jwk=True), 400,
           "badPublicKey")
    order = expect(a.order(*names), 201)
    expect(a.post(order.json["finalize"],
                  {"csr": b64(make_csr(key, *names))}), 400, "badCSR")
    # By a deactivated account's certificate key.
    _, leaf, key = b.issue(responder, *names)
    expect(b.post(b.kid, {"status": "deactivated"}), 200)
    expect(b.post(url, {"certificate": b64(der(leaf))}), 401,
           "unauthorized")
    expect(Account(w, key=key).post(url, {"certificate": b64(der(leaf))},
                                    jwk=True), 200)


# ---- what time does ----

def expiry(s, w, responder):
    a = Account(w).open()
    pending = expect(a.order("pending.exp.test"), 201)
    ready = a.authorize(expect(a.order("ready.exp.test"), 201), responder)
    proof = pending.json["authorizations"][0]
    assert pending.json["expires"] == a.post(proof).json["expires"]
    c = a.challenge(proof)
    later(s, w, "2h")
    expect(a.post(pending.location, nonce=c["token"]), 400, "badNonce")
    r = expect(a.post(pending.location), 200)
    assert r.json["status"] == "invalid" and r.json["error"], str(r)
    assert a.post(proof).json["status"] == "expired"
    expect(a.post(c["url"], {}), 400, "malformed", "expired")
    expect(a.post(proof, {"status": "deactivated"}), 400, "malformed")
    expect(a.post(pending.json["finalize"], {"csr": "AAAA"}), 403,
           "orderNotReady")
    assert a.post(ready.location).json["status"] == "ready"
    later(s, w, "9h")
    assert a.post(ready.location).json["status"] == "invalid"
    expect(a.post(ready.json["finalize"], {"csr": b64(
        make_csr(make_key("ES256"), "ready.exp.test"))}), 403,
        "orderNotReady")
    # What was proved then proves nothing now.
    assert a.order("ready.exp.test").json["status"] == "pending"
    later(s, w, "0s")


def later(s, w, offset):
    w.close()
    s.stop()
    s.configure({"testing.clock_offset": offset})
    s.start()


def run():
    with server() as s:
        w, responder = Wire(s), Responder(s.ports["http01"])
        for part in (challenges, finalize, revocation):
            part(w, responder)
            print(f"{part.__name__}: {w.replies} answers so far")
        expiry(s, w, responder)
        responder.close()


run()
