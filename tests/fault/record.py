"""Reads the record of a stopped server and says what is wrong with it."""
import collections
import json
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))


def events(s):
    db = sqlite3.connect(f"file:{s.state}/db/chancery.db?mode=ro", uri=True)
    try:
        for position, kind, body in db.execute(
                "SELECT position, kind, body FROM log ORDER BY position"):
            yield position, kind, json.loads(body)
    finally:
        db.close()


def check(s):
    """Invariant 4, from the log alone; returns counts of event kinds.

    And what `log verify` and `log replay` say of a server that was killed:
    tree, checkpoints, the signer's journal and the tables agree.
    """
    s.cli("log", "verify")
    s.cli("log", "replay")
    kinds = collections.Counter()
    serials, outcomes, intents = collections.Counter(), {}, {}
    last = None
    for position, kind, body in events(s):
        assert last is None or position == last + 1, \
            f"gap in the log: {last} {position}"
        last = position
        kinds[kind] += 1
        if kind == "cert-intent":
            serials[body["serial"]] += 1
            intents[body["id"]] = body
        elif kind in ("cert-issued", "cert-voided"):
            outcomes.setdefault(body["id"], []).append(kind)
    twice = [k for k, n in serials.items() if n > 1]
    assert not twice, f"serials used twice: {twice}"
    for i in intents:
        got = outcomes.get(i, [])
        assert len(got) == 1, f"intent {i} has the outcomes {got}"
    orders = collections.Counter(
        b["order"] for b in intents.values() if b.get("order"))
    twice = [k for k, n in orders.items() if n > 1]
    assert not twice, f"two certificates for one order: {twice}"
    return kinds
