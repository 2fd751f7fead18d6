"""certbot: http-01 for two names; issue, renew, revoke, unregister."""
from client import (certificates, is_revoked, need, refused_nonces, run,
                    serial_of, server, verify_chain)

certbot = need("certbot")
with server() as s:
    base = s.top / "certbot"
    env = {"REQUESTS_CA_BUNDLE": s.root}
    common = ["--server", s.directory, "-n", "--config-dir", base,
              "--work-dir", base, "--logs-dir", base]
    run(certbot, "certonly", "--standalone", "--http-01-port",
        s.ports["http01"], "-d", "a.certbot.test", "-d", "b.certbot.test",
        "--agree-tos", "--register-unsafely-without-email", *common, env=env)
    live = base / "live/a.certbot.test"
    verify_chain(s, live / "fullchain.pem", "a.certbot.test",
                 "b.certbot.test")
    first = serial_of(live / "cert.pem")
    run(certbot, "renew", "--force-renewal", "--no-random-sleep-on-renew",
        *common, env=env)
    second = serial_of(live / "cert.pem")
    assert first != second, "renewal gave the same certificate"
    assert len(certificates(s)) == 2
    run(certbot, "revoke", "--cert-path", live / "cert.pem", "--reason",
        "superseded", "--no-delete-after-revoke", *common, env=env)
    is_revoked(s, second)
    run(certbot, "unregister", *common, env=env)
    accounts = s.cli("account", "list", parse=True)
    accounts = accounts if isinstance(accounts, list) else \
        accounts["accounts"]
    assert [a["status"] for a in accounts] == ["deactivated"], accounts
    refused_nonces(s)
