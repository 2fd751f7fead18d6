"""Caddy: one site by tls-alpn-01, one by http-01, served with what it got."""
import os
import signal
import socket
import ssl
import subprocess

from client import certificates, need, percent, refused_nonces, server
from client import wait_until
from support.server import free_port

caddy = need("caddy")
CADDYFILE = """{
	acme_ca %(directory)s
	acme_ca_root %(root)s
	email you@example.com
	http_port %(http)d
	https_port %(https)d
	admin 127.0.0.1:%(admin)d
	storage file_system %(storage)s
}
%(name)s {
	tls {
		issuer acme {
			dir %(directory)s
			trusted_roots %(root)s
			%(disable)s
		}
	}
	respond "hello"
}
"""


def serves(s, port, name):
    context = ssl.create_default_context(cafile=s.root)
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as raw, \
                context.wrap_socket(raw, server_hostname=name) as tls:
            return tls.getpeercert()["subjectAltName"] == (("DNS", name),)
    except OSError:
        return False


def obtain(s, name, disable):
    top = s.top / name
    top.mkdir()
    (top / "Caddyfile").write_text(CADDYFILE % {
        "directory": s.directory, "root": s.root, "name": name,
        "http": s.ports["http01"], "https": s.ports["alpn01"],
        "admin": free_port(), "storage": top / "storage",
        "disable": disable})
    env = dict(os.environ, HOME=str(top), XDG_DATA_HOME=str(top),
               XDG_CONFIG_HOME=str(top))
    with open(top / "log", "wb") as log:
        process = subprocess.Popen(
            [caddy, "run", "--config", str(top / "Caddyfile"), "--adapter",
             "caddyfile"], stdout=log, stderr=log, env=env)
    try:
        wait_until(lambda: serves(s, s.ports["alpn01"], name), 120,
                   why=f"caddy to serve {name}")
    except AssertionError:
        print((top / "log").read_text(errors="replace")[-6000:])
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


with server() as s:
    obtain(s, "alpn.caddy.test", "disable_http_challenge")
    obtain(s, "http.caddy.test", "disable_tlsalpn_challenge")
    assert len(certificates(s)) == 2
    refused_nonces(s)
