#include <openssl/conf.h>
#include "support/unit.h"
#include "support/x509v3.h"
#include "ca/chain.h"
#include "ca/constraints.h"
#include "crypto/own.h"

/* The extension's value as OpenSSL encodes it. */
static struct bytes
encode(struct arena *a, const char *text)
{
	X509_EXTENSION *x =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_name_constraints, text);
	ASN1_OCTET_STRING *value;
	struct bytes out;

	assert_non_null(x);
	value = X509_EXTENSION_get_data(x);
	out = arena_bytes(a,
	    bytes_of(ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value)));
	X509_EXTENSION_free(x);
	return out;
}

struct row {
	const char *constraints, *name;
	bool allowed;
};

/* RFC 5280 section 4.2.1.10, type by type. */
static const struct row rows[] = {
	{ "permitted;DNS:example.com", "dns:example.com", true },
	{ "permitted;DNS:example.com", "dns:a.b.example.com", true },
	{ "permitted;DNS:example.com", "dns:*.example.com", true },
	{ "permitted;DNS:example.com", "dns:badexample.com", false },
	{ "permitted;DNS:example.com", "dns:example.org", false },
	{ "permitted;DNS:example.com", "ip:192.0.2.1", true },
	{ "permitted;DNS:.example.com", "dns:a.example.com", true },
	{ "permitted;DNS:.example.com", "dns:example.com", false },
	{ "permitted;DNS:example.com,permitted;DNS:example.org",
	    "dns:a.example.org", true },
	{ "permitted;DNS:example.com,excluded;DNS:x.example.com",
	    "dns:a.example.com", true },
	{ "permitted;DNS:example.com,excluded;DNS:x.example.com",
	    "dns:x.example.com", false },
	{ "permitted;DNS:example.com,excluded;DNS:x.example.com",
	    "dns:*.example.com", false },
	{ "permitted;DNS:example.com,excluded;DNS:x.example.com",
	    "dns:y.x.example.com", false },
	{ "excluded;DNS:example.com", "dns:example.org", true },
	{ "excluded;DNS:example.com", "dns:EXAMPLE.com", false },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "ip:192.0.2.77", true },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "ip:192.0.3.1", false },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "ip:2001:db8::1", false },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "dns:a.example", true },
	{ "permitted;IP:2001:db8::/ffff:ffff::", "ip:2001:db8:1::5", true },
	{ "excluded;IP:0.0.0.0/0.0.0.0", "ip:8.8.8.8", false },
	{ "excluded;IP:0.0.0.0/0.0.0.0", "ip:2001:db8::1", true },
	{ "permitted;email:example.com", "email:a@example.com", true },
	{ "permitted;email:example.com", "email:a@b.example.com", false },
	{ "permitted;email:.example.com", "email:a@b.example.com", true },
	{ "permitted;email:.example.com", "email:a@example.com", false },
	{ "permitted;email:a@example.com", "email:a@example.com", true },
	{ "permitted;email:a@example.com", "email:A@example.com", false },
	{ "permitted;email:a@example.com", "email:b@example.com", false },
	{ "excluded;email:example.com", "email:a@example.com", false },
	{ "permitted;URI:example.com", "uri:https://example.com/x", true },
	{ "permitted;URI:example.com", "uri:https://a.example.com/", false },
	{ "permitted;URI:.example.com", "uri:https://a.example.com/", true },
	{ "permitted;URI:.example.com", "uri:https://u@a.example.com:1/",
	    true },
	{ "permitted;URI:.example.com", "uri:https://evil/.example.com",
	    false },
	{ "permitted;URI:example.com", "uri:urn:x:y", false },
	{ "permitted;URI:example.com", "uri:urn:x://example.com/", false },
	{ "excluded;URI:example.com", "uri:https://192.0.2.1/", false },
	{ "excluded;URI:example.com", "uri:https://example.org/", true },
	{ "permitted;otherName:1.3.6.1.4.1.311.20.2.3;UTF8:example.com",
	    "upn:a@example.com", false },
	{ "excluded;otherName:1.3.6.1.4.1.311.20.2.3;UTF8:example.org",
	    "upn:a@example.com", false },
	{ "excluded;otherName:1.2.3;UTF8:x", "upn:a@example.com", false },
	{ "permitted;otherName:1.3.6.1.4.1.311.20.2.3;UTF8:example.com",
	    "email:a@example.org", true },
	{ "permitted;email:example.org", "upn:a@example.com", true },
};

