#include "ca/core.h"
#include "ca/crl_state.h"

static void
live_done(struct crl_live *live)
{
	blob_unref(live->blob);
	artefact_done(&live->artefact);
}

struct crl_state *
crl_state_new(unsigned shard, const char *uri)
{
	struct crl_state *c = mem_alloc(sizeof(*c));

	c->shard = shard;
	c->uri = uri;
	pthread_mutex_init(&c->lock, NULL);
	artefact_init(&c->full.artefact);
	artefact_init(&c->delta.artefact);
	return c;
}

void
crl_state_free(struct crl_state *c)
{
	if (c == NULL)
		return;
	live_done(&c->full);
	live_done(&c->delta);
	free(c->ends);
	crl_set_free(&c->since);
	crl_set_free(&c->pending);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void
crl_state_add(struct crl_state *c, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason, int64_t not_after, bool news)
{
	pthread_mutex_lock(&c->lock);
	crl_set_add(&c->pending, serial, revoked_at, reason, not_after);
	c->dirty = c->dirty || news;
	pthread_mutex_unlock(&c->lock);
}

void
crl_state_dirty(struct crl_state *c, bool forced)
{
	pthread_mutex_lock(&c->lock);
	c->dirty = true;
	c->forced = c->forced || forced;
	pthread_mutex_unlock(&c->lock);
}

/* The signature covers the TBS, so both together are the CRL: a digest of tens
 * of megabytes is not made twice. */
static void
tag_make(const struct crl *view, const uint8_t tbs_sha256[32], uint8_t tag[32])
{
	AUTO_BUF b = { 0 };

	buf_add(&b, tbs_sha256, 32);
	buf_add_bytes(&b, view->signature);
	digest_sha256(buf_bytes(&b), tag);
}

void
crl_live_set(struct crl_state *c, bool is_delta, struct blob *blob,
    const struct crl *view, const uint8_t tbs_sha256[32], int64_t fresh_until)
{
	struct crl_live *live = is_delta ? &c->delta : &c->full;
	const struct artefact_copy what = { .blob = blob_ref(blob),
		.last_modified = view->this_update,
		.expires = view->next_update,
		.fresh_until = fresh_until };
	const struct crl_facts facts = { .number = view->number,
		.base = view->base,
		.this_update = view->this_update,
		.next_update = view->next_update,
		.entries = view->entries_n,
		.octets = view->der.n };
	uint8_t tag[32];

	tag_make(view, tbs_sha256, tag);
	artefact_set_tagged(&live->artefact, &what, tag);
	blob_unref(live->blob);
	live->blob = blob;
	live->view = *view;
	live->has_view = true;
	live->stored = view->number;
	c->last_number = MAX_OF(c->last_number, view->number);
	pthread_mutex_lock(&c->lock);
	*(is_delta ? &c->delta_facts : &c->full_facts) = facts;
	pthread_mutex_unlock(&c->lock);
}

static bool
check_parsed(struct ca *ca, const struct issuer *issuer, const struct crl *crl,
    const uint8_t tbs_sha256[32], struct err *err)
{
	AUTO_LANE loan = lane_lend(ca->deps.lanes);
	const struct cert *cert = &issuer->chain.certs[0];

	/* Kamu SM, 2026-06: another CA's CRL in this one's place. */
	if (!bytes_equal(crl->issuer, cert->subject))
		return fail(err, ERR_REJECTED, "the CRL's issuer is not CA %s",
		    issuer->name);
	return crl_verify_hashed(loan.lane, crl, tbs_sha256, &cert->key, err);
}

bool
crl_check(struct ca *ca, const struct issuer *issuer, struct bytes der,
    struct crl *out, uint8_t tbs_sha256[32], struct err *err)
{
	uint8_t sum[32];
	struct crl crl;

	if (!crl_parse(der, &crl, err))
		return false;
	digest_sha256(crl.tbs, sum);
	if (!check_parsed(ca, issuer, &crl, sum, err))
		return false;
	memcpy(tbs_sha256, sum, sizeof(sum));
	*out = crl;
	return true;
}

bool
crl_check_hashed(struct ca *ca, const struct issuer *issuer, struct bytes der,
    struct bytes tbs, const uint8_t tbs_sha256[32], struct crl *out,
    struct err *err)
{
	struct crl crl;

	if (!crl_parse(der, &crl, err))
		return false;
	if (crl.tbs.p != tbs.p || crl.tbs.n != tbs.n)
		return fail(err, ERR_INTERNAL,
		    "the CRL that was read back is not what was signed");
	if (!check_parsed(ca, issuer, &crl, tbs_sha256, err))
		return false;
	*out = crl;
	return true;
}
