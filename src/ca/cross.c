#include "ca/core.h"
#include "ca/load.h"
#include "ca/rollover.h"
#include "codec/pem.h"

/* ---- reading ---- */

/* The mirror of the CA's own certificate: same name, same key, a CA's. */
static bool
check_mirror(const struct cert *own, const struct cert *cross, struct err *err)
{
	if (!bytes_equal(cross->subject, own->subject) ||
	    !bytes_equal(cross->spki, own->spki))
		return fail(err, ERR_REJECTED,
		    "it is not for the name and the key of the CA");
	if (!cross->is_ca ||
	    (cross->has_key_usage &&
		(cross->key_usage & KU_KEY_CERT_SIGN) == 0))
		return fail(err, ERR_REJECTED, "it is no CA certificate");
	if (cert_is_self_signed(cross))
		return fail(err, ERR_REJECTED,
		    "it is self-signed, expected one that another CA issued");
	return true;
}

/* Whoever issued it, among the CAs of the file; NULL: somebody else. */
static const char *
issuer_name(struct lane *lane, const struct loaded_ca *cas, size_t n,
    const struct cert *cross)
{
	for (size_t i = 0; i < n; i++) {
		struct err why = { 0 };

		/* A CA whose own cross-certificates are bad has a chain. */
		if (cas[i].chain.n > 0 &&
		    cert_verify(lane, cross, &cas[i].chain.certs[0], &why))
			return cas[i].config->name;
	}
	return NULL;
}

static bool
read_one(const struct ca_source *source, const struct loaded_ca *ca,
    const char *path, struct arena *a, struct cert *out, struct err *err)
{
	struct cert *certs = arena_array(a, CHAIN_MAX, sizeof(*certs));
	struct err why = { 0 };
	struct bytes pem;
	size_t n;

	if (!source->read_file(
		source->ctx, path, CHAIN_PEM_MAX, a, &pem, &why) ||
	    !chain_read_pem(pem, a, certs, &n, &why) ||
	    !check_mirror(&ca->chain.certs[0], &certs[0], &why))
		return fail(
		    err, why.kind, "cross-certificate %s: %s", path, why.shown);
	*out = certs[0];
	return true;
}

void
load_cross(struct lane *lane, const struct ca_source *source,
    struct loaded_ca *cas, size_t n, size_t i, struct arena *a)
{
	struct loaded_ca *ca = &cas[i];
	const struct config_strings *paths = &ca->config->cross_certificates;

	if (!ca->ok || paths->n == 0)
		return;
	if (paths->n > CROSS_MAX) {
		ca->ok = fail(&ca->err, ERR_TOO_LARGE,
		    "%zu cross-certificates, at most %u", paths->n, CROSS_MAX);
		return;
	}
	ca->cross = arena_array(a, paths->n, sizeof(*ca->cross));
	for (size_t k = 0; k < paths->n; k++) {
		struct cross_cert *x = &ca->cross[k];
		const char *by;

		ca->ok =
		    read_one(source, ca, paths->v[k], a, &x->cert, &ca->err);
		if (!ca->ok)
			return;
		by = issuer_name(lane, cas, n, &x->cert);
		x->name = by != NULL
		    ? arena_printf(a, "%s-by-%s", ca->config->name, by)
		    : arena_printf(a, "%s-cross-%zu", ca->config->name, k + 1);
		ca->cross_n = k + 1;
	}
}

/* ---- as an issuer has them ---- */

bool
issuer_take_cross(
    struct issuer *i, const struct loaded_ca *from, struct err *err)
{
	i->cross = arena_array(i->arena, from->cross_n, sizeof(*i->cross));
	for (size_t k = 0; k < from->cross_n; k++) {
		struct issuer_cross *x = &i->cross[k];

		if (!cert_parse(arena_bytes(i->arena, from->cross[k].cert.der),
			i->arena, &x->cert, err))
			return false;
		x->name = arena_strdup(i->arena, from->cross[k].name);
		artefact_init(&x->der);
		artefact_init(&x->pem);
		artefact_set_certificate(&x->der, &x->pem, &x->cert);
		i->cross_n = k + 1;
	}
	return true;
}

