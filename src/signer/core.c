#include <stdlib.h>
#include <unistd.h>
#include "codec/note.h"
#include "crypto/digest.h"
#include "signer/core.h"
#include "signer/core_state.h"

/* ---- issuers ---- */

struct issuer *
core_issuer_find(const struct signer_core *c, const uint8_t id[32])
{
	for (size_t i = 0; i < c->issuers_n; i++)
		if (memcmp(c->issuers[i].id, id, 32) == 0)
			return &c->issuers[i];
	return NULL;
}

static struct issuer *
issuer_get(struct signer_core *c, const uint8_t id[32])
{
	struct issuer *is = core_issuer_find(c, id);

	if (is != NULL)
		return is;
	c->issuers =
	    mem_grow(c->issuers, c->issuers_n + 1, sizeof(*c->issuers));
	is = &c->issuers[c->issuers_n++];
	memset(is, 0, sizeof(*is));
	memcpy(is->id, id, sizeof(is->id));
	return is;
}

static void
budget_add(struct budget *b, int64_t now)
{
	int64_t minute = now / 60;
	size_t i = (size_t)(minute % MINUTES);

	if (b->minute[i] != minute) {
		b->minute[i] = minute;
		b->count[i] = 0;
	}
	b->count[i]++;
}

uint64_t
core_budget_used(const struct budget *b, int64_t now)
{
	uint64_t used = 0;

	for (size_t i = 0; i < MINUTES; i++)
		if (b->minute[i] > now / 60 - MINUTES)
			used += b->count[i];
	return used;
}

struct crl_past
core_crl_past(const struct issuer *is, unsigned shard)
{
	for (size_t i = 0; i < is->pasts_n; i++)
		if (is->pasts[i].shard == shard)
			return is->pasts[i];
	return (struct crl_past){ .shard = shard };
}

void
core_crl_past_add(struct crl_past *past, const struct journal_crl *crl)
{
	past->number = MAX_OF(past->number, crl->number);
	if (!crl->is_delta)
		past->full = MAX_OF(past->full, crl->number);
}

static void
crl_remember(struct issuer *is, const struct journal_record *r)
{
	struct journal_crl crl = journal_crl_read(r);

	for (size_t i = 0; i < is->pasts_n; i++)
		if (is->pasts[i].shard == crl.shard) {
			core_crl_past_add(&is->pasts[i], &crl);
			return;
		}
	is->pasts = mem_grow(is->pasts, is->pasts_n + 1, sizeof(*is->pasts));
	is->pasts[is->pasts_n] = (struct crl_past){ .shard = crl.shard };
	core_crl_past_add(&is->pasts[is->pasts_n++], &crl);
}

void
core_remember(
    struct signer_core *c, const struct journal_record *r, int64_t now)
{
	struct issuer *is;
	int64_t at = r->at_us / 1000000;

	if (r->kind == SIGN_LOG) {
		c->log.size = r->position;
		memcpy(c->log.root.v, r->tbs_sha256, MERKLE_HASH);
		return;
	}
	is = issuer_get(c, r->issuer);
	index_add(c->index, r, now);
	if (r->kind == SIGN_CRL)
		crl_remember(is, r);
	if (at > now - 60 * MINUTES && at >= 0)
		budget_add(r->kind == SIGN_CRL ? &is->crls : &is->certs, at);
}

/* ---- life ---- */

static bool
core_load(struct signer_core *c, int fd, struct err *err)
{
	struct journal_reader *r = mem_alloc(sizeof(*r));
	struct journal_record record;
	int64_t now = clock_now(&c->clock);
	bool end, ok;

	journal_reader_init(r, fd);
	while ((ok = journal_reader_next(r, &record, &end, err)) && !end)
		core_remember(c, &record, now);
	ok = ok && journal_open(r, &c->journal, err);
	free(r);
	return ok;
}

bool
signer_core_new(int journal_fd, struct clock clock, struct signer_core **out,
    struct err *err)
{
	struct signer_core *c = mem_alloc(sizeof(*c));

	c->clock = clock;
	c->journal.fd = -1;
	c->index = index_new();
	c->arena = arena_new();
	c->keep = arena_new();
	if (!core_load(c, journal_fd, err)) {
		/* The descriptor stays the caller's. */
		c->journal.fd = -1;
		signer_core_free(c);
		return false;
	}
	*out = c;
	return true;
}

void
signer_core_free(struct signer_core *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->issuers_n; i++) {
		privkey_free(c->issuers[i].key);
		free(c->issuers[i].pasts);
	}
	for (size_t i = 0; i < c->responders_n; i++)
		privkey_free(c->responder_keys[i].key);
	free(c->issuers);
	privkey_free(c->log.key);
	index_free(c->index);
	arena_free(c->arena);
	arena_free(c->keep);
	arena_free(c->limits_arena);
	if (c->journal.fd >= 0)
		close(c->journal.fd);
	free(c);
}

/* A key of ours; the octets lie in the core. */
static struct bytes
spki_keep(struct signer_core *c, struct bytes spki)
{
	for (size_t i = 0; i < c->spkis_n; i++)
		if (bytes_equal(c->spkis[i], spki))
			return c->spkis[i];
	spki = arena_bytes(c->keep, spki);
	/* The configuration allows fewer CAs than this. */
	if (c->spkis_n < KEYS_MAX)
		c->spkis[c->spkis_n++] = spki;
	return spki;
}

