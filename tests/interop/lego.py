"""lego: http-01, tls-alpn-01, dns-01 wildcard; renew and revoke."""
from client import (certificates, is_revoked, need, refused_nonces, run,
                    serial_of, server, verify_chain)

lego = need("lego")
HOOK = """#!/bin/sh
# lego's exec provider: present|cleanup FQDN VALUE
name=${2%%.}
case $1 in
present) printf '%%s\\n' "$3" >>"%(txt)s/$name" ;;
cleanup) rm -f "%(txt)s/$name" ;;
esac
"""

with server() as s:
    hook = s.top / "hook.sh"
    hook.write_text(HOOK % {"txt": s.txt})
    hook.chmod(0o755)
    env = {"LEGO_CA_CERTIFICATES": s.root, "EXEC_PATH": str(hook)}
    ways = [
        ("http.lego.test", ["--http", "--http.port",
                            f":{s.ports['http01']}"]),
        ("alpn.lego.test", ["--tls", "--tls.port",
                            f":{s.ports['alpn01']}"]),
        ("*.wild.lego.test", ["--dns", "exec", "--dns.disable-cp",
                              "--dns.resolvers",
                              f"127.0.0.1:{s.dns_port}"]),
    ]
    path = s.top / "lego"
    for name, way in ways:
        common = [lego, "--server", s.directory, "--accept-tos", "--email",
                  "you@example.com", "--path", path, "--domains", name, *way]
        pem = path / "certificates" / (name.replace("*", "_") + ".crt")
        run(*common, "run", env=env)
        verify_chain(s, pem, name)
        first = serial_of(pem)
        run(*common, "renew", "--days", "3650", "--no-random-sleep", env=env)
        second = serial_of(pem)
        assert first != second, "renewal gave the same certificate"
        run(*common, "revoke", env=env)
        is_revoked(s, second)
    assert len(certificates(s)) == 6
    refused_nonces(s)
