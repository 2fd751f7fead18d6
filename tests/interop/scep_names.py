"""What MDM fleets' certificates carry, over SCEP: User Principal Names, Intune's
URI for strong mapping, e-mail addresses in mixed case, the whole subject of the
request, and the validity that Windows asks for.  Requests by the openssl command
and octet by octet as Windows writes them, by strongSwan's pki where that is
there; certificates are read by openssl and certtool."""
import datetime
import re
import shutil
import subprocess

from scep_server import CHALLENGE, run_script, server, url, verifies
from support import scep_client as scep
from support.scep_client import (Client, Key, der, integer, items, oid, only,
                                 openssl, pem, sequence, set_of)
from support.scep_client import whole_request as request

UPN = "1.3.6.1.4.1.311.20.2.3"
PAIR = "1.3.6.1.4.1.311.13.2.1"
SID = ("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-"
       "682003330-512")
SUBJECT = "/C=CH/O=Example AG/OU=Devices/CN=Jane Doe/emailAddress=" \
    "Jane.Doe@mail.example"
NAMES = '["upn:*@a.example", "uri:tag:microsoft.com,*", ' \
    '"email:*@mail.example", "dns:*.example"]'
PROFILES = """  people: {ca: issuing, lifetime: 30d, max_lifetime: 60d, acme: false, email: true, email_allow: [mail.example], uri: true, uri_allow: ["tag:microsoft.com,2022-09-14:sid:"], upn: true, upn_allow: [a.example], subject: request, key_usage: [digitalSignature, keyEncipherment], extended_key_usage: [clientAuth]}
  narrow: {ca: issuing, lifetime: 1d, acme: false, subject: request, subject_attributes: [CN, O], extended_key_usage: [serverAuth, clientAuth]}
"""
s = server({
    "default": "{profile: people, authentication: [tokens, challenge], "
               f"challenge_file: scep-challenge, names: {NAMES}, "
               "requested_validity: true}",
    "free": "{profile: people, authentication: [tokens], "
            "requested_validity: true}",
    "deaf": "{profile: people, authentication: [tokens]}",
    "narrow": "{profile: narrow, authentication: [tokens]}",
})
path = s.state / "chancery.yaml"
path.write_text(path.read_text().replace(
    "\nprofiles:\n", "\nprofiles:\n" + PROFILES, 1))


def attribute(kind, *values):
    return sequence(oid(kind), set_of(*values))


def bmp(text):
    return der(0x1e, text.encode("utf-16-be"))


def pair(name, value):
    return attribute(PAIR, sequence(bmp(name), bmp(value)))


def windows(key, challenge, *more, extension="1.2.840.113549.1.9.14"):
    """A CSR as Windows 11 writes one: its version, who asks, the provider of
    the key, and pairs of name and value each in an attribute of its own."""
    spki = openssl("pkey", "-in", key.path, "-pubout", "-outform", "DER")
    other = der(0xa0, oid(UPN), der(0xa0, der(0x0c, b"Jane.Doe@A.example")))
    san = sequence(oid("2.5.29.17"), der(4, sequence(other)))
    name = sequence(set_of(sequence(oid("2.5.4.3"), der(0x13, b"Jane Doe"))))
    info = sequence(
        integer(0), name, spki,
        der(0xa0,
            attribute("1.3.6.1.4.1.311.13.2.3", der(0x16, b"10.0.22631.2")),
            attribute("1.3.6.1.4.1.311.21.20", sequence(
                integer(5), der(0x0c, b"PC-1.a.example"),
                der(0x0c, b"A\\jane"), der(0x0c, b"omadmclient.exe"))),
            attribute("1.3.6.1.4.1.311.13.2.2", sequence(
                integer(1), bmp("Microsoft Software Key Storage Provider"),
                der(3, b"\0"))),
            attribute(extension, sequence(san)),
            attribute("1.2.840.113549.1.9.7", der(0x13, challenge.encode())),
            *more))
    signature = openssl("dgst", "-sha256", "-sign", key.path, data=info)
    return sequence(info, sequence(oid("1.2.840.113549.1.1.11"), der(5)),
                    der(3, b"\0" + signature))


def token(profile="people", *names):
    words = [w for n in names for w in ("--name", n)]
    return s.cli("token", "create", "--profile", profile, *words).strip()


def enrol(c, key, csr, kind=scep.PKCS_REQ):
    return c.exchange(kind, csr, key)


def granted(c, key, csr):
    reply = enrol(c, key, csr)
    assert reply.status == scep.SUCCESS, reply
    return reply.certificates[0]


def refused(c, key, csr):
    n = len(rows())
    reply = enrol(c, key, csr)
    assert reply.status == scep.FAILURE, reply
    assert len(rows()) == n, "issued all the same"
    return reply.text


