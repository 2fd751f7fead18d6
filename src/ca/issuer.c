#include "ca/core.h"
#include "ca/load.h"
#include "codec/pem.h"

void
issuer_free(struct issuer *i)
{
	issuer_free_cross(i);
	for (unsigned k = 0; k < atomic_load(&i->scopes_n); k++)
		crl_state_free(i->scopes[k]);
	for (size_t k = 0; k < CA_CRL; k++)
		artefact_done(&i->artefacts[k]);
	arena_free(i->arena);
	free(i);
}

/*
 * Everything of the chain but a root: clients have that, or trust nothing.  In
 * its place stands the root's cross-certificate, so that those who have only
 * the root before or after it verify as well.
 */
static struct bytes
chain_pem_make(const struct chain *c, struct bytes link, struct arena *a)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < c->n; i++)
		if (!(c->has_root && i == c->n - 1))
			pem_put(&b, "CERTIFICATE", c->certs[i].der);
	if (link.n > 0)
		pem_put(&b, "CERTIFICATE", link);
	return arena_take_buf(a, &b);
}

/* Parses once more into the issuer's own arena: a state's dies before it. */
static bool
chain_copy(struct lane *lane, const struct chain *from, struct arena *a,
    struct chain *out, struct err *err)
{
	struct cert *certs = arena_array(a, from->n, sizeof(*certs));

	for (size_t i = 0; i < from->n; i++)
		if (!cert_parse(
			arena_bytes(a, from->certs[i].der), a, &certs[i], err))
			return false;
	return chain_build(
	    lane, &certs[0], certs + 1, from->n - 1, a, out, err);
}

static bool
issuer_new(struct ca *ca, const struct loaded_ca *from, struct issuer **out,
    struct err *err)
{
	AUTO_LANE loan = lane_lend(ca->deps.lanes);
	struct issuer *i = mem_alloc(sizeof(*i));
	const struct cert *cert = &i->chain.certs[0];

	i->arena = arena_new();
	i->name = arena_strdup(i->arena, from->config->name);
	i->online = from->config->key != NULL;
	i->scopes[0] = crl_state_new(0, NULL);
	atomic_init(&i->scopes_n, 1);
	for (size_t k = 0; k < CA_CRL; k++)
		artefact_init(&i->artefacts[k]);
	if (!chain_copy(loan.lane, &from->chain, i->arena, &i->chain, err) ||
	    !issuer_take_cross(i, from, err)) {
		issuer_free(i);
		return false;
	}
	digest_sha256(cert->spki, i->key);
	i->key_id = cert->ski;
	if (i->key_id.n == 0) {
		/* Only a root of others may lack it; it issues nothing here. */
		uint8_t id[20];

		key_identifier(&cert->key, id);
		i->key_id = arena_bytes(i->arena, bytes_of(id, sizeof(id)));
	}
	i->sig_alg = key_alg_signs(cert->key.alg);
	i->link = arena_bytes(i->arena, chain_link(from, ca_now(ca)));
	i->chain_pem = chain_pem_make(&i->chain, i->link, i->arena);
	artefact_set_certificates(&i->artefacts[CA_CERT_DER],
	    &i->artefacts[CA_CERT_PEM], &i->artefacts[CA_CHAIN_P7], &i->chain,
	    i->link);
	*out = i;
	return true;
}

static bool
issuer_is(const struct issuer *i, const struct loaded_ca *c, int64_t now)
{
	if (strcmp(i->name, c->config->name) != 0 ||
	    i->online != (c->config->key != NULL) || i->chain.n != c->chain.n ||
	    !issuer_has_cross(i, c) ||
	    !bytes_equal(i->link, chain_link(c, now)))
		return false;
	for (size_t k = 0; k < c->chain.n; k++)
		if (!bytes_equal(i->chain.certs[k].der, c->chain.certs[k].der))
			return false;
	return true;
}

/*
 * Shards that certificates are spread over now, and those that unexpired ones
 * were spread over when there were more: changing the number moves none.
 */
static bool
issuer_shards(struct ca *ca, struct issuer *i, const struct config *config,
    struct err *err)
{
	unsigned first = atomic_load(&i->scopes_n), want;
	bool is_loaded = i->crl_base != NULL, ok = true;
	const char *base = arena_printf(i->arena, "%s/crl/%s/",
	    config->http_base_url == NULL ? "" : config->http_base_url,
	    i->name);

	if (!store_shard_highest(ca->deps.store, i->key,
		(unsigned)config->crl.shards,
		ca_now(ca) - 2 * config->crl.validity, &want, err))
		return false;
	if (want > CRL_SHARDS_MAX)
		return fail(err, ERR_STORE,
		    "a certificate names shard %u, there are at most %u", want,
		    CRL_SHARDS_MAX);
	if (is_loaded && first > 1 && strcmp(i->crl_base, base) != 0)
		return fail(err, ERR_CONFIG,
		    "the certificates of CA %s name CRLs under %s; "
		    "http_base_url cannot change while they last",
		    i->name, i->crl_base);
	i->crl_base = base;
	/* No run sees them before they are loaded. */
	pthread_mutex_lock(&ca->crl_run);
	for (unsigned k = first; k <= want; k++) {
		i->scopes[k] =
		    crl_state_new(k, crl_shard_uri(i->arena, base, k));
		atomic_store(&i->scopes_n, k + 1);
	}
	/* Of a new issuer the caller loads all in one walk. */
	if (is_loaded && first <= want)
		ok = crl_states_load(ca, i, first, config->crl.validity, err);
	pthread_mutex_unlock(&ca->crl_run);
	return ok;
}

bool
issuer_find_or_new(struct ca *ca, const struct loaded_ca *c,
    const struct config *config, struct issuer **out, struct err *err)
{
	struct issuer *i;

	for (i = ca->issuers; i != NULL; i = i->next)
		if (issuer_is(i, c, ca_now(ca))) {
			*out = i;
			return i->online ? issuer_shards(ca, i, config, err)
					 : issuer_crl_read(ca, i, err);
		}
	if (!issuer_new(ca, c, &i, err))
		return false;
	/* In the list before the record is read: a revocation in between
	 * reaches it twice rather than never. */
	pthread_mutex_lock(&ca->lock);
	i->next = ca->issuers;
	ca->issuers = i;
	pthread_mutex_unlock(&ca->lock);
	*out = i;
	if (!i->online)
		return issuer_crl_read(ca, i, err);
	return issuer_shards(ca, i, config, err) &&
	    crl_states_load(ca, i, 0, config->crl.validity, err);
}
