-- Schema 4 (issue 4): enrolment secrets, the approval queue, operators.

-- One-time secrets; the hash of each, never the secret.
CREATE TABLE token (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	secret_sha256 BLOB NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
	profile TEXT NOT NULL,
	names TEXT NOT NULL, -- as cert.names; empty: any
	uses INTEGER NOT NULL CHECK (uses >= 1),
	uses_left INTEGER NOT NULL CHECK (uses_left BETWEEN 0 AND uses),
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX token_by_expiry ON token (expires_at);

-- Which certificate took a use; gone when that use was given back.
CREATE TABLE token_use (
	cert_id TEXT NOT NULL PRIMARY KEY,
	token_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX token_use_by_token ON token_use (token_id);
