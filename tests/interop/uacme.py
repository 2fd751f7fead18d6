"""uacme: http-01.  Its libcurl trusts the system's bundle only, so the test
runs it in a mount namespace where that file is our root."""
import http.server
import os
import threading

from client import need, refused_nonces, run, server, serial_of, verify_chain
from client import is_revoked

uacme = need("uacme")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
HOOK = """#!/bin/sh
# METHOD TYPE IDENT TOKEN AUTH
[ "$2" = http-01 ] || exit 1
case $1 in
begin) printf '%%s' "$5" >"%(web)s/$4" ;;
done | failed) rm -f "%(web)s/$4" ;;
esac
"""

with server() as s:
    web = s.top / "web"
    web.mkdir()
    hook = s.top / "hook.sh"
    hook.write_text(HOOK % {"web": web})
    hook.chmod(0o755)

    class Challenge(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            token = os.path.basename(self.path)
            try:
                body = (web / token).read_bytes()
            except OSError:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    httpd = http.server.ThreadingHTTPServer(
        ("127.0.0.1", s.ports["http01"]), Challenge)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()

    def inside(*words):
        quoted = " ".join(f"'{w}'" for w in words)
        return run("unshare", "-m", "sh", "-c",
                   f"mount --bind '{s.root}' {BUNDLE} && exec {quoted}")

    conf = s.top / "uacme"
    common = [uacme, "-v", "-v", "-a", s.directory, "-c", conf]
    inside(*common, "-y", "new")
    inside(*common, "-h", hook, "issue", "www.uacme.test", "b.uacme.test")
    pem = conf / "www.uacme.test/cert.pem"
    verify_chain(s, pem, "www.uacme.test", "b.uacme.test")
    first = serial_of(pem)
    # uacme renews only what is about to expire, unless it is told more days.
    inside(*common, "-h", hook, "-d", "3650", "issue", "www.uacme.test",
           "b.uacme.test")
    second = serial_of(pem)
    assert first != second, "renewal gave the same certificate"
    inside(*common, "revoke", pem)
    is_revoked(s, second)
    inside(*common, "deactivate")
    refused_nonces(s)
    httpd.shutdown()
