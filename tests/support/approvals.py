"""Requests of the approval queue, put into the record of a stopped server as a
protocol puts them there."""
import hashlib
import sqlite3
import subprocess
import time


def ask(s, name, requester):
    """A pending request for one name, which is its id too."""
    key, csr = s.csr(name)
    der, spki = (subprocess.run(
        ["openssl", *words, "-outform", "DER"], check=True,
        stdout=subprocess.PIPE).stdout for words in (
            ("req", "-in", csr), ("pkey", "-in", key, "-pubout")))
    now = int(time.time())
    db = sqlite3.connect(s.state / "db/chancery.db")
    db.execute(
        "INSERT INTO approval (id, state, protocol, label, profile, "
        "requester, subject, names, request_sha256, spki_sha256, csr, "
        "created_at, expires_at) VALUES (?, 1, 'est', 'devices', 'default', "
        "?, '', ?, ?, ?, ?, ?, ?)",
        (name, requester, f"dns:{name}", hashlib.sha256(der).digest(),
         hashlib.sha256(spki).digest(), der, now, now + 3600))
    db.commit()
    db.close()
