#include "support/unit.h"
#include "unit/codec/made.h"
#include "codec/name.h"

static struct arena *arena;

#define LABEL63                                                                \
	"a23456789b23456789c23456789d23456789e23456789f23456789g23456789"

static const struct {
	enum name_type type;
	const char *in, *out; /* out NULL: refused */
} rows[] = {
	{ NAME_DNS, "a.example", "a.example" },
	{ NAME_DNS, "A.EXAMPLE", "a.example" },
	{ NAME_DNS, "localhost", "localhost" },
	{ NAME_DNS, "*.example.com", "*.example.com" },
	{ NAME_DNS, "xn--mnchen-3ya.example", "xn--mnchen-3ya.example" },
	{ NAME_DNS, "xn--fiqs8s", "xn--fiqs8s" },
	{ NAME_DNS, "r3---sn-x.example", "r3---sn-x.example" },
	{ NAME_DNS, "1.example", "1.example" },
	{ NAME_DNS, LABEL63 ".example", LABEL63 ".example" },
	{ NAME_DNS, LABEL63 "x.example", NULL },
	{ NAME_DNS, "", NULL },
	{ NAME_DNS, ".", NULL },
	{ NAME_DNS, "a.example.", NULL },
	{ NAME_DNS, ".a.example", NULL },
	{ NAME_DNS, "a..example", NULL },
	{ NAME_DNS, "-a.example", NULL },
	{ NAME_DNS, "a-.example", NULL },
	{ NAME_DNS, "a_b.example", NULL },
	{ NAME_DNS, "a b.example", NULL },
	{ NAME_DNS, "münchen.example", NULL },
	{ NAME_DNS, "xn--.example", NULL },
	{ NAME_DNS, "xn--a.example", NULL }, /* a control character */
	{ NAME_DNS, "xn--0.example", NULL },
	{ NAME_DNS, "xn--99999999999.example", NULL },
	{ NAME_DNS, "*", NULL },
	{ NAME_DNS, "*.com", NULL },
	{ NAME_DNS, "*.*.example.com", NULL },
	{ NAME_DNS, "a*.example.com", NULL },
	{ NAME_DNS, "a.*.example.com", NULL },
	{ NAME_DNS, "192.0.2.1", NULL },
	{ NAME_DNS, "1.2.3", NULL },
	{ NAME_DNS, "2001:db8::1", NULL },
	{ NAME_IP, "192.0.2.1", "192.0.2.1" },
	{ NAME_IP, "192.0.2.01", NULL },
	{ NAME_IP, "192.0.2", NULL },
	{ NAME_IP, "192.0.2.1 ", NULL },
	{ NAME_IP, "", NULL },
	/* RFC 5952 section 4. */
	{ NAME_IP, "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
	{ NAME_IP, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ NAME_IP, "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ NAME_IP, "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ NAME_IP, "2001:DB8::ABCD", "2001:db8::abcd" },
	{ NAME_IP, "::", "::" },
	{ NAME_IP, "::1", "::1" },
	{ NAME_IP, "1::", "1::" },
	{ NAME_IP, "::102:304", "::102:304" },
	{ NAME_IP, "::ffff:c000:201", "::ffff:192.0.2.1" },
	{ NAME_IP, "fe80::1%eth0", NULL },
	{ NAME_IP, "[::1]", NULL },
	{ NAME_IP, "a.example", NULL },
	{ NAME_EMAIL, "First.Last@Mail.Example", "First.Last@mail.example" },
	{ NAME_EMAIL, "a+b@example", "a+b@example" },
	{ NAME_EMAIL, "a@b@example", NULL },
	{ NAME_EMAIL, "@example", NULL },
	{ NAME_EMAIL, "a@", NULL },
	{ NAME_EMAIL, ".a@example", NULL },
	{ NAME_EMAIL, "a.@example", NULL },
	{ NAME_EMAIL, "a..b@example", NULL },
	{ NAME_EMAIL, "\"a b\"@example", NULL },
	{ NAME_EMAIL, "a@[192.0.2.1]", NULL },
	{ NAME_EMAIL, "a@*.example.com", NULL },
	{ NAME_EMAIL, "a@ex_ample", NULL },
	{ NAME_EMAIL, "a", NULL },
	{ NAME_URI, "https://a.example/x?y#z", "https://a.example/x?y#z" },
	{ NAME_URI, "urn:uuid:f81d4fae", "urn:uuid:f81d4fae" },
	{ NAME_URI, "spiffe://Td/ns/%41", "spiffe://Td/ns/%41" },
	{ NAME_URI, "//a.example/", NULL },
	{ NAME_URI, "https:", NULL },
	{ NAME_URI, ":x", NULL },
	{ NAME_URI, "1a:x", NULL },
	{ NAME_URI, "a b:x", NULL },
	{ NAME_URI, "http://a.example/ x", NULL },
	{ NAME_URI, "http://a.example/<x>", NULL },
	{ NAME_URI, "http://a.example/%4", NULL },
	{ NAME_URI, "http://a.example/\xc3\xa9", NULL },
	/* Intune's, for strong mapping (KB5014754). */
	{ NAME_URI, "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-512",
	    "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-512" },
	{ NAME_UPN, "Jane.Doe@Corp.Example", "Jane.Doe@corp.example" },
	{ NAME_UPN, "PC-1$@corp", "PC-1$@corp" },
	{ NAME_UPN, "j_x.example#EXT#@a.example",
	    "j_x.example#EXT#@a.example" },
	{ NAME_UPN, "j\xc3\xb6rg@a.example", "j\xc3\xb6rg@a.example" },
	{ NAME_UPN, "a+b'c!~^&%@a.example", "a+b'c!~^&%@a.example" },
	{ NAME_UPN, "a", NULL },
	{ NAME_UPN, "", NULL },
	{ NAME_UPN, "@a.example", NULL },
	{ NAME_UPN, "a@", NULL },
	{ NAME_UPN, "a@b@a.example", NULL },
	{ NAME_UPN, "a b@a.example", NULL },
	{ NAME_UPN, "*@a.example", NULL },
	{ NAME_UPN, "a?@a.example", NULL },
	{ NAME_UPN, "a\n@a.example", NULL },
	{ NAME_UPN, "a\x7f@a.example", NULL },
	{ NAME_UPN, "a\xc2\x85@a.example", NULL }, /* NEL */
	{ NAME_UPN, "a\xc2\xa0@a.example", "a\xc2\xa0@a.example" },
	{ NAME_UPN, "j\xf6rg@a.example", NULL }, /* Latin-1 */
	{ NAME_UPN, "a@j\xc3\xb6rg.example", NULL },
	{ NAME_UPN, "a@*.a.example", NULL },
	{ NAME_UPN, "a@a.example.", NULL },
	{ NAME_UPN, "a@192.0.2.1", NULL },
};

static void
test_normal_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct name n = { NAME_URI, "untouched" };
		bool ok = name_parse(
		    rows[i].type, bytes_str(rows[i].in), arena, &n, &err);

		if (ok != (rows[i].out != NULL))
			fail_msg("%s:%s: %s", name_type_tag(rows[i].type),
			    rows[i].in, err.shown);
		if (!ok) {
			assert_int_equal(err.kind, ERR_MALFORMED);
			assert_string_equal(n.text, "untouched");
			continue;
		}
		assert_int_equal(n.type, rows[i].type);
		assert_string_equal(n.text, rows[i].out);
		/* A normal form is its own normal form. */
		assert_true(
		    name_parse(n.type, bytes_str(n.text), arena, &n, &err));
		assert_string_equal(n.text, rows[i].out);
	}
}

