-- Schema 2 (issue 2): the CA core, ACME, the issuance log.
-- Times are seconds since 1970 UTC, statuses the enums of store.h.

-- Small facts: "node", the node's serial prefix; "probe", written by probes.
CREATE TABLE meta (
	key TEXT NOT NULL PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;

-- The issuance log.  Positions have no gaps: nothing is ever deleted.
CREATE TABLE log (
	position INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	kind TEXT NOT NULL,
	body BLOB NOT NULL
);
CREATE TRIGGER log_no_update BEFORE UPDATE ON log
BEGIN
	SELECT raise(ABORT, 'the log is append only');
END;
CREATE TRIGGER log_no_delete BEFORE DELETE ON log
BEGIN
	SELECT raise(ABORT, 'the log is append only');
END;

CREATE TABLE account (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	thumbprint BLOB NOT NULL UNIQUE CHECK (length(thumbprint) = 32),
	jwk TEXT NOT NULL,
	status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 3),
	contacts TEXT NOT NULL,
	terms_agreed_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	created_from TEXT
);

CREATE TABLE authz (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	account_id TEXT NOT NULL REFERENCES account (id),
	name_type INTEGER NOT NULL,
	name TEXT NOT NULL,
	wildcard INTEGER NOT NULL,
	status INTEGER NOT NULL CHECK (status IN (1, 2, 3, 4, 6)),
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	token TEXT NOT NULL,
	offered INTEGER NOT NULL CHECK (offered <> 0),
	chosen INTEGER NOT NULL DEFAULT 0,
	processing INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0,
	validated_at INTEGER NOT NULL DEFAULT 0,
	error_json TEXT,
	records_json TEXT,
	-- No authorization is valid without a stored probe record.
	CHECK (status <> 2 OR records_json IS NOT NULL)
);
CREATE INDEX authz_by_name ON authz (account_id, name);
CREATE INDEX authz_by_expiry ON authz (expires_at);

-- Validations that wait or run: due at due_at, unless leased until later.
CREATE TABLE job (
	authz_seq INTEGER PRIMARY KEY REFERENCES authz (seq),
	type INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	lease_until INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX job_by_due ON job (max(due_at, lease_until));

CREATE TABLE orders (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	account_id TEXT NOT NULL REFERENCES account (id),
	status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 5),
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	names_json TEXT NOT NULL,
	profile TEXT NOT NULL,
	profile_hash BLOB NOT NULL,
	not_before INTEGER NOT NULL,
	not_after INTEGER NOT NULL,
	error_json TEXT,
	cert_id TEXT,
	csr_sha256 BLOB
);
CREATE INDEX orders_by_account ON orders (account_id);
CREATE INDEX orders_failed ON orders (expires_at) WHERE cert_id IS NULL;
CREATE INDEX orders_issued ON orders (expires_at) WHERE cert_id IS NOT NULL;

CREATE TABLE order_authz (
	order_seq INTEGER NOT NULL REFERENCES orders (seq),
	n INTEGER NOT NULL,
	authz_seq INTEGER NOT NULL REFERENCES authz (seq),
	PRIMARY KEY (order_seq, n)
) WITHOUT ROWID;
CREATE INDEX order_authz_by_authz ON order_authz (authz_seq);

CREATE TABLE cert (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	ca TEXT NOT NULL,
	issuer_key BLOB NOT NULL CHECK (length(issuer_key) = 32),
	serial BLOB NOT NULL UNIQUE CHECK (length(serial) = 20),
	status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
	not_before INTEGER NOT NULL,
	not_after INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	profile TEXT NOT NULL,
	profile_hash BLOB NOT NULL,
	account_id TEXT,
	order_id TEXT,
	requester TEXT NOT NULL,
	spki_sha256 BLOB NOT NULL,
	names TEXT NOT NULL,
	evidence_sha256 BLOB NOT NULL,
	replaces TEXT,
	intent_position INTEGER NOT NULL REFERENCES log (position),
	issued_position INTEGER NOT NULL DEFAULT 0,
	revoked_at INTEGER NOT NULL DEFAULT 0,
	reason INTEGER NOT NULL DEFAULT -1,
	sig_alg INTEGER NOT NULL
);
-- Never two certificates for an order.
CREATE UNIQUE INDEX cert_by_order ON cert (order_id)
WHERE order_id IS NOT NULL;
CREATE INDEX cert_by_account ON cert (account_id)
WHERE account_id IS NOT NULL;
CREATE INDEX cert_by_expiry ON cert (not_after);
CREATE INDEX cert_open ON cert (seq) WHERE status = 1;
-- Covers what a CRL is made of, in its order.
CREATE INDEX cert_off ON cert (issuer_key, serial, not_after, revoked_at, reason)
WHERE status >= 3;

-- The bytes, apart from what lists and status read.
CREATE TABLE cert_der (
	cert_seq INTEGER PRIMARY KEY REFERENCES cert (seq),
	tbs BLOB NOT NULL,
	signature BLOB
);

-- Names spelt backwards, so that "*.example.com" is a range.
CREATE TABLE cert_name (
	reversed TEXT NOT NULL,
	cert_seq INTEGER NOT NULL,
	PRIMARY KEY (reversed, cert_seq)
) WITHOUT ROWID;

CREATE TABLE key_block (
	spki_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(spki_sha256) = 32),
	at INTEGER NOT NULL,
	cert_id TEXT NOT NULL
) WITHOUT ROWID;

-- Announced (der is NULL) and the published one of each key.
CREATE TABLE crl (
	seq INTEGER PRIMARY KEY,
	issuer_key BLOB NOT NULL CHECK (length(issuer_key) = 32),
	number INTEGER NOT NULL,
	ca TEXT NOT NULL,
	position INTEGER NOT NULL,
	this_update INTEGER NOT NULL,
	next_update INTEGER NOT NULL,
	der BLOB,
	UNIQUE (issuer_key, number)
);

CREATE TABLE profile (
	hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	name TEXT NOT NULL,
	json TEXT NOT NULL,
	created_at INTEGER NOT NULL
) WITHOUT ROWID;
