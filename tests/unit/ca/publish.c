#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include "support/unit.h"
#include "codec/pem.h"
#include "support/test_ca.h"
#include "util/blob.h"
#include "util/text.h"

static struct bytes
get(struct test_ca *t, const char *name, enum ca_artefact what)
{
	char etag[67];
	int64_t modified = -1, expires = -1;
	struct blob *blob =
	    ca_artefact(t->ca, name, what, etag, &modified, &expires);
	uint8_t sum[32];
	struct bytes copy;

	if (blob == NULL)
		return BYTES_NONE;
	copy = arena_bytes(t->a, blob_bytes(blob));
	blob_unref(blob);
	/* RFC 9110 section 8.8.3: strong, quoted; ours is the SHA-256, but
	 * for CRLs, which are told by what is signed and the signature. */
	digest_sha256(copy, sum);
	if (what != CA_CRL)
		assert_string_equal(etag,
		    arena_printf(t->a, "\"%s\"",
			hex_arena(t->a, bytes_of(sum, sizeof(sum)))));
	assert_int_equal(strlen(etag), 66);
	assert_true(modified > 0 && modified <= t->now);
	if (what == CA_CRL)
		assert_true(expires > t->now);
	else
		assert_int_equal(expires, 0);
	return copy;
}

static void
certificates(void **state)
{
	struct test_ca *t = *state;
	struct bytes pem, der, rest;
	bool found;

	assert_true(
	    bytes_equal(get(t, "issuing", CA_CERT_DER), t->issuing_der));
	assert_true(bytes_equal(get(t, "root", CA_CERT_DER), t->root_der));
	rest = pem = get(t, "issuing", CA_CERT_PEM);
	assert_ok(
	    t, pem_next(&rest, "CERTIFICATE", t->a, &found, &der, &t->err));
	assert_true(found && bytes_equal(der, t->issuing_der));
	assert_null(get(t, "nobody", CA_CERT_DER).p);
}

static void
chain_as_pkcs7(void **state)
{
	struct test_ca *t = *state;
	struct bytes p7 = get(t, "issuing", CA_CHAIN_P7);
	const unsigned char *p = p7.p;
	AUTO(PKCS7) *bag = d2i_PKCS7(NULL, &p, (long)p7.n);

	assert_non_null(bag);
	assert_true(PKCS7_type_is_signed(bag));
	assert_int_equal(sk_X509_num(bag->d.sign->cert), 2);
}

static void
roots(void **state)
{
	struct test_ca *t = *state;
	char etag[67];
	struct blob *blob = ca_roots_pem(t->ca, etag);
	struct bytes rest = blob_bytes(blob), der;
	bool found;

	assert_ok(
	    t, pem_next(&rest, "CERTIFICATE", t->a, &found, &der, &t->err));
	assert_true(found && bytes_equal(der, t->root_der));
	/* Once, although two CAs lead to it. */
	assert_ok(
	    t, pem_next(&rest, "CERTIFICATE", t->a, &found, &der, &t->err));
	assert_false(found);
	blob_unref(blob);
}

static void
views(void **state)
{
	struct test_ca *t = *state;
	const struct ca_view *v;
	size_t n = ca_list(t->ca, &v);

	assert_int_equal(n, 2);
	assert_string_equal(v[0].name, "root");
	assert_true(v[0].self_signed && !v[0].online);
	assert_true(v[1].online && !v[1].self_signed);
	assert_ptr_equal(ca_view_find(t->ca, "issuing"), &v[1]);
	assert_null(ca_view_find(t->ca, "nobody"));
}

/* A blob that a response holds outlives its successor. */
static void
crl_is_swapped(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued c = test_ca_issue(t, "default", "a.example");
	struct cert_row row = test_ca_row(t, c.id);
	struct blob *held;
	size_t n;

	assert_null(get(t, "issuing", CA_CRL).p);
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	held = ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	n = blob_bytes(held).n;
	assert_ok(t,
	    ca_revoke(t->ca, &row, REASON_SUPERSEDED, "test", false, &t->err));
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	assert_true(get(t, "issuing", CA_CRL).n > n);
	assert_int_equal(blob_bytes(held).n, n);
	blob_unref(held);
}

/* An offline CA's CRL comes from a file, and only its own. */
static void
amazon_2022_kamu_2026_another_crl_in_its_place(void **state)
{
	struct test_ca *t = *state;
	struct cert root, issuing;
	AUTO_BUF der = { 0 };
	AUTO_BUF other = { 0 };
	AUTO_BUF again = { 0 };

	assert_null(get(t, "root", CA_CRL).p);
	assert_ok(t, cert_parse(t->root_der, t->a, &root, &t->err));
	assert_ok(t,
	    ca_ceremony_crl(&root, t->root_key, t->now, t->now + 86400, 1,
		BYTES_NONE, &der, &t->err));
	test_ca_write_file(t, "crl/root.crl", buf_bytes(&der));
	assert_ok(t, ca_reload(t->ca, t->config, &t->err));
	assert_true(bytes_equal(get(t, "root", CA_CRL), buf_bytes(&der)));
	/* The same number again, or a lower one: what was taken back. */
	assert_ok(t,
	    ca_ceremony_crl(&root, t->root_key, t->now, t->now + 86401, 1,
		BYTES_NONE, &again, &t->err));
	test_ca_write_file(t, "crl/root.crl", buf_bytes(&again));
	assert_fails(t, ca_reload(t->ca, t->config, &t->err), ERR_CONFIG);
	assert_true(bytes_equal(get(t, "root", CA_CRL), buf_bytes(&der)));
	/* Amazon 2022 and Kamu SM 2026: another CA's. */
	assert_ok(t, cert_parse(t->issuing_der, t->a, &issuing, &t->err));
	assert_ok(t,
	    ca_ceremony_crl(&issuing, t->issuing_key, t->now, t->now + 86400, 2,
		BYTES_NONE, &other, &t->err));
	test_ca_write_file(t, "crl/root.crl", buf_bytes(&other));
	assert_fails(t, ca_reload(t->ca, t->config, &t->err), ERR_REJECTED);
	assert_true(bytes_equal(get(t, "root", CA_CRL), buf_bytes(&der)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(chain_as_pkcs7),
		cmocka_unit_test(roots),
		cmocka_unit_test(views),
		cmocka_unit_test(crl_is_swapped),
		cmocka_unit_test(
		    amazon_2022_kamu_2026_another_crl_in_its_place),
	};

	return cmocka_run_group_tests(tests, test_ca_setup, test_ca_teardown);
}