static void
test_a_nul_ends_no_name(void **state)
{
	static const enum name_type types[] = { NAME_DNS, NAME_IP, NAME_EMAIL,
		NAME_URI, NAME_UPN };
	static const char *const texts[] = { "a.example\0.evil.example",
		"192.0.2.1\0x", "a@example\0.evil", "http://a.example\0/",
		"a\0b@a.example" };
	static const size_t sizes[] = { 23, 11, 15, 18, 13 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct name n;

		assert_false(name_parse(
		    types[i], bytes_of(texts[i], sizes[i]), arena, &n, NULL));
	}
}

static void
test_longest_dns_name(void **state)
{
	AUTO_BUF b = { 0 };
	struct name n;

	(void)state;
	for (int i = 0; i < 4; i++)
		buf_printf(
		    &b, "%.*s%s", i < 3 ? 63 : 61, LABEL63, i < 3 ? "." : "");
	assert_int_equal(b.n, 253);
	assert_true(name_parse(NAME_DNS, buf_bytes(&b), arena, &n, NULL));
	buf_add_str(&b, "x");
	assert_false(name_parse(NAME_DNS, buf_bytes(&b), arena, &n, NULL));
}

static void
test_longest_upn(void **state)
{
	AUTO_BUF b = { 0 };
	struct name n;

	(void)state;
	while (b.n < 1024 - strlen("@a.example"))
		buf_add_byte(&b, 'x');
	buf_add_str(&b, "@a.example");
	assert_true(name_parse(NAME_UPN, buf_bytes(&b), arena, &n, NULL));
	buf_add_str(&b, "s");
	assert_false(name_parse(NAME_UPN, buf_bytes(&b), arena, &n, NULL));
}

