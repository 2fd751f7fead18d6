-- Schema 3 (issue 3): status, CRLs, rollover, the log's tree.

-- ---- the log's tree (RFC 6962, C2SP tlog-tiles) ----

-- Full tiles of 256 hashes; id: level * 2^56 + number of the tile.  Hashes of
-- the right edge are computed from the rows behind the last full tile.
CREATE TABLE log_tile (
	id INTEGER PRIMARY KEY,
	hashes BLOB NOT NULL CHECK (length(hashes) = 8192)
);
-- Signed heads: the newest, and of each hour before the last one.
CREATE TABLE checkpoint (
	size INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	root BLOB NOT NULL CHECK (length(root) = 32),
	key BLOB NOT NULL CHECK (length(key) = 32),
	note TEXT NOT NULL
);

-- ---- revocation ----

-- SHA-256 of the revocation secret that was handed out, if one was.
ALTER TABLE cert ADD COLUMN secret_sha256 BLOB;
-- What a compromised key takes with it.
CREATE INDEX cert_by_key ON cert (spki_sha256) WHERE status = 2;
CREATE INDEX cert_by_replaced ON cert (replaces) WHERE replaces IS NOT NULL;

-- Many certificates revoked by one decision, and how far it is carried out.
CREATE TABLE bulk (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	at INTEGER NOT NULL,
	by TEXT NOT NULL,
	reason INTEGER NOT NULL,
	filter TEXT NOT NULL,
	set_sha256 BLOB NOT NULL CHECK (length(set_sha256) = 32),
	total INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0,
	skipped INTEGER NOT NULL DEFAULT 0,
	finished_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX bulk_open ON bulk (seq) WHERE finished_at = 0;
-- What is still to be done: serials, one after the other.
CREATE TABLE bulk_part (
	seq INTEGER PRIMARY KEY,
	bulk_seq INTEGER NOT NULL REFERENCES bulk (seq),
	serials BLOB NOT NULL
);
CREATE INDEX bulk_part_by_bulk ON bulk_part (bulk_seq);
