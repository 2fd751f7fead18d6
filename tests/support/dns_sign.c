#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "support/dns_sign.h"

struct dns_key {
	EVP_PKEY *pkey;
};

struct dns_key *
dns_key_new(void)
{
	struct dns_key *k = calloc(1, sizeof(*k));

	k->pkey = EVP_EC_gen("P-256");
	return k;
}

void
dns_key_free(struct dns_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

void
dns_key_rdata(const struct dns_key *k, uint8_t out[DNS_KEY_RDATA])
{
	uint8_t point[65];
	size_t n;

	EVP_PKEY_get_octet_string_param(
	    k->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n);
	out[0] = 1;
	out[1] = 1;
	out[2] = 3;
	out[3] = 13;
	memcpy(out + 4, point + 1, 64);
}

/* RFC 4034 appendix B. */
static unsigned
key_tag(const uint8_t *rdata, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (i & 1) ? rdata[i] : (uint32_t)rdata[i] << 8;
	sum += sum >> 16 & 0xffff;
	return sum & 0xffff;
}

static uint8_t *
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static unsigned
labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += 1 + *name)
		n++;
	return n;
}

/* The canonical form that is signed (RFC 4034 section 3.1.8.1). */
static size_t
to_sign(const uint8_t *rrsig, size_t rrsig_n, const struct dns_rrset *set,
    uint8_t *out)
{
	size_t order[DNS_MAX_SET];
	uint8_t *p = out;

	for (size_t i = 0; i < set->n; i++)
		order[i] = i;
	for (size_t i = 0; i < set->n; i++)
		for (size_t j = i + 1; j < set->n; j++) {
			size_t a = order[i], b = order[j];
			size_t n = set->rdata_n[a] < set->rdata_n[b]
			    ? set->rdata_n[a]
			    : set->rdata_n[b];
			int c = memcmp(set->rdata[a], set->rdata[b], n);

			if (c > 0 ||
			    (c == 0 && set->rdata_n[a] > set->rdata_n[b])) {
				order[i] = b;
				order[j] = a;
			}
		}
	memcpy(p, rrsig, rrsig_n);
	p += rrsig_n;
	for (size_t i = 0; i < set->n; i++) {
		memcpy(p, set->owner, set->owner_n);
		p = put16(p + set->owner_n, set->type);
		p = put32(put16(p, 1), set->ttl);
		p = put16(p, (unsigned)set->rdata_n[order[i]]);
		memcpy(p, set->rdata[order[i]], set->rdata_n[order[i]]);
		p += set->rdata_n[order[i]];
	}
	return (size_t)(p - out);
}

/* r || s of fixed length (RFC 6605 section 4). */
static void
sign_fixed(EVP_PKEY *pkey, const uint8_t *in, size_t n, uint8_t out[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	const uint8_t *p = der;
	size_t der_n = sizeof(der);
	ECDSA_SIG *sig;

	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey);
	EVP_DigestSign(ctx, der, &der_n, in, n);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)der_n);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

size_t
dns_key_sign(struct dns_key *k, const uint8_t *zone, size_t zone_n,
    const struct dns_rrset *set, uint8_t out[DNS_RRSIG_MAX])
{
	static uint8_t text[65536];
	uint32_t now = (uint32_t)time(NULL);
	uint8_t key[DNS_KEY_RDATA], *p = out;
	size_t n;

	dns_key_rdata(k, key);
	p = put16(p, set->type);
	*p++ = 13;
	*p++ = (uint8_t)labels(set->owner);
	p = put32(p, set->ttl);
	p = put32(p, now + 86400);
	p = put32(p, now - 86400);
	p = put16(p, key_tag(key, sizeof(key)));
	memcpy(p, zone, zone_n);
	p += zone_n;
	n = to_sign(out, (size_t)(p - out), set, text);
	sign_fixed(k->pkey, text, n, p);
	return (size_t)(p + 64 - out);
}
