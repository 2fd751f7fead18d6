"""A service that decides requests of SCEP: https with a certificate of its own
CA, signatures checked, answers as the test wants them. Nothing of it is
Chancery's."""
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import ssl
import subprocess
import threading

ALLOW, DENY = {"allow": True}, {"allow": False}


def make_ca(directory, name):
    """Key and certificate of a CA, and of a server at 127.0.0.1 by it."""
    d = pathlib.Path(directory)
    for what in (name, f"{name}-server"):
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey",
                        "-noout", "-out", d / f"{what}.key"], check=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-key", d / f"{name}.key", "-subj",
         f"/CN={name}", "-days", "2", "-out", d / f"{name}.pem"], check=True)
    subprocess.run(
        ["openssl", "req", "-new", "-key", d / f"{name}-server.key", "-subj",
         "/CN=webhook", "-out", d / f"{name}-server.csr"], check=True)
    (d / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    subprocess.run(
        ["openssl", "x509", "-req", "-in", d / f"{name}-server.csr", "-CA",
         d / f"{name}.pem", "-CAkey", d / f"{name}.key", "-days", "2",
         "-set_serial", "1", "-extfile", d / f"{name}.ext", "-out",
         d / f"{name}-server.pem"], check=True, stderr=subprocess.DEVNULL)


class Webhook:
    """answer(question) gives (status, object or text); questions are kept."""

    def __init__(self, directory, name="hook", secret="a secret of the hook",
                 token="letmein"):
        self.directory = pathlib.Path(directory)
        self.name, self.secret, self.token = name, secret, token
        make_ca(directory, name)
        for what, text in ("secret", secret), ("token", token):
            path = self.directory / f"{name}.{what}"
            path.write_text(text + "\n")
            path.chmod(0o600)
        self.answer = lambda question: (200, ALLOW)
        self.questions, self.wrong = [], []
        self.port, self.server = 0, None

    @property
    def row(self):
        """For the configuration."""
        d = self.directory / self.name
        return (f'{{url: "https://127.0.0.1:{self.port}/scep", '
                f"anchors_file: {d}.pem, secret_file: {d}.secret, "
                f"token_file: {d}.token, timeout: 5s}}")

    def start(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def log_message(self, *words):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = hook.ask(self, body)
                if not isinstance(answer, str):
                    answer = json.dumps(answer)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer.encode())
                except OSError:
                    pass  # who asked has gone

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, address):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        d = self.directory / f"{self.name}-server"
        context.load_cert_chain(f"{d}.pem", f"{d}.key")
        self.server = Server(("127.0.0.1", self.port), Handler)
        # The handshake in the thread of the connection.
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def ask(self, handler, body):
        good = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        if handler.headers["X-Chancery-Signature"] != good or \
                handler.headers["Authorization"] != f"Bearer {self.token}" or \
                handler.headers["Content-Type"] != "application/json":
            self.wrong.append(dict(handler.headers))
            return 401, DENY
        question = json.loads(body)
        request = question["x509CertificateRequest"]
        text = subprocess.run(
            ["openssl", "req", "-inform", "DER", "-noout", "-verify",
             "-pubkey"], input=base64.b64decode(request["raw"]), check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
        # OpenSSL 3.5 says on standard output that the signature holds, too.
        spki = base64.b64decode(re.search(
            r"-----BEGIN PUBLIC KEY-----(.*?)-----", text, re.S)[1])
        assert base64.b64decode(request["publicKey"]) == spki
        self.questions.append(question)
        return self.answer(question)
