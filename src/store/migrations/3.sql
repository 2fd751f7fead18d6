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

-- ---- CRLs in shards, and deltas ----

-- The shard whose CRL the certificate names; 0: the full one.
ALTER TABLE cert ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX cert_by_shard ON cert (issuer_key, shard, not_after)
WHERE shard > 0;
DROP INDEX cert_off;
CREATE INDEX cert_off ON cert
	(issuer_key, serial, not_after, revoked_at, reason, shard)
WHERE status >= 3;

-- Announced (der is NULL) and published: of each key and shard the full CRL,
-- and a delta since the full one numbered base.  They share their numbers.
CREATE TABLE crl_of_shard (
	seq INTEGER PRIMARY KEY,
	issuer_key BLOB NOT NULL CHECK (length(issuer_key) = 32),
	shard INTEGER NOT NULL DEFAULT 0,
	delta INTEGER NOT NULL DEFAULT 0 CHECK (delta IN (0, 1)),
	number INTEGER NOT NULL,
	base INTEGER NOT NULL DEFAULT 0,
	ca TEXT NOT NULL,
	position INTEGER NOT NULL,
	this_update INTEGER NOT NULL,
	next_update INTEGER NOT NULL,
	der BLOB,
	UNIQUE (issuer_key, shard, number)
);
INSERT INTO crl_of_shard (issuer_key, number, ca, position, this_update,
	next_update, der)
SELECT issuer_key, number, ca, position, this_update, next_update, der FROM crl;
DROP TABLE crl;
ALTER TABLE crl_of_shard RENAME TO crl;

-- ---- responders ----

CREATE INDEX cert_responder ON cert (issuer_key, not_after)
WHERE profile = 'ocsp-responder';
