#!/usr/bin/env python3
"""A small authoritative name server for the interop tests and benchmarks.

Every name at or below a suffix (default: test) has the A record 127.0.0.1 and
no AAAA record. TXT and CAA records come from directories whose files are read
at each query, so that a client's hook only has to write or remove one:

    --txt-dir DIR   DIR/<owner name> holds one TXT value a line
    --caa-dir DIR   DIR/<owner name> holds one CAA record a line,
                    as in: 0 issue "ca.example"

A file with a line that starts with "CNAME " in --txt-dir makes the owner an alias.
Names at or below nx.test do not exist, those at or below servfail.test get
SERVFAIL, those at or below mute.test no answer at all.

    dns_server.py --port 0 --ready-file F   writes "127.0.0.1:PORT" to F
"""

import argparse
import os
import shlex
import signal
import socket
import struct
import sys
import threading

A, CNAME, SOA, TXT, AAAA, CAA = 1, 5, 6, 16, 28, 257
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
TTL = 1


def below(name, zone):
    return name == zone or name.endswith("." + zone)


def wire(name):
    labels = [part.encode("ascii") for part in name.split(".") if part]
    return b"".join(bytes([len(part)]) + part for part in labels) + b"\0"


def record(owner, kind, rdata):
    head = struct.pack(">HHIH", kind, 1, TTL, len(rdata))
    return wire(owner) + head + rdata


def text_rdata(value):
    data = value.encode()
    parts = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return b"".join(bytes([len(part)]) + part for part in parts)


def caa_rdata(line):
    flags, tag, value = shlex.split(line)
    return bytes([int(flags), len(tag)]) + tag.encode() + value.encode()


def lines_of(folder, name):
    """None without such a file; names are lower case, without final dot."""
    if folder is None:
        return None
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return [line for line in file.read().splitlines() if line]
    except OSError:
        return None


class Zone:
    def __init__(self, options):
        self.options = options

    def exists(self, name):
        if below(name, "nx.test"):
            return False
        suffixes = self.options.suffix
        return any(below(name, s) or below(s, name) for s in suffixes)

    def addresses(self, name, kind):
        suffixes = self.options.suffix
        if below(name, "nx.test") or not any(below(name, s) for s in suffixes):
            return []
        if kind == A:
            return [socket.inet_pton(socket.AF_INET, a)
                    for a in self.options.address]
        return [socket.inet_pton(socket.AF_INET6, a)
                for a in self.options.address6]

    def lookup(self, name, kind):
        """The answer section for one question, and the rcode."""
        answers, owner = [], name
        for _ in range(8):
            lines = lines_of(self.options.txt_dir, owner)
            alias = [l[6:].strip().rstrip(".").lower()
                     for l in lines or [] if l.startswith("CNAME ")]
            if not alias or kind == CNAME:
                break
            answers.append(record(owner, CNAME, wire(alias[0])))
            owner = alias[0]
        values = []
        if kind in (A, AAAA):
            values = self.addresses(owner, kind)
        elif kind == TXT:
            values = [text_rdata(l) for l in lines or []
                      if not l.startswith("CNAME ")]
        elif kind == CAA:
            caa = lines_of(self.options.caa_dir, owner)
            values = [caa_rdata(l) for l in caa or []]
        if not self.exists(owner) and not values and lines is None:
            return answers, NXDOMAIN
        answers += [record(owner, kind, v) for v in values]
        return answers, NOERROR


def question_of(query):
    """Name, type and the end of the question; ValueError if malformed."""
    if len(query) < 12 or struct.unpack(">H", query[4:6])[0] != 1:
        raise ValueError("not one question")
    labels, at = [], 12
    while query[at] != 0:
        length = query[at]
        if length > 63:
            raise ValueError("no plain label")
        labels.append(query[at + 1:at + 1 + length].decode("ascii").lower())
        at += 1 + length
    kind, _ = struct.unpack(">HH", query[at + 1:at + 5])
    return ".".join(labels), kind, at + 5


def reply_to(zone, query, limit):
    """None: no reply."""
    try:
        name, kind, end = question_of(query)
    except (ValueError, IndexError, struct.error, UnicodeDecodeError):
        return query[:2] + struct.pack(">HHHHH", 0x8081, 0, 0, 0, 0)
    answers, rcode = [], SERVFAIL
    if below(name, "mute.test"):
        return None
    if not below(name, "servfail.test"):
        answers, rcode = zone.lookup(name, kind)
    if zone.options.verbose:
        print(f"{name} {kind}: rcode {rcode}, {len(answers)} answers",
              file=sys.stderr, flush=True)
    authority = b""
    if not answers and rcode in (NOERROR, NXDOMAIN):
        # RFC 2308 section 2: a no comes with a SOA; its minimum is 0.
        soa = wire("") * 2 + struct.pack(">IIIII", 1, 60, 60, 3600, 0)
        authority = record("", SOA, soa)
    # RFC 2181 section 9: what does not fit is asked again by TCP.
    cut = end + sum(map(len, answers)) + len(authority) > limit
    if cut:
        answers, authority = [], b""
    flags = 0x8480 | (query[2] & 1) << 8 | (0x0200 if cut else 0) | rcode
    head = query[:2] + struct.pack(">HHHHH", flags, 1, len(answers),
                                   1 if authority else 0, 0)
    return head + query[12:end] + b"".join(answers) + authority


def serve_udp(zone, sock):
    while True:
        query, peer = sock.recvfrom(4096)
        reply = reply_to(zone, query, 1232)
        if reply is not None:
            sock.sendto(reply, peer)


def receive(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def serve_connection(zone, sock):
    with sock:
        sock.settimeout(30)
        try:
            while (head := receive(sock, 2)) is not None:
                query = receive(sock, struct.unpack(">H", head)[0])
                reply = None if query is None else reply_to(zone, query, 65535)
                if reply is None:
                    return
                sock.sendall(struct.pack(">H", len(reply)) + reply)
        except OSError:
            return


def serve_tcp(zone, sock):
    while True:
        peer, _ = sock.accept()
        threading.Thread(target=serve_connection, args=(zone, peer),
                         daemon=True).start()


def bind_both(host, port):
    """UDP and TCP on one port; port 0 picks one that both are free on."""
    for _ in range(100):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind((host, port))
            tcp.bind((host, udp.getsockname()[1]))
            tcp.listen(64)
            return udp, tcp
        except OSError:
            udp.close()
            tcp.close()
            if port != 0:
                raise
    raise OSError("no port is free for UDP and TCP")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--suffix", action="append", default=None)
    parser.add_argument("--address", action="append", default=None)
    parser.add_argument("--address6", action="append", default=[])
    parser.add_argument("--txt-dir")
    parser.add_argument("--caa-dir")
    parser.add_argument("--ready-file")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.suffix = [s.strip(".").lower() for s in options.suffix or ["test"]]
    options.address = options.address or ["127.0.0.1"]
    zone = Zone(options)
    udp, tcp = bind_both(options.host, options.port)
    where = "{}:{}".format(*udp.getsockname()[:2])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=serve_tcp, args=(zone, tcp), daemon=True).start()
    threading.Thread(target=serve_udp, args=(zone, udp), daemon=True).start()
    if options.ready_file:
        with open(options.ready_file + ".new", "w", encoding="utf-8") as file:
            file.write(where + "\n")
        os.rename(options.ready_file + ".new", options.ready_file)
    print(where, flush=True)
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
