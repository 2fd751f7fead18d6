"""Sizes of SCEP on the wire: request lines of GET up to 24 KiB and as clients
mangle them, bodies of POST up to 2 MiB, in one piece and in chunks; over
HTTP/1.1 by hand and HTTP/2 by curl, with and without TLS.  Each that is taken
gets its certificate; what is larger is refused by HTTP's own numbers."""
import base64
import secrets
import subprocess
import urllib.parse

from client import need
from hostile import (END_HEADERS, H2, HEADERS, RST, fields, frame, plain,
                     read_all, send, tls)
from scep_server import CHALLENGE, issued, server, url
from support import scep_client as scep
from support.scep_client import Client, Key, der, items, only, sequence

curl = need("curl")
LINE_MAX = 24576
BODY_MAX = 2 << 20
CLOSED = 0  # what curl says for a status when there is none
s = server({"default": '{profile: device, authentication: [challenge], '
                       'challenge_file: scep-challenge, '
                       'names: ["dns:*.example"]}'})


def widened(body, filler):
    """The SignedData with one more thing among its certificates, which nothing
    signs: a chain may be as long."""
    kind, (_, whole, _) = items(only(body))
    parts = [der(tag, content, filler) if tag == 0xa0 else part
             for tag, content, part in items(only(whole))]
    return sequence(kind[2], der(0xa0, sequence(*parts)))


def of_size(body, size):
    n = size - len(body)
    while True:
        out = widened(body, sequence(der(4, b"\0" * n)))
        if len(out) == size:
            return out
        n -= len(out) - size


# ---- how a message is spelt in a query ----

def escaped(text):
    return urllib.parse.quote(text, safe="")


def bare_plus(text):
    """Apple, and scepclient: + and / as they are."""
    return text.replace("=", "%3D")


def space(text):
    return text.replace("+", "%20").replace("=", "%3D")


def lines(text):
    """Cisco IOS: base64 in lines."""
    return "%0A".join(escaped(text[i:i + 64])
                      for i in range(0, len(text), 64)) + "%0A"


def no_padding(text):
    return bare_plus(text.rstrip("="))


SPELLINGS = escaped, bare_plus, space, lines, no_padding


# ---- transports: target and body → status and body ----

def raw(kind, target, body=None, chunked=False):
    c = tls(s) if kind == "https" else plain(s)
    c.settimeout(30)
    head = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\n" \
           "Host: localhost\r\nConnection: close\r\n"
    if chunked:
        head += "Transfer-Encoding: chunked\r\n"
    elif body is not None:
        head += f"Content-Length: {len(body)}\r\n"
    pieces = [body or b""]
    if chunked:
        pieces = [b"%x\r\n%s\r\n" % (len(p), p) for p in (
            body[i:i + 7777] for i in range(0, len(body), 7777))]
        pieces.append(b"0\r\n\r\n")
    ok = send(c, head.encode() + b"\r\n")
    for p in pieces:
        ok = ok and send(c, p)
    out, _ = read_all(c, 30)
    c.close()
    head, _, answer = out.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 "), (target[:60], out[:200])
    return int(head.split()[1]), answer


