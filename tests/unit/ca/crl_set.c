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
	crl_set_add(s, id, 1700000000, (int)(n % 2), not_after);
}

static struct crl_list
list_of(const struct crl_set *s)
{
	return (struct crl_list){ buf_bytes(&s->bytes), s->ends, s->n };
}

/* The serials of a set, in its order, as text, with when they may leave. */
static const char *
order(const struct crl_set *s, struct arena *a)
{
	const uint8_t *p = s->bytes.p;
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		buf_printf(&b, " %u:%u",
		    (unsigned)p[CRL_SERIAL_AT + 18] << 8 |
			p[CRL_SERIAL_AT + 19],
		    s->ends[i]);
		p += crl_entry_octets(p);
	}
	assert_ptr_equal(p, s->bytes.p + s->bytes.n);
	return arena_str(a, buf_bytes(&b));
}

static void
merge(const struct crl_set *base, struct crl_set *added, struct crl_set *out)
{
	struct crl_list list = list_of(base);

	crl_set_sort(added);
	*out = (struct crl_set){ 0 };
	crl_merge(&list, added, &out->bytes, &out->ends, &out->n);
}

static void
sorts(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set s = { 0 };

	crl_set_sort(&s);
	assert_int_equal(s.n, 0);
	add(&s, 7, 1);
	add(&s, 1, 2);
	add(&s, 300, 3);
	/* Once more: the last one counts. */
	add(&s, 1, 4);
	crl_set_sort(&s);
	assert_string_equal(order(&s, a), " 1:4 7:1 300:3");
	crl_set_free(&s);
}

static void
merges(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set base = { 0 }, added = { 0 }, out;

	add(&base, 2, 10);
	add(&base, 5, 11);
	add(&base, 9, 12);
	add(&added, 7, 20);
	add(&added, 1, 21);
	add(&added, 300, 22);
	merge(&base, &added, &out);
	assert_string_equal(order(&out, a), " 1:21 2:10 5:11 7:20 9:12 300:22");
	crl_set_free(&base);
	crl_set_free(&added);
	crl_set_free(&out);
}

static void
settled_and_doubles_leave(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set base = { 0 }, added = { 0 }, out;

	add(&base, 2, 10);
	add(&base, 5, 10);
	add(&base, 8, 10);
	base.ends[0] = CRL_SETTLED;
	base.ends[2] = CRL_SETTLED;
	add(&added, 5, 11);
	add(&added, 6, 10);
	add(&added, 6, 10);
	merge(&base, &added, &out);
	assert_string_equal(order(&out, a), " 5:11 6:10");
	crl_set_free(&base);
	crl_set_free(&added);
	crl_set_free(&out);
}

/* Times beyond what an end can say never let an entry go. */
static void
ends(void **state UNUSED)
{
	assert_int_equal(crl_end_of(-5), 1);
	assert_int_equal(crl_end_of(0), 1);
	assert_int_equal(crl_end_of(1782907200), 1782907200);
	assert_int_equal(crl_end_of(INT64_C(253402300799)), UINT32_MAX);
}

/* Any two sets: sorted, each serial once, settled ones gone, the bytes parse
 * as entries, and a cursor finds what is there and nothing else. */
static void
random_ones(void **state UNUSED)
{
	srand(7);
	for (unsigned round = 0; round < 200; round++) {
		struct crl_set base = { 0 }, added = { 0 }, out;
		bool in[64] = { false };
		size_t expected = 0, pos = 0, walked = 0;
		struct crl view = { 0 };
		struct crl_cursor c;
		struct bytes id;
		enum crl_reason reason;
		int64_t at;

		for (unsigned i = 0; i < 64; i++)
			if (rand() % 3 == 0) {
				add(&base, i, 10);
				in[i] = rand() % 4 != 0;
				if (!in[i])
					base.ends[base.n - 1] = CRL_SETTLED;
			}
		for (unsigned i = 0; i < 40; i++) {
			unsigned n = (unsigned)rand() % 64;

			add(&added, n, 10);
			in[n] = true;
		}
		for (unsigned i = 0; i < 64; i++)
			expected += in[i];
		merge(&base, &added, &out);
		assert_int_equal(out.n, expected);
		view.entries = buf_bytes(&out.bytes);
		while (crl_entry_next(&view, &pos, &id, &at, &reason)) {
			assert_true(in[id.p[19]]);
			walked++;
		}
		assert_int_equal(walked, expected);
		c = crl_cursor_of(buf_bytes(&out.bytes));
		for (unsigned i = 0; i < 64; i++) {
			uint8_t wanted[SERIAL_SIZE];

			serial(wanted, i);
			assert_int_equal(crl_cursor_seek(&c, wanted), in[i]);
		}
		crl_set_free(&base);
		crl_set_free(&added);
		crl_set_free(&out);
	}
}

static void
unites(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl_set x = { 0 }, y = { 0 };

	crl_set_unite(&x, &y);
	assert_int_equal(x.n, 0);
	add(&y, 2, 10);
	crl_set_unite(&x, &y);
	add(&y, 1, 11);
	add(&y, 3, 12);
	crl_set_unite(&x, &y);
	assert_string_equal(order(&x, a), " 1:11 2:10 3:12");
	assert_int_equal(y.n, 0);
	assert_null(y.bytes.p);
	crl_set_free(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts),
		cmocka_unit_test(merges),
		cmocka_unit_test(settled_and_doubles_leave),
		cmocka_unit_test(ends),
		cmocka_unit_test(random_ones),
		cmocka_unit_test(unites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
