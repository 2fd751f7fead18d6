"""Apache mod_md: http-01, driven by its own watchdog."""
import subprocess

from client import certificates, need, refused_nonces, server, verify_chain
from client import wait_until

apache = need("apache2")
MODULES = "/usr/lib/apache2/modules"
CONF = """
ServerRoot %(top)s
PidFile %(top)s/pid
ErrorLog %(top)s/error.log
LogLevel info md:debug
DefaultRuntimeDir %(top)s
Mutex file:%(top)s default
ServerName www.modmd.test
Listen 127.0.0.1:%(http)d
Listen 127.0.0.1:%(https)d
LoadModule mpm_event_module %(modules)s/mod_mpm_event.so
LoadModule authz_core_module %(modules)s/mod_authz_core.so
LoadModule ssl_module %(modules)s/mod_ssl.so
LoadModule md_module %(modules)s/mod_md.so
User daemon
Group daemon
MDStoreDir %(top)s/md
MDCertificateAuthority %(directory)s
MDCertificateAgreement accepted
MDCACertificateFile %(root)s
MDContactEmail you@example.com
MDPortMap http:%(http)d https:%(https)d
MDCAChallenges http-01
MDRetryDelay 1s
MDomain www.modmd.test
DocumentRoot %(top)s/htdocs
<VirtualHost 127.0.0.1:%(https)d>
	ServerName www.modmd.test
	SSLEngine on
</VirtualHost>
"""

with server() as s:
    top = s.top / "apache"
    (top / "htdocs").mkdir(parents=True)
    # Apache's children run as another user and must find the challenge.
    for d in (s.top, top, top / "htdocs"):
        d.chmod(0o755)
    conf = top / "httpd.conf"
    conf.write_text(CONF % {
        "top": top, "modules": MODULES, "directory": s.directory,
        "root": s.root, "http": s.ports["http01"],
        "https": s.ports["alpn01"]})
    process = subprocess.Popen([apache, "-DFOREGROUND", "-f", str(conf)],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    pem = top / "md/domains/www.modmd.test/pubcert.pem"
    staged = top / "md/staging/www.modmd.test/pubcert.pem"
    try:
        wait_until(lambda: staged.exists() or pem.exists(), 120,
                   why="mod_md to stage a certificate")
        wait_until(lambda: certificates(s, "valid"), 10,
                   why="the certificate in the record")
        subprocess.run([apache, "-f", str(conf), "-k", "graceful"],
                       check=True)
        wait_until(pem.exists, 60, why="mod_md to activate it")
    except AssertionError:
        print((top / "error.log").read_text(errors="replace")[-6000:])
        raise
    finally:
        process.terminate()
        process.wait(20)
    verify_chain(s, pem, "www.modmd.test")
    refused_nonces(s)
