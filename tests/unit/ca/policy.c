#include "support/unit.h"
#include "ca/policy.h"

struct row {
	const char *name, *entry;
	bool expected;
};

static void
suffixes(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "example.com", "example.com", true },
		{ "a.example.com", "example.com", true },
		{ "A.EXAMPLE.COM", "example.com", true },
		{ "b.a.example.com", "example.com", true },
		{ "notexample.com", "example.com", false },
		{ "example.com.evil", "example.com", false },
		{ "com", "example.com", false },
		{ "example.com", ".example.com", false },
		{ "a.example.com", ".example.com", true },
		{ "*.example.com", "example.com", true },
		{ "*.example.com", ".example.com", true },
		{ "*.example.com", "a.example.com", false },
		{ "*.com", "example.com", false },
		{ "anything", "", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (dns_is_under(rows[i].name, rows[i].entry) !=
		    rows[i].expected)
			fail_msg("%s under %s", rows[i].name, rows[i].entry);
}

/* A denial must also catch a wildcard that stands for a denied name. */
static void
touching(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "a.example.com", "a.example.com", true },
		{ "x.a.example.com", "a.example.com", true },
		{ "*.example.com", "a.example.com", true },
		{ "*.example.com", "b.a.example.com", false },
		{ "*.a.example.com", "a.example.com", true },
		{ "*.example.org", "a.example.com", false },
		{ "example.com", "a.example.com", false },
		{ "*.example.com", ".a.example.com", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (dns_touches(rows[i].name, rows[i].entry) !=
		    rows[i].expected)
			fail_msg("%s touches %s", rows[i].name, rows[i].entry);
}

static void
mailboxes(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "a@example.com", "example.com", true },
		{ "a@EXAMPLE.com", "example.com", true },
		{ "a@b.example.com", "example.com", false },
		{ "a@b.example.com", ".example.com", true },
		{ "a@example.com", ".example.com", false },
		{ "\"x@example.com\"@evil.test", "example.com", false },
		{ "a@notexample.com", "example.com", false },
		{ "example.com", "example.com", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (email_is_at(rows[i].name, rows[i].entry) !=
		    rows[i].expected)
			fail_msg("%s at %s", rows[i].name, rows[i].entry);
}

static void
prefixes(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "spiffe://a.example", "spiffe://a.example", true },
		{ "spiffe://a.example/x", "spiffe://a.example", true },
		{ "spiffe://a.example?x", "spiffe://a.example", true },
		{ "spiffe://a.example.evil", "spiffe://a.example", false },
		{ "spiffe://a.example:1/", "spiffe://a.example", false },
		{ "spiffe://a.example:x@evil", "spiffe://a.example", false },
		{ "spiffe://a.example@evil", "spiffe://a.example", false },
		{ "spiffe://a.example/ns/web", "spiffe://a.example/ns/", true },
		{ "spiffe://a.example/nsx", "spiffe://a.example/ns", false },
		{ "urn:example:1", "urn:example:", true },
		{ "Spiffe://a.example", "spiffe://a.example", false },
		{ "x:y", "", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (uri_has_prefix(rows[i].name, rows[i].entry) !=
		    rows[i].expected)
			fail_msg("%s has %s", rows[i].name, rows[i].entry);
}

static void
hosts(void **state UNUSED)
{
	static const struct {
		const char *uri, *host;
	} rows[] = {
		{ "https://A.example/x", "a.example" },
		{ "https://a.example:8443/x", "a.example" },
		{ "https://u:p@a.example?x", "a.example" },
		{ "https://u@v@a.example", "a.example" },
		{ "https://[2001:db8::1]:8/", "[2001:db8::1]" },
		{ "https:///x", NULL },
		{ "urn:a:b", NULL },
		{ "urn:a://a.example/", NULL },
		{ "https:/a://a.example/", NULL },
	};
	AUTO_ARENA *a = arena_new();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *host = uri_host(a, rows[i].uri);

		if (rows[i].host == NULL)
			assert_null(host);
		else
			assert_string_equal(host, rows[i].host);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes),
		cmocka_unit_test(touching),
		cmocka_unit_test(mailboxes),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