def http2(kind, target, body=None, chunked=False):
    """A body of HTTP/2 is in frames anyway; chunked: of no declared length."""
    base = f"{kind}://localhost:{s.ports[kind]}"
    words = [curl, "-sS", "-g", "--cacert", s.root, "--max-time", "30", "-o",
             s.top / "answer", "-w", "%{http_version} %{http_code}",
             "--http2-prior-knowledge" if kind == "http" else "--http2"]
    if body is not None:
        (s.top / "body").write_bytes(body)
        words += ["-H", "Content-Type:", "-X", "POST"]
        words += ["-T", "-", "-H", "Expect:"] if chunked else [
            "--data-binary", f"@{s.top / 'body'}"]
    (s.top / "answer").write_bytes(b"")
    done = subprocess.run([*map(str, words), base + target], check=False,
                          input=body if chunked else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    version, status = done.stdout.decode().split()
    assert version == "2" or int(status) == CLOSED, (target[:60], version)
    return int(status), (s.top / "answer").read_bytes()


def frames_refused(kind):
    """413 and the end of the stream, before any of the body was sent."""
    h = H2(s, kind == "https")
    h.send(frame(HEADERS, END_HEADERS, 1, fields(
        b"POST", b"/scep?operation=PKIOperation",
        [(b"content-length", b"%d" % (BODY_MAX + 1))])))
    mine = [(k, p) for k, _, stream, p in h.frames(2)[0] if stream == 1]
    h.close()
    assert mine[0][0] == HEADERS and b"413" in mine[0][1][:5], mine
    assert mine[-1] == (RST, bytes(4)), mine


TRANSPORTS = [(how, kind) for how in (raw, http2) for kind in ("http", "https")]


def query(text):
    return f"/scep?operation=PKIOperation&message={text}"


def line_of(how, target):
    """What the limit counts: HTTP/2 has the target alone."""
    return len(target) + (len("GET  HTTP/1.1") if how is raw else 0)


def full_line(how, text, size):
    target = query(text) + "&fill="
    return target + "x" * (size - line_of(how, target))


with s:
    c = Client(url(s), s.top)
    c.ca_certificates()
    key = Key.new(s.top, "a.example")
    csr = c.request(key, "a.example", challenge=CHALLENGE)
    n = 0

    def message(size):
        """A request of its own that has this size."""
        global n
        n += 1
        m = c.message(scep.PKCS_REQ, csr, key,
                      transaction=secrets.token_hex(16))
        m.body = of_size(m.body, size)
        return m

    def granted(m, answer, why):
        status, body = answer
        assert status == 200, (why, status, body[:200])
        reply = c.parse(body, m)
        assert reply.status == scep.SUCCESS, (why, reply)

    # The octets that escapes make of base64 count, too.
    for how, kind in TRANSPORTS:
        for i, spelt in enumerate(SPELLINGS):
            m = message(12801 + i)
            text = spelt(base64.b64encode(m.body).decode())
            target = query(text)
            assert 16 << 10 < line_of(how, target) <= LINE_MAX, len(target)
            granted(m, how(kind, target), (how, kind, spelt))
        for size in (17 << 10, LINE_MAX):
            m = message(12500)
            text = bare_plus(base64.b64encode(m.body).decode())
            granted(m, how(kind, full_line(how, text, size)),
                    (how, kind, size))
        m = message(12500)
        text = bare_plus(base64.b64encode(m.body).decode())
        # More than the header list that HTTP/2's settings announce: nghttp2
        # need not answer that.
        for size, expected in ((LINE_MAX + 1, (414,)), (30000, (414, 431)),
                               (70000, (414, 431) if how is raw
                                else (414, 431, CLOSED))):
            status, _ = how(kind, full_line(how, text, size))
            assert status in expected, (how, kind, size, status)
    taken = len(issued(s))
    assert taken == len(TRANSPORTS) * (len(SPELLINGS) + 2), taken

    for how, kind in TRANSPORTS:
        for chunked in (False, True):
            target = "/scep?operation=PKIOperation"
            m = message(BODY_MAX)
            granted(m, how(kind, target, m.body, chunked),
                    (how, kind, chunked))
            m = message(BODY_MAX + 1)
            status, _ = how(kind, target, m.body, chunked)
            # curl 7.88 loses an answer that comes with RST_STREAM (NO_ERROR),
            # which RFC 9113 section 8.1 has for it: frames() sees it.
            assert status == 413 or (how is http2 and status == CLOSED), (
                how, kind, chunked, status)
    for kind in ("http", "https"):
        frames_refused(kind)
    assert len(issued(s)) == taken + 2 * len(TRANSPORTS)
    # And a message of an ordinary size goes on as before.
    assert c.enrol("b.example", challenge=CHALLENGE).status == scep.SUCCESS
