/* dns-01, CAA, aliases, DNSSEC, the hosts file: what the resolver's answers
 * become (RFC 8555 section 8.4, RFC 8659, RFC 4035). */
#include "support/unit.h"
#include <unistd.h>
#include "support/probing.h"

static struct probing probing;
static struct probed got;
static char file[] = "/tmp/probe_dns.XXXXXX";

static int
setup(void **state)
{
	(void)state;
	strcpy(strrchr(file, '.') + 1, "XXXXXX");
	close(mkstemp(file));
	probing_begin(&probing);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	probing_end(&probing);
	unlink(file);
	return 0;
}

static void
ask(enum probe_kind kind, const char *name)
{
	if (probing.probes == NULL)
		probing_start(&probing);
	probing_ask(&probing, kind, name, false, &got);
}

static void
refused(enum err_kind kind, const char *words)
{
	assert_false(got.ok);
	if (strstr(got.err.shown, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, got.err.shown);
	assert_int_equal(got.err.kind, kind);
}

static void
accepted(void)
{
	if (!got.ok)
		fail_msg("%s", got.err.shown);
}

static void
write_file(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
test_txt(void **state)
{
	(void)state;
	dns_standin_add(probing.dns, "_acme-challenge.x.test", "TXT", "one");
	dns_standin_add(
	    probing.dns, "_acme-challenge.x.test", "TXT", "two |halves");
	ask(PROBE_TXT, "_acme-challenge.x.test");
	accepted();
	assert_int_equal(got.txt_n, 2);
	assert_string_equal(got.txt[0], "one");
	assert_string_equal(got.txt[1], "two halves");
	assert_non_null(strstr(got.record, dns_standin_address(probing.dns)));
}

static void
test_txt_alias(void **state)
{
	(void)state;
	dns_standin_add(
	    probing.dns, "_acme-challenge.x.test", "CNAME", "a.other.test");
	dns_standin_add(probing.dns, "a.other.test", "CNAME", "b.other.test");
	dns_standin_add(probing.dns, "b.other.test", "TXT", "value");
	ask(PROBE_TXT, "_acme-challenge.X.test");
	accepted();
	assert_int_equal(got.txt_n, 1);
	assert_string_equal(got.txt[0], "value");
	assert_non_null(strstr(
	    got.record, "\"aliases\":[\"a.other.test\",\"b.other.test\"]"));
}

static void
test_alias_loop(void **state)
{
	(void)state;
	dns_standin_manner(probing.dns, "loop.test", 0, DNS_REPEATS_ALIAS);
	dns_standin_add(probing.dns, "loop.test", "TXT", "x");
	ask(PROBE_TXT, "loop.test");
	assert_false(got.ok);
	assert_int_equal(got.err.kind, ERR_DNS);
}

static void
test_nxdomain(void **state)
{
	char words[128];

	(void)state;
	ask(PROBE_TXT, "nx.test");
	snprintf(words, sizeof(words),
	    "DNS TXT lookup of nx.test at %s answered NXDOMAIN",
	    dns_standin_address(probing.dns));
	refused(ERR_DNS, words);
	assert_true(got.transient);
	ask(PROBE_HTTP, "nx.test");
	snprintf(words, sizeof(words),
	    "DNS A lookup of nx.test at %s answered NXDOMAIN",
	    dns_standin_address(probing.dns));
	refused(ERR_DNS, words);
	assert_false(got.transient);
}

static void
test_no_data(void **state)
{
	(void)state;
	dns_standin_add(probing.dns, "x.test", "CNAME", "y.test");
	dns_standin_add(probing.dns, "y.test", "A", "127.0.0.1");
	ask(PROBE_TXT, "x.test");
	refused(ERR_DNS, "found no TXT record");
	dns_standin_add(probing.dns, "z.test", "TXT", "t");
	ask(PROBE_HTTP, "z.test");
	refused(ERR_DNS, "DNS A and AAAA lookups of z.test");
}

static void
test_servfail(void **state)
{
	(void)state;
	dns_standin_manner(probing.dns, "sf.test", 0, DNS_SERVFAILS);
	ask(PROBE_TXT, "sf.test");
	refused(ERR_DNS, "answered SERVFAIL");
	assert_true(got.transient);
	assert_non_null(strstr(got.record, "\"rcode\":\"SERVFAIL\""));
}

/* Nothing is remembered between attempts: a mended zone is seen. */
static void
test_no_memory(void **state)
{
	(void)state;
	ask(PROBE_TXT, "later.test");
	refused(ERR_DNS, "NXDOMAIN");
	dns_standin_add(probing.dns, "later.test", "TXT", "first");
	ask(PROBE_TXT, "later.test");
	accepted();
	assert_string_equal(got.txt[0], "first");
	dns_standin_clear(probing.dns, "later.test");
	dns_standin_add(probing.dns, "later.test", "TXT", "second");
	ask(PROBE_TXT, "later.test");
	accepted();
	assert_string_equal(got.txt[0], "second");
}

static void
test_timeout(void **state)
{
	(void)state;
	probing.v.timeout = 1;
	dns_standin_manner(probing.dns, "mute.test", 0, DNS_IS_SILENT);
	ask(PROBE_TXT, "mute.test");
	refused(ERR_DNS, "DNS TXT lookup of mute.test at");
	refused(ERR_DNS, "no answer within 1 s");
	assert_true(got.transient);
}

/* A resolver that is gone, then comes back: the next attempt reaches it. */
static void
test_mute_then_well(void **state)
{
	(void)state;
	probing.v.timeout = 2;
	dns_standin_add(probing.dns, "m.test", "TXT", "t");
	dns_standin_manner(probing.dns, "m.test", 0, DNS_IS_SILENT);
	ask(PROBE_TXT, "m.test");
	refused(ERR_DNS, "no answer within 2 s");
	dns_standin_manner(probing.dns, "m.test", 0, DNS_ANSWERS);
	ask(PROBE_TXT, "m.test");
	accepted();
}

/* Name servers that never answer for AAAA do not stop IPv4. */
static void
test_mute_aaaa(void **state)
{
	(void)state;
	dns_standin_add(probing.dns, "x.test", "A", "127.0.0.1");
	dns_standin_manner(probing.dns, "x.test", 28, DNS_IS_SILENT);
	ask(PROBE_HTTP, "x.test");
	refused(ERR_CONNECTION, "connection refused");
}

static void
test_servfail_aaaa(void **state)
{
	(void)state;
	dns_standin_add(probing.dns, "x.test", "A", "127.0.0.1");
	dns_standin_manner(probing.dns, "x.test", 28, DNS_SERVFAILS);
	ask(PROBE_HTTP, "x.test");
	refused(ERR_CONNECTION, "connection refused");
	assert_non_null(strstr(got.record, "SERVFAIL"));
}

static void
test_tcp(void **state)
{
	(void)state;
	dns_standin_manner(probing.dns, "tc.test", 0, DNS_TRUNCATES);
	dns_standin_add(probing.dns, "tc.test", "TXT", "by tcp");
	ask(PROBE_TXT, "tc.test");
	accepted();
	assert_string_equal(got.txt[0], "by tcp");
}

static void
test_many_txt(void **state)
{
	char text[32];

	(void)state;
	for (unsigned i = 0; i < 65; i++) {
		snprintf(text, sizeof(text), "value %u", i);
		if (i == 64) {
			ask(PROBE_TXT, "many.test");
			accepted();
			assert_int_equal(got.txt_n, 64);
		}
		dns_standin_add(probing.dns, "many.test", "TXT", text);
	}
	ask(PROBE_TXT, "many.test");
	refused(ERR_INCORRECT_RESPONSE, "found 65 records");
}

/* 64 octets. */
#define LONG_LABEL                                                             \
	"sixty-four-sixty-four-sixty-four-sixty-four-sixty-four-sixty-fou"

static void
test_bad_names(void **state)
{
	static const char *const names[] = {
		"a..test",
		".",
		"a b.test",
		LONG_LABEL ".test",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ask(PROBE_TXT, names[i]);
		refused(ERR_DNS, "the name has");
		ask(PROBE_HTTP, names[i]);
		refused(ERR_DNS, "the name has");
		ask(PROBE_CAA, names[i]);
		refused(ERR_DNS, "the name has");
	}
}

static void
test_localhost(void **state)
{
	(void)state;
	ask(PROBE_HTTP, "localhost");
	refused(ERR_CONNECTION, "connection refused");
	assert_non_null(strstr(got.record, "\"127.0.0.1\""));
}

static const uint8_t issue_a[] = "\0\5issuea.example";
static const uint8_t issue_b[] = "\200\5issueb.example";

static void
test_caa_closest(void **state)
{
	(void)state;
	dns_standin_add_raw(
	    probing.dns, "x.test", 257, issue_a, sizeof(issue_a) - 1);
	dns_standin_add_raw(
	    probing.dns, "test", 257, issue_b, sizeof(issue_b) - 1);
	dns_standin_add(probing.dns, "a.b.x.test", "A", "127.0.0.1");
	ask(PROBE_CAA, "*.a.b.x.test");
	accepted();
	assert_int_equal(got.caa_n, 1);
	assert_memory_equal(got.caa[0], issue_a, sizeof(issue_a) - 1);
	assert_non_null(strstr(got.record, "\"caa\":\"x.test\""));
	assert_non_null(strstr(got.record, "0 issue \\\"a.example\\\""));
	assert_int_equal(dns_standin_queries(probing.dns, "test", 257), 0);
	ask(PROBE_CAA, "y.test");
	accepted();
	assert_memory_equal(got.caa[0], issue_b, sizeof(issue_b) - 1);
}

static void
test_caa_none(void **state)
{
	(void)state;
	ask(PROBE_CAA, "a.b.test");
	accepted();
	assert_int_equal(got.caa_n, 0);
	assert_non_null(strstr(got.record, "\"caa\":\"none\""));
	assert_int_equal(dns_standin_queries(probing.dns, "test", 257), 1);
	assert_int_equal(dns_standin_queries(probing.dns, "", 257), 0);
}

/* RFC 8659 section 3: no answer is not "no records". */
static void
test_caa_servfail(void **state)
{
	(void)state;
	dns_standin_manner(probing.dns, "b.test", 257, DNS_SERVFAILS);
	dns_standin_add_raw(
	    probing.dns, "test", 257, issue_a, sizeof(issue_a) - 1);
	ask(PROBE_CAA, "a.b.test");
	refused(ERR_DNS, "DNS CAA lookup of b.test at");
	refused(ERR_DNS, "answered SERVFAIL");
	assert_true(got.transient);
	assert_int_equal(got.caa_n, 0);
}

static void
test_caa_alias(void **state)
{
	(void)state;
	dns_standin_add(probing.dns, "x.test", "CNAME", "y.other");
	dns_standin_add_raw(
	    probing.dns, "y.other", 257, issue_a, sizeof(issue_a) - 1);
	ask(PROBE_CAA, "x.test");
	accepted();
	assert_int_equal(got.caa_n, 1);
}

static void
test_hosts_file(void **state)
{
	(void)state;
	write_file("# none\n127.0.0.1 here.test alias.test\n"
		   "10.9.9.9 inside.test\n");
	probing.v.hosts_file = file;
	ask(PROBE_HTTP, "Alias.test");
	refused(ERR_CONNECTION, "connection refused");
	assert_non_null(strstr(got.record, "\"hosts_file\""));
	assert_int_equal(dns_standin_queries(probing.dns, "alias.test", 1), 0);
	ask(PROBE_HTTP, "inside.test");
	refused(ERR_REJECTED, "10.9.9.9 is private");
	ask(PROBE_HTTP, "other.test");
	refused(ERR_DNS, "NXDOMAIN");
	/* A changed file is read again without a reload. */
	write_file("127.0.0.1 other.test and.more\n");
	ask(PROBE_HTTP, "other.test");
	refused(ERR_CONNECTION, "connection refused");
}

static void
test_hosts_file_missing(void **state)
{
	struct err err = { 0 };

	(void)state;
	/* A folder is a mistake; a file that is not there has no entries. */
	probing.v.hosts_file = "/tmp";
	assert_null(probes_new(&probing.v, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	probing.v.hosts_file = "/nonexistent/hosts";
	ask(PROBE_HTTP, "missing.nx.test");
	refused(ERR_DNS, "NXDOMAIN");
}

static void
sign(enum dnssec_mode mode, bool broken)
{
	assert_true(dns_standin_sign(probing.dns, "signed.test", file, broken));
	probing.v.dnssec = mode;
	probing.v.trust_anchor_file = file;
	dns_standin_add(probing.dns, "t.signed.test", "TXT", "secured");
	dns_standin_add(probing.dns, "t.plain.test", "TXT", "plain");
}

static void
test_dnssec_check(void **state)
{
	(void)state;
	sign(DNSSEC_CHECK, false);
	for (int i = 0; i < 3; i++) {
		ask(PROBE_TXT, "t.signed.test");
		accepted();
		assert_true(got.secure);
		assert_string_equal(got.txt[0], "secured");
		assert_non_null(strstr(got.record, "\"dnssec\":\"secure\""));
	}
	ask(PROBE_TXT, "t.plain.test");
	accepted();
	assert_false(got.secure);
}

static void
test_dnssec_bogus(void **state)
{
	(void)state;
	sign(DNSSEC_CHECK, true);
	ask(PROBE_TXT, "t.signed.test");
	refused(ERR_DNS, "failed DNSSEC validation: ");
	assert_non_null(strstr(got.record, "\"dnssec\":\"bogus\""));
	ask(PROBE_CAA, "t.signed.test");
	refused(ERR_DNS, "failed DNSSEC validation: ");
}

static void
test_dnssec_require(void **state)
{
	(void)state;
	sign(DNSSEC_REQUIRE, false);
	ask(PROBE_TXT, "t.signed.test");
	accepted();
	assert_true(got.secure);
	ask(PROBE_TXT, "t.plain.test");
	refused(ERR_DNS, "which validation.dnssec requires");
	/* An unsecured NXDOMAIN proves nothing. */
	ask(PROBE_CAA, "a.plain.test");
	refused(ERR_DNS, "which validation.dnssec requires");
}

static void
test_dnssec_without_anchor(void **state)
{
	struct err err = { 0 };

	(void)state;
	probing.v.dnssec = DNSSEC_CHECK;
	assert_null(probes_new(&probing.v, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	probing.v.trust_anchor_file = "/nonexistent/root.key";
	err_clear(&err);
	assert_null(probes_new(&probing.v, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

static void
test_resolver_forms(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "127.0.0.1:5353", true },
		{ "127.0.0.1", true },
		{ "[::1]:53", true },
		{ "::1", true },
		{ "[::1]", true },
		{ "localhost:53", false },
		{ "127.0.0.1:", false },
		{ "127.0.0.1:65536", false },
		{ "[::1]53", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct probes *p;

		probing.resolvers[0] = rows[i].text;
		p = probes_new(&probing.v, &err);
		if ((p != NULL) != rows[i].good)
			fail_msg("%s: %s", rows[i].text, err.shown);
		probes_free(p);
	}
}

#define DNS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DNS(test_txt),
		DNS(test_txt_alias),
		DNS(test_alias_loop),
		DNS(test_nxdomain),
		DNS(test_no_data),
		DNS(test_servfail),
		DNS(test_no_memory),
		DNS(test_timeout),
		DNS(test_mute_then_well),
		DNS(test_mute_aaaa),
		DNS(test_servfail_aaaa),
		DNS(test_tcp),
		DNS(test_many_txt),
		DNS(test_bad_names),
		DNS(test_localhost),
		DNS(test_caa_closest),
		DNS(test_caa_none),
		DNS(test_caa_servfail),
		DNS(test_caa_alias),
		DNS(test_hosts_file),
		DNS(test_hosts_file_missing),
		DNS(test_dnssec_check),
		DNS(test_dnssec_bogus),
		DNS(test_dnssec_require),
		DNS(test_dnssec_without_anchor),
		DNS(test_resolver_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
