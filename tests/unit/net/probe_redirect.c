#include "support/unit.h"
#include "net/probe_redirect.h"

#define BASE "http://x.test:8402/.well-known/acme-challenge/t"

static const struct {
	const char *location;
	bool ip; /* the identifier is an address */
	const char *url; /* or NULL: refused */
	const char *host;
	unsigned port;
} rows[] = {
	{ "/a", false, "http://x.test:8402/a", "x.test", 8402 },
	{ "a?b#c", false, "http://x.test:8402/.well-known/acme-challenge/a?b",
	    "x.test", 8402 },
	{ "//y.test/z", false, "http://y.test/z", "y.test", 80 },
	{ "https://Y.test/z", false, "https://Y.test/z", "Y.test", 443 },
	{ "https://y.test./z", false, "https://y.test./z", "y.test", 443 },
	{ "https://y.test:443", false, NULL, "y.test", 443 },
	{ "http://y.test:443/", false, "http://y.test:443/", "y.test", 443 },
	{ "http://[::1]/", true, "http://[::1]/", "::1", 80 },
	{ "http://127.0.0.1/", true, "http://127.0.0.1/", "127.0.0.1", 80 },
	{ "http://[::1]/", false, NULL, NULL, 0 },
	{ "http://127.1/", false, NULL, NULL, 0 },
	{ "http://[fe80::1%25eth0]/", false, NULL, NULL, 0 },
	{ "http://y.test:8443/", false, NULL, NULL, 0 },
	{ "http://y.test:0/", false, NULL, NULL, 0 },
	{ "http://u@y.test/", false, NULL, NULL, 0 },
	{ "http://y.test@z.test/", false, NULL, NULL, 0 },
	{ "gopher://y.test:80/", false, NULL, NULL, 0 },
	{ "javascript:alert(1)", false, NULL, NULL, 0 },
	{ "http://%31%32%37.1/", false, NULL, NULL, 0 },
	{ "http://y.test%20/", false, NULL, NULL, 0 },
	{ "http://x.0x7f/", false, NULL, NULL, 0 },
	{ "http://a..b/", false, NULL, NULL, 0 },
	{ "http://y\x01.test/", false, NULL, NULL, 0 },
	{ "", false, NULL, NULL, 0 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *arena = arena_new();
		struct probe_redirect_rules rules = {
			.ip_allowed = rows[i].ip,
			.ports = { 8402 },
		};
		struct probe_url url = { 0 };
		struct err err = { 0 };
		bool ok = probe_redirect_resolve(BASE,
		    bytes_str(rows[i].location), &rules, arena, &url, &err);

		if (ok != (rows[i].host != NULL))
			fail_msg("%s: %s", rows[i].location, err.shown);
		if (!ok) {
			assert_int_equal(err.kind, ERR_INCORRECT_RESPONSE);
			assert_null(url.text);
			continue;
		}
		if (rows[i].url != NULL)
			assert_string_equal(url.text, rows[i].url);
		assert_string_equal(url.host, rows[i].host);
		assert_int_equal(url.port, rows[i].port);
		assert_int_equal(url.tls, strncmp(url.text, "https", 5) == 0);
	}
}

static void
test_long(void **state)
{
	AUTO_ARENA *arena = arena_new();
	struct probe_redirect_rules rules = { 0 };
	struct probe_url url;
	struct err err = { 0 };
	char text[4000];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	assert_false(probe_redirect_resolve("http://x.test/",
	    bytes_of(text, sizeof(text)), &rules, arena, &url, &err));
	assert_int_equal(err.kind, ERR_INCORRECT_RESPONSE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