static void
names(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct constraints c;
		struct err err = { 0 };
		struct name n;

		assert_true(constraints_parse(
		    encode(a, rows[i].constraints), a, &c, &err));
		assert_true(name_parse_tagged(rows[i].name, a, &n, &err));
		if (constraints_check_name(&c, &n, a, &err) != rows[i].allowed)
			fail_msg("%s: %s", rows[i].constraints, rows[i].name);
	}
}

static void
name_put(struct buf *b, const char *country, const char *o, const char *cn)
{
	struct subject s = {
		.country = country, .organization = o, .common_name = cn
	};

	subject_put(b, &s);
}

/* permitted or excluded [4] directoryName of a Name. */
static void
directory_put(struct buf *b, int list, struct bytes name)
{
	size_t seq = der_open(b, DER_SEQUENCE);
	size_t trees = der_open(b, DER_CONTEXT_CONSTRUCTED(list));
	size_t tree = der_open(b, DER_SEQUENCE);
	size_t gn = der_open(b, DER_CONTEXT_CONSTRUCTED(4));

	der_put_raw(b, name);
	der_close(b, gn);
	der_close(b, tree);
	der_close(b, trees);
	der_close(b, seq);
}

static void
subjects(void **state UNUSED)
{
	static const struct {
		int list;
		const char *country, *o, *cn;
		bool allowed;
	} cases[] = {
		{ 0, "CH", "Example", "x", true },
		{ 0, "CH", "EXAMPLE", "x", true },
		{ 0, "CH", " example ", NULL, true },
		{ 0, "CH", "Exam ple", "x", false },
		{ 0, "DE", "Example", "x", false },
		{ 0, "CH", NULL, "x", false },
		{ 0, NULL, NULL, NULL, true },
		{ 1, "CH", "Example", "x", false },
		{ 1, "CH", "example", "x", false },
		{ 1, "CH", "Other", "x", true },
		{ 1, NULL, NULL, NULL, true },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		AUTO_BUF base = { 0 };
		AUTO_BUF value = { 0 };
		AUTO_BUF subject = { 0 };
		struct constraints c;
		struct err err = { 0 };

		name_put(&base, "CH", "Example", NULL);
		directory_put(&value, cases[i].list, buf_bytes(&base));
		assert_true(constraints_parse(buf_bytes(&value), a, &c, &err));
		name_put(&subject, cases[i].country, cases[i].o, cases[i].cn);
		if (constraints_check_subject(
			&c, buf_bytes(&subject), a, &err) != cases[i].allowed)
			fail_msg("subject case %zu", i);
	}
}

/* RFC 5280 section 7.1: the type of string and what nobody sees make no other
 * name of it, so that nothing excluded comes in by them. */
static void
subjects_in_other_strings(void **state UNUSED)
{
	/* O=Example as a BMPString. */
	static const uint8_t base[] = "\x30\x19\x31\x17\x30\x15\x06\x03\x55"
				      "\x04\x0a\x1e\x0e\0E\0x\0a\0m\0p\0l"
				      "\0e";
	static const struct {
		const char *o;
		bool inside;
	} cases[] = { { "Example", true }, { "eXAMPLE", true },
		{ "Exam\xc2\xadple", true }, { "Exam ple", false } };

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (int list = 0; list < 2; list++) {
			AUTO_ARENA *a = arena_new();
			AUTO_BUF value = { 0 };
			AUTO_BUF subject = { 0 };
			struct constraints c;
			struct err err = { 0 };

			directory_put(
			    &value, list, bytes_of(base, sizeof(base) - 1));
			assert_true(
			    constraints_parse(buf_bytes(&value), a, &c, &err));
			name_put(&subject, NULL, cases[i].o, "x");
			assert_int_equal(constraints_check_subject(
					     &c, buf_bytes(&subject), a, &err),
			    (list == 0) == cases[i].inside);
		}
}

static void
malformed(void **state UNUSED)
{
	static const char *const bad[] = {
		"", "\x30\x00", /* empty */
		"\x30\x02\xa0\x00\x00", /* trailing octet */
		"\x30\x06\xa0\x04\x30\x02\x87\x00", /* IP of no octets */
		"\x30\x09\xa0\x07\x30\x05\x82\x00\x80\x01\x01", /* minimum 1 */
	};
	static const size_t sizes[] = { 0, 2, 5, 8, 11 };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO_ARENA *a = arena_new();
		struct constraints c;
		struct err err = { 0 };

		assert_false(
		    constraints_parse(bytes_of(bad[i], sizes[i]), a, &c, &err));
		assert_true(
		    err.kind == ERR_MALFORMED || err.kind == ERR_UNSUPPORTED);
	}
}

