"""A small verifier of a tiled log, from RFC 6962 and the C2SP texts alone.

It shares no code with the server and knows nothing of it: signed-note,
tlog-checkpoint, tlog-tiles and tlog-proof.  Only the signatures are
python3-cryptography's.

    python3 tlog_verify.py http://ca.example.com:8080/log KEY [ENTRIES.jsonl]
"""
import base64
import hashlib
import sys
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519


class Bad(Exception):
    """What does not hold."""


def need(fact, why):
    if not fact:
        raise Bad(why)


# ---- RFC 6962 section 2.1, as it is written there ----

def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves):
    """The Merkle tree hash of a list of leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m, leaves):
    """Section 2.1.1: the audit path of leaf m."""
    n = len(leaves)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return path(m, leaves[:k]) + [mth(leaves[k:])]
    return path(m - k, leaves[k:]) + [mth(leaves[:k])]


def consistency(m, leaves, whole=True):
    """Section 2.1.2: SUBPROOF(m, D, b)."""
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if m <= k:
        return consistency(m, leaves[:k], whole) + [mth(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [mth(leaves[:k])]


def root_from_path(m, n, leaf, proof):
    """The root that an audit path leads to; recursive, from the top down."""
    if n == 1:
        need(not proof, "the audit path is too long")
        return leaf
    need(proof, "the audit path is too short")
    k = split(n)
    if m < k:
        return node_hash(root_from_path(m, k, leaf, proof[:-1]), proof[-1])
    return node_hash(proof[-1],
                     root_from_path(m - k, n - k, leaf, proof[:-1]))


# ---- signed-note and tlog-checkpoint ----

def parse_key(line):
    """(name, id, public key) of "name+hash+key"."""
    name, hexed, data = line.strip().split("+", 2)
    typed = base64.b64decode(data, validate=True)
    need(typed[:1] == b"\x01" and len(typed) == 33, "not an Ed25519 key")
    ident = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    need(ident.hex() == hexed, "the key's hash is wrong")
    return name, ident, typed[1:]


def open_checkpoint(note, key):
    """(origin, size, root) of a checkpoint that the key has signed."""
    name, ident, public = key
    text, _, signatures = note.rpartition(b"\n\n")
    text += b"\n"
    signed = False
    for line in signatures.decode().splitlines():
        dash, who, data = line.split(" ")
        need(dash == "\u2014", "not a signature line")
        octets = base64.b64decode(data, validate=True)
        if who != name or octets[:4] != ident:
            continue
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(
                octets[4:], text)
        except InvalidSignature:
            raise Bad("the checkpoint's signature is wrong") from None
        signed = True
    need(signed, "the checkpoint is not signed by this key")
    lines = text.decode().split("\n")
    origin, size, root = lines[0], lines[1], lines[2]
    need(origin == name, "another log's checkpoint")
    need(size == str(int(size)), "the size is not decimal")
    root = base64.b64decode(root, validate=True)
    need(len(root) == 32, "the root is no SHA-256")
    return origin, int(size), root


# ---- tlog-tiles ----

def tile_path(level, n, width):
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03d}")
    partial = "" if width == 256 else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as r:
        return r.read(), r.headers


class Log:
    def __init__(self, prefix, key, get=fetch):
        self.prefix = prefix.rstrip("/")
        self.key = parse_key(key)
        self.get = get
        self.size = self.root = self.note = None

    def refresh(self):
        self.note, headers = self.get(f"{self.prefix}/checkpoint")
        need(headers["Content-Type"] == "text/plain; charset=utf-8",
             f"the checkpoint is {headers['Content-Type']}")
        _, self.size, self.root = open_checkpoint(self.note, self.key)
        return self.size

    def level(self, level):
        """All hashes of a level, from its tiles."""
        count = self.size >> (8 * level)
        out = []
        for n in range((count + 255) // 256):
            width = min(256, count - 256 * n)
            data, headers = self.get(
                f"{self.prefix}/{tile_path(level, n, width)}")
            need(headers["Content-Type"] == "application/octet-stream",
                 f"a tile is {headers['Content-Type']}")
            need(len(data) == 32 * width,
                 f"{tile_path(level, n, width)} has {len(data)} octets")
            out += [data[i:i + 32] for i in range(0, len(data), 32)]
        return out

    def verify(self):
        """Checkpoint and every tile of every level; the leaf hashes."""
        self.refresh()
        leaves = self.level(0)
        need(mth(leaves) == self.root,
             "the tiles do not make up the checkpoint's root")
        below, level = leaves, 1
        while self.size >> (8 * level):
            here = self.level(level)
            for i, h in enumerate(here):
                need(mth(below[256 * i:256 * i + 256]) == h,
                     f"hash {i} of level {level} is not that of its tile")
            below, level = here, level + 1
        return leaves

    def verify_entries(self, entries):
        leaves = self.verify()
        need(len(entries) >= len(leaves), "entries are missing")
        for i, (entry, leaf) in enumerate(zip(entries, leaves)):
            need(leaf_hash(entry) == leaf,
                 f"entry {i} is not the one in the tree")
        return len(leaves)


# ---- tlog-proof ----

def open_proof(text, key):
    """(index, entry, size) of a proof that holds."""
    head, _, note = text.partition(b"\n\n")
    lines = head.decode().split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    need(lines[1].startswith("extra ") and lines[2].startswith("index "),
         "no entry or index")
    entry = base64.b64decode(lines[1][6:], validate=True)
    index = int(lines[2][6:])
    proof = [base64.b64decode(x, validate=True) for x in lines[3:]]
    _, size, root = open_checkpoint(note, parse_key(key))
    need(0 <= index < size, "the index lies behind the checkpoint")
    need(root_from_path(index, size, leaf_hash(entry), proof) == root,
         "the proof does not lead to the root")
    return index, entry, size


def main():
    log = Log(sys.argv[1], sys.argv[2])
    if len(sys.argv) > 3:
        with open(sys.argv[3], "rb") as f:
            entries = f.read().splitlines()
        n = log.verify_entries(entries)
    else:
        n = len(log.verify())
    print(f"{log.key[0]}: {n} entries, root "
          f"{base64.b64encode(log.root).decode()}: tiles, root and "
          "signature hold")


if __name__ == "__main__":
    try:
        main()
    except Bad as e:
        sys.exit(f"tlog_verify: {e}")
