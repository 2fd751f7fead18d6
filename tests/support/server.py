"""A real Chancery server for tests: its own state directory, free ports, DNS.

Python's standard library only.  Used by tests/fault and tests/interop.

    with Server.fresh() as s:          # init --testing, DNS, serve --testing
        s.cli("cert", "list")

CHANCERY names the binary (ctest sets it).  Everything lies below a temporary
directory that is removed at the end, unless CHANCERY_KEEP is set.
"""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SYSTEM_PYTHON = "/usr/bin/python3"


ports_given = {}


def free_port():
    """A port that nobody has, for TCP and UDP, on any local address.

    Below the system's ephemeral range, or an outgoing connection of another
    test could take it before it is bound; never one twice, by other tests that
    run at the same time neither: each holds a name for it until it ends.
    """
    while True:
        port = random.randrange(10000, 32000)
        if port in ports_given:
            continue
        with socket.socket(socket.AF_INET6) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            try:
                tcp.bind(("::", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            held = socket.socket(socket.AF_UNIX)
            try:
                held.bind(f"\0chancery-test-port-{port}")
            except OSError:
                held.close()
                continue
            ports_given[port] = held
            return port


def wait_until(what, seconds=20, every=0.05, why="nothing"):
    """Polls until what() is true; a test waits for facts, never for luck."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"waited {seconds} s in vain for {why}")


def set_option(text, key, value):
    """Changes "section.option" in a configuration that init wrote."""
    section, _, option = key.rpartition(".")
    lines, out, path = text.split("\n"), [], []
    done, skipping = False, None
    for line in lines:
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if skipping is not None:
            if stripped and (indent > skipping or stripped.startswith("- ")):
                continue
            skipping = None
        if stripped and not stripped.startswith(("#", "-")) and ":" in stripped:
            depth = indent // 2
            path = path[:depth] + [stripped.split(":")[0]]
            if ".".join(path) == key and not done:
                out.append(f"{' ' * indent}{option}: {value}")
                done, skipping = True, indent
                continue
        out.append(line)
    assert done, f"no option {section}.{option} in the configuration"
    return "\n".join(out)


class Server:
    def __init__(self, directory=None, options=None, init=("--testing",),
                 name="Test"):
        self.binary = os.environ["CHANCERY"]
        self.own = directory is None
        self.top = pathlib.Path(directory or tempfile.mkdtemp(
            prefix="chancery-test-"))
        self.state = self.top / "state"
        self.txt = self.top / "txt"
        self.txt.mkdir(parents=True, exist_ok=True)
        self.ports = {k: free_port() for k in (
            "https", "http", "est", "ops", "http01", "alpn01")}
        self.dns_port = free_port()
        self.options = options or {}
        self.init_arguments = list(init)
        self.name = name
        self.process = None
        self.dns = None
        self.findings = []
        self.log_path = self.top / "serve.log"

    @classmethod
    def fresh(cls, **kw):
        s = cls(**kw)
        s.init()
        return s

    def __enter__(self):
        if not (self.state / "chancery.yaml").exists():
            self.init()
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            sys.stderr.write("\n".join(self.log_lines()[-60:]) + "\n")
        self.close()
        if kind is None:
            assert not self.findings, "\n".join(self.findings)

    # ---- life ----

    def init(self):
        self.cli("init", "--name", self.name, "--host", "localhost",
                 "--https-port", self.ports["https"],
                 "--http-port", self.ports["http"],
                 "--est-port", self.ports["est"],
                 "--ops-port", self.ports["ops"], *self.init_arguments)
        settings = {
            "validation.http_port": self.ports["http01"],
            "validation.tls_alpn_port": self.ports["alpn01"],
            "validation.resolvers": f'["127.0.0.1:{self.dns_port}"]',
        }
        settings.update(self.options)
        self.configure(settings)
        return self

    def configure(self, settings):
        path = self.state / "chancery.yaml"
        text = path.read_text()
        for key, value in settings.items():
            text = set_option(text, key, value)
        path.write_text(text)

    def start_dns(self):
        if self.dns is None:
            listens = self.top / "dns.ready"
            self.dns = subprocess.Popen(
                [SYSTEM_PYTHON, str(HERE / "dns_server.py"), "--port",
                 str(self.dns_port), "--txt-dir", str(self.txt),
                 "--ready-file", str(listens)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(listens.exists, why="the name server")

    def start(self, fault=None, env=None, ready=True, testing=True):
        """Starts serve; waits for readiness unless ready is False."""
        self.start_dns()
        read, write = os.pipe()
        os.set_inheritable(write, True)
        environment = dict(os.environ)
        environment.pop("CHANCERY_FAULT", None)
        environment.update(env or {})
        if fault:
            environment["CHANCERY_FAULT"] = fault
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--state", str(self.state),
                 "--ready-fd", str(write)] +
                (["--testing"] if testing else []),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                pass_fds=(write,), env=environment)
        os.close(write)
        if not ready:
            self.ready_fd = read
            return self
        with os.fdopen(read) as f:
            line = f.readline()
        if line != "ready\n":
            self.process.wait(10)
            raise AssertionError("the server did not start:\n" +
                                 "\n".join(self.log_lines()[-20:]))
        return self

    def stop(self, seconds=40):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def children(self):
        """{"server": pid, "signer": pid} of the running supervisor."""
        out = {}
        for p in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                stat = (p / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) != self.process.pid:
                    continue
                words = (p / "cmdline").read_bytes().split(b"\0")
            except (OSError, ValueError, IndexError):
                continue
            if len(words) > 2 and words[1] == b"--child":
                out[words[2].decode()] = int(p.name)
        return out

    def kill(self):
        """kill -9 of all three processes, as a power cut would."""
        if self.process is None or self.process.poll() is not None:
            return
        for pid in [self.process.pid, *self.children().values()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(10)
        wait_until(lambda: not self.port_open("https"), 10,
                   why="the listeners to be gone")

    def port_open(self, kind):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.ports[kind])) == 0

    def close(self):
        self.kill()
        self.findings = self.sanitizer_findings()
        if self.dns is not None:
            self.dns.kill()
            self.dns.wait()
            self.dns = None
        if self.own and not os.environ.get("CHANCERY_KEEP"):
            shutil.rmtree(self.top, ignore_errors=True)

    # ---- looking ----

    def log_lines(self):
        try:
            return self.log_path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def sanitizer_findings(self):
        """What ASan, UBSan and TSan said of the processes, with context."""
        lines, out = self.log_lines(), []
        for i, line in enumerate(lines):
            if "Sanitizer" in line or "runtime error:" in line:
                out += lines[i:i + 25]
        return out[:200]

    def log_events(self, event=None):
        for line in self.log_lines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if event is None or row.get("event") == event:
                yield row

    @property
    def root(self):
        return str(self.state / "certs/root.pem")

    @property
    def directory(self):
        return f"https://localhost:{self.ports['https']}/acme/directory"

    @property
    def http_url(self):
        return f"http://localhost:{self.ports['http']}"

    def tls(self):
        return ssl.create_default_context(cafile=self.root)

    def get(self, path, kind="http", headers=None):
        """(status, headers, body) of one request on a listener."""
        if kind == "https":
            c = http.client.HTTPSConnection(
                "localhost", self.ports["https"], context=self.tls(),
                timeout=20)
        else:
            c = http.client.HTTPConnection("localhost", self.ports[kind],
                                           timeout=20)
        try:
            c.request("GET", path, headers=headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def crl_serials(self, ca="issuing"):
        """Of a CA's published CRL, in lower case; none when there is none."""
        status, _, crl = self.get(f"/crl/{ca}.crl")
        if status != 200:
            return set()
        text = subprocess.run(
            ["openssl", "crl", "-inform", "DER", "-noout", "-text"],
            input=crl, stdout=subprocess.PIPE, check=True).stdout.decode()
        return {line.split()[-1].lower() for line in text.splitlines()
                if "Serial Number:" in line}

    def metrics(self):
        _, _, body = self.get("/metrics", "ops")
        out = {}
        for line in body.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                out[name] = float(value)
        return out

    # ---- commands ----

    def cli(self, *words, check=True, parse=False, env=None, timeout=60):
        """Runs a command; its standard output, or parsed JSON with parse."""
        arguments = [self.binary, *map(str, words), "--state",
                     str(self.state)] + (["--json"] if parse else [])
        environment = dict(os.environ)
        environment.pop("CHANCERY_FAULT", None)
        environment.update(env or {})
        done = subprocess.run(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True, env=environment,
            timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(arguments)}: exit {done.returncode}\n"
                f"{done.stdout}{done.stderr}")
        if not check:
            return done
        return json.loads(done.stdout) if parse else done.stdout

    def control(self, path, body=None):
        """One request on the control socket, as the commands make them."""
        c = http.client.HTTPConnection("localhost", timeout=60)
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(str(self.state / "run/control.sock"))
        try:
            c.request("POST" if body is not None else "GET",
                      f"/control/v1{path}",
                      body=None if body is None else json.dumps(body),
                      headers={"Content-Type": "application/json"})
            r = c.getresponse()
            text = r.read()
            assert r.status < 300, (r.status, text)
            return json.loads(text)
        finally:
            c.close()

    def csr(self, name, key="ec", path=None):
        """A CSR by openssl; (key file, CSR file)."""
        base = pathlib.Path(path or self.top) / name.replace("*", "_")
        new = {"ec": ["-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256"],
               "p384": ["-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-384"],
               "rsa": ["-newkey", "rsa:2048"],
               "ed25519": ["-newkey", "ed25519"]}[key]
        subprocess.run(
            ["openssl", "req", "-new", *new, "-nodes", "-subj", "/",
             "-keyout", f"{base}.key", "-out", f"{base}.csr",
             "-addext", f"subjectAltName=DNS:{name}"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return f"{base}.key", f"{base}.csr"
