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
	used_at INTEGER NOT NULL DEFAULT 0, -- the last time
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX token_by_expiry ON token (expires_at);

-- Which certificate took a use, and for which request: who comes again with it
-- gets that certificate.  Gone when the use was given back.
CREATE TABLE token_use (
	cert_id TEXT NOT NULL PRIMARY KEY,
	token_id TEXT NOT NULL,
	csr_sha256 BLOB CHECK (length(csr_sha256) = 32)
) WITHOUT ROWID;
CREATE INDEX token_use_by_request ON token_use (token_id, csr_sha256);

-- Named operators: who may decide.  A removed one stays, for the record.
CREATE TABLE operator (
	seq INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	uid INTEGER NOT NULL CHECK (uid >= -1), -- -1: of nobody in particular
	added_at INTEGER NOT NULL,
	added_by TEXT NOT NULL,
	removed_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX operator_by_name ON operator (name) WHERE removed_at = 0;
CREATE UNIQUE INDEX operator_by_uid ON operator (uid)
WHERE removed_at = 0 AND uid >= 0;

-- Requests that an operator must decide: pending, approved, rejected, issued.
CREATE TABLE approval (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
	protocol TEXT NOT NULL,
	label TEXT NOT NULL,
	profile TEXT NOT NULL,
	requester TEXT NOT NULL,
	client_transaction TEXT,
	subject TEXT NOT NULL,
	names TEXT NOT NULL, -- as cert.names, sorted
	request_sha256 BLOB NOT NULL CHECK (length(request_sha256) = 32),
	spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
	csr BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	decided_at INTEGER NOT NULL DEFAULT 0,
	decided_by TEXT,
	reason TEXT,
	cert_id TEXT,
	CHECK ((state = 1) = (decided_by IS NULL)),
	CHECK ((state = 4) = (cert_id IS NOT NULL))
);
CREATE INDEX approval_by_request ON approval (request_sha256);
CREATE INDEX approval_by_transaction ON approval (client_transaction)
WHERE client_transaction IS NOT NULL;
CREATE INDEX approval_by_expiry ON approval (expires_at);
CREATE INDEX approval_waiting ON approval (requester, expires_at)
WHERE state = 1;
CREATE UNIQUE INDEX approval_by_cert ON approval (cert_id)
WHERE cert_id IS NOT NULL;
-- What is decided stays so; an approval is only used, or given back by a void.
CREATE TRIGGER approval_stays BEFORE UPDATE OF state ON approval
WHEN NOT ((OLD.state = 1 AND NEW.state IN (2, 3)) OR
	(OLD.state = 2 AND NEW.state = 4) OR (OLD.state = 4 AND NEW.state = 2))
BEGIN
	SELECT raise(ABORT, 'a decision stays');
END;
CREATE TRIGGER approval_binds BEFORE UPDATE OF profile, requester, names,
	request_sha256, spki_sha256, csr, expires_at ON approval
BEGIN
	SELECT raise(ABORT, 'an approval is of one request');
END;
