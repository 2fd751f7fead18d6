#include "support/unit.h"
#include "util/arena.h"
#include "util/blob.h"

static char order[8];
static size_t order_n;

static void
note(void *obj)
{
	order[order_n++] = *(char *)obj;
}

static void
test_adopted_are_freed_newest_first(void **state)
{
	static char a = 'a', b = 'b', c = 'c';
	struct arena *arena = arena_new();

	(void)state;
	arena_adopt_fn(arena, &a, note);
	arena_adopt_fn(arena, &b, note);
	arena_reset(arena);
	assert_memory_equal(order, "ba", 2);
	arena_adopt_fn(arena, &c, note);
	arena_free(arena);
	assert_memory_equal(order, "bac", 3);
	assert_int_equal(order_n, 3);
}

static void
test_pieces_are_zeroed_aligned_and_apart(void **state)
{
	AUTO_ARENA *arena = arena_new();
	uint8_t *p[400];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT_OF(p); i++) {
			size_t n = i * i % 20000;

			p[i] = arena_alloc(arena, n);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			for (size_t j = 0; j < n; j++)
				assert_int_equal(p[i][j], 0);
			memset(p[i], (int)i & 0xff, n);
		}
		for (size_t i = 0; i < COUNT_OF(p); i++)
			for (size_t j = 0; j < i * i % 20000; j++)
				assert_int_equal(p[i][j], i & 0xff);
		arena_reset(arena);
	}
}

static bool
is_zero(const volatile uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* The first block stays with the arena, so that it can be looked at. */
static void
test_secrets_are_wiped(void **state)
{
	AUTO_ARENA *arena = arena_new();
	char *text;

	(void)state;
	for (int round = 0; round < 3; round++) {
		text = arena_strdup(arena, "Correcthorse7");
		if (round == 1)
			arena_hold_secret(arena);
		(void)arena_alloc(arena, 100000);
		arena_reset(arena);
		/* And an arena that held none is as it was. */
		assert_int_equal(is_zero((uint8_t *)text, 14), round == 1);
	}
}

static void
test_copies(void **state)
{
	AUTO_ARENA *arena = arena_new();
	struct buf b = { 0 };
	char long_text[600];
	struct bytes d;

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	long_text[599] = '\0';
	assert_string_equal(arena_printf(arena, "%d-%s", 7, "a"), "7-a");
	assert_string_equal(arena_printf(arena, "%s", long_text), long_text);
	assert_string_equal(arena_str(arena, bytes_of("abcd", 3)), "abc");
	assert_string_equal(arena_str(arena, BYTES_NONE), "");
	assert_string_equal(arena_strdup(arena, "q"), "q");
	d = arena_bytes(arena, bytes_str("hello"));
	assert_true(bytes_is(d, "hello"));
	buf_add_str(&b, "moved");
	d = arena_take_buf(arena, &b);
	assert_null(b.p);
	assert_true(bytes_is(d, "moved"));
}

static void
test_blob_counts(void **state)
{
	struct blob *b = blob_new(bytes_str("answer"));

	(void)state;
	assert_ptr_equal(blob_ref(b), b);
	blob_unref(b);
	assert_true(bytes_is(blob_bytes(b), "answer"));
	blob_unref(b);
	blob_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adopted_are_freed_newest_first),
		cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(test_secrets_are_wiped),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_blob_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
