/* The special-purpose ranges, edge by edge, and the reverse names. */
#include "support/unit.h"
#include "net/probe_address.h"

static const struct {
	const char *address, *class; /* NULL: public */
} rows[] = {
	{ "0.0.0.0", "unspecified" },
	{ "0.255.255.255", "this network" },
	{ "1.0.0.0", NULL },
	{ "9.255.255.255", NULL },
	{ "10.0.0.0", "private" },
	{ "11.0.0.0", NULL },
	{ "100.63.255.255", NULL },
	{ "100.64.0.0", "carrier-grade" },
	{ "100.127.255.255", "carrier-grade" },
	{ "100.128.0.0", NULL },
	{ "127.255.255.255", "loopback" },
	{ "169.254.169.254", "link-local" },
	{ "172.15.255.255", NULL },
	{ "172.16.0.0", "private" },
	{ "172.31.255.255", "private" },
	{ "172.32.0.0", NULL },
	{ "192.0.0.8", "protocol assignments" },
	{ "192.0.1.0", NULL },
	{ "192.0.2.1", "documentation" },
	{ "192.88.99.1", "6to4" },
	{ "192.168.255.255", "private" },
	{ "198.17.255.255", NULL },
	{ "198.18.0.0", "benchmarking" },
	{ "198.19.255.255", "benchmarking" },
	{ "198.51.100.1", "documentation" },
	{ "203.0.113.1", "documentation" },
	{ "223.255.255.255", NULL },
	{ "224.0.0.1", "multicast" },
	{ "239.255.255.255", "multicast" },
	{ "240.0.0.0", "reserved" },
	{ "255.255.255.255", "broadcast" },
	{ "8.8.8.8", NULL },
	{ "::", "unspecified" },
	{ "::1", "loopback" },
	{ "::2", "IPv4-compatible" },
	{ "::ffff:127.0.0.1", "loopback" },
	{ "::ffff:10.1.2.3", "private" },
	{ "::ffff:8.8.8.8", NULL },
	{ "64:ff9b::a00:1", "NAT64" },
	{ "64:ff9b:1::1", "local NAT64" },
	{ "100::1", "discard" },
	{ "100:0:0:1::1", "dummy" },
	{ "2001::1", "Teredo" },
	{ "2001:2::1", "benchmarking" },
	{ "2001:20::1", "protocol assignments" },
	{ "2001:1ff:ffff::", "protocol assignments" },
	{ "2001:200::1", NULL },
	{ "2001:db8::1", "documentation" },
	{ "2002:7f00:1::1", "6to4" },
	{ "2606:4700::1", NULL },
	{ "3fff::1", "documentation" },
	{ "3fff:1000::1", NULL },
	{ "5f00::1", "segment routing" },
	{ "fc00::1", "unique local" },
	{ "fdff::1", "unique local" },
	{ "fe80::1", "link-local" },
	{ "febf::1", "link-local" },
	{ "fec0::1", "site-local" },
	{ "ff02::1", "multicast" },
};

static void
test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct probe_address a;
		const char *class;

		assert_true(probe_address_parse(rows[i].address, &a));
		class = probe_address_class(&a);
		if ((class == NULL) != (rows[i].class == NULL) ||
		    (class != NULL && strstr(class, rows[i].class) == NULL))
			fail_msg("%s is %s", rows[i].address,
			    class == NULL ? "public" : class);
	}
}

static void
test_permitted(void **state)
{
	struct config_cidr cidr;
	struct config_cidrs none = { 0 }, some = { &cidr, 1 };
	struct err err = { 0 };
	struct probe_address a;

	(void)state;
	assert_true(config_cidr_parse("10.0.0.0/8", &cidr, &err));
	assert_true(probe_address_parse("10.1.2.3", &a));
	assert_true(probe_address_check(&a, &some, &err));
	assert_false(probe_address_check(&a, &none, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
	assert_string_equal(err.shown,
	    "the address 10.1.2.3 is private (RFC 1918), which "
	    "validation.permit_networks does not permit");
	err_clear(&err);
	/* Mapped ones are judged, and permitted, as IPv4. */
	assert_true(probe_address_parse("::ffff:10.1.2.3", &a));
	assert_true(probe_address_check(&a, &some, &err));
	assert_true(probe_address_parse("::ffff:127.0.0.1", &a));
	assert_false(probe_address_check(&a, &some, &err));
	err_clear(&err);
	assert_true(probe_address_parse("8.8.8.8", &a));
	assert_true(probe_address_check(&a, &none, &err));
}

static void
test_literals(void **state)
{
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4.5", "0x7f.1",
		"::1%lo", "[::1]", "1.2.3.4:80", "x.test" };
	struct probe_address a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (probe_address_parse(bad[i], &a))
			fail_msg("%s was taken", bad[i]);
}

static void
test_reverse(void **state)
{
	AUTO_ARENA *arena = arena_new();
	struct probe_address a;

	(void)state;
	assert_true(probe_address_parse("192.0.2.55", &a));
	assert_string_equal(
	    probe_address_reverse(&a, arena), "55.2.0.192.in-addr.arpa");
	/* RFC 3596 section 2.5's example. */
	assert_true(probe_address_parse("4321:0:1:2:3:4:567:89ab", &a));
	assert_string_equal(probe_address_reverse(&a, arena),
	    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3."
	    "4.ip6.arpa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_permitted),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_reverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
