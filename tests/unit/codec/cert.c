#include "support/unit.h"
#include "codec/cert.h"
#include "crypto/digest.h"
#include "unit/codec/made.h"
#include <openssl/x509.h>
#include "util/text.h"

static struct arena *arena;
static struct lane *lane;

static void
parse_or_fail(struct bytes der, struct cert *out)
{
	struct err err = { 0 };

	if (!cert_parse(der, arena, out, &err))
		fail_msg("%s", err.shown);
}

static const char *const ca_extensions[] = { "basicConstraints",
	"critical,CA:TRUE,pathlen:3", "keyUsage",
	"critical,keyCertSign,cRLSign,digitalSignature", "extendedKeyUsage",
	"serverAuth,1.2.3.4", "subjectAltName",
	"critical,DNS:a.example,IP:192.0.2.1,RID:1.2.3,otherName:1.2.3;UTF8:x",
	"crlDistributionPoints",
	"URI:http://a.example/1.crl,URI:http://b/2.crl", "authorityInfoAccess",
	"OCSP;URI:http://a.example/ocsp,caIssuers;URI:http://a.example/ca",
	"certificatePolicies", "DER:300f300506032a030430060604551d2000",
	"nameConstraints", "critical,permitted;DNS:.example", "tlsfeature",
	"status_request", "noCheck", "ignored", "inhibitAnyPolicy",
	"critical,1", NULL };

static void
check_ca_extensions(const struct cert *c)
{
	assert_int_equal(c->version, 3);
	assert_true(c->has_basic_constraints && c->is_ca);
	assert_true(c->has_path_length && c->path_length == 3);
	assert_true(c->has_key_usage && c->key_usage_critical);
	assert_int_equal(
	    c->key_usage, (1 << 0) | (1 << 5) | (1 << 6)); /* as in RFC 5280 */
	assert_int_equal(c->eku_n, 2);
	assert_string_equal(c->eku[0], eku_oid("serverAuth"));
	assert_string_equal(c->eku[1], "1.2.3.4");
	assert_true(c->has_names && c->names_critical && c->other_names);
	assert_int_equal(c->names.n, 2);
	assert_string_equal(c->names.v[0].text, "a.example");
	assert_string_equal(c->names.v[1].text, "192.0.2.1");
	assert_int_equal(c->crl_urls_n, 2);
	assert_string_equal(c->crl_urls[1], "http://b/2.crl");
	assert_string_equal(c->ocsp_url, "http://a.example/ocsp");
	assert_string_equal(c->ca_issuers_url, "http://a.example/ca");
	assert_int_equal(c->policies_n, 2);
	assert_string_equal(c->policies[1], "2.5.29.32.0");
	assert_true(c->name_constraints.n > 0);
	assert_true(c->must_staple && c->ocsp_nocheck);
	assert_true(c->unknown_critical);
	assert_non_null(cert_extension_find(c, "2.5.29.54"));
	assert_null(cert_extension_find(c, "2.5.29.55"));
	assert_null(cert_extension_find(c, "x"));
}

