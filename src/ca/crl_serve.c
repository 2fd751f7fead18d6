#include <zlib.h>
#include "ca/core.h"
#include "ca/crl.h"

/* Below this the headers of the answer weigh more than what is saved. */
#define GZIP_LEAST 1024u

static struct crl_state *
scope_find(struct ca *ca, const char *name, unsigned shard)
{
	const struct state_ca *c = state_ca_find(ca_state(ca), name);

	if (c == NULL || shard >= atomic_load(&c->issuer->scopes_n))
		return NULL;
	return c->issuer->scopes[shard];
}

bool
ca_crl_get(struct ca *ca, const char *name, unsigned shard, bool is_delta,
    struct artefact_copy *out)
{
	struct crl_state *c = scope_find(ca, name, shard);

	/* What a former configuration left is no delta of anything. */
	if (c == NULL || (is_delta && ca_state(ca)->crl_delta == 0))
		return false;
	artefact_read(is_delta ? &c->delta.artefact : &c->full.artefact, out);
	return out->blob != NULL;
}

/* ---- what there is ---- */

static void
view_fill(const struct state_ca *sc, struct crl_state *c, bool is_delta,
    struct arena *a, struct ca_crl_view *out)
{
	const char *name = sc->issuer->name;
	struct crl_facts f;

	pthread_mutex_lock(&c->lock);
	f = is_delta ? c->delta_facts : c->full_facts;
	pthread_mutex_unlock(&c->lock);
	*out = (struct ca_crl_view){ .ca = name,
		.online = sc->issuer->online,
		.shard = c->shard,
		.is_delta = is_delta,
		.number = f.number,
		.base = f.base,
		.this_update = f.this_update,
		.next_update = f.next_update,
		.entries = f.entries,
		.octets = f.octets };
	out->path = c->shard != 0
	    ? arena_printf(a, "/crl/%s/%u.crl", name, c->shard)
	    : arena_printf(a, "/crl/%s%s.crl", name, is_delta ? "-delta" : "");
}

size_t
ca_crl_list(
    struct ca *ca, const char *name, struct arena *a, struct ca_crl_view **out)
{
	const struct state *s = ca_state(ca);
	size_t n = 0, most = 0;

	for (size_t i = 0; i < s->cas_n; i++)
		most += atomic_load(&s->cas[i].issuer->scopes_n) + 1;
	*out = arena_array(a, most, sizeof(**out));
	for (size_t i = 0; i < s->cas_n; i++) {
		struct issuer *issuer = s->cas[i].issuer;

		if (name != NULL && strcmp(issuer->name, name) != 0)
			continue;
		for (unsigned k = 0;
		     k < atomic_load(&issuer->scopes_n) && n < most; k++) {
			view_fill(&s->cas[i], issuer->scopes[k], false, a,
			    &(*out)[n++]);
			if (k == 0 && issuer->online && s->crl_delta != 0 &&
			    n < most)
				view_fill(&s->cas[i], issuer->scopes[k], true,
				    a, &(*out)[n++]);
		}
	}
	return n;
}

/* ---- compressed ---- */

static struct blob *
gzip_make(struct bytes plain)
{
	z_stream z = { 0 };
	AUTO_BUF out = { 0 };
	size_t most;
	int rc;

	/* 15 + 16: the gzip format (RFC 1952).  Serials do not compress; what
	 * does, the fastest level finds. */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	most = deflateBound(&z, plain.n);
	buf_reserve(&out, most);
	z.next_in = (Bytef *)(uintptr_t)plain.p;
	z.avail_in = (uInt)plain.n; /* at most CRL_MAX */
	z.next_out = out.p;
	z.avail_out = (uInt)most;
	rc = deflate(&z, Z_FINISH);
	out.n = most - z.avail_out;
	deflateEnd(&z);
	if (rc != Z_STREAM_END || out.n >= plain.n)
		return NULL;
	return blob_new(buf_bytes(&out));
}

static void
artefact_compress(struct artefact *art)
{
	struct artefact_copy c;
	struct blob *gzip;

	artefact_read(art, &c);
	if (c.blob != NULL && c.gzip == NULL &&
	    blob_bytes(c.blob).n >= GZIP_LEAST) {
		gzip = gzip_make(blob_bytes(c.blob));
		if (gzip != NULL)
			artefact_set_gzip(art, c.etag, gzip);
	}
	blob_unref(c.blob);
	blob_unref(c.gzip);
}

void
ca_crl_compress(struct ca *ca)
{
	const struct state *s = ca_state(ca);

	for (size_t i = 0; i < s->cas_n; i++) {
		struct issuer *issuer = s->cas[i].issuer;

		for (unsigned k = 0; k < atomic_load(&issuer->scopes_n); k++) {
			artefact_compress(&issuer->scopes[k]->full.artefact);
			artefact_compress(&issuer->scopes[k]->delta.artefact);
		}
	}
}