def rows():
    found = s.cli("cert", "list", parse=True)
    found = found if isinstance(found, list) else found["certificates"]
    return [r for r in found if r["profile"] in ("people", "narrow")]


def fields(certificate):
    """The subject as its octets and the GeneralNames as (tag, content)."""
    tbs = items(items(only(certificate))[0][1])
    subject = tbs[5][2]
    for _, extension, _ in items(only(tbs[-1][1])):
        parts = items(extension)
        if parts[0][2] == oid("2.5.29.17"):
            return subject, [(t, b) for t, b, _ in
                             items(only(parts[-1][1]))]
    raise RuntimeError("no subjectAltName")


def lifetime(certificate):
    """(seconds with both ends, seconds from now to the end)"""
    out = openssl("x509", "-inform", "DER", "-noout", "-dates",
                  data=certificate).decode()
    start, end = (datetime.datetime.strptime(
        re.search(rf"{w}=(.*) GMT", out)[1], "%b %d %H:%M:%S %Y").replace(
            tzinfo=datetime.timezone.utc) for w in ("notBefore", "notAfter"))
    now = datetime.datetime.now(datetime.timezone.utc)
    return ((end - start).total_seconds() + 1, (end - now).total_seconds())


def lasts(certificate, seconds):
    """So long, but for an hour of backdating: before this CA was there nothing
    begins."""
    whole, left = lifetime(certificate)
    assert whole <= seconds and seconds - 2 * 3600 < left, (whole, left)


