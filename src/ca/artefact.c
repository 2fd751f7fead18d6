#include "ca/artefact.h"
#include "ca/core.h"
#include "codec/pem.h"
#include "util/text.h"

void
artefact_init(struct artefact *art)
{
	*art = (struct artefact){ 0 };
	pthread_mutex_init(&art->lock, NULL);
}

void
artefact_done(struct artefact *art)
{
	blob_unref(art->now.blob);
	blob_unref(art->now.gzip);
	art->now = (struct artefact_copy){ 0 };
	pthread_mutex_destroy(&art->lock);
}

void
artefact_set_tagged(struct artefact *art, const struct artefact_copy *what,
    const uint8_t tag[32])
{
	struct artefact_copy next = *what, old;

	next.gzip = NULL;
	next.etag[0] = '"';
	hex_encode(bytes_of(tag, 32), next.etag + 1);
	next.etag[65] = '"';
	next.etag[66] = '\0';
	pthread_mutex_lock(&art->lock);
	old = art->now;
	art->now = next;
	pthread_mutex_unlock(&art->lock);
	blob_unref(old.blob);
	blob_unref(old.gzip);
}

void
artefact_set(struct artefact *art, struct blob *blob, int64_t last_modified,
    int64_t expires)
{
	const struct artefact_copy what = {
		.blob = blob, .last_modified = last_modified, .expires = expires
	};
	uint8_t sum[32];

	digest_sha256(blob_bytes(blob), sum);
	artefact_set_tagged(art, &what, sum);
}

void
artefact_set_gzip(
    struct artefact *art, const char etag[ETAG_SIZE], struct blob *gzip)
{
	struct blob *drop = gzip;

	pthread_mutex_lock(&art->lock);
	if (art->now.blob != NULL && strcmp(art->now.etag, etag) == 0) {
		drop = art->now.gzip;
		art->now.gzip = gzip;
	}
	pthread_mutex_unlock(&art->lock);
	blob_unref(drop);
}

void
artefact_read(struct artefact *art, struct artefact_copy *out)
{
	pthread_mutex_lock(&art->lock);
	*out = art->now;
	if (out->blob != NULL)
		blob_ref(out->blob);
	if (out->gzip != NULL)
		blob_ref(out->gzip);
	pthread_mutex_unlock(&art->lock);
}

struct blob *
artefact_get(struct artefact *art, char etag[ETAG_SIZE], int64_t *last_modified,
    int64_t *expires)
{
	struct artefact_copy c;

	artefact_read(art, &c);
	blob_unref(c.gzip);
	if (c.blob == NULL)
		return NULL;
	if (etag != NULL)
		memcpy(etag, c.etag, ETAG_SIZE);
	if (last_modified != NULL)
		*last_modified = c.last_modified;
	if (expires != NULL)
		*expires = c.expires;
	return c.blob;
}

void
artefact_set_certificate(
    struct artefact *der, struct artefact *pem, const struct cert *cert)
{
	AUTO_BUF text = { 0 };

	artefact_set(der, blob_new(cert->der), cert->not_before, 0);
	pem_put(&text, "CERTIFICATE", cert->der);
	artefact_set(pem, blob_new(buf_bytes(&text)), cert->not_before, 0);
}

void
artefact_set_certificates(struct artefact *der, struct artefact *pem,
    struct artefact *p7, const struct chain *chain, struct bytes link)
{
	struct bytes certs[CHAIN_MAX + 1];
	size_t n = chain->n;
	int64_t newest = 0;
	AUTO_BUF bag = { 0 };

	artefact_set_certificate(der, pem, &chain->certs[0]);
	for (size_t i = 0; i < chain->n; i++) {
		certs[i] = chain->certs[i].der;
		newest = MAX_OF(newest, chain->certs[i].not_before);
	}
	if (link.n > 0)
		certs[n++] = link;
	pkcs7_certs_put(&bag, certs, n);
	artefact_set(p7, blob_new(buf_bytes(&bag)), newest, 0);
}

struct blob *
ca_artefact(struct ca *ca, const char *name, enum ca_artefact what,
    char etag[67], int64_t *last_modified, int64_t *expires)
{
	const struct state *s = ca_state(ca);
	const struct state_ca *c = state_ca_find(s, name);

	if (c == NULL)
		return cross_artefact(
		    s, name, what, etag, last_modified, expires);
	if ((int)what < 0 || what > CA_CRL)
		return NULL;
	if (what == CA_CRL)
		return artefact_get(&c->issuer->scopes[0]->full.artefact, etag,
		    last_modified, expires);
	return artefact_get(
	    &c->issuer->artefacts[what], etag, last_modified, expires);
}

struct blob *
ca_roots_pem(struct ca *ca, char etag[67])
{
	return artefact_get(&ca->roots, etag, NULL, NULL);
}