/* NULL: a key of a kind that the codec does not know, or one too many. */
static struct responder_key *
responder_get(struct signer_core *c, struct bytes spki)
{
	struct responder_key *r = &c->responder_keys[c->responders_n];
	struct pubkey key;

	for (size_t i = 0; i < c->responders_n; i++)
		if (bytes_equal(c->responders[i], spki))
			return &c->responder_keys[i];
	if (c->responders_n == KEYS_MAX || !spki_parse(spki, &key, NULL))
		return NULL;
	*r = (struct responder_key){ .key = NULL };
	ocsp_key_hash(&key, r->hash);
	c->responders[c->responders_n++] = spki_keep(c, spki);
	return r;
}

void
signer_core_know_responder(struct signer_core *c, struct bytes spki)
{
	(void)responder_get(c, spki);
}

void
signer_core_add_responder(struct signer_core *c, struct privkey *key)
{
	struct responder_key *r = responder_get(c, privkey_spki(key));

	if (r == NULL) {
		privkey_free(key);
		return;
	}
	privkey_free(r->key);
	r->key = key;
}

struct bytes
signer_core_responder(const struct signer_core *c)
{
	for (size_t i = 0; i < c->responders_n; i++)
		if (c->responder_keys[i].key != NULL)
			return c->responders[i];
	return BYTES_NONE;
}

void
signer_core_add_key(struct signer_core *c, struct privkey *key)
{
	struct issuer *is;
	uint8_t id[32];

	digest_sha256(privkey_spki(key), id);
	is = issuer_get(c, id);
	privkey_free(is->key);
	is->key = key;
	(void)spki_keep(c, privkey_spki(key));
}

/* What the CertIDs of a CA's certificates say of it (RFC 6960 section 4.1.1).
 */
static bool
hashes_of(const struct signer_limits *l, const struct issuer *is,
    struct ocsp_issuer_hashes *out, struct err *err)
{
	struct pubkey key;

	if (!spki_parse(privkey_spki(is->key), &key, err))
		return false;
	ocsp_issuer_hash(l->issuer_name, &key, out);
	return true;
}

static bool
is_responder(const struct signer_core *c, const struct issuer *is)
{
	for (size_t i = 0; i < c->responders_n; i++)
		if (bytes_equal(c->responders[i], privkey_spki(is->key)))
			return true;
	return false;
}

/* Everything that can be wrong, before anything is changed. */
static bool
limits_check(
    const struct signer_core *c, const struct signer_limits *l, struct err *err)
{
	const struct issuer *is = core_issuer_find(c, l->issuer);
	struct ocsp_issuer_hashes none;

	if (is == NULL || is->key == NULL)
		return fail(err, ERR_CONFIG,
		    "the signer holds no key of CA %s; a new CA is signed for "
		    "after a restart",
		    l->ca);
	if (is_responder(c, is))
		return fail(err, ERR_CONFIG,
		    "the key of CA %s is the OCSP responder's, too: a CA's key "
		    "signs no answers",
		    l->ca);
	return hashes_of(l, is, &none, err);
}

bool
signer_core_set_log(struct signer_core *c, struct privkey *key,
    const char *origin, struct err *err)
{
	if (privkey_alg(key) != KEY_ED25519)
		return fail(err, ERR_CONFIG,
		    "the log's key is of kind %s, expected ed25519",
		    key_alg_name(privkey_alg(key)));
	if (!note_name_is_valid(bytes_str(origin)))
		return fail(err, ERR_CONFIG,
		    "\"%.200s\" cannot name a log: a host without spaces "
		    "and plus is expected in http_base_url",
		    origin);
	privkey_free(c->log.key);
	c->log.key = key;
	c->log.origin = (const char *)arena_strdup(c->keep, origin);
	digest_sha256(privkey_spki(key), c->log.id);
	/* Ours, so that no certificate is made for it. */
	(void)spki_keep(c, privkey_spki(key));
	return true;
}

bool
signer_core_set_limits(struct signer_core *c, const struct signer_limits *l,
    size_t n, struct err *err)
{
	struct arena *a = arena_new();
	struct signer_limits *own;
	size_t own_n;

	/* Through their text and back: a copy that nobody else changes. */
	if (!signer_limits_decode(
		signer_limits_encode(l, n, a), a, &own, &own_n, err)) {
		arena_free(a);
		return false;
	}
	for (size_t i = 0; i < own_n; i++)
		if (!limits_check(c, &own[i], err)) {
			arena_free(a);
			return false;
		}
	for (size_t i = 0; i < c->issuers_n; i++)
		c->issuers[i].limits = NULL;
	for (size_t i = 0; i < own_n; i++) {
		struct issuer *is = core_issuer_find(c, own[i].issuer);

		is->limits = &own[i];
		if (!hashes_of(&own[i], is, &is->hashes, err))
			abort(); /* limits_check has done the same */
	}
	arena_free(c->limits_arena);
	c->limits_arena = a;
	return true;
}

uint64_t
signer_core_syncs(const struct signer_core *c)
{
	return c->journal.syncs;
}

bool
signer_core_is_broken(const struct signer_core *c)
{
	return c->journal.broken;
}

size_t
signer_core_issuers(const struct signer_core *c, uint8_t (*out)[32], size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < c->issuers_n && n < max; i++)
		if (c->issuers[i].limits != NULL)
			memcpy(out[n++], c->issuers[i].id, 32);
	return n;
}
