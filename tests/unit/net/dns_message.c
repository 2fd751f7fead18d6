/* Messages that no resolver of ours sends, but a wire may carry. */
#include "support/unit.h"
#include "net/dns_message.h"

/* A question for x.test TXT, then room for answers. */
#define HEAD(answers)                                                          \
	0, 1, 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0, 1, 'x', 4, 't', 'e',   \
	    's', 't', 0, 0, 16, 0, 1
#define PTR 0xc0, 12
#define FIXED(type, n) 0, type, 0, 1, 0, 0, 0, 60, 0, n

struct row {
	const char *what;
	uint8_t p[160];
	size_t n;
	bool good;
	size_t found, chain;
};

#define ROW(what, good, found, chain, ...)                                     \
	{                                                                      \
		what, { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }),     \
		    good, found, chain                                         \
	}

static const struct row rows[] = {
	ROW("no answer", true, 0, 0, HEAD(0)),
	ROW("one", true, 1, 0, HEAD(1), PTR, FIXED(16, 3), 2, 'a', 'b'),
	ROW("upper case owner", true, 1, 0, HEAD(1), 1, 'X', 4, 'T', 'E', 'S',
	    'T', 0, FIXED(16, 2), 1, 'a'),
	ROW("another owner", true, 0, 0, HEAD(1), 1, 'y', 0, FIXED(16, 2), 1,
	    'a'),
	ROW("another class", true, 0, 0, HEAD(1), PTR, 0, 16, 0, 3, 0, 0, 0, 60,
	    0, 2, 1, 'a'),
	ROW("alias", true, 1, 1, HEAD(2), PTR, FIXED(5, 3), 1, 'y', 0, 1, 'y',
	    0, FIXED(16, 2), 1, 'a'),
	ROW("alias behind its target", true, 1, 1, HEAD(2), 1, 'y', 0,
	    FIXED(16, 2), 1, 'a', PTR, FIXED(5, 3), 1, 'y', 0),
	ROW("alias to itself", false, 0, 0, HEAD(1), PTR, FIXED(5, 2), PTR),
	ROW("alias with a tail", false, 0, 0, HEAD(1), PTR, FIXED(5, 3), PTR,
	    0),
	ROW("pointer to itself", false, 0, 0, HEAD(1), 0xc0, 24, FIXED(16, 2),
	    1, 'a'),
	ROW("pointer forward", false, 0, 0, HEAD(1), 0xc0, 60, FIXED(16, 2), 1,
	    'a'),
	ROW("half a pointer", false, 0, 0, HEAD(1), 0xc0),
	ROW("label over the end", false, 0, 0, HEAD(1), 40, 'a'),
	ROW("reserved label", false, 0, 0, HEAD(1), 0x80, 'a'),
	ROW("RDATA over the end", false, 0, 0, HEAD(1), PTR, FIXED(16, 9), 2,
	    'a'),
	ROW("string over the RDATA", false, 0, 0, HEAD(1), PTR, FIXED(16, 2), 2,
	    'a'),
	ROW("no string", false, 0, 0, HEAD(1), PTR, FIXED(16, 0)),
	ROW("missing answers", false, 0, 0, HEAD(2), PTR, FIXED(16, 2), 1, 'a'),
	ROW("no question", false, 0, 0, 0, 1, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0,
	    0),
	ROW("short", false, 0, 0, 0, 1, 2),
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *arena = arena_new();
		struct dns_answer out = { .rcode = 77 };
		struct err err = { 0 };
		bool ok = dns_answer_parse(
		    bytes_of(rows[i].p, rows[i].n), DNS_TXT, arena, &out, &err);

		if (ok != rows[i].good)
			fail_msg("%s: %s", rows[i].what, err.shown);
		if (!ok) {
			assert_int_equal(err.kind, ERR_DNS);
			assert_int_equal(out.rcode, 77);
			continue;
		}
		if (out.found != rows[i].found || out.chain_n != rows[i].chain)
			fail_msg("%s: %zu found, %zu aliases", rows[i].what,
			    out.found, out.chain_n);
	}
}

static void
test_strings_joined(void **state)
{
	static const uint8_t m[] = { HEAD(1), PTR, FIXED(16, 7), 2, 'a', 'b', 0,
		2, 'c', 'd' };
	AUTO_ARENA *arena = arena_new();
	struct dns_answer out;
	struct err err = { 0 };

	(void)state;
	assert_true(dns_answer_parse(
	    bytes_of(m, sizeof(m)), DNS_TXT, arena, &out, &err));
	assert_true(bytes_is(out.rdata[0], "abcd"));
}

static void
test_caa_text(void **state)
{
	AUTO_ARENA *arena = arena_new();

	(void)state;
	assert_string_equal(
	    dns_caa_text(bytes_of("\200\5issueca.example", 17), arena),
	    "128 issue \"ca.example\"");
	assert_string_equal(
	    dns_caa_text(bytes_of("\0\5iss", 5), arena), "\\# 5 0005697373");
	assert_string_equal(
	    dns_caa_text(bytes_of("\0\0", 2), arena), "\\# 2 0000");
	assert_string_equal(dns_caa_text(BYTES_NONE, arena), "\\# 0 ");
}

static void
test_rcodes(void **state)
{
	char text[16];

	(void)state;
	assert_string_equal(dns_rcode_name(3, text), "NXDOMAIN");
	assert_string_equal(dns_rcode_name(23, text), "RCODE 23");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_strings_joined),
		cmocka_unit_test(test_caa_text),
		cmocka_unit_test(test_rcodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
