/* Files of users and of named keys: what is taken, what is refused. */
#include "support/unit.h"
#include "crypto/password.h"
#include "est/named_keys.h"
#include "crypto/password_file.h"

#define HASH "$5$chancerytests$KGtR0oVfcDNh1w3Rw7bsJWjgfcN09t0RQjDg.f6mCX4"

static void
users(void **state)
{
	static const char *const refused[] = { "a\n", ":" HASH "\n",
		"a:secret\n", "a:$1$salt$qJH7.N4xYta3aEG/dfqo/0\n",
		"a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
		"a:" HASH ":no pattern\n", "a:" HASH "\na:" HASH "\n" };
	static const char text[] = "# two\n\nb:" HASH "\r\n"
				   "a:" HASH ":dns:x.*,ip:192.0.2.1";
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	const struct password_user *one;
	struct password_file u;

	(void)state;
	assert_true(password_file_parse(bytes_str(text), "f", a, &u, &err));
	assert_int_equal(u.n, 2);
	one = password_file_find(&u, "a");
	assert_non_null(one);
	assert_int_equal(one->patterns_n, 2);
	assert_string_equal(one->patterns[1], "ip:192.0.2.1");
	assert_true(password_check(one->hash, bytes_str("secret")));
	assert_false(password_check(one->hash, bytes_str("secreT")));
	assert_false(password_check(one->hash, BYTES_NONE));
	assert_non_null(password_file_find(&u, "b"));
	assert_null(password_file_find(&u, "c"));
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		err_clear(&err);
		if (password_file_parse(
			bytes_str(refused[i]), "f", a, &u, &err) ||
		    err.kind != ERR_CONFIG)
			fail_msg("taken: %s", refused[i]);
		/* A password that was put there by mistake is not shown. */
		assert_null(strstr(err.shown, "secret"));
	}
}

static void
named_keys(void **state)
{
	static const char *const refused[] = { "a\n", "a:00\n",
		"a:000102030405060708090a0b0c0d0e\n",
		":000102030405060708090a0b0c0d0e0f\n",
		("a:000102030405060708090a0b0c0d0e0f\n"
		 "a:000102030405060708090a0b0c0d0e0f\n") };
	AUTO_ARENA *a = arena_new();
	const struct named_key *one;
	struct named_keys k;
	struct err err = { 0 };

	(void)state;
	assert_true(est_named_keys_parse(
	    bytes_str("# one\nplant:000102030405060708090a0b0c0d0e0f\n"), "f",
	    a, &k, &err));
	one = est_named_keys_find(&k, bytes_str("plant"));
	assert_non_null(one);
	assert_int_equal(one->key.n, 16);
	assert_int_equal(one->key.p[15], 15);
	assert_null(est_named_keys_find(&k, bytes_str("plan")));
	est_named_keys_wipe(&k);
	assert_int_equal(one->key.p[15], 0);
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		err_clear(&err);
		if (est_named_keys_parse(
			bytes_str(refused[i]), "f", a, &k, &err))
			fail_msg("taken: %s", refused[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users),
		cmocka_unit_test(named_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
