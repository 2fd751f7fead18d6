-- Schema 6 (issue 5): who decides about requests of SCEP.

-- Challenges that an MDM has signed, or fetched for a device: which device
-- (empty: not said), and where alone the secret counts ("scep/NAME"; empty:
-- wherever its profile is served).
ALTER TABLE token ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN service TEXT NOT NULL DEFAULT '';
CREATE INDEX token_by_device ON token (profile, device, created_at)
WHERE device <> '';

-- A request that a webhook or Intune is asked about (store/inquiry.h).  Like
-- scep_request not part of the record: what came of it, the certificate, is.
CREATE TABLE inquiry (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	profile TEXT NOT NULL, -- of scep.profiles
	client_transaction TEXT NOT NULL,
	csr_sha256 BLOB NOT NULL CHECK (length(csr_sha256) = 32),
	spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
	signer_sha256 BLOB NOT NULL CHECK (length(signer_sha256) = 32),
	service INTEGER NOT NULL CHECK (service IN (1, 2)),
	service_name TEXT NOT NULL,
	withhold INTEGER NOT NULL,
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
	-- The request, sealed, while there is something to be done; due_at says
	-- when, 0: no more.
	sealed BLOB,
	due_at INTEGER NOT NULL,
	lease INTEGER NOT NULL, -- seconds of one
	lease_until INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0, -- of what the state waits for
	address TEXT NOT NULL,
	replaces TEXT,
	created_at INTEGER NOT NULL,
	decided_at INTEGER NOT NULL DEFAULT 0,
	moved_at INTEGER NOT NULL,
	verdict TEXT,
	reason TEXT,
	cert_id TEXT,
	CHECK ((due_at = 0) = (sealed IS NULL)),
	CHECK (state NOT IN (3, 4, 7) OR cert_id IS NOT NULL)
);
CREATE UNIQUE INDEX inquiry_by_request
ON inquiry (profile, client_transaction, csr_sha256);
CREATE UNIQUE INDEX inquiry_by_cert ON inquiry (cert_id)
WHERE cert_id IS NOT NULL;
CREATE INDEX inquiry_due ON inquiry (max(due_at, lease_until))
WHERE due_at > 0;
CREATE INDEX inquiry_running ON inquiry (profile) WHERE due_at > 0;
CREATE INDEX inquiry_by_end ON inquiry (moved_at) WHERE due_at = 0;
-- A verdict stays, and what it is about.
CREATE TRIGGER inquiry_stays BEFORE UPDATE OF state ON inquiry
WHEN NOT (OLD.state = NEW.state OR
	(OLD.state = 1 AND NEW.state IN (2, 5, 6)) OR
	(OLD.state = 2 AND NEW.state IN (3, 4, 6)) OR
	(OLD.state = 3 AND NEW.state IN (4, 7)))
BEGIN
	SELECT raise(ABORT, 'a verdict stays');
END;
CREATE TRIGGER inquiry_binds BEFORE UPDATE OF id, profile, client_transaction,
	csr_sha256, spki_sha256, signer_sha256, service, service_name ON inquiry
BEGIN
	SELECT raise(ABORT, 'an inquiry is of one request');
END;
