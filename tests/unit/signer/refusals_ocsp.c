#include "refusals.h"

#define MAKE(name, ...)                                                        \
	static struct bytes name(struct world *w)                              \
	{                                                                      \
		struct ocsp_data d = world_ocsp(w);                            \
                                                                               \
		__VA_ARGS__;                                                   \
		return world_ocsp_tbs(w, &d);                                  \
	}

static struct bytes
key_hash_of(struct world *w, struct bytes spki)
{
	uint8_t *hash = arena_alloc(w->arena, 20);
	struct pubkey key;
	struct err err = { 0 };

	assert_true(spki_parse(spki, &key, &err));
	ocsp_key_hash(&key, hash);
	return bytes_of(hash, 20);
}

/* The CertID of a certificate of another CA: the name or the key is another. */
static struct bytes
id_of_another(struct world *w, struct bytes name, struct bytes spki)
{
	struct ocsp_issuer_hashes hashes;
	const uint8_t serial = 1;
	struct pubkey key;
	struct err err = { 0 };
	AUTO_BUF b = { 0 };

	assert_true(spki_parse(spki, &key, &err));
	ocsp_issuer_hash(name, &key, &hashes);
	ocsp_cert_id_put(&b, OCSP_SHA256, &hashes, bytes_of(&serial, 1));
	return arena_take_buf(w->arena, &b);
}

MAKE(by_the_ca, d.key_hash = key_hash_of(w, w->ca_spki))
MAKE(by_another, d.key_hash = key_hash_of(w, w->leaf_spki))
MAKE(another_name,
    d.singles[2].cert_id = id_of_another(
	w, world_responder(w).subject, w->ca_spki))
MAKE(another_key,
    d.singles[1].cert_id = id_of_another(w, w->ca_name, w->leaf_spki))
MAKE(produced_early, d.produced_at += 660)
MAKE(produced_late, d.produced_at -= 660)
MAKE(this_update_early, d.singles[1].this_update += 660)
MAKE(this_update_late, d.singles[2].this_update -= 660)
MAKE(over_at_once, d.singles[0].next_update = d.singles[0].this_update)
MAKE(valid_too_long, d.singles[2].next_update++)
MAKE(suspended, d.singles[1].reason = REASON_HOLD)
MAKE(revoked_in_1970, d.singles[1].revoked_at = 0)
MAKE(revoked_tomorrow, d.singles[1].revoked_at = d.produced_at + 86400)
MAKE(extended_for_nothing, d.extended_revoke = true)
MAKE(unissued_unsaid, d.singles[1].revoked_at = 0;
     d.singles[1].reason = REASON_HOLD)

/* Of one octet more than RFC 9654 allows; by hand, as we do not encode it. */
static struct bytes
nonce_too_long(struct world *w)
{
	static const uint8_t nonce[OCSP_NONCE_MAX + 1];
	struct ocsp_data d = world_ocsp(w);

	d.nonce = bytes_of(nonce, sizeof(nonce));
	return world_ocsp_tbs(w, &d);
}

static struct bytes
leaf_as_answer(struct world *w)
{
	struct cert_spec leaf = world_leaf(w);

	return world_tbs(w, &leaf);
}

static struct bytes
digest_as_answer(struct world *w)
{
	static const uint8_t digest[32];

	(void)w;
	return bytes_of(digest, sizeof(digest));
}

static struct bytes
octets_behind(struct world *w)
{
	struct ocsp_data d = world_ocsp(w);
	struct bytes tbs = world_ocsp_tbs(w, &d);
	AUTO_BUF b = { 0 };

	buf_add_bytes(&b, tbs);
	buf_add_byte(&b, 0);
	return arena_take_buf(w->arena, &b);
}

#define ROW(make, says)                                                        \
	{                                                                      \
#make, says, SIGN_OCSP, make                                   \
	}

const struct refusal ocsp_refusals[] = {
	ROW(by_the_ca, "no responder key of ours"),
	ROW(by_another, "no responder key of ours"),
	ROW(another_name, "another issuer than CA test"),
	ROW(another_key, "another issuer than CA test"),
	ROW(produced_early, "producedAt is"),
	ROW(produced_late, "producedAt is"),
	ROW(this_update_early, "thisUpdate is"),
	ROW(this_update_late, "thisUpdate is"),
	ROW(over_at_once, "nextUpdate is not behind"),
	ROW(valid_too_long, "valid for 259201 s"),
	ROW(suspended, "suspends a certificate"),
	ROW(revoked_in_1970, "revoked at 0"),
	ROW(revoked_tomorrow, "a time until now"),
	ROW(extended_for_nothing, "has the extension"),
	ROW(unissued_unsaid, "lacks the extension"),
	ROW(nonce_too_long, "not a ResponseData"),
	ROW(leaf_as_answer, "not a ResponseData"),
	ROW(digest_as_answer, "not a ResponseData"),
	ROW(octets_behind, "not a ResponseData"),
};

const size_t ocsp_refusals_n = COUNT_OF(ocsp_refusals);
