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
	blob_unref(art->blob);
	art->blob = NULL;
	pthread_mutex_destroy(&art->lock);
}

void
artefact_set(struct artefact *art, struct blob *blob, int64_t last_modified,
    int64_t expires)
{
	char etag[ETAG_SIZE];
	uint8_t sum[32];
	struct blob *old;

	digest_sha256(blob_bytes(blob), sum);
	etag[0] = '"';
	hex_encode(bytes_of(sum, sizeof(sum)), etag + 1);
	etag[65] = '"';
	etag[66] = '\0';
	pthread_mutex_lock(&art->lock);
	old = art->blob;
	art->blob = blob;
	memcpy(art->etag, etag, sizeof(etag));
	art->last_modified = last_modified;
	art->expires = expires;
	pthread_mutex_unlock(&art->lock);
	blob_unref(old);
}

struct blob *
artefact_get(struct artefact *art, char etag[ETAG_SIZE], int64_t *last_modified,
    int64_t *expires)
{
	struct blob *blob = NULL;

	pthread_mutex_lock(&art->lock);
	if (art->blob != NULL) {
		blob = blob_ref(art->blob);
		if (etag != NULL)
			memcpy(etag, art->etag, ETAG_SIZE);
		if (last_modified != NULL)
			*last_modified = art->last_modified;
		if (expires != NULL)
			*expires = art->expires;
	}
	pthread_mutex_unlock(&art->lock);
	return blob;
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
	return artefact_get(
	    &c->issuer->artefacts[what], etag, last_modified, expires);
}

struct blob *
ca_roots_pem(struct ca *ca, char etag[67])
{
	return artefact_get(&ca->roots, etag, NULL, NULL);
}
