#include <stdlib.h>
#include "support/unit.h"
#include "ca/crl_set.h"

static void
serial(uint8_t out[SERIAL_SIZE], unsigned n)
{
	memset(out, 0, SERIAL_SIZE);
	out[0] = 1;
	out[18] = (uint8_t)(n >> 8);
	out[19] = (uint8_t)n;
}

static void
add(struct crl_set *s, unsigned n, int64_t not_after)
{
	uint8_t id[SERIAL_SIZE];

	serial(id, n);
	crl_set_add(s, id, 1700000000, 1, not_after);
}

/* The serials of a set, in its order, as text. */
static const char *
order(const struct crl_set *s, struct arena *a)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < s->n; i++)
		buf_printf(&b, " %u",
		    (unsigned)s->bytes.p[s->items[i].at + 22] << 8 |
			s->bytes.p[s->items[i].at + 23]);
	return arena_str(a, buf_bytes(&b));
}

static void
merge_sorts(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set base = { 0 }, added = { 0 }, out = { 0 };

	add(&base, 2, 10);
	add(&base, 5, 10);
	add(&base, 9, 10);
	add(&added, 7, 10);
	add(&added, 1, 10);
	add(&added, 300, 10);
	crl_set_merge(base.items, base.n, buf_bytes(&base.bytes), &added, &out);
	assert_string_equal(order(&out, a), " 1 2 5 7 9 300");
	crl_set_free(&base);
	crl_set_free(&added);
	crl_set_free(&out);
}

static void
merge_drops_settled_and_doubles(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set base = { 0 }, added = { 0 }, out = { 0 };

	add(&base, 2, 10);
	add(&base, 5, 10);
	base.items[0].settled = true;
	add(&added, 5, 10);
	add(&added, 6, 10);
	add(&added, 6, 10);
	crl_set_merge(base.items, base.n, buf_bytes(&base.bytes), &added, &out);
	assert_string_equal(order(&out, a), " 5 6");
	assert_int_equal(out.bytes.n, out.items[0].size + out.items[1].size);
	crl_set_free(&base);
	crl_set_free(&added);
	crl_set_free(&out);
}

/* Any two sets: sorted, each serial once, the bytes parse as entries. */
static void
merge_random(void **state UNUSED)
{
	srand(7);
	for (unsigned round = 0; round < 200; round++) {
		struct crl_set base = { 0 }, added = { 0 }, out = { 0 };
		bool in[64] = { false };
		size_t expected = 0;
		struct crl view = { 0 };
		struct bytes id;
		enum crl_reason reason;
		int64_t at;
		size_t pos = 0, walked = 0;

		for (unsigned i = 0; i < 64; i++)
			if (rand() % 3 == 0) {
				add(&base, i, 10);
				in[i] = true;
			}
		for (unsigned i = 0; i < 40; i++) {
			unsigned n = (unsigned)rand() % 64;

			add(&added, n, 10);
			in[n] = true;
		}
		for (unsigned i = 0; i < 64; i++)
			expected += in[i];
		crl_set_merge(
		    base.items, base.n, buf_bytes(&base.bytes), &added, &out);
		assert_int_equal(out.n, expected);
		view.entries = buf_bytes(&out.bytes);
		while (crl_entry_next(&view, &pos, &id, &at, &reason)) {
			assert_true(in[id.p[19]]);
			walked++;
		}
		assert_int_equal(walked, expected);
		for (unsigned i = 0; i < 64; i++) {
			uint8_t wanted[SERIAL_SIZE];

			serial(wanted, i);
			assert_int_equal(crl_items_have(out.items, out.n,
					     buf_bytes(&out.bytes), wanted),
			    in[i]);
		}
		crl_set_free(&base);
		crl_set_free(&added);
		crl_set_free(&out);
	}
}

static void
append_moves(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set x = { 0 }, y = { 0 };

	add(&x, 1, 10);
	add(&y, 2, 10);
	add(&y, 3, 10);
	crl_set_append(&x, &y);
	assert_string_equal(order(&x, a), " 1 2 3");
	assert_int_equal(y.n, 0);
	assert_null(y.bytes.p);
	crl_set_free(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merge_sorts),
		cmocka_unit_test(merge_drops_settled_and_doubles),
		cmocka_unit_test(merge_random),
		cmocka_unit_test(append_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
