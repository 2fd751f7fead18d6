#include "support/unit.h"
#include "codec/ocsp.h"
#include "unit/codec/made.h"
#include "unit/codec/ocsp_vectors.h"
#include <openssl/ocsp.h>
#include "util/text.h"
#include "util/times.h"

OWN_DEFINE(OCSP_RESPONSE, OCSP_RESPONSE_free)
OWN_DEFINE(OCSP_BASICRESP, OCSP_BASICRESP_free)

#define NOW 1767312000

static struct arena *arena;
static struct lane *lane;
static const uint8_t key20[20] = { 9, 8, 7 };

static struct bytes
cert_id(uint8_t serial, enum ocsp_hash hash)
{
	struct ocsp_issuer_hashes hashes;
	struct buf b = { 0 };

	memset(&hashes, 0x77, sizeof(hashes));
	ocsp_cert_id_put(&b, hash, &hashes, bytes_of(&serial, 1));
	return arena_take_buf(arena, &b);
}

/* Everything that an answer of ours can hold. */
static struct ocsp_data
data_full(void)
{
	struct ocsp_data d = { .key_hash = bytes_of(key20, 20),
		.produced_at = NOW,
		.n = 4,
		.nonce = bytes_str("0123456789abcdef"),
		.extended_revoke = true };

	for (size_t i = 0; i < d.n; i++)
		d.singles[i] = (struct ocsp_single){
			.cert_id = cert_id((uint8_t)(i + 1),
			    i % 2 == 0 ? OCSP_SHA1 : OCSP_SHA256),
			.reason = -1,
			.this_update = NOW - 60,
			.next_update = NOW + 86400
		};
	d.singles[1].status = OCSP_REVOKED;
	d.singles[1].revoked_at = NOW - 3600;
	d.singles[1].reason = REASON_KEY_COMPROMISE;
	d.singles[2].status = OCSP_UNKNOWN;
	d.singles[3].status = OCSP_REVOKED;
	d.singles[3].revoked_at = 0;
	return d;
}

static struct bytes
put(const struct ocsp_data *d)
{
	struct buf b = { 0 };

	ocsp_data_put(&b, d);
	return arena_take_buf(arena, &b);
}

static void
require_same(const struct ocsp_data *a, const struct ocsp_data *b)
{
	assert_true(bytes_equal(a->key_hash, b->key_hash));
	assert_int_equal(a->produced_at, b->produced_at);
	assert_true(bytes_equal(a->nonce, b->nonce));
	assert_int_equal(a->extended_revoke, b->extended_revoke);
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct ocsp_single *s = &a->singles[i],
					 *t = &b->singles[i];

		assert_true(bytes_equal(s->cert_id, t->cert_id));
		assert_int_equal(s->status, t->status);
		assert_int_equal(s->revoked_at, t->revoked_at);
		assert_int_equal(s->reason, t->reason);
		assert_int_equal(s->this_update, t->this_update);
		assert_int_equal(s->next_update, t->next_update);
	}
}

static void
test_what_is_put_is_what_is_read(void **state)
{
	struct ocsp_data d = data_full(), got;
	struct err err = { 0 };

	(void)state;
	for (d.n = 1; d.n <= 4; d.n++)
		for (unsigned k = 0; k < 4; k++) {
			d.nonce = k & 1 ? bytes_str("n") : BYTES_NONE;
			d.extended_revoke = (k & 2) != 0;
			assert_true(ocsp_data_parse(put(&d), &got, &err));
			require_same(&d, &got);
		}
}

/* RFC 5280 section 5.3.1: unspecified is said by saying nothing. */
static void
test_unspecified_is_left_out(void **state)
{
	struct ocsp_data d = data_full(), got;
	struct bytes none = put(&d);
	struct err err = { 0 };

	(void)state;
	d.singles[3].reason = REASON_UNSPECIFIED;
	assert_true(bytes_equal(put(&d), none));
	assert_true(ocsp_data_parse(none, &got, &err));
	assert_int_equal(got.singles[3].reason, -1);
}

