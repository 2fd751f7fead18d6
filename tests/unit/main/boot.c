#include "main/boot.h"
#include "util/file.h"
#include <stdlib.h>
#include <unistd.h>
#include "support/unit.h"

static void
test_messages(void **state)
{
	static const char text[] = "profiles: {}";
	AUTO_ARENA *a = arena_new();
	struct boot_message m;
	struct bytes read;
	struct err err = { 0 };
	int pair[2], fd;

	(void)state;
	assert_true(boot_pair(pair, &err));
	assert_true(boot_memfd("test", bytes_str(text), &fd, &err));
	assert_true(
	    boot_send(pair[0], BOOT_CONFIG, bytes_str("a/path"), fd, &err));
	close(fd);
	assert_true(boot_send(pair[0], BOOT_GO, BYTES_NONE, -1, &err));
	assert_true(boot_receive(pair[1], a, &m, &err));
	assert_int_equal(m.type, BOOT_CONFIG);
	assert_true(bytes_is(m.body, "a/path"));
	assert_true(m.fd >= 0);
	assert_true(file_read_fd(m.fd, "it", 100, a, &read, &err));
	assert_true(bytes_is(read, text));
	assert_false(
	    file_read_fd(m.fd, "it", sizeof(text) - 2, a, &read, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	close(m.fd);
	err_clear(&err);
	assert_true(boot_receive(pair[1], a, &m, &err));
	assert_int_equal(m.type, BOOT_GO);
	assert_int_equal(m.fd, -1);
	assert_int_equal(m.body.n, 0);
	close(pair[0]);
	assert_false(boot_receive(pair[1], a, &m, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	close(pair[1]);
}

static void
test_forms(void **state)
{
	static const uint8_t unknown[] = { 0, BOOT_TYPES, 0xff };
	static uint8_t big[BOOT_MAX_BODY + 2];
	AUTO_ARENA *a = arena_new();
	struct boot_message m;
	int pair[2];

	(void)state;
	for (size_t i = 0; i < sizeof(unknown); i++) {
		struct err err = { 0 };

		assert_true(boot_pair(pair, &err));
		assert_int_equal(write(pair[0], &unknown[i], 1), 1);
		assert_false(boot_receive(pair[1], a, &m, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
		/* One octet more than a message has. */
		err_clear(&err);
		big[0] = BOOT_GO;
		assert_int_equal(
		    write(pair[0], big, sizeof(big)), (int)sizeof(big));
		assert_false(boot_receive(pair[1], a, &m, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
		err_clear(&err);
		assert_false(boot_send(pair[0], BOOT_GO,
		    bytes_of(big, BOOT_MAX_BODY + 1), -1, &err));
		assert_int_equal(err.kind, ERR_TOO_LARGE);
		close(pair[0]);
		close(pair[1]);
	}
}

/* A child that reads nothing does not stop its supervisor for ever. */
static void
test_nobody_reads(void **state)
{
	static uint8_t body[BOOT_MAX_BODY];
	struct err err = { 0 };
	int pair[2], n = 0;

	(void)state;
	assert_true(boot_pair(pair, &err));
	while (n < 1000 &&
	    boot_send(
		pair[0], BOOT_FILE, bytes_of(body, sizeof(body)), -1, &err))
		n++;
	assert_int_equal(err.kind, ERR_BUSY);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
