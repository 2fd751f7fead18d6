"""Validation by a live server: addresses, tls-alpn-01, CAA, DNSSEC, times.

RFC 8737, 8738, 8659, 8657, and what docs/config.md says of validation.caa and
validation.dnssec.
"""
import datetime
import http.server
import ipaddress
import socket
import ssl
import subprocess
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from client import server, wait_until
from support.acme_wire import (PREFIX, Account, Wire, b64, expect, make_csr,
                               make_key)
from support.server import HERE, SYSTEM_PYTHON

ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


class Web:
    """http-01 at one address; remembers the Host headers that it saw."""

    def __init__(self, address, port):
        answers, hosts = {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                hosts.append(self.headers["Host"])
                body = answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write((body or "").encode())

            def log_message(self, *args):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else \
                socket.AF_INET

        self.answers, self.hosts = answers, hosts
        self.httpd = Listener((address, port), Handler)
        threading.Thread(target=self.httpd.serve_forever,
                         daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()


class Tls:
    """tls-alpn-01 on 127.0.0.1 with whatever certificate it is given."""

    def __init__(self, top, port):
        self.top, self.sni, self.context = top, [], None
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            raw, _ = self.listener.accept()
            raw.settimeout(5)
            try:
                self.context.wrap_socket(raw, server_side=True).close()
            except OSError:
                raw.close()

    def serve(self, key, certificate, alpn="acme-tls/1"):
        pem = self.top / "alpn.pem"
        pem.write_bytes(
            key.private_bytes(serialization.Encoding.PEM,
                              serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()) +
            certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        if alpn:
            context.set_alpn_protocols([alpn])
        context.sni_callback = lambda _s, name, _c: self.sni.append(name)
        self.context = context


def alpn_certificate(key, names, digest, critical=True, signer=None):
    now = datetime.datetime.utcnow()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    out = x509.CertificateBuilder().subject_name(name).issuer_name(
        name).public_key(key.public_key()).serial_number(
            x509.random_serial_number()).not_valid_before(
                now - datetime.timedelta(hours=1)).not_valid_after(
                    now + datetime.timedelta(days=1)).add_extension(
                        x509.SubjectAlternativeName(names), False)
    if digest is not None:
        out = out.add_extension(x509.UnrecognizedExtension(
            ACME_IDENTIFIER, b"\x04\x20" + digest), critical)
    return out.sign(signer or key, hashes.SHA256())


def digest_of(text):
    h = hashes.Hash(hashes.SHA256())
    h.update(text.encode())
    return h.finalize()


def answered(a, order, kind="http-01"):
    """Posts the one challenge; the authorization once it is decided."""
    url = order.json["authorizations"][0]
    expect(a.post(a.challenge(url, kind)["url"], {}), 200)
    return a.settle(url)


def failed(authz, kind, words):
    assert authz["status"] == "invalid", authz
    error = authz["challenges"][0]["error"]
    assert error["type"] == PREFIX + kind and words in error["detail"], error


def provide(a, web, order):
    c = a.challenge(order.json["authorizations"][0])
    web.answers["/.well-known/acme-challenge/" + c["token"]] = \
        a.key_authorization(c)
    return order


# ---- RFC 8738 ----

def addresses(s, w):
    a = Account(w).open()
    for address, host in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        web = Web(address, s.ports["http01"])
        name = "ip=" + address
        order = provide(a, web, expect(a.order(name), 201))
        done = answered(a, order)
        assert done["status"] == "valid", done
        assert done["identifier"] == {"type": "ip", "value": address}
        assert web.hosts == [f"{host}:{s.ports['http01']}"], web.hosts
        web.close()
        r = expect(a.post(order.json["finalize"], {
            "csr": b64(make_csr(make_key("ES256"), name))}), 200)
        leaf = x509.load_pem_x509_certificate(
            a.post(r.json["certificate"]).body)
        got = leaf.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value
        assert list(got) == [x509.IPAddress(ipaddress.ip_address(address))]
    # Special-purpose addresses that nobody permitted.
    for address in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "192.0.2.1",
                    "::", "fe80::1", "ff02::1", "2001:db8::1",
                    "::ffff:169.254.169.254"):
        r = a.order("ip=" + address)
        if r.status == 201:
            failed(answered(a, r), "connection", "")


def tls_alpn(s, w):
    a, tls = Account(w).open(), Tls(s.top, s.ports["alpn01"])
    local = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    for name, san, sni in (
            ("ip=127.0.0.1", local, "1.0.0.127.in-addr.arpa"),
            ("good.alpn.test", x509.DNSName("GOOD.alpn.test"),
             "good.alpn.test")):
        order = expect(a.order(name), 201)
        c = a.challenge(order.json["authorizations"][0], "tls-alpn-01")
        key = make_key("ES256")
        tls.serve(key, alpn_certificate(
            key, [san], digest_of(a.key_authorization(c))))
        done = answered(a, order, "tls-alpn-01")
        assert done["status"] == "valid", done
        assert tls.sni[-1] == sni, tls.sni
    for i, (names, digest, change, kind, words) in enumerate((
            (None, True, {"critical": False}, "incorrectResponse",
             "not critical"),
            (None, False, {}, "incorrectResponse", "no acmeIdentifier"),
            (None, b"\0" * 32, {}, "incorrectResponse", "SHA-256"),
            (["other.test"], True, {}, "incorrectResponse", "other.test"),
            (["%s", "other.test"], True, {}, "incorrectResponse",
             "2 names"),
            (None, True, {"signer": make_key("ES256")}, "incorrectResponse",
             "self-signed"),
            (None, True, {"alpn": "http/1.1"}, "tls", ""),
            (None, True, {"alpn": None}, "tls", "acme-tls/1"))):
        name = f"bad{i}.alpn.test"
        order = expect(a.order(name), 201)
        c = a.challenge(order.json["authorizations"][0], "tls-alpn-01")
        if digest is True:
            digest = digest_of(a.key_authorization(c))
        key, alpn = make_key("ES256"), change.pop("alpn", "acme-tls/1")
        tls.serve(key, alpn_certificate(
            key, [x509.DNSName(n.replace("%s", name))
                  for n in names or ["%s"]], digest or None, **change), alpn)
        failed(answered(a, order, "tls-alpn-01"), kind, words)


# ---- notBefore, notAfter (RFC 8555 section 7.4) ----

def stamp(**delta):
    then = datetime.datetime.now(datetime.timezone.utc)
    return (then + datetime.timedelta(**delta)).replace(microsecond=0)


def times(w, web):
    a = Account(w).open()
    answered(a, provide(a, web, expect(a.order("times.test"), 201)))
    zone = datetime.timezone(datetime.timedelta(hours=4))
    for before, after in ((None, stamp(days=90)), (None, stamp(days=1)),
                          (stamp(), None), (stamp(minutes=2), None),
                          (stamp(), stamp(days=80))):
        asked = {k: v.astimezone(zone).isoformat() for k, v in
                 (("notBefore", before), ("notAfter", after)) if v}
        order = expect(a.order("times.test", **asked), 201)
        for k, v in (("notBefore", before), ("notAfter", after)):
            shown = order.json.get(k)
            assert shown == (v and v.strftime("%Y-%m-%dT%H:%M:%SZ")), order
        r = expect(a.post(order.json["finalize"], {
            "csr": b64(make_csr(make_key("ES256"), "times.test"))}), 200)
        leaf = x509.load_pem_x509_certificate(
            a.post(r.json["certificate"]).body)
        if before:
            assert leaf.not_valid_before == before.replace(tzinfo=None)
        if after:
            assert leaf.not_valid_after == after.replace(tzinfo=None)
    for asked in ({"notAfter": stamp(days=91)}, {"notAfter": stamp(days=-1)},
                  {"notBefore": stamp(hours=-2)},
                  {"notBefore": stamp(hours=1)},
                  {"notBefore": stamp(minutes=1), "notAfter": stamp()}):
        expect(a.order("times.test", **{
            k: v.isoformat() for k, v in asked.items()}), 400, "malformed")
    for bad in ("", "tomorrow", "2036-01-01", "0001-01-01T00:00:00Z", 3, [],
                "1970-01-01T00:00:00Z", "2036-13-01T00:00:00Z"):
        expect(a.order("times.test", notAfter=bad), 400, "malformed")


# ---- CAA ----

CAA = {
    "us.caa.test": '0 issue "ca.test"',
    "other.caa.test": '0 issue "other.test"',
    "nobody.caa.test": '0 issue ";"',
    "both.caa.test": '0 issue "other.test"\n0 issue "CA.test"',
    "iodef.caa.test": '0 iodef "mailto:a@b.test"',
    "unknown.caa.test": '0 tbs "x"',
    "critical.caa.test": '128 tbs "x"',
    "wild.caa.test": '0 issue "ca.test"\n0 issuewild ";"',
    "method.caa.test": '0 issue "ca.test; validationmethods=dns-01"',
    "methods.caa.test": '0 issue "ca.test; validationmethods=dns-01,http-01"',
}


def caa(w, web, folder):
    a, b = Account(w).open(), Account(w).open()
    assert w.directory().json["meta"]["caaIdentities"] == ["ca.test"]
    for name, text in CAA.items():
        (folder / name).write_text(text + "\n")
    (folder / "account.caa.test").write_text(
        f'0 issue "ca.test; accounturi={a.kid}"\n')
    for name in ("none.test", "us.caa.test", "sub.us.caa.test",
                 "both.caa.test", "iodef.caa.test", "unknown.caa.test",
                 "wild.caa.test", "methods.caa.test", "account.caa.test"):
        done = answered(a, provide(a, web, expect(a.order(name), 201)))
        assert done["status"] == "valid", (name, done)
        assert "caa" in done["challenges"][0]["validationRecord"][0], done
    for who, name, words in (
            (a, "other.caa.test", "other.test"),
            (a, "deep.below.other.caa.test", "other.test"),
            (a, "nobody.caa.test", ";"),
            (a, "critical.caa.test", "tbs"),
            (a, "method.caa.test", "validationmethods=dns-01"),
            (b, "account.caa.test", "accounturi"),
            (a, "x.servfail.test", "SERVFAIL")):
        order = provide(who, web, expect(who.order(name), 201))
        seen = len(web.hosts)
        failed(answered(who, order), "caa", words)
        assert len(web.hosts) == seen, "asked although CAA forbids"
    order = expect(a.order("*.wild.caa.test"), 201)
    failed(answered(a, order, "dns-01"), "caa", "issuewild")
    # An address has no CAA records.
    done = answered(a, provide(a, web, expect(a.order("ip=127.0.0.1"), 201)))
    assert done["status"] == "valid", done
    # What was looked up counts for eight hours at most.
    done = answered(a, provide(a, web, expect(a.order("long.test"), 201)))
    assert done["expires"] < stamp(hours=8, minutes=1).strftime(
        "%Y-%m-%dT%H:%M:%SZ"), done


def name_server_with_caa(s):
    folder, ready = s.top / "caa", s.top / "dns.ready"
    folder.mkdir()
    s.dns = subprocess.Popen(
        [SYSTEM_PYTHON, str(HERE / "dns_server.py"), "--port",
         str(s.dns_port), "--txt-dir", str(s.txt), "--caa-dir", str(folder),
         "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(ready.exists, why="the name server")
    return folder


# ---- DNSSEC ----

def restart(s, w, settings):
    w.close()
    s.stop()
    s.configure(settings)
    s.start()


def dnssec(s, w, web):
    """The name server signs nothing; below an anchor that is bogus."""
    # The server reads it as its own user.
    s.top.chmod(0o755)
    anchor = s.top / "anchor"
    anchor.write_text("signed.test. IN DS 12345 13 2 " + "AB" * 32 + "\n")
    w.close()
    s.stop()
    s.configure({"validation.dnssec": "check", "validation.caa": "off"})
    done = s.cli("check", check=False)
    assert done.returncode == 1 and "trust_anchor_file" in done.stdout + \
        done.stderr, done
    s.configure({"validation.trust_anchor_file": str(anchor)})
    s.start()
    a = Account(w).open()
    done = answered(a, provide(a, web, expect(a.order("plain.test"), 201)))
    assert done["status"] == "valid", done
    order = provide(a, web, expect(a.order("x.signed.test"), 201))
    failed(answered(a, order), "dns", "DNSSEC")
    restart(s, w, {"validation.dnssec": "require"})
    order = provide(a, web, expect(a.order("unsigned.test"), 201))
    failed(answered(a, order), "dns", "validation.dnssec requires")


def run():
    with server() as s:
        w = Wire(s)
        addresses(s, w)
        tls_alpn(s, w)
        web = Web("127.0.0.1", s.ports["http01"])
        times(w, web)
        web.close()
        print(f"addresses, tls-alpn-01, times: {w.replies} answers")
    s = server(**{"validation.caa": "check", "acme.authz_lifetime": "30d",
                  "acme.caa_identities": "[ca.test]"})
    folder = name_server_with_caa(s)
    with s:
        w, web = Wire(s), Web("127.0.0.1", s.ports["http01"])
        caa(w, web, folder)
        print(f"CAA: {w.replies} answers")
        dnssec(s, w, web)
        print(f"DNSSEC: {w.replies} answers")
        web.close()


run()