/* RFC 9919 appendix B.5: what is read from it, put again, is the same. */
static void
test_rfc9919_response(void **state)
{
	struct ocsp_response r;
	struct bytes der;
	struct buf tbs = { 0 }, again = { 0 };
	struct err err = { 0 };
	struct cert cert;
	uint8_t hash[20];

	(void)state;
	assert_true(
	    base64_decode(bytes_str(RFC9919_RESPONSE), arena, &der, &err));
	assert_true(ocsp_response_parse(der, &r, &err));
	assert_int_equal(r.sig_alg, SIG_ECDSA_SHA384);
	assert_int_equal(r.data.n, 1);
	assert_int_equal(r.data.singles[0].status, OCSP_GOOD);
	assert_int_equal(r.data.produced_at, 1712061467);
	assert_int_equal(r.data.singles[0].this_update, 1712061467 + 86400);
	assert_int_equal(r.data.singles[0].next_update, 1712061467 + 8 * 86400);
	ocsp_data_put(&tbs, &r.data);
	assert_true(bytes_equal(buf_bytes(&tbs), r.tbs));
	ocsp_response_put(&again, r.tbs, r.sig_alg, r.signature, r.certificate);
	assert_true(bytes_equal(buf_bytes(&again), der));
	/* byKey is the hash of the key in the certificate, which signed. */
	assert_true(cert_parse(r.certificate, arena, &cert, &err));
	ocsp_key_hash(&cert.key, hash);
	assert_true(bytes_equal(r.data.key_hash, bytes_of(hash, 20)));
	assert_true(pubkey_verify(
	    lane, &cert.key, r.sig_alg, r.tbs, r.signature, &err));
	buf_free(&tbs);
	buf_free(&again);
}

static int64_t
seconds_of(const ASN1_GENERALIZEDTIME *t)
{
	int64_t out;

	assert_true(
	    time_parse_generalized(bytes_of(t->data, (size_t)t->length), &out));
	return out;
}

static void
require_openssl_reads(OCSP_BASICRESP *basic, const struct ocsp_data *d)
{
	const ASN1_OCTET_STRING *by_key;
	const X509_NAME *by_name;

	assert_int_equal(OCSP_resp_count(basic), d->n);
	assert_int_equal(OCSP_resp_get0_id(basic, &by_key, &by_name), 1);
	assert_true(bytes_equal(
	    d->key_hash, bytes_of(by_key->data, (size_t)by_key->length)));
	assert_int_equal(
	    seconds_of(OCSP_resp_get0_produced_at(basic)), d->produced_at);
	for (size_t i = 0; i < d->n; i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, (int)i);
		ASN1_GENERALIZEDTIME *revoked, *this, *next;
		int reason;

		assert_int_equal(OCSP_single_get0_status(
				     single, &reason, &revoked, &this, &next),
		    d->singles[i].status);
		assert_int_equal(seconds_of(this), d->singles[i].this_update);
		assert_int_equal(seconds_of(next), d->singles[i].next_update);
		if (d->singles[i].status != OCSP_REVOKED)
			continue;
		assert_int_equal(reason, d->singles[i].reason);
		assert_int_equal(seconds_of(revoked), d->singles[i].revoked_at);
	}
	assert_int_equal(OCSP_BASICRESP_get_ext_count(basic), 2);
	assert_int_equal(OCSP_BASICRESP_get_ext_by_critical(basic, 1, -1), -1);
	assert_true(OCSP_BASICRESP_get_ext_by_NID(
			basic, NID_id_pkix_OCSP_Nonce, -1) >= 0);
}

