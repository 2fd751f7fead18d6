#include "codec/crl.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/signed.h"
#include "crypto/digest.h"

static void
validity_put(struct buf *b, int64_t from, int64_t to)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	der_put_time(b, from);
	der_put_time(b, to);
	der_close(b, mark);
}

static void
key_usage_put(struct buf *b, unsigned bits)
{
	struct extension_marks marks;

	if (bits == 0)
		return;
	/* RFC 5280 section 4.2.1.3: SHOULD be critical. */
	marks = extension_open(b, OID(KEY_USAGE), true);
	der_put_named_bits(b, bits);
	extension_close(b, marks);
}

static void
eku_put(struct buf *b, const char *const *eku, size_t n)
{
	struct extension_marks marks;
	size_t list;

	if (n == 0)
		return;
	marks = extension_open(b, OID(EXT_KEY_USAGE), false);
	list = der_open(b, DER_SEQUENCE);
	for (size_t i = 0; i < n; i++)
		der_put_oid(b, eku[i]);
	der_close(b, list);
	extension_close(b, marks);
}

static void
basic_constraints_put(struct buf *b, const struct cert_spec *spec)
{
	struct extension_marks marks;
	size_t sequence;

	if (!spec->is_ca && !spec->basic_constraints)
		return;
	/* RFC 5280 section 4.2.1.9: critical in CA certificates; FALSE is the
	 * default and stays out. */
	marks = extension_open(b, OID(BASIC_CONSTRAINTS), true);
	sequence = der_open(b, DER_SEQUENCE);
	if (spec->is_ca) {
		der_put_bool(b, true);
		if (spec->path_length >= 0)
			der_put_small(b, (uint64_t)spec->path_length);
	}
	der_close(b, sequence);
	extension_close(b, marks);
}

static void
key_ids_put(struct buf *b, struct bytes ski, struct bytes aki)
{
	struct extension_marks marks;
	size_t sequence;

	if (ski.n != 0) {
		marks = extension_open(b, OID(SKI), false);
		der_put(b, DER_OCTET_STRING, ski);
		extension_close(b, marks);
	}
	if (aki.n != 0) {
		marks = extension_open(b, OID(AKI), false);
		sequence = der_open(b, DER_SEQUENCE);
		der_put(b, DER_CONTEXT(0), aki);
		der_close(b, sequence);
		extension_close(b, marks);
	}
}

static void
access_put(struct buf *b, struct bytes method, const char *url)
{
	size_t mark;

	if (url == NULL)
		return;
	mark = der_open(b, DER_SEQUENCE);
	oid_put(b, method);
	der_put(b, DER_CONTEXT(6), bytes_str(url));
	der_close(b, mark);
}

static void
authority_info_put(struct buf *b, const struct cert_spec *spec)
{
	struct extension_marks marks;
	size_t list;

	if (spec->ocsp_url == NULL && spec->ca_issuers_url == NULL)
		return;
	marks = extension_open(b, OID(AUTHORITY_INFO), false);
	list = der_open(b, DER_SEQUENCE);
	access_put(b, OID(AD_OCSP), spec->ocsp_url);
	access_put(b, OID(AD_CA_ISSUERS), spec->ca_issuers_url);
	der_close(b, list);
	extension_close(b, marks);
}

static void
names_put(struct buf *b, struct names names, bool critical)
{
	struct extension_marks marks;
	size_t list;

	if (names.n == 0)
		return;
	marks = extension_open(b, OID(SUBJECT_ALT_NAME), critical);
	list = der_open(b, DER_SEQUENCE);
	for (size_t i = 0; i < names.n; i++)
		name_put_general(b, &names.v[i]);
	der_close(b, list);
	extension_close(b, marks);
}

static void
policies_put(struct buf *b, const char *const *policies, size_t n)
{
	struct extension_marks marks;
	size_t list, policy;

	if (n == 0)
		return;
	marks = extension_open(b, OID(CERTIFICATE_POLICIES), false);
	list = der_open(b, DER_SEQUENCE);
	for (size_t i = 0; i < n; i++) {
		policy = der_open(b, DER_SEQUENCE);
		der_put_oid(b, policies[i]);
		der_close(b, policy);
	}
	der_close(b, list);
	extension_close(b, marks);
}

static void
crl_pointer_put(struct buf *b, const char *url)
{
	struct extension_marks marks;

	if (url == NULL)
		return;
	marks = extension_open(b, OID(CRL_DISTRIBUTION_POINTS), false);
	crl_points_put(b, url);
	extension_close(b, marks);
}

static void
extensions_put(struct buf *b, const struct cert_spec *spec)
{
	/* SEQUENCE { INTEGER 5 }, RFC 7633 section 4.1. */
	static const uint8_t must_staple[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
	static const uint8_t null[] = { 0x05, 0x00 };
	size_t outer = der_open(b, DER_CONTEXT_CONSTRUCTED(3));
	size_t list = der_open(b, DER_SEQUENCE);

	key_usage_put(b, spec->key_usage);
	eku_put(b, spec->eku, spec->eku_n);
	basic_constraints_put(b, spec);
	key_ids_put(b, spec->ski, spec->aki);
	authority_info_put(b, spec);
	names_put(b, spec->names, spec->names_critical);
	policies_put(b, spec->policies, spec->policies_n);
	crl_pointer_put(b, spec->crl_url);
	/* RFC 5280 section 4.2.1.10: MUST be critical. */
	if (spec->name_constraints.n != 0)
		extension_put(
		    b, OID(NAME_CONSTRAINTS), true, spec->name_constraints);
	if (spec->must_staple)
		extension_put(b, OID(TLS_FEATURE), false,
		    bytes_of(must_staple, sizeof(must_staple)));
	if (spec->ocsp_nocheck)
		extension_put(
		    b, OID(OCSP_NOCHECK), false, bytes_of(null, sizeof(null)));
	if (b->n == list) {
		/* Extensions is SIZE (1..MAX): leave it out. */
		b->n = outer - 2;
		return;
	}
	der_close(b, list);
	der_close(b, outer);
}

void
cert_tbs_put(struct buf *b, const struct cert_spec *spec)
{
	size_t tbs = der_open(b, DER_SEQUENCE), version;

	/* Enough for a usual one, so that the buffer grows once. */
	buf_reserve(b, 1024 + spec->issuer.n + spec->subject.n + spec->spki.n);
	version = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	der_put_small(b, 2);
	der_close(b, version);
	der_put_uint(b, bytes_of(spec->serial, SERIAL_SIZE));
	sig_alg_put(b, spec->sig_alg);
	der_put_raw(b, spec->issuer);
	validity_put(b, spec->not_before, spec->not_after);
	der_put_raw(b, spec->subject);
	der_put_raw(b, spec->spki);
	extensions_put(b, spec);
	der_close(b, tbs);
}

void
cert_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature)
{
	signed_put(b, tbs, alg, signature);
}

void
key_identifier(const struct pubkey *key, uint8_t out[20])
{
	AUTO_BUF rsa = { 0 };
	struct bytes bits = key->point;
	uint8_t digest[32];

	if (key->alg == KEY_RSA) {
		rsa_public_key_put(&rsa, key);
		bits = buf_bytes(&rsa);
	}
	/* RFC 7093 section 2 method 1: the value of the BIT STRING, without
	 * tag, length and the count of unused bits. */
	digest_sha256(bits, digest);
	memcpy(out, digest, 20);
}
