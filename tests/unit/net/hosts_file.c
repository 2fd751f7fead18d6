#include "support/unit.h"
#include "net/hosts_file.h"

static void
test_find(void **state)
{
	static const char text[] = "# comment 1.2.3.4 no.test\n"
				   "127.0.0.1\tlocalhost  Web.Test # rest\r\n"
				   "::1 localhost\n"
				   "10.0.0.1 localhost\n"
				   "\n  bad.address x.test\n"
				   "1.2.3 y.test\n"
				   "192.0.2.7 last.test";
	AUTO_ARENA *arena = arena_new();
	struct hosts *h = hosts_parse(bytes_str(text), arena);
	struct probe_address v[4];

	(void)state;
	assert_int_equal(hosts_count(h), 5);
	assert_int_equal(hosts_find(h, "LOCALHOST", v, 4), 3);
	assert_string_equal(v[0].text, "127.0.0.1");
	assert_string_equal(v[1].text, "::1");
	assert_string_equal(v[2].text, "10.0.0.1");
	assert_int_equal(hosts_find(h, "localhost", v, 2), 2);
	assert_int_equal(hosts_find(h, "web.test.", v, 4), 1);
	assert_int_equal(hosts_find(h, "last.test", v, 4), 1);
	assert_int_equal(hosts_find(h, "no.test", v, 4), 0);
	assert_int_equal(hosts_find(h, "x.test", v, 4), 0);
	assert_int_equal(hosts_find(h, "y.test", v, 4), 0);
	assert_int_equal(hosts_find(h, "", v, 4), 0);
}

static void
test_empty(void **state)
{
	AUTO_ARENA *arena = arena_new();
	struct probe_address v[1];

	(void)state;
	assert_int_equal(
	    hosts_find(hosts_parse(BYTES_NONE, arena), "a", v, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