/* Signed by each kind of key, and verified as a delegated responder's. */
static void
test_openssl_reads_and_verifies(void **state)
{
	struct ocsp_data d = data_full();

	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		EVP_PKEY *key = made_key(made_algs[i]);
		struct bytes cert = made_cert(arena, key, key,
		    made_md(made_algs[i]), "Made CA", (const char *[]){ NULL });
		struct buf der = { 0 };
		uint8_t hash[20];
		struct cert parsed;
		struct err err = { 0 };
		const unsigned char *p;
		struct bytes tbs;

		assert_true(cert_parse(cert, arena, &parsed, &err));
		ocsp_key_hash(&parsed.key, hash);
		d.key_hash = bytes_of(hash, 20);
		tbs = put(&d);
		ocsp_response_put(&der, tbs, key_alg_signs(made_algs[i]),
		    made_signature(arena, key, made_md(made_algs[i]), tbs),
		    cert);
		p = der.p;
		{
			AUTO(OCSP_RESPONSE) *r =
			    d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
			AUTO(OCSP_BASICRESP) *basic =
			    r == NULL ? NULL : OCSP_response_get1_basic(r);
			AUTO(X509_STORE) *store = X509_STORE_new();

			assert_non_null(basic);
			assert_ptr_equal(p, der.p + der.n);
			require_openssl_reads(basic, &d);
			assert_int_equal(OCSP_basic_verify(
					     basic, NULL, store, OCSP_NOVERIFY),
			    1);
		}
		buf_free(&der);
	}
}

static void
test_error_answers(void **state)
{
	static const enum ocsp_response_status all[] = { OCSP_MALFORMED_REQUEST,
		OCSP_INTERNAL_ERROR, OCSP_TRY_LATER, OCSP_SIG_REQUIRED,
		OCSP_UNAUTHORIZED };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct bytes der = ocsp_error(all[i]);
		const unsigned char *p = der.p;
		AUTO(OCSP_RESPONSE) *r =
		    d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
		struct ocsp_response none;
		struct err err = { 0 };

		assert_int_equal(der.n, 5);
		assert_non_null(r);
		assert_int_equal(OCSP_response_status(r), all[i]);
		assert_false(ocsp_response_parse(der, &none, &err));
	}
}

/* Whatever one octet is changed to: refused, or put again the same.  So the
 * parser takes no form but the encoder's. */
static void
test_no_other_form_is_taken(void **state)
{
	struct ocsp_data d = data_full(), got;
	struct bytes tbs = put(&d);
	size_t taken = 0;

	(void)state;
	for (size_t i = 0; i < tbs.n; i++)
		for (unsigned v = 0; v < 256; v++) {
			struct bytes changed =
			    made_changed(arena, tbs, i, (uint8_t)v);

			if (ocsp_data_parse(changed, &got, NULL)) {
				assert_true(bytes_equal(put(&got), changed));
				taken++;
			}
			if (v == 255)
				arena_reset(arena), d = data_full(),
						    tbs = put(&d);
		}
	/* Hashes, serials, times, the nonce. */
	assert_true(taken > 20000);
	for (size_t n = 0; n < tbs.n; n++)
		assert_false(ocsp_data_parse(bytes_of(tbs.p, n), &got, NULL));
}

/* What others write and we do not sign. */
static void
test_forms_that_are_not_ours(void **state)
{
	static const struct {
		const char *from, *to;
		size_t n;
	} forms[] = {
		/* A reason of zero, seven, and of a delta CRL. */
		{ "\x0a\x01\x01", "\x0a\x01\x00", 3 },
		{ "\x0a\x01\x01", "\x0a\x01\x07", 3 },
		{ "\x0a\x01\x01", "\x0a\x01\x08", 3 },
		{ "\x0a\x01\x01", "\x0a\x01\x0b", 3 },
		/* byName. */
		{ "\xa2\x16\x04\x14", "\xa1\x16\x30\x14", 4 },
		/* A fraction of a second, a local time. */
		{ "20260102000000Z", "2026010200000.Z", 15 },
		{ "20260102000000Z", "202601020000+01", 15 },
		/* Another extension than a nonce, and extended revoke with
		 * another value. */
		{ "\x30\x01\x02\x04", "\x30\x01\x04\x04", 4 },
		{ "\x30\x01\x09\x04\x02\x05", "\x30\x01\x09\x04\x02\x04", 6 },
	};
	struct ocsp_data d = data_full(), got;
	struct bytes tbs = put(&d);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct err err = { 0 };

		assert_false(
		    ocsp_data_parse(made_replaced(arena, tbs, forms[i].from,
					forms[i].to, forms[i].n),
			&got, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	lane = lane_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lane_free(lane);
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_what_is_put_is_what_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_unspecified_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_rfc9919_response, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_openssl_reads_and_verifies, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_error_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_no_other_form_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_forms_that_are_not_ours, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
