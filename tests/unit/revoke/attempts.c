#include <arpa/inet.h>
#include "support/unit.h"
#include "revoke/attempts.h"

#define NOW 1000000

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage s = { 0 };
	struct sockaddr_in *v4 = (void *)&s;
	struct sockaddr_in6 *v6 = (void *)&s;

	if (strchr(text, ':') == NULL) {
		s.ss_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
	} else {
		s.ss_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	}
	return s;
}

static bool
may(struct attempts *t, const char *from, int64_t now)
{
	struct sockaddr_storage s = address(from);
	int64_t wait;
	bool ok = attempts_may(t, &s, now, &wait);

	assert_true(ok || (wait > 0 && wait <= ATTEMPTS_EVERY));
	return ok;
}

static void
wrong(struct attempts *t, const char *from, int64_t now)
{
	struct sockaddr_storage s = address(from);

	attempts_fail(t, &s, now);
}

static void
five_then_one_a_minute(void **state)
{
	struct attempts *t = attempts_new();

	(void)state;
	for (int i = 0; i < ATTEMPTS_AT_ONCE; i++) {
		assert_true(may(t, "192.0.2.1", NOW));
		wrong(t, "192.0.2.1", NOW);
	}
	assert_false(may(t, "192.0.2.1", NOW));
	assert_false(may(t, "::ffff:192.0.2.1", NOW));
	assert_true(may(t, "192.0.2.2", NOW));
	assert_false(may(t, "192.0.2.1", NOW + ATTEMPTS_EVERY - 1));
	assert_true(may(t, "192.0.2.1", NOW + ATTEMPTS_EVERY));
	wrong(t, "192.0.2.1", NOW + ATTEMPTS_EVERY);
	assert_false(may(t, "192.0.2.1", NOW + ATTEMPTS_EVERY));
	assert_true(may(t, "192.0.2.1", NOW + 10 * ATTEMPTS_EVERY));
	attempts_free(t);
}

static void
a_network_is_one_source(void **state)
{
	struct attempts *t = attempts_new();

	(void)state;
	for (int i = 0; i < ATTEMPTS_AT_ONCE; i++)
		wrong(t, "2001:db8:1:2::1", NOW);
	assert_false(may(t, "2001:db8:1:2:ffff::9", NOW));
	assert_true(may(t, "2001:db8:1:3::1", NOW));
	attempts_free(t);
}

/* A flood of sources takes no more memory, and who floods is still known. */
static void
a_full_table_goes_on(void **state)
{
	struct attempts *t = attempts_new();

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char text[INET_ADDRSTRLEN];

		snprintf(text, sizeof(text), "10.%u.%u.1", i >> 8, i & 255);
		wrong(t, text, NOW);
	}
	for (int i = 0; i < ATTEMPTS_AT_ONCE; i++)
		wrong(t, "192.0.2.9", NOW);
	assert_false(may(t, "192.0.2.9", NOW));
	attempts_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_then_one_a_minute),
		cmocka_unit_test(a_network_is_one_source),
		cmocka_unit_test(a_full_table_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