static void
test_tagged(void **state)
{
	struct err err = { 0 };
	struct name n;

	(void)state;
	assert_true(name_parse_tagged("dns:A.example", arena, &n, &err));
	assert_true(n.type == NAME_DNS && strcmp(n.text, "a.example") == 0);
	assert_true(name_parse_tagged("ip:::1", arena, &n, &err));
	assert_true(n.type == NAME_IP && strcmp(n.text, "::1") == 0);
	assert_true(name_parse_tagged("uri:urn:a:b", arena, &n, &err));
	assert_true(n.type == NAME_URI && strcmp(n.text, "urn:a:b") == 0);
	assert_true(name_parse_tagged("email:a@b", arena, &n, &err));
	assert_true(name_parse_tagged("upn:a@B", arena, &n, &err));
	assert_true(n.type == NAME_UPN && strcmp(n.text, "a@b") == 0);
	assert_false(name_parse_tagged("a.example", arena, &n, &err));
	assert_false(name_parse_tagged("DNS:a.example", arena, &n, NULL));
	assert_false(name_parse_tagged("tel:1", arena, &n, NULL));
}

static struct names
names_of(const char *const *tagged, size_t n)
{
	struct names out = { arena_array(arena, n, sizeof(*out.v)), n };

	for (size_t i = 0; i < n; i++)
		assert_true(
		    name_parse_tagged(tagged[i], arena, &out.v[i], NULL));
	return out;
}

static void
test_sets(void **state)
{
	static const char *const x[] = { "ip:192.0.2.1", "dns:b.example",
		"dns:a.example", "dns:B.example" };
	static const char *const y[] = { "dns:a.example", "dns:b.example",
		"ip:192.0.2.1" };
	struct names nx = names_of(x, COUNT_OF(x));
	struct names ny = names_of(y, COUNT_OF(y));
	struct names sorted = names_sorted(arena, nx);

	(void)state;
	assert_int_equal(sorted.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(name_equal(&sorted.v[i], &ny.v[i]));
	/* The original is as it was. */
	assert_string_equal(nx.v[0].text, "192.0.2.1");
	assert_true(names_equal_sets(arena, nx, ny));
	ny.n--;
	assert_false(names_equal_sets(arena, nx, ny));
	assert_true(names_equal_sets(
	    arena, (struct names){ NULL, 0 }, (struct names){ NULL, 0 }));
	assert_false(name_is_wildcard(&nx.v[1]));
	assert_true(name_parse_tagged("dns:*.a.b", arena, &nx.v[1], NULL));
	assert_true(name_is_wildcard(&nx.v[1]));
}

static void
test_general_names_both_ways(void **state)
{
	static const char *const tagged[] = { "dns:*.a.example", "ip:192.0.2.1",
		"ip:2001:db8::1", "email:a@b.example", "uri:https://a.example/",
		"upn:j\xc3\xb6rg@a.example" };
	struct names in = names_of(tagged, COUNT_OF(tagged)), out;
	struct err err = { 0 };
	AUTO_BUF b = { 0 };

	(void)state;
	for (size_t i = 0; i < in.n; i++)
		name_put_general(&b, &in.v[i]);
	assert_true(names_read_general(buf_bytes(&b), arena, &out, &err));
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < in.n; i++)
		assert_true(name_equal(&in.v[i], &out.v[i]));
}

/* What `openssl req` 3.0.22 writes for otherName.0 =
 * 1.3.6.1.4.1.311.20.2.3;UTF8:Jane.Doe@Example.COM and what Intune's devices
 * send next to it. */
