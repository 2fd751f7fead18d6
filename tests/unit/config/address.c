#include <arpa/inet.h>
#include "support/unit.h"
#include "config/address.h"

static void
test_cidr(void **state)
{
	static const char *const bad[] = { "", "/8", "10.0.0.0/33", "10.0.0.0/",
		"10.0.0.1/8", "fc00::1/7", "::/129", "10.0.0/8", "host/8",
		"10.0.0.0/-1", "10.0.0.0/8/8" };
	struct config_cidr c;
	uint8_t v4[4] = { 10, 200, 3, 4 }, v6[16];
	uint8_t mapped[16] = { [10] = 0xff, 0xff, 10, 200, 3, 4 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err err = { 0 };

		assert_false(config_cidr_parse(bad[i], &c, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
	}
	assert_true(config_cidr_parse("10.0.0.0/8", &c, &(struct err){ 0 }));
	assert_true(config_cidr_contains(&c, AF_INET, v4));
	assert_true(config_cidr_contains(&c, AF_INET6, mapped));
	v4[0] = 11;
	assert_false(config_cidr_contains(&c, AF_INET, v4));
	assert_true(config_cidr_parse("fc00::/7", &c, &(struct err){ 0 }));
	inet_pton(AF_INET6, "fdff::1", v6);
	assert_true(config_cidr_contains(&c, AF_INET6, v6));
	inet_pton(AF_INET6, "fe00::1", v6);
	assert_false(config_cidr_contains(&c, AF_INET6, v6));
	assert_false(config_cidr_contains(&c, AF_INET, v4));
	assert_true(config_cidr_parse("192.0.2.7", &c, &(struct err){ 0 }));
	assert_int_equal(c.prefix, 32);
	assert_true(config_cidr_parse("0.0.0.0/0", &c, &(struct err){ 0 }));
	assert_true(config_cidr_contains(&c, AF_INET, v4));
	assert_true(config_cidr_parse("10.192.0.0/10", &c, &(struct err){ 0 }));
	v4[0] = 10;
	assert_true(config_cidr_contains(&c, AF_INET, v4));
	v4[1] = 191;
	assert_false(config_cidr_contains(&c, AF_INET, v4));
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *text, *back;
	} good[] = {
		{ "127.0.0.1:0", "127.0.0.1:0" },
		{ "[::]:8443", "[::]:8443" },
		{ "127.0.0.1", "127.0.0.1:53" },
		{ "::1", "[::1]:53" },
		{ "[::1]", "[::1]:53" },
	};
	static const char *const bad[] = { "", ":53", "localhost:53",
		"127.0.0.1:", "127.0.0.1:65536", "[127.0.0.1]:53", "[::1",
		"[::1]53", "1.2.3:4", "[]:1", "*:80" };
	AUTO_ARENA *a = arena_new();
	struct sockaddr_storage sa;
	socklen_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		assert_true(config_address_parse(
		    good[i].text, 53, &sa, &n, &(struct err){ 0 }));
		assert_string_equal(config_address_print(&sa, a), good[i].back);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(config_address_parse(
		    bad[i], 53, &sa, &n, &(struct err){ 0 }));
	assert_false(
	    config_address_parse("127.0.0.1", -1, &sa, &n, &(struct err){ 0 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cidr),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
