#include "store/responder.h"
#include "store/cert.h"
#include "store/parts.h"

bool
store_responder_list(struct store *s, const uint8_t issuer_key[32],
    int64_t since, struct arena *a, struct cert_row **out, size_t *n,
    struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	/* The reserved name of their profile, as the index has it. */
	AUTO_QUERY q = query(r.db,
	    "SELECT " CERT_DER_COLUMNS CERT_DER_FROM
	    "WHERE c.profile = 'ocsp-responder' AND c.issuer_key = ?1 AND "
	    "c.not_after >= ?2 ORDER BY c.seq DESC");

	bind_hash(&q, issuer_key);
	bind_int(&q, since);
	return cert_read_all(&q, true, a, out, n, err);
}
