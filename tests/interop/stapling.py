"""Apache mod_ssl staples our OCSP answers (SSLUseStapling, its own client and
parser): good, then revoked; openssl s_client, GnuTLS and curl --cert-status
accept what it staples.  A must-staple certificate is served the same way."""
import subprocess

from client import need, run, serial_of, server, wait_until

apache = need("apache2")
gnutls = need("gnutls-cli")
MODULES = "/usr/lib/apache2/modules"
CONF = """
ServerRoot %(top)s
PidFile %(top)s/pid
ErrorLog %(top)s/error.log
LogLevel info ssl:debug
DefaultRuntimeDir %(top)s
Mutex file:%(top)s default
ServerName localhost
Listen 127.0.0.1:%(port)d
LoadModule mpm_event_module %(modules)s/mod_mpm_event.so
LoadModule authz_core_module %(modules)s/mod_authz_core.so
LoadModule socache_shmcb_module %(modules)s/mod_socache_shmcb.so
LoadModule ssl_module %(modules)s/mod_ssl.so
User daemon
Group daemon
DocumentRoot %(top)s/htdocs
SSLUseStapling on
SSLStaplingCache shmcb:%(top)s/staples(131072)
SSLStaplingReturnResponderErrors off
SSLStaplingStandardCacheTimeout 1
SSLStaplingErrorCacheTimeout 1
<VirtualHost 127.0.0.1:%(port)d>
	ServerName localhost
	SSLEngine on
	SSLCertificateFile %(top)s/chain.pem
	SSLCertificateKeyFile %(key)s
</VirtualHost>
"""


def stapled(s, port):
    """What a client is told of the certificate in the handshake."""
    out = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
         "-servername", "localhost", "-status", "-CAfile", s.root],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=30, check=False).stdout
    for line in out.splitlines():
        if "Cert Status:" in line:
            return line.split(":")[1].strip()
    return "none"


def start(top, conf):
    return subprocess.Popen([apache, "-DFOREGROUND", "-f", str(conf)],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def clients_accept(s, port):
    url = f"https://localhost:{port}/"
    run("curl", "-sS", "-o", "/dev/null", "--cert-status", "--cacert",
        s.root, "--resolve", f"localhost:{port}:127.0.0.1", url)
    done = run(gnutls, "--x509cafile", s.root, "--ocsp", "--port", port,
               "localhost", check=False)
    assert "certificate is trusted" in done.stdout, done.stdout


with server(**{"profiles.default.must_staple": "requested"}) as s:
    top, port = s.top / "apache", s.ports["alpn01"]
    (top / "htdocs").mkdir(parents=True)
    for d in (s.top, top, top / "htdocs"):
        d.chmod(0o755)
    key, csr = s.csr("localhost")
    chain = top / "chain.pem"
    chain.write_text(s.cli("cert", "issue", "--csr", csr, "--profile",
                           "default"))
    conf = top / "httpd.conf"
    conf.write_text(CONF % {"top": top, "modules": MODULES, "port": port,
                            "key": key})
    process = start(top, conf)
    try:
        wait_until(lambda: stapled(s, port) == "good", 20,
                   why="apache to staple a good answer")
        clients_accept(s, port)
        s.cli("cert", "revoke", serial_of(chain), "--reason", "superseded")
        wait_until(lambda: stapled(s, port) == "revoked", 20,
                   why="apache to staple that it is revoked")
    except AssertionError:
        print((top / "error.log").read_text(errors="replace")[-6000:])
        raise
    finally:
        process.terminate()
        process.wait(20)