static void
mask_with_holes(void **state UNUSED)
{
	static const uint8_t value[] = { 0x30, 0x0e, 0xa0, 0x0c, 0x30, 0x0a,
		0x87, 0x08, 192, 0, 2, 0, 255, 0, 255, 0 };
	AUTO_ARENA *a = arena_new();
	struct constraints c;
	struct err err = { 0 };

	assert_false(
	    constraints_parse(bytes_of(value, sizeof(value)), a, &c, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
}

static void
suffixes(void **state UNUSED)
{
	static const struct row cases[] = {
		{ "permitted;DNS:example.com", "example.com", true },
		{ "permitted;DNS:example.com", "a.example.com", true },
		{ "permitted;DNS:a.example.com", "example.com", true },
		{ "permitted;DNS:example.com", "example.org", false },
		{ "excluded;DNS:example.com", "a.example.com", false },
		{ "excluded;DNS:a.example.com", "example.com", true },
		{ "permitted;email:example.com", "example.org", true },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		struct constraints c;
		struct err err = { 0 };

		assert_true(constraints_parse(
		    encode(a, cases[i].constraints), a, &c, &err));
		assert_int_equal(constraints_allow_suffix(&c, cases[i].name),
		    cases[i].allowed);
	}
}

/* RFC 5280 section 4.2.1.10: constraints on addresses are on those of the
 * subject as well. */
static void
addresses_of_subjects(void **state UNUSED)
{
	/* emailAddress=ops@example.com, and one that is no address. */
	static const uint8_t good[] = "\x30\x20\x31\x1e\x30\x1c\x06\x09\x2a"
				      "\x86\x48\x86\xf7\x0d\x01\x09\x01\x16"
				      "\x0f"
				      "ops@example.com";
	static const uint8_t bad[] = "\x30\x20\x31\x1e\x30\x1c\x06\x09\x2a"
				     "\x86\x48\x86\xf7\x0d\x01\x09\x01\x16"
				     "\x0f"
				     "ops.example.com";
	static const struct {
		const char *constraints;
		const uint8_t *subject;
		bool allowed;
	} cases[] = {
		{ "permitted;email:example.com", good, true },
		{ "permitted;email:example.org", good, false },
		{ "excluded;email:example.com", good, false },
		{ "excluded;email:example.org", good, true },
		{ "permitted;DNS:example.org", good, true },
		{ "permitted;email:example.com", bad, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		struct chain *c = arena_alloc(a, sizeof(*c));
		struct names none = { NULL, 0 };
		struct err err = { 0 };

		c->constraints_n = 1;
		assert_true(constraints_parse(encode(a, cases[i].constraints),
		    a, &c->constraints[0], &err));
		if (chain_check_names(c, none,
			bytes_of(cases[i].subject, sizeof(good) - 1), a,
			&err) != cases[i].allowed)
			fail_msg("%s, case %zu", cases[i].constraints, i);
	}
}

/* A common name that OpenSSL holds against constraints on DNS names. */
static void
hosts_of_subjects(void **state UNUSED)
{
	static const struct {
		const char *constraints, *cn;
		bool allowed;
	} cases[] = {
		{ "permitted;DNS:example.com", "PC.example.com", true },
		{ "permitted;DNS:example.com", "pc.example.org", false },
		{ "excluded;DNS:example.com", "PC.example.com", false },
		{ "excluded;DNS:pc.example.com", "*.example.com", false },
		{ "excluded;DNS:example.com", "pc.example.org", true },
		{ "permitted;DNS:example.com", "Jane Doe", true },
		{ "permitted;DNS:example.com", "J. R. Doe", true },
		{ "permitted;DNS:example.com", "jane", true },
		{ "permitted;email:example.com", "pc.example.org", true },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		struct chain *c = arena_alloc(a, sizeof(*c));
		struct names none = { NULL, 0 };
		AUTO_BUF subject = { 0 };
		struct err err = { 0 };

		c->constraints_n = 1;
		assert_true(constraints_parse(encode(a, cases[i].constraints),
		    a, &c->constraints[0], &err));
		name_put(&subject, NULL, "Any", cases[i].cn);
		if (chain_check_names(c, none, buf_bytes(&subject), a, &err) !=
		    cases[i].allowed)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(subjects),
		cmocka_unit_test(subjects_in_other_strings),
		cmocka_unit_test(addresses_of_subjects),
		cmocka_unit_test(hosts_of_subjects),
		cmocka_unit_test(malformed),
		cmocka_unit_test(mask_with_holes),
		cmocka_unit_test(suffixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
