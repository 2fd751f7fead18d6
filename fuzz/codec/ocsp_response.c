/*
 * An answer that we take is exactly what we write: made anew of what was read,
 * it is the same, octet by octet.  OpenSSL takes it, too, and reads the same
 * statuses, times and reasons from it.
 */
#include "codec/ocsp.h"
#include "crypto/own.h"
#include "require.h"
#include <openssl/ocsp.h>
#include "util/times.h"

OWN_DEFINE(OCSP_RESPONSE, OCSP_RESPONSE_free)
OWN_DEFINE(OCSP_BASICRESP, OCSP_BASICRESP_free)

static void
same_time(const ASN1_GENERALIZEDTIME *t, int64_t want)
{
	int64_t got;

	REQUIRE(t != NULL &&
	    time_parse_generalized(bytes_of(t->data, (size_t)t->length), &got));
	REQUIRE(got == want);
}

static void
same_single(OCSP_SINGLERESP *x, const struct ocsp_single *s)
{
	ASN1_GENERALIZEDTIME *revoked, *this, *next;
	int reason;
	int status =
	    OCSP_single_get0_status(x, &reason, &revoked, &this, &next);

	REQUIRE(status == (int)s->status);
	same_time(this, s->this_update);
	same_time(next, s->next_update);
	if (s->status == OCSP_REVOKED) {
		same_time(revoked, s->revoked_at);
		REQUIRE(reason == s->reason);
	}
}

static void
against_openssl(struct bytes der, const struct ocsp_data *d)
{
	const unsigned char *p = der.p;
	AUTO(OCSP_RESPONSE) *r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	AUTO(OCSP_BASICRESP) *x = NULL;
	const ASN1_OCTET_STRING *key;
	const X509_NAME *name;

	REQUIRE(r != NULL && p == der.p + der.n);
	x = OCSP_response_get1_basic(r);
	REQUIRE(x != NULL && (size_t)OCSP_resp_count(x) == d->n);
	REQUIRE(OCSP_resp_get0_id(x, &key, &name) == 1 && name == NULL);
	REQUIRE(
	    bytes_equal(bytes_of(key->data, (size_t)key->length), d->key_hash));
	same_time(OCSP_resp_get0_produced_at(x), d->produced_at);
	for (size_t i = 0; i < d->n; i++)
		same_single(OCSP_resp_get0(x, (int)i), &d->singles[i]);
	REQUIRE(OCSP_BASICRESP_get_ext_count(x) ==
	    (d->nonce.n != 0) + d->extended_revoke);
}

static void
made_anew(struct bytes tbs, const struct ocsp_data *d)
{
	AUTO_BUF again = { 0 };
	AUTO_BUF der = { 0 };

	ocsp_data_put(&again, d);
	REQUIRE(bytes_equal(buf_bytes(&again), tbs));
	ocsp_response_put(
	    &der, tbs, SIG_ECDSA_SHA256, bytes_str("signature"), BYTES_NONE);
	against_openssl(buf_bytes(&der), d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct ocsp_response r;
	struct ocsp_data d;

	if (size > 8192)
		return 0;
	if (ocsp_data_parse(in, &d, NULL))
		made_anew(in, &d);
	if (ocsp_response_parse(in, &r, NULL)) {
		AUTO_BUF again = { 0 };

		made_anew(r.tbs, &r.data);
		ocsp_response_put(
		    &again, r.tbs, r.sig_alg, r.signature, r.certificate);
		REQUIRE(bytes_equal(buf_bytes(&again), in));
	}
	return 0;
}
