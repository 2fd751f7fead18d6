-- Schema 5 (issue 5): SCEP.

-- Which certificate a request of SCEP got.  Clients send it again when the
-- answer was lost, and get the same; not part of the record.
CREATE TABLE scep_request (
	profile TEXT NOT NULL, -- of scep.profiles
	client_transaction TEXT NOT NULL,
	csr_sha256 BLOB NOT NULL CHECK (length(csr_sha256) = 32),
	spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
	cert_id TEXT NOT NULL UNIQUE,
	not_after INTEGER NOT NULL,
	PRIMARY KEY (profile, client_transaction, csr_sha256)
) WITHOUT ROWID;
CREATE INDEX scep_request_by_end ON scep_request (not_after);