static void
test_every_key_type_of_openssl(void **state)
{
	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		EVP_PKEY *key = made_key(made_algs[i]);
		struct bytes der = made_cert(arena, key, key,
		    made_md(made_algs[i]), "Made CA", ca_extensions);
		struct err err = { 0 };
		struct cert c;

		parse_or_fail(der, &c);
		assert_true(bytes_equal(c.der, der));
		assert_true(bytes_equal(c.spki, made_spki(arena, key)));
		assert_string_equal(hex_arena(arena, c.serial), "01234567");
		assert_int_equal(c.not_before, 1767312000);
		assert_int_equal(c.not_after, 2556230400);
		assert_string_equal(
		    subject_text(arena, c.subject), "CN=Made CA");
		check_ca_extensions(&c);
		/* It signed itself. */
		if (!cert_verify(lane, &c, &c, &err))
			fail_msg("%s", err.shown);
		der = made_changed(
		    arena, der, der.n - 2, (uint8_t)(der.p[der.n - 2] ^ 1));
		parse_or_fail(der, &c);
		assert_false(cert_verify(lane, &c, &c, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	}
}

static void
test_other_issuers_are_refused(void **state)
{
	static const char *const ski[] = { "subjectKeyIdentifier", "01:02:03",
		NULL };
	static const char *const aki[] = { "2.5.29.35", "DER:3004800204FF",
		NULL };
	EVP_PKEY *key = made_key(KEY_EC_P256);
	struct cert ca, leaf, named;
	struct err err = { 0 };

	(void)state;
	parse_or_fail(
	    made_cert(arena, key, key, EVP_sha256(), "Made CA", ski), &ca);
	parse_or_fail(
	    made_cert(arena, key, key, EVP_sha256(), "leaf", NULL), &leaf);
	if (!cert_verify(lane, &leaf, &ca, &err))
		fail_msg("%s", err.shown);
	assert_false(cert_verify(lane, &ca, &leaf, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
	parse_or_fail(
	    made_cert(arena, key, key, EVP_sha256(), "x", aki), &named);
	err_clear(&err);
	assert_false(cert_verify(lane, &named, &ca, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
	/* The same name, another key and kind of key. */
	parse_or_fail(made_cert(arena, made_key(KEY_RSA), key, EVP_sha256(),
			  "Made CA", NULL),
	    &ca);
	err_clear(&err);
	assert_false(cert_verify(lane, &leaf, &ca, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
}

static const char *const eku_leaf[] = { "1.3.6.1.5.5.7.3.1",
	"1.3.6.1.5.5.7.3.2" };
static const char *const policies[] = { "2.23.140.1.2.1" };
static const uint8_t id20[20] = { 9, 8, 7 };

static struct bytes
name_of(const char *cn)
{
	struct subject s = { .organization = "Org", .common_name = cn };
	struct buf b = { 0 };

	subject_put(&b, &s);
	return arena_take_buf(arena, &b);
}

static struct cert_spec
full_spec(void)
{
	static struct name names[] = { { NAME_DNS, "a.example" },
		{ NAME_DNS, "*.a.example" }, { NAME_IP, "192.0.2.1" },
		{ NAME_IP, "2001:db8::1" }, { NAME_EMAIL, "a@b.example" },
		{ NAME_URI, "https://a.example/" } };
	struct cert_spec s = { .serial = { 1, 2, 3 },
		.sig_alg = SIG_ECDSA_SHA256,
		.issuer = name_of("CA"),
		.subject = name_of("a.example"),
		.not_before = 1767312000,
		.not_after = 2556230400,
		.spki = made_spki(arena, made_key(KEY_EC_P384)),
		.path_length = -1,
		.basic_constraints = true,
		.key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT,
		.eku = eku_leaf,
		.eku_n = COUNT_OF(eku_leaf),
		.names = { names, COUNT_OF(names) },
		.aki = bytes_of(id20, 20),
		.ski = bytes_of(id20, 20),
		.crl_url = "http://a.example/crl",
		.ocsp_url = "http://a.example/ocsp",
		.ca_issuers_url = "http://a.example/ca",
		.policies = policies,
		.policies_n = COUNT_OF(policies),
		.must_staple = true };

	return s;
}

/* The TBS around a signature of P-256, and OpenSSL's view of it. */
static X509 *
certificate_of(
    const struct cert_spec *spec, struct bytes *tbs, struct bytes *der)
{
	struct buf t = { 0 }, b = { 0 };
	const unsigned char *p;
	X509 *x;

	cert_tbs_put(&t, spec);
	*tbs = arena_take_buf(arena, &t);
	cert_put(&b, *tbs, spec->sig_alg,
	    made_signature(arena, made_key(KEY_EC_P256), EVP_sha256(), *tbs));
	*der = arena_take_buf(arena, &b);
	p = der->p;
	x = d2i_X509(NULL, &p, (long)der->n);
	if (x == NULL || p != der->p + der->n)
		fail_msg("OpenSSL refuses %s", hex_arena(arena, *der));
	return x;
}

static void
test_what_is_put_is_what_is_read(void **state)
{
	struct cert_spec spec = full_spec();
	struct bytes tbs, der;
	struct err err = { 0 };
	struct cert c, whole;
	AUTO(X509) *x = certificate_of(&spec, &tbs, &der);

	(void)state;
	if (!cert_parse_tbs(tbs, arena, &c, &err))
		fail_msg("%s", err.shown);
	assert_memory_equal(c.serial.p, spec.serial, SERIAL_SIZE);
	assert_int_equal(c.tbs_sig_alg, SIG_ECDSA_SHA256);
	assert_true(bytes_equal(c.issuer, spec.issuer));
	assert_true(bytes_equal(c.subject, spec.subject));
	assert_true(bytes_equal(c.spki, spec.spki));
	assert_int_equal(c.not_before, spec.not_before);
	assert_int_equal(c.not_after, spec.not_after);
	assert_true(c.has_basic_constraints && !c.is_ca);
	assert_int_equal(c.key_usage, spec.key_usage);
	assert_true(c.key_usage_critical);
	assert_int_equal(c.eku_n, 2);
	assert_string_equal(c.eku[1], eku_leaf[1]);
	assert_int_equal(c.names.n, spec.names.n);
	for (size_t i = 0; i < c.names.n; i++)
		assert_true(name_equal(&c.names.v[i], &spec.names.v[i]));
	assert_false(c.names_critical || c.other_names);
	assert_true(bytes_equal(c.ski, spec.ski));
	assert_true(bytes_equal(c.aki, spec.aki));
	assert_int_equal(c.crl_urls_n, 1);
	assert_string_equal(c.crl_urls[0], spec.crl_url);
	assert_string_equal(c.ocsp_url, spec.ocsp_url);
	assert_string_equal(c.ca_issuers_url, spec.ca_issuers_url);
	assert_int_equal(c.policies_n, 1);
	assert_true(c.must_staple && !c.ocsp_nocheck);
	assert_false(c.unknown_critical);
	/* The whole is the same, and its signature holds for OpenSSL. */
	parse_or_fail(der, &whole);
	assert_true(bytes_equal(whole.tbs, tbs));
	assert_int_equal(X509_verify(x, made_key(KEY_EC_P256)), 1);
	assert_int_equal(X509_get_version(x), X509_VERSION_3);
	assert_int_equal(X509_get_ext_count(x), 10);
}

static void
test_openssl_encodes_the_same(void **state)
{
	struct cert_spec spec = full_spec();
	struct bytes tbs, der;
	AUTO(X509) *x = certificate_of(&spec, &tbs, &der);

	(void)state;
	/* Decoded and encoded anew, field by field and not from its cache. */
	assert_true(bytes_equal(MADE_I2D(arena, i2d_re_X509_tbs, x), tbs));
	assert_true(bytes_equal(MADE_I2D(arena, i2d_X509, x), der));
}

static void
test_ca_certificates(void **state)
{
	struct cert_spec spec = full_spec();
	static const uint8_t constraints[] = { 0x30, 0x0a, 0xa0, 0x08, 0x30,
		0x06, 0x82, 0x04, 't', 'e', 's', 't' };
	struct bytes tbs, der;
	struct err err = { 0 };
	struct cert c;

	(void)state;
	for (int length = -1; length < 3; length++) {
		spec.is_ca = true;
		spec.path_length = length;
		spec.names.n = 0;
		spec.eku_n = 0;
		spec.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
		spec.name_constraints =
		    bytes_of(constraints, sizeof(constraints));
		AUTO(X509) *x = certificate_of(&spec, &tbs, &der);

		if (!cert_parse_tbs(tbs, arena, &c, &err))
			fail_msg("%s", err.shown);
		assert_true(c.is_ca);
		assert_int_equal(c.has_path_length, length >= 0);
		assert_false(c.has_names);
		assert_true(
		    bytes_equal(c.name_constraints, spec.name_constraints));
		assert_int_equal(made_ca_path_length(x), length);
	}
}

static void
test_a_bare_certificate(void **state)
{
	struct cert_spec spec = { .serial = { 0x7f },
		.sig_alg = SIG_ECDSA_SHA256,
		.issuer = name_of("CA"),
		.not_before = -1,
		.not_after = 253402300799,
		.spki = made_spki(arena, made_key(KEY_ED25519)),
		.ocsp_nocheck = true };
	struct bytes tbs, der;
	struct err err = { 0 };
	struct cert c;
	AUTO_BUF empty = { 0 };
	AUTO(X509) *with = NULL;
	AUTO(X509) *without = NULL;

	(void)state;
	subject_put(&empty, &(struct subject){ 0 });
	spec.subject = buf_bytes(&empty);
	with = certificate_of(&spec, &tbs, &der);
	if (!cert_parse_tbs(tbs, arena, &c, &err))
		fail_msg("%s", err.shown);
	assert_true(c.ocsp_nocheck && c.extensions_n == 1);
	assert_int_equal(c.not_before, -1);
	assert_int_equal(c.not_after, 253402300799);
	spec.ocsp_nocheck = false;
	without = certificate_of(&spec, &tbs, &der);
	if (!cert_parse_tbs(tbs, arena, &c, &err))
		fail_msg("%s", err.shown);
	assert_int_equal(c.extensions_n, 0);
	assert_int_equal(X509_get_ext_count(without), 0);
}

/* The TBS of full_spec() with something replaced by as many octets. */
static void
test_changed_tbs_is_refused(void **state)
{
#define ROW(from, to)                                                          \
	{                                                                      \
		from, to, sizeof(from) - 1                                     \
	}
	static const struct {
		const char *from, *to;
		size_t n;
	} rows[] = {
		/* Versions 1 (encoded), 2 and 4. */
		ROW("\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x00"),
		ROW("\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x01"),
		ROW("\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x03"),
		/* A negative serial, one that is not minimal. */
		ROW("\x02\x14\x01\x02\x03", "\x02\x14\x81\x02\x03"),
		ROW("\x02\x14\x01\x02\x03", "\x02\x14\x00\x02\x03"),
		/* An unknown algorithm (ECDSA with SHA-224). */
		ROW("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
		    "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01"),
		/* A month 13; GeneralizedTime before 2050. */
		ROW("\x17\x0d"
		    "260102",
		    "\x17\x0d"
		    "261302"),
		ROW("\x18\x0f"
		    "2051",
		    "\x18\x0f"
		    "2041"),
		/* critical FALSE, encoded; critical that is not all ones. */
		ROW("\x01\x01\xff\x04", "\x01\x01\x00\x04"),
		ROW("\x01\x01\xff\x04", "\x01\x01\x01\x04"),
		/* Key usage with a trailing zero bit. */
		ROW("\x03\x02\x03\x88", "\x03\x02\x02\x88"),
		/* The same extension twice: SKI becomes AKI. */
		ROW("\x06\x03\x55\x1d\x0e", "\x06\x03\x55\x1d\x23"),
		/* A name that is not in its normal form. */
		ROW("*.a.example", "*.A.example"),
		ROW("*.a.example", "a*a.example"),
		ROW("a@b.example", "a@B.example"),
		/* Names of another type: registeredID. */
		ROW("\x82\x09"
		    "a.example",
		    "\x88\x09"
		    "a.example"),
		/* An address of 3 octets and something. */
		ROW("\x87\x04\xc0\x00\x02\x01", "\x87\x03\xc0\x00\x02\x01"),
		/* A URL that is none. */
		ROW("http://a.example/crl", "http://a.example/\x00rl"),
		ROW("http://a.example/ocsp", "http:  a.example/ocsp"),
		/* TLS features that are no numbers. */
		ROW("\x30\x03\x02\x01\x05", "\x30\x03\x04\x01\x05"),
	};
	struct cert_spec spec = full_spec();
	struct bytes tbs, der;
	struct cert c;
	AUTO(X509) *x = certificate_of(&spec, &tbs, &der);

	(void)state;
	assert_non_null(x);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes bad = made_replaced(
		    arena, tbs, rows[i].from, rows[i].to, rows[i].n);

		if (cert_parse_tbs(bad, arena, &c, NULL))
			fail_msg("row %zu", i);
	}
}

static void
test_every_cut(void **state)
{
	struct cert_spec spec = full_spec();
	struct bytes tbs, der;
	struct cert c;
	AUTO(X509) *x = certificate_of(&spec, &tbs, &der);
	AUTO_BUF more = { 0 };

	(void)state;
	assert_non_null(x);
	for (size_t n = 0; n < der.n; n++)
		assert_false(cert_parse(bytes_of(der.p, n), arena, &c, NULL));
	for (size_t n = 0; n < tbs.n; n++)
		assert_false(
		    cert_parse_tbs(bytes_of(tbs.p, n), arena, &c, NULL));
	buf_add_bytes(&more, der);
	buf_add_byte(&more, 0);
	assert_false(cert_parse(buf_bytes(&more), arena, &c, NULL));
}

/* What other CAs have written, and what we never write. */
static void
test_tolerance_with_others(void **state)
{
	struct cert_spec spec = full_spec();
	struct bytes tbs, der;
	struct cert c;
	AUTO(X509) *x = certificate_of(&spec, &tbs, &der);
	struct bytes other;

	(void)state;
	assert_non_null(x);
	/* Names that we would not issue are left out. */
	other = made_replaced(arena, der, "*.a.example", "a_b.example", 11);
	parse_or_fail(other, &c);
	assert_int_equal(c.names.n, spec.names.n - 1);
	assert_true(c.other_names);
	other = made_replaced(
	    arena, der, "http://a.example/crl", "ldap // a.example/c", 19);
	parse_or_fail(other, &c);
	assert_int_equal(c.crl_urls_n, 0);
	other = made_replaced(
	    arena, der, "\x18\x0f\x32\x30\x35", "\x18\x0f\x32\x30\x34", 5);
	parse_or_fail(other, &c);
	assert_true(c.not_after < spec.not_after);
	/* But two algorithms are refused. */
	other = made_replaced(arena, der,
	    "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
	    "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 10);
	assert_false(cert_parse(other, arena, &c, NULL));
}

static void
test_key_identifiers(void **state)
{
	static const struct {
		enum key_alg alg;
		size_t skip; /* of the SPKI, before the BIT STRING's octets */
	} rows[] = { { KEY_EC_P256, 26 }, { KEY_ED25519, 12 },
		{ KEY_RSA, 24 } };

	(void)state;
	/* RFC 7093 section 2 method 1, against the SPKI as OpenSSL has it. */
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes spki = made_spki(arena, made_key(rows[i].alg));
		uint8_t id[20], digest[32];
		struct pubkey key;

		assert_true(spki_parse(spki, &key, NULL));
		key_identifier(&key, id);
		digest_sha256(
		    bytes_of(spki.p + rows[i].skip, spki.n - rows[i].skip),
		    digest);
		assert_memory_equal(id, digest, 20);
	}
}

static void
test_usages(void **state)
{
	(void)state;
	assert_int_equal(key_usage_parse("digitalSignature"), 1);
	assert_int_equal(key_usage_parse("decipherOnly"), KU_DECIPHER_ONLY);
	assert_int_equal(key_usage_parse("DigitalSignature"), 0);
	assert_string_equal(eku_oid("serverAuth"), "1.3.6.1.5.5.7.3.1");
	assert_string_equal(eku_oid("1.2.3"), "1.2.3");
	assert_null(eku_oid("nonsense"));
	assert_null(eku_oid("1.2."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_type_of_openssl),
		cmocka_unit_test(test_other_issuers_are_refused),
		cmocka_unit_test(test_what_is_put_is_what_is_read),
		cmocka_unit_test(test_openssl_encodes_the_same),
		cmocka_unit_test(test_ca_certificates),
		cmocka_unit_test(test_a_bare_certificate),
		cmocka_unit_test(test_changed_tbs_is_refused),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_tolerance_with_others),
		cmocka_unit_test(test_key_identifiers),
		cmocka_unit_test(test_usages),
	};
	int failed;

	arena = arena_new();
	lane = lane_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lane_free(lane);
	arena_free(arena);
	return failed;
}
