/* Events are counted by address and label, for a period, in a bounded table. */
#include "support/unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include "est/rate.h"
#include "est/verified.h"

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
addresses_and_labels_apart(void **state)
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

static void
what_was_verified_is_forgotten(void **state)
{
	struct random random = random_seeded(1);
	struct verified *v = verified_new(&random);
	uint8_t key[32], other[32];

	(void)state;
	verified_key(
	    v, 1, 0, VERIFIED_PASSWORD, bytes_str("ab"), bytes_str("c"), key);
	verified_key(
	    v, 1, 0, VERIFIED_PASSWORD, bytes_str("a"), bytes_str("bc"), other);
	assert_memory_not_equal(key, other, 32);
	assert_false(verified_has(v, key, 1000));
	verified_add(v, key, 1000);
	assert_true(verified_has(v, key, 1000 + VERIFIED_SECONDS - 1));
	assert_false(verified_has(v, key, 1000 + VERIFIED_SECONDS));
	/* A clock that was set back does not prolong it. */
	assert_false(verified_has(v, key, 10));
	assert_false(verified_has(v, other, 1000));
	/* After a reload it is another fact. */
	verified_key(
	    v, 2, 0, VERIFIED_PASSWORD, bytes_str("ab"), bytes_str("c"), other);
	assert_false(verified_has(v, other, 1000));
	verified_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_labels_apart),
		cmocka_unit_test(what_was_verified_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