static void
test_general_names_of_openssl(void **state)
{
	static const char hex[] =
	    "a024060a2b060104018237140203a0160c144a616e652e446f65404578616d706c"
	    "652e434f4d864d7461673a6d6963726f736f66742e636f6d2c323032322d30392d"
	    "31343a7369643a532d312d352d32312d313030343333363334382d313137373233"
	    "383931352d3638323030333333302d35313281194a616e652e446f65404d61696c"
	    "2e4578616d706c652e636f6d82106a616e652e6578616d706c652e636f6d";
	static const char *const tagged[] = { "upn:Jane.Doe@example.com",
		("uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-"
		 "1177238915-682003330-512"),
		"email:Jane.Doe@mail.example.com", "dns:jane.example.com" };
	struct bytes in = made_hex(arena, hex);
	struct names want = names_of(tagged, COUNT_OF(tagged)), out;
	struct err err = { 0 };
	bool others;

	(void)state;
	assert_true(names_read_general(in, arena, &out, &err));
	assert_int_equal(out.n, want.n);
	for (size_t i = 0; i < want.n; i++)
		assert_true(name_equal(&out.v[i], &want.v[i]));
	assert_true(names_read(in, NAMES_TOLERANT, arena, &out, &others, &err));
	assert_true(out.n == want.n && !others);
	assert_false(names_read(in, NAMES_NORMAL, arena, &out, NULL, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
}

static void
test_general_names_of_others(void **state)
{
	static const struct {
		const char *hex;
		enum err_kind kind; /* ERR_NONE: accepted */
		size_t tolerant; /* names left */
	} cases[] = {
		{ "82 01 61", ERR_NONE, 1 },
		/* otherName, x400Address, directoryName, registeredID. */
		{ "82 01 61 a0 07 06 03 2a 03 04 a0 00", ERR_UNSUPPORTED, 1 },
		{ "a3 00 82 01 61", ERR_UNSUPPORTED, 1 },
		{ "a4 02 30 00", ERR_UNSUPPORTED, 0 },
		{ "88 01 2a", ERR_UNSUPPORTED, 0 },
		/* A UPN in an IA5String, with something behind it, without
		 * its tag, a text that is none, and not its own DER. */
		{ "a0 13 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 05 16 03 61 40 "
		  "62",
		    ERR_MALFORMED, 0 },
		{ "a0 15 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 07 0c 03 61 40 "
		  "62 05 00",
		    ERR_MALFORMED, 0 },
		{ "a0 15 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 05 0c 03 61 40 "
		  "62 05 00",
		    ERR_MALFORMED, 0 },
		{ "a0 11 06 0a 2b 06 01 04 01 82 37 14 02 03 0c 03 61 40 62",
		    ERR_MALFORMED, 0 },
		{ "a0 13 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 05 0c 03 61 61 "
		  "62",
		    ERR_MALFORMED, 0 },
		{ "a0 13 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 05 0c 03 61 40 "
		  "62 82 01 61",
		    ERR_NONE, 2 },
		/* A tag that is no GeneralName's, a text in parts. */
		{ "89 00", ERR_MALFORMED, 0 },
		{ "a2 03 82 01 61", ERR_MALFORMED, 0 },
		/* An address with its mask, as in name constraints. */
		{ "87 08 c0 00 02 01 ff ff ff ff", ERR_MALFORMED, 0 },
		{ "82 03 61 5f 62", ERR_MALFORMED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bytes in = made_hex(arena, cases[i].hex);
		struct err err = { 0 };
		struct names out;
		bool others;

		(void)!names_read_general(in, arena, &out, &err);
		if (err.kind != cases[i].kind)
			fail_msg("%s: %s", cases[i].hex, err.shown);
		err_clear(&err);
		assert_true(
		    names_read(in, NAMES_TOLERANT, arena, &out, &others, &err));
		assert_int_equal(out.n, cases[i].tolerant);
		assert_int_equal(others, cases[i].kind != ERR_NONE);
	}
}

static void
test_general_names_form(void **state)
{
	struct err err = { 0 };
	struct names out;
	AUTO_BUF b = { 0 };

	(void)state;
	assert_false(names_read_general(BYTES_NONE, arena, &out, &err));
	assert_false(
	    names_read_general(made_hex(arena, "82 02 61"), arena, &out, NULL));
	/* Ours are in their normal form, a client's need not be. */
	assert_true(names_read(made_hex(arena, "82 01 41"), NAMES_NORMALISE,
	    arena, &out, NULL, NULL));
	assert_false(names_read(made_hex(arena, "82 01 41"), NAMES_NORMAL,
	    arena, &out, NULL, NULL));
	for (unsigned i = 0; i < NAMES_MAX; i++)
		der_put(&b, DER_CONTEXT(2), bytes_str("a"));
	assert_true(names_read_general(buf_bytes(&b), arena, &out, NULL));
	assert_int_equal(out.n, NAMES_MAX);
	der_put(&b, DER_CONTEXT(2), bytes_str("a"));
	err_clear(&err);
	assert_false(names_read_general(buf_bytes(&b), arena, &out, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_forms),
		cmocka_unit_test(test_a_nul_ends_no_name),
		cmocka_unit_test(test_longest_dns_name),
		cmocka_unit_test(test_longest_upn),
		cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_general_names_both_ways),
		cmocka_unit_test(test_general_names_of_openssl),
		cmocka_unit_test(test_general_names_of_others),
		cmocka_unit_test(test_general_names_form),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
