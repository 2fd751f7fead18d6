/* Events are counted by address and group, for a period, in a bounded table. */
#include "support/unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include "http/rate.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 *v6 = (void *)&ss;
	struct sockaddr_in *v4 = (void *)&ss;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		ss.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		ss.ss_family = AF_INET6;
	return ss;
}

static bool
over(struct rates *r, const char *text, unsigned group, int64_t now)
{
	struct sockaddr_storage ss = address(text);
	int64_t again = 0;
	bool is = rates_over(r, &ss, group, 2, 60, now, &again);

	if (is)
		assert_in_range(again, 1, 60);
	return is;
}

static void
add(struct rates *r, const char *text, unsigned group, int64_t now)
{
	struct sockaddr_storage ss = address(text);

	rates_add(r, &ss, group, 60, now);
}

static void
addresses_and_groups_apart(void **state)
{
	struct rates *r = rates_new();

	(void)state;
	add(r, "192.0.2.1", 0, 100);
	assert_false(over(r, "192.0.2.1", 0, 101));
	add(r, "192.0.2.1", 0, 110);
	assert_true(over(r, "192.0.2.1", 0, 111));
	assert_false(over(r, "192.0.2.1", 1, 111));
	assert_false(over(r, "192.0.2.2", 0, 111));
	assert_true(over(r, "192.0.2.1", 0, 159));
	assert_false(over(r, "192.0.2.1", 0, 160));
	/* A /64 is one client. */
	add(r, "2001:db8::1", 0, 100);
	add(r, "2001:db8::2", 0, 100);
	assert_true(over(r, "2001:db8:0:0:ffff::3", 0, 101));
	assert_false(over(r, "2001:db8:0:1::1", 0, 101));
	/* All of IPv4 is not, in whatever form it comes. */
	add(r, "::ffff:192.0.2.77", 0, 100);
	add(r, "::ffff:192.0.2.77", 0, 100);
	assert_true(over(r, "::ffff:192.0.2.77", 0, 101));
	assert_false(over(r, "::ffff:192.0.2.78", 0, 101));
	rates_free(r);
}

/* A flood of sources takes no more memory, and who goes on is still known. */
static void
a_full_table_goes_on(void **state)
{
	struct rates *r = rates_new();

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char text[INET_ADDRSTRLEN];

		snprintf(text, sizeof(text), "10.%u.%u.1", i >> 8, i & 255);
		add(r, text, 0, 100);
	}
	add(r, "192.0.2.9", 0, 100);
	add(r, "192.0.2.9", 0, 100);
	assert_true(over(r, "192.0.2.9", 0, 101));
	rates_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_groups_apart),
		cmocka_unit_test(a_full_table_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
