"""Rollovers with a real server that serves on: the next issuing CA while clients
load it, a new root with the certificates that tie it to the old one, the same
key renewed, a revoked cross-certificate, and the end of a CA that has drained.
OpenSSL and GnuTLS judge each chain with the old root alone and the new alone."""
import http.client
import subprocess
import sys
import threading

from client import Server, run, serial_of, wait_until
from support.acme_driver import Client, Responder


def issue(s, name, profile="default"):
    _, csr = s.csr(name)
    path = s.top / f"{name}.pem"
    path.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                          profile))
    return path


def accepted(root, pem):
    """By OpenSSL (strictly, and by trust in that root alone) and GnuTLS."""
    run("openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore",
        "-CAfile", root, "-untrusted", pem, pem)
    run("certtool", "--verify", "--load-ca-certificate", root, "--infile",
        pem)


def refused(root, pem):
    done = run("openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile",
               root, pem, check=False)
    assert done.returncode != 0, "a chain verified that must not"


def issuer_of(pem):
    return subprocess.run(["openssl", "x509", "-in", str(pem), "-noout",
                           "-issuer", "-nameopt", "RFC2253"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def crl_is_good(s, ca, signer=None):
    # A new CA's first one is made within a second of the reload.
    wait_until(lambda: s.get(f"/crl/{ca}.crl")[0] == 200, 5,
               why=f"/crl/{ca}.crl")
    _, _, body = s.get(f"/crl/{ca}.crl")
    der = s.top / f"{ca}.crl"
    der.write_bytes(body)
    out = run("openssl", "crl", "-inform", "DER", "-in", der, "-CAfile",
              s.state / f"certs/{signer or ca}.pem", "-noout",
              "-crlnumber").stdout
    assert "verify OK" in out, out
    return int(out.partition("crlNumber=")[2].split()[0], 16)


def ocsp_status(s, pem, ca):
    """What the responder says; a new CA's is certified within a second."""
    def said():
        out = run("openssl", "ocsp", "-issuer", s.state / f"certs/{ca}.pem",
                  "-cert", pem, "-url", f"{s.http_url}/ocsp", "-CAfile",
                  s.root, "-no_nonce", check=False).stdout
        return None if "trylater" in out else out
    return wait_until(said, 5, why=f"a responder of {ca}")


class Strict(Client):
    """Forgives nothing: no dropped connection, no 5xx."""

    def patient(self, what):
        return what()

    def once(self, *words, **more):
        try:
            response, data = super().once(*words, **more)
        except (OSError, http.client.HTTPException) as e:
            raise AssertionError(f"dropped: {e!r}") from e
        assert response.status < 500, (response.status, data)
        return response, data


class Load:
    """One kept connection, and an ACME client: neither may notice."""

    def __init__(self, s):
        self.s, self.stop, self.errors = s, threading.Event(), []
        self.requests = self.issued = 0
        self.responder = Responder(s.ports["http01"])
        self.threads = [threading.Thread(target=self.run, args=(what,))
                        for what in (self.reader, self.acme)]
        for t in self.threads:
            t.start()

    def run(self, what):
        try:
            what()
        except BaseException as e:  # told by end()
            self.errors.append(repr(e))

    def reader(self):
        c = http.client.HTTPSConnection("localhost", self.s.ports["https"],
                                        context=self.s.tls(), timeout=20)
        c.connect()
        sock = c.sock
        while not self.stop.is_set():
            c.request("GET", "/acme/directory")
            r = c.getresponse()
            r.read()
            assert r.status == 200, r.status
            assert c.sock is sock, "the connection was dropped"
            self.requests += 1
        c.close()

    def acme(self):
        client = Strict(self.s, self.responder).register()
        while not self.stop.is_set():
            order, certificate, _ = client.issue(
                f"load{self.issued}.test")
            assert certificate is not None, order
            self.issued += 1

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join(60)
        self.responder.close()
        assert not self.errors, self.errors
        assert self.requests > 20 and self.issued > 1, vars(self)


def issuing_ca_under_load():
    with Server.fresh(name="Roll") as s:
        old = issue(s, "old.test")
        load = Load(s)
        # An order that began under the old CA is finished by it.
        client = Client(s, load.responder).register()
        order = client.new_order("between.test")
        client.authorize(order)
        wait_until(lambda: load.issued > 2, 30, why="the load")
        children = s.children()

        # Nothing is written by --dry-run; what is wrong is told.
        before = sorted(p.name for p in s.state.rglob("*.pem"))
        s.cli("ca", "rollover", "issuing", "--dry-run")
        assert before == sorted(p.name for p in s.state.rglob("*.pem"))

        out = s.cli("ca", "rollover", "issuing", parse=True)
        assert out["server"] == "has taken it up", out
        assert out["ca"] == "issuing-2" and out["profiles"] == "default"
        now = s.children()
        assert now["server"] == children["server"], "the server was restarted"
        assert now["signer"] != children["signer"], "no signer with the key"

        new = issue(s, "new.test")
        assert "Issuing CA," in issuer_of(old), issuer_of(old)
        assert "Issuing CA 2," in issuer_of(new), issuer_of(new)
        done = client.finalize(order, client.csr("between.test")[1])
        between, _ = client.download(done)
        assert "Issuing CA 2" not in between.issuer.rfc4514_string()
        count = load.issued
        wait_until(lambda: load.issued > count + 2, 30, why="more load")
        load.end()
        for pem in (old, new):
            accepted(s.root, pem)

        # Both serve their status: CRL (and OCSP), certificate, chain.
        for ca, pem in (("issuing", old), ("issuing-2", new)):
            number = crl_is_good(s, ca)
            s.cli("cert", "revoke", serial_of(pem), "--reason", "superseded")
            wait_until(lambda: crl_is_good(s, ca) > number, 10,
                       why=f"the CRL of {ca}")
            text = run("openssl", "crl", "-inform", "DER", "-in",
                       s.top / f"{ca}.crl", "-noout", "-text").stdout
            assert serial_of(pem).upper() in text.replace(":", ""), text
            said = ocsp_status(s, pem, ca)
            assert "revoked" in said, said
            assert s.get(f"/ca/{ca}.cer")[0] == 200
        assert s.get("/readyz")[0] == 200

        listed = {c["name"]: c for c in s.cli("ca", "list",
                                              parse=True)["cas"]}
        assert listed["issuing"]["state"] == "draining", listed
        assert listed["issuing"]["successor"] == "issuing-2", listed
        assert listed["issuing-2"]["state"] == "issuing", listed
        metrics = s.metrics()
        for ca in ("root", "issuing", "issuing-2"):
            assert metrics[f'chancery_ca_expires_seconds{{ca="{ca}"}}'] > 0
            assert metrics[f'chancery_crl_expires_seconds{{ca="{ca}"}}'] > 0

        # Again, while it drains: refused until its certificates are gone.
        again = s.cli("ca", "rollover", "issuing", check=False)
        assert again.returncode == 1 and "issuing-2" in again.stderr, again
        kept = s.cli("ca", "retire", "issuing", check=False)
        assert kept.returncode == 1 and "unexpired" in kept.stderr, kept
        out = s.cli("ca", "rollover", "issuing-2", parse=True)
        assert out["ca"] == "issuing-3" and "CA 3," in out["subject"], out
        s.cli("check")

        # A hundred days later nothing of the first two lives.
        s.stop()
        s.configure({"testing.clock_offset": "100d"})
        s.start()
        assert "CA issuing has drained" in s.cli("check")
        final = s.cli("ca", "retire", "issuing", parse=True)
        assert final["server"] == "has taken it up", final
        assert not (s.state / "keys/issuing.key").exists()
        assert (s.state / "keys/issuing.key.retired").exists()
        assert crl_is_good(s, "issuing") > 0
        until = run("openssl", "crl", "-inform", "DER", "-in",
                    s.top / "issuing.crl", "-noout", "-nextupdate").stdout
        end = run("openssl", "x509", "-in", s.state / "certs/issuing.pem",
                  "-noout", "-enddate").stdout
        assert until.split("=")[1] == end.split("=")[1], (until, end)
        assert s.get("/ca/issuing.cer")[0] == 200
        issue(s, "later.test")
        s.cli("check")
        assert s.get("/readyz")[0] == 200
        # And it starts again without that key.
        s.stop()
        s.start()
        accepted_after = issue(s, "restarted.test")
        assert "CA 3," in issuer_of(accepted_after)
        crl_is_good(s, "issuing")
        s.cli("log", "verify")
        s.stop()


def root():
    with Server.fresh(name="Root") as s:
        responder = Responder(s.ports["http01"])
        client = Strict(s, responder).register()
        order, _, pem = client.issue("one.test")
        responder.close()
        under_old = s.top / "one.test.pem"
        under_old.write_bytes(pem)
        old_root = s.top / "old-root.pem"
        old_root.write_text((s.state / "certs/root.pem").read_text())
        out = s.cli("ca", "rollover", "root", parse=True)
        assert out["server"] == "has taken it up", out
        new_root = s.state / "certs/root-2.pem"
        between = issue(s, "two.test")
        s.cli("ca", "rollover", "issuing")
        under_new = issue(s, "three.test")

        # RFC 4210 section 4.4: one name, two keys, two links.
        for cert, key, by in (("root-2-by-root", "root-2", "root"),
                              ("root-by-root-2", "root", "root-2")):
            link = s.state / f"certs/{cert}.pem"
            run("openssl", "verify", "-x509_strict", "-partial_chain",
                "-trusted", s.state / f"certs/{by}.pem", link)
            spki = [run("openssl", "x509", "-in", p, "-noout",
                        "-pubkey").stdout
                    for p in (link, s.state / f"certs/{key}.pem")]
            assert spki[0] == spki[1]
            status, _, der = s.get(f"/ca/{cert}.cer")
            pem = subprocess.run(["openssl", "x509", "-inform", "DER"],
                                 input=der, check=True,
                                 stdout=subprocess.PIPE).stdout
            assert status == 200 and pem == link.read_bytes()

        # Whoever has either root alone verifies what is served now.
        again = s.top / "one-again.pem"
        again.write_bytes(client.download(order)[1])
        for pem in (again, between, under_new):
            accepted(old_root, pem)
            accepted(new_root, pem)
        refused(new_root, under_old)

        roots = s.get("/ca/roots.pem")[2].decode()
        assert roots.count("BEGIN CERTIFICATE") == 2
        assert crl_is_good(s, "root-2") > 0
        assert crl_is_good(s, "root") > 0
        wait_until(lambda: crl_is_good(s, "issuing-2") > 0, 10, why="a CRL")

        revoked_cross(s, old_root, new_root, under_new)
        renewed(s)
        assert s.cli("urls", parse=True)["root"]["path"].endswith(
            "root-2.pem")
        s.cli("check")
        s.cli("log", "verify")
        assert s.get("/readyz")[0] == 200


def revoked_cross(s, old_root, new_root, under_new):
    """GlobalSign 2016-10: the status of living siblings does not change."""
    link = s.state / "certs/root-2-by-root.pem"
    serial = serial_of(link)
    plan = s.cli("ca", "crl", "root", "--revoke", serial, "--reason",
                 "superseded", "--dry-run", parse=True)
    assert len(plan["becomes revoked"]) == 1, plan
    assert "root-2-by-root" in plan["becomes revoked"][0], plan
    assert any(w.startswith("CA issuing (") for w in plan["stays as it is"])
    before = s.get("/crl/root.crl")[2]
    out = s.cli("ca", "crl", "root", "--revoke", serial, "--reason",
                "superseded", parse=True)
    assert out["server"] == "has taken it up", out
    assert s.get("/crl/root.crl")[2] != before
    text = run("openssl", "crl", "-inform", "DER", "-in",
               s.state / "crl/root.crl", "-noout", "-text").stdout
    assert text.count("Serial Number") == 1 and "Superseded" in text
    run("openssl", "crl", "-inform", "DER", "-in", s.state / "crl/root.crl",
        "-out", s.top / "root.crl.pem")
    # The sibling below the same key is what it was, with every CRL looked at.
    for ca in ("root-2", "issuing", "issuing-2"):
        run("openssl", "crl", "-inform", "DER", "-in", s.top / f"{ca}.crl"
            if (s.top / f"{ca}.crl").exists() else s.state / f"crl/{ca}.crl",
            "-out", s.top / f"{ca}.crl.pem", check=ca != "issuing")
    run("openssl", "verify", "-no-CApath", "-no-CAstore", "-crl_check",
        "-CAfile", old_root, "-CRLfile", s.top / "root.crl.pem",
        s.state / "certs/issuing.pem")
    run("openssl", "verify", "-no-CApath", "-no-CAstore", "-crl_check",
        "-CAfile", new_root, "-CRLfile", s.top / "root-2.crl.pem",
        s.state / "certs/issuing-2.pem")
    # The revoked one is revoked.
    done = run("openssl", "verify", "-no-CApath", "-no-CAstore",
               "-crl_check", "-CAfile", old_root, "-CRLfile",
               s.top / "root.crl.pem", link, check=False)
    assert done.returncode != 0 and "revoked" in done.stdout, done.stdout
    # Kamu SM 2026-06: an older file is not taken for the newer one.
    path = s.state / "crl/root.crl"
    newer = path.read_bytes()
    path.write_bytes(before)
    s.process.send_signal(1)
    wait_until(lambda: any("numbers rise" in e["why"] for e in
                           s.log_events("reload-refused")), 30,
               why="a refusal of the older CRL")
    assert s.get("/crl/root.crl")[2] == newer
    path.write_bytes(newer)
    twice = s.cli("ca", "crl", "root", "--revoke", serial, check=False)
    assert twice.returncode == 1 and "already" in twice.stderr
    # The number rises also when nothing is new.
    number = crl_is_good(s, "root")
    s.cli("ca", "crl", "root")
    assert crl_is_good(s, "root") > number
    online = s.cli("ca", "crl", "issuing", check=False)
    assert online.returncode == 1 and "online" in online.stderr
    unknown = s.cli("ca", "crl", "root", "--revoke", "1234", check=False)
    assert unknown.returncode == 1 and "--force" in unknown.stderr


def renewed(s):
    """The same key and name, new dates: what was issued before verifies."""
    out = s.cli("ca", "rollover", "issuing-2", "--same-key", parse=True)
    assert out["server"] == "has taken it up", out
    pem = issue(s, "renewed.test")
    new_root = s.state / "certs/root-2.pem"
    accepted(new_root, pem)
    run("openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile",
        new_root, "-untrusted", s.state / out["certificate"],
        s.top / "three.test.pem")


def another_ca():
    """ca new with name constraints, beside the first; somebody else's CA."""
    with Server.fresh(name="New") as s:
        out = s.cli("ca", "new", "lab", "--permit", "dns:lab.test",
                    "--exclude", "ip:0.0.0.0/0", "--exclude", "ip:::/0",
                    "--key", "ec-p384", "--lifetime", "700d", parse=True)
        assert out["server"] == "has taken it up", out
        path = s.state / "chancery.yaml"
        text = path.read_text().replace(
            "\n  default:\n", "\n  lab: {ca: lab, ip: false}\n  default:\n",
            1)
        path.write_text(text)
        s.process.send_signal(1)
        wait_until(lambda: len(list(s.log_events("reloaded"))) > 1, 20,
                   why="the profile")
        pem = issue(s, "www.lab.test", "lab")
        accepted(s.root, pem)
        _, csr = s.csr("www.other.test")
        done = s.cli("cert", "issue", "--csr", csr, "--profile", "lab",
                     check=False)
        assert done.returncode == 1, "outside of the name constraints"
        crl_is_good(s, "lab")

        # What goes wrong says what, and leaves nothing.
        wrong = s.top / "wrong"
        wrong.write_text("not the passphrase\n")
        before = sorted(map(str, s.state.glob("[kc]*/*")))
        for words, says in (
                (("new", "lab"), "already"),
                (("new", "tls"), "another name"),
                (("new", "a_b"), "no name for a CA"),
                (("new", "x", "--parent", "lab"), "online"),
                (("new", "x", "--parent", "nobody"), "there is no CA"),
                (("new", "x", "--passphrase-file", wrong), "wrong passphr"),
                (("new", "x", "--root-passphrase-file", wrong),
                 "wrong passphr"),
                (("new", "x", "--root-key", s.top / "none"), "--root-key"),
                (("new", "x", "--lifetime", "9000d"), "lifetime"),
                (("new", "x", "--key", "dsa"), "--key"),
                (("rollover", "root", "--root-passphrase-file", wrong),
                 "wrong passphr"),
                (("cross", "issuing", "--by", "issuing"), "itself"),
                (("cross", "issuing", "--by", "lab"), "path length"),
                (("retire", "root"), "offline"),
                (("retire", "issuing"), "profile default")):
            done = s.cli("ca", *words, check=False)
            assert done.returncode in (1, 2), (words, done)
            assert says in done.stderr, (words, done.stderr)
            left = sorted(map(str, s.state.glob("[kc]*/*")))
            extra = [p for p in left if p not in before]
            # A key whose certificate was refused waits for the next try.
            assert extra in ([], [str(s.state / "keys/x.key")]), extra
        # ... which takes it up.
        out = s.cli("ca", "new", "x", parse=True)
        assert out["key taken up"] == "keys/x.key", out

        # A certificate that was left is taken up only for the same words.
        text = path.read_text()
        s.cli("ca", "new", "y", "--permit", "dns:y.test", "--no-reload")
        path.write_text(text)
        for words, says in (((), "name constraints"),
                            (("--permit", "dns:z.test"), "name constraints"),
                            (("--permit", "dns:y.test", "--lifetime", "90d"),
                             "lifetime"),
                            (("--permit", "dns:y.test", "--common-name", "Z"),
                             "subject")):
            done = s.cli("ca", "new", "y", *words, check=False)
            assert done.returncode == 1 and says in done.stderr, (words, done)
            assert path.read_text() == text
        out = s.cli("ca", "new", "y", "--permit", "dns:y.test", parse=True)
        assert out["certificate taken up"] == "certs/y.pem", out

        # Their request: only a CA's key and name, path length 0.
        run("openssl", "req", "-new", "-newkey", "rsa:3072", "-nodes",
            "-subj", "/O=Partner/CN=Partner CA", "-keyout", s.top / "p.key",
            "-out", s.top / "p.csr")
        out = s.cli("ca", "cross", "--csr", s.top / "p.csr", "--by", "root",
                    "--lifetime", "365d", parse=True)
        text = run("openssl", "x509", "-in", s.state / out["certificate"],
                   "-noout", "-text").stdout
        assert "CA:TRUE, pathlen:0" in text and "Partner CA" in text
        run("openssl", "verify", "-x509_strict", "-CAfile", s.root,
            s.state / out["certificate"])
        # Every act is a leaf of the log.
        s.cli("check")


def refused_by_the_signer():
    """A key that the signer cannot open: the old configuration stays."""
    with Server.fresh(name="Refuse") as s:
        s.cli("ca", "new", "next", "--no-reload")
        key = s.state / "keys/next.key"
        good = key.read_bytes()
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:other",
            "-out", s.top / "bad.key")
        key.write_bytes((s.top / "bad.key").read_bytes())
        s.process.send_signal(1)
        wait_until(lambda: list(s.log_events("reload-refused")), 40,
                   why="a refusal")
        issue(s, "still.test")
        wait_until(lambda: s.get("/readyz")[0] == 200, 20, why="readiness")
        assert s.get("/crl/next.crl")[0] == 404
        key.write_bytes(good)
        s.process.send_signal(1)
        wait_until(lambda: s.get("/crl/next.crl")[0] == 200, 20,
                   why="the CRL of the new CA")
        issue(s, "again.test")
        assert s.get("/readyz")[0] == 200


def under_another_root():
    """init --sub-ca, then the next generation under the same strange root."""
    s = Server.fresh(name="Below", init=("--sub-ca",))
    extensions = s.top / "ca.ext"
    extensions.write_text(
        "basicConstraints = critical, CA:TRUE, pathlen:0\n"
        "keyUsage = critical, keyCertSign, cRLSign\n"
        "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n")

    def sign(name):
        run("openssl", "x509", "-req", "-in", s.state / f"certs/{name}.csr",
            "-CA", s.top / "root.pem", "-CAkey", s.top / "root.key",
            "-days", "1000", "-extfile", extensions, "-out",
            s.top / f"{name}.pem")
        chain = s.top / f"{name}-chain.pem"
        chain.write_text((s.top / f"{name}.pem").read_text() +
                         (s.top / "root.pem").read_text())
        return chain

    try:
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "3000", "-subj",
            "/O=Elsewhere/CN=Their Root", "-keyout", s.top / "root.key",
            "-out", s.top / "root.pem", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign")
        s.cli("ca", "import", "--ca", "issuing", "--chain", sign("issuing"))
        s.start(testing=False)
        accepted(s.root, issue(s, "first.test"))
        alone = s.cli("ca", "rollover", "issuing", check=False)
        assert alone.returncode == 1 and "--request" in alone.stderr, alone
        early = s.cli("ca", "rollover", "issuing", "--chain",
                      s.top / "issuing-chain.pem", check=False)
        assert early.returncode == 1 and "--request" in early.stderr, early
        s.cli("ca", "rollover", "issuing", "--request")
        wrong = s.cli("ca", "rollover", "issuing", "--chain",
                      s.top / "issuing-chain.pem", check=False)
        assert wrong.returncode == 1 and "not for the key" in wrong.stderr
        out = s.cli("ca", "rollover", "issuing", "--chain",
                    sign("issuing-2"), parse=True)
        assert out["server"] == "has taken it up", out
        pem = issue(s, "second.test")
        assert "Issuing CA 2," in issuer_of(pem), issuer_of(pem)
        accepted(s.root, pem)
        accepted(s.root, s.top / "first.test.pem")
        s.cli("check")
        # The same key with another identifier would orphan what exists.
        extensions.write_text(extensions.read_text().replace(
            "subjectKeyIdentifier = hash",
            "subjectKeyIdentifier = 0102030405060708"))
        other = s.cli("ca", "import", "--ca", "issuing-2", "--chain",
                      sign("issuing-2"), "--replace", check=False)
        assert other.returncode == 1 and "--force" in other.stderr, other
    finally:
        s.close()
    assert not s.findings, s.findings


PARTS = {"sub": under_another_root, "issuing": issuing_ca_under_load, "root": root, "new": another_ca,
         "refused": refused_by_the_signer}
for part in sys.argv[1:] or PARTS:
    PARTS[part]()
