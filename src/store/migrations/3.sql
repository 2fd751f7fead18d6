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