def read_by_others(certificate, name):
    """openssl verifies it, certtool reads the same names out of it."""
    file = s.top / f"{name}.pem"
    file.write_text(pem(certificate))
    verifies(s, file)
    return subprocess.run(["certtool", "-i", "--infile", file], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


UPN_NAME = (0xa0, oid(UPN) + der(0xa0, der(0x0c, b"Jane.Doe@a.example")))

with s:
    # Names of the profile limit everybody in the subject, "free" has none.
    shared, c = Client(url(s), s.top), Client(url(s, "free"), s.top)
    key = Key.new(s.top, "jane")

    # Everything at once, by openssl.
    san = [("otherName", f"{UPN};UTF8:Jane.Doe@A.example"), ("URI", SID),
           ("email", "Jane.Doe@Mail.example"), ("DNS", "jane.example")]
    csr = request(key, SUBJECT, san, token())
    leaf = granted(c, key, csr)
    subject, names = fields(leaf)
    assert subject == items(items(only(csr))[0][1])[1][2], "another subject"
    assert names == [UPN_NAME, (0x86, SID.encode()),
                     (0x81, b"Jane.Doe@mail.example"),
                     (0x82, b"jane.example")], names
    told = read_by_others(leaf, "jane")
    for text in (f"URI: {SID}", "RFC822Name: Jane.Doe@mail.example",
                 "DNSname: jane.example", "Jane.Doe@a.example",
                 "CN=Jane Doe"):
        assert text in told, (text, told)
    shown = s.cli("cert", "list", "--name", "upn:jane.doe@*", parse=True)
    shown = shown if isinstance(shown, list) else shown["certificates"]
    assert [r["serial"].replace(":", "").lower() for r in shown] == \
        [scep.serial(leaf)], shown

    # A renewal has the subject and the names that there are.
    jane = Key(key.path, leaf)
    fresh = Key.new(s.top, "fresh")
    again = c.exchange(
        scep.RENEWAL_REQ, request(fresh, SUBJECT, san, "x"), jane)
    assert again.status == scep.SUCCESS, again
    assert fields(again.certificates[0]) == (subject, names)
    for other in (SUBJECT.replace("Jane Doe", "John Doe"),
                  SUBJECT.replace("/OU=Devices", ""), "/CN=jane.example"):
        reply = c.exchange(scep.RENEWAL_REQ,
                           request(fresh, other, san, "x"), jane)
        assert reply.status == scep.FAILURE, (other, reply)

    # What the shared password and a secret with names are good for: their
    # names, also in the subject; and names outside every list.
    for secret in (CHALLENGE, token()):
        ask = request(key, SUBJECT, san, secret)
        assert "common name" in refused(shared, key, ask)
        granted(shared, key, request(
            key, "/O=Any/CN=jane.example", san, secret))
    bound = token("people", "upn:jane.doe@a.example", "dns:jane.example")
    assert refused(c, key, request(key, "/CN=Jane Doe", [san[3]], bound))
    granted(c, key, request(key, "/CN=jane.example", [san[3]], bound))
    for bad in (("otherName", f"{UPN};UTF8:jane@evil.example"),
                ("otherName", f"{UPN};IA5:jane@a.example"),
                ("otherName", "1.2.3;UTF8:jane@a.example"),
                ("URI", "https://a.example/"),
                ("email", "jane@evil.example")):
        for profile in (shared, c):
            refused(profile, key, request(key, "/O=Any", [bad], token()))
    refused(c, key, request(
        key, "/CN=Jane/emailAddress=jane@evil.example", san, token()))

    # Types of attribute that a profile lists; a server's name is a name.
    narrow = Client(url(s, "narrow"), s.top)
    for subject, good in (("/O=Any/CN=jane.example", True), ("/O=Any", True),
                          ("/OU=Any/CN=jane.example", False),
                          ("/O=Any/CN=Jane Doe", False)):
        csr = request(key, subject, [san[3]], token("narrow"))
        (granted if good else refused)(narrow, key, csr)

    # Windows: attributes of its own disturb nobody, its name of the extension
    # request is as good as PKCS #9's.
    for extension in ("1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"):
        leaf = granted(c, key, windows(key, token(), extension=extension))
        assert fields(leaf)[1] == [UPN_NAME]
        lasts(leaf, 30 * 86400)

    # The validity that is asked for: as documented, and as Android has it.
    day = 86400
    for period, units, seconds in (
            ("Days", "10", 10 * day), ("10", "Days", 10 * day),
            ("Weeks", "2", 14 * day), ("Months", "1", 30 * day),
            ("hours", "36", 36 * 3600), ("Days", "45", 45 * day),
            ("Years", "1", 60 * day), ("1", "Years", 60 * day)):
        leaf = granted(c, key, windows(
            key, token(), pair("ValidityPeriod", period),
            pair("ValidityPeriodUnits", units),
            pair("CertificateTemplate", "User")))
        lasts(leaf, seconds)
    # Both pairs in one attribute.
    leaf = granted(c, key, windows(key, token(), attribute(
        PAIR, sequence(bmp("ValidityPeriod"), bmp("Days")),
        sequence(bmp("ValidityPeriodUnits"), bmp("3")))))
    lasts(leaf, 3 * day)
    # The last hour is no reason to end before it began.
    leaf = granted(c, key, windows(
        key, token(), pair("ValidityPeriod", "Hours"),
        pair("ValidityPeriodUnits", "1")))
    assert 45 * 60 < lifetime(leaf)[1] <= 3600, lifetime(leaf)
    for wrong in ((pair("ValidityPeriod", "Days"),),
                  (pair("ValidityPeriodUnits", "10"),),
                  (pair("ValidityPeriod", "Decades"),
                   pair("ValidityPeriodUnits", "1")),
                  (pair("ValidityPeriod", "Days"),
                   pair("ValidityPeriodUnits", "0")),
                  (pair("ValidityPeriod", "Days"),
                   pair("ValidityPeriodUnits", "-1")),
                  (pair("ValidityPeriod", "Days"),
                   pair("ValidityPeriod", "Weeks"),
                   pair("ValidityPeriodUnits", "1"))):
        refused(c, key, windows(key, token(), *wrong))
        # Where nobody listens it does no harm either.
        leaf = granted(Client(url(s, "deaf"), s.top), key,
                       windows(key, token(), *wrong))
        lasts(leaf, 30 * day)

    # By an operator, with a name of the command line.
    (s.top / "jane.csr").write_bytes(request(key, "/O=Any", san, "x"))
    out = s.cli("cert", "issue", "--csr", str(s.top / "jane.csr"),
                "--profile", "people", "--name", "upn:jane@a.example")
    (s.top / "operator.pem").write_text(out)
    assert b"jane@a.example" in openssl(
        "x509", "-in", s.top / "operator.pem", "-outform", "DER")

    # strongSwan, with several RDNs.
    if shutil.which("pki"):
        run_script(s, """openssl genrsa -out swan.key 2048
pki --scepca --url "$URL" --caout ca.der --raout ra.der --force
pki --scep --url "$URL" --in swan.key \
--dn "C=CH, O=Example AG, OU=Devices, CN=swan.example" \
--san swan.example --san Swan@mail.example --password "$SECRET" \
--cacert-enc ra.der --cacert-sig ra.der --cacert ca.der --cacert ca-1.der \
--outform pem > swan.pem
openssl x509 -in swan.pem -out swan.pem""", s.top, SECRET=token())
        verifies(s, s.top / "swan.pem")
        told = openssl("x509", "-in", s.top / "swan.pem", "-noout", "-subject",
                       "-nameopt", "RFC2253").decode()
        assert "CN=swan.example,OU=Devices,O=Example AG,C=CH" in told, told

    s.cli("log", "verify")