bool
issuer_has_cross(const struct issuer *i, const struct loaded_ca *c)
{
	if (i->cross_n != c->cross_n)
		return false;
	for (size_t k = 0; k < c->cross_n; k++)
		if (!bytes_equal(i->cross[k].cert.der, c->cross[k].cert.der) ||
		    strcmp(i->cross[k].name, c->cross[k].name) != 0)
			return false;
	return true;
}

void
issuer_free_cross(struct issuer *i)
{
	for (size_t k = 0; k < i->cross_n; k++) {
		artefact_done(&i->cross[k].der);
		artefact_done(&i->cross[k].pem);
	}
}

const char *const *
cross_names(const struct issuer *i, struct arena *a)
{
	const char **names = arena_array(a, i->cross_n, sizeof(*names));

	for (size_t k = 0; k < i->cross_n; k++)
		names[k] = i->cross[k].name;
	return names;
}

struct bytes
chain_link(const struct loaded_ca *c, int64_t now)
{
	if (c->root == NULL)
		return BYTES_NONE;
	for (size_t k = 0; k < c->root->cross_n; k++) {
		const struct cert *x = &c->root->cross[k].cert;

		if (now >= x->not_before && now <= x->not_after)
			return x->der;
	}
	return BYTES_NONE;
}

/* ---- what is served ---- */

struct blob *
cross_artefact(const struct state *s, const char *name, enum ca_artefact what,
    char etag[ETAG_SIZE], int64_t *last_modified, int64_t *expires)
{
	for (size_t i = 0; i < s->cas_n; i++)
		for (size_t k = 0; k < s->cas[i].issuer->cross_n; k++) {
			struct issuer_cross *x = &s->cas[i].issuer->cross[k];

			if (strcmp(x->name, name) != 0)
				continue;
			if (what == CA_CERT_DER)
				return artefact_get(
				    &x->der, etag, last_modified, expires);
			if (what == CA_CERT_PEM)
				return artefact_get(
				    &x->pem, etag, last_modified, expires);
		}
	return NULL;
}

static const struct state_ca *
root_of(const struct state *s, const struct issuer *i)
{
	const struct chain *c = &i->chain;

	for (size_t k = 0; c->has_root && k < s->cas_n; k++)
		if (bytes_equal(s->cas[k].issuer->chain.certs[0].der,
			c->certs[c->n - 1].der))
			return &s->cas[k];
	return NULL;
}

/* The cross-certificate of `of` that the key of `by` has signed. */
static struct bytes
cross_by(const struct state_ca *of, const struct state_ca *by)
{
	AUTO_STR *name =
	    mem_printf("%s-by-%s", of->issuer->name, by->issuer->name);

	for (size_t k = 0; k < of->issuer->cross_n; k++)
		if (strcmp(of->issuer->cross[k].name, name) == 0)
			return of->issuer->cross[k].cert.der;
	return BYTES_NONE;
}

static const struct state_ca *
predecessor_of(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->cas_n; i++)
		if (s->cas[i].successor != NULL &&
		    strcmp(s->cas[i].successor, name) == 0)
			return &s->cas[i];
	return NULL;
}

bool
ca_rollover_get(struct ca *ca, const char *name, struct ca_rollover *out)
{
	const struct state *s = ca_state(ca);
	const struct state_ca *c = state_ca_find(s, name), *old, *new;
	struct ca_rollover r = { 0 };

	if (c == NULL)
		return false;
	if (c->successor != NULL)
		new = state_ca_find(s, c->successor);
	else
		new = NULL;
	if (new != NULL)
		r.next = &new->issuer->chain.certs[0];
	/* The roots: before and after, whichever of them is ours. */
	old = new = root_of(s, c->issuer);
	if (old != NULL && old->successor != NULL)
		new = state_ca_find(s, old->successor);
	else if (old != NULL)
		old = predecessor_of(s, new->issuer->name);
	if (old != NULL && new != NULL && old != new) {
		r.old_root = &old->issuer->chain.certs[0];
		r.new_root = &new->issuer->chain.certs[0];
		r.old_with_new = cross_by(old, new);
		r.new_with_old = cross_by(new, old);
	}
	*out = r;
	return true;
}
