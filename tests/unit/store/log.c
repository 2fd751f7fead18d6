/* Checkpoints, tiles and views; canonical JSON as a walk reads it. */
#include "store/log.h"
#include <stdlib.h>
#include <unistd.h>
#include "fixture.h"
#include "store/canonical.h"
#include "store/canonical_read.h"

static struct checkpoint_row
row_make(uint64_t size, int64_t at)
{
	struct checkpoint_row row = { .size = size, .at = at };

	fill_hash(row.root, (uint8_t)size);
	fill_hash(row.key, 0x77);
	row.note = bytes_str("note\n");
	return row;
}

static void
put(struct fixture *f, uint64_t size, int64_t at)
{
	struct checkpoint_row row = row_make(size, at);

	assert_ok(f, store_checkpoint_put(f->s, &row, NULL, 0, &f->err));
}

/* The newest, and the last one of each hour before. */
static void
test_checkpoints_kept(void **state)
{
	struct fixture *f = *state;
	const int64_t hour = NOW - NOW % 3600;
	struct checkpoint_row *rows, newest;
	AUTO_LOG_VIEW *v = NULL;
	bool found;
	size_t n;

	put(f, 3, hour);
	put(f, 5, hour + 1);
	put(f, 9, hour + 3599);
	put(f, 10, hour + 3600);
	put(f, 12, hour + 3601);
	put(f, 20, hour + 9000);
	/* The same size again: told anew, not twice. */
	put(f, 20, hour + 9001);
	assert_ok(f, log_view_of_store(f->s, &v, &f->err));
	assert_ok(f, log_view_checkpoints(v, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 3);
	assert_int_equal(rows[0].size, 9);
	assert_int_equal(rows[1].size, 12);
	assert_int_equal(rows[2].size, 20);
	assert_int_equal(rows[0].at, hour + 3599);
	assert_int_equal(rows[1].root[31], 12);
	assert_int_equal(rows[1].key[0], 0x77);
	assert_true(bytes_is(rows[1].note, "note\n"));
	assert_ok(f, log_view_checkpoint(v, f->a, &newest, &found, &f->err));
	assert_true(found);
	assert_int_equal(newest.size, 20);
}

static void
test_tiles(void **state)
{
	struct fixture *f = *state;
	struct checkpoint_row row = row_make(512, NOW);
	struct tile_row *tiles = calloc(2, sizeof(*tiles));
	static uint8_t hashes[LOG_TILE_SIZE];
	AUTO_LOG_VIEW *v = NULL;
	bool found;

	assert_non_null(tiles);
	tiles[0].n = 1;
	tiles[0].hashes[8191] = 1;
	tiles[1].level = 7;
	tiles[1].n = (UINT64_C(1) << 50) - 1;
	tiles[1].hashes[0] = 2;
	assert_ok(f, store_checkpoint_put(f->s, &row, tiles, 2, &f->err));
	/* All of it or nothing: the tiles are there already. */
	row = row_make(600, NOW + 1);
	assert_false(store_checkpoint_put(f->s, &row, tiles, 2, &f->err));
	assert_ok(f, log_view_of_store(f->s, &v, &f->err));
	assert_ok(f, log_view_tile(v, 0, 1, hashes, &found, &f->err));
	assert_true(found && hashes[8191] == 1);
	assert_ok(f, log_view_tile(v, 7, tiles[1].n, hashes, &found, &f->err));
	assert_true(found && hashes[0] == 2);
	assert_ok(f, log_view_tile(v, 0, 0, hashes, &found, &f->err));
	assert_false(found);
	assert_ok(f, log_view_checkpoint(v, f->a, &row, &found, &f->err));
	assert_int_equal(row.size, 512);
	free(tiles);
}

/* A view is of one instant, whatever is appended. */
static void
test_view_stands_still(void **state)
{
	struct fixture *f = *state;
	AUTO_LOG_VIEW *v = NULL;
	struct log_row row;
	uint64_t size;
	bool more;

	for (int i = 0; i < 3; i++)
		assert_ok(f,
		    store_event_append(
			f->s, "operator", "{}", NOW + i, NULL, &f->err));
	assert_ok(f, log_view_of_file(f->path, &v, &f->err));
	assert_ok(
	    f, store_event_append(f->s, "operator", "{}", NOW, NULL, &f->err));
	assert_ok(f, log_view_size(v, &size, &f->err));
	assert_int_equal(size, 3);
	for (int round = 0; round < 2; round++) {
		assert_ok(f, log_view_seek(v, 2, 9, &f->err));
		for (uint64_t p = 2; p <= 3; p++) {
			assert_ok(f, log_view_next(v, &row, &more, &f->err));
			assert_true(more);
			assert_int_equal(row.position, p);
			assert_int_equal(row.at, NOW + (int64_t)p - 1);
			assert_string_equal(row.kind, "operator");
		}
		assert_ok(f, log_view_next(v, &row, &more, &f->err));
		assert_false(more);
	}
}

/* ---- canonical JSON ---- */

static void
test_reads_what_is_written(void **state)
{
	static const char *const texts[] = { "{}", "{\"a\": 1}",
		"{\"b\": [1, -2, {\"c\": null}], \"a\": \"\"}",
		"{\"a\": \"\\u0001\\n\\\"/\\t\"}", "{\"a\": \"\\u00e9\\\\\"}",
		"{\"x\": true, \"y\": false, \"a\": {\"z\": 0, \"b\": []}}",
		"{\"n\": 9223372036854775807}",
		"{\"m\": -9223372036854775808}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct canonical_members m;
		AUTO_BUF b = { 0 };
		struct err err = { 0 };

		assert_true(canonical_put_json(&b, texts[i], &err));
		if (!canonical_read(buf_bytes(&b), &m))
			fail_msg("%s is refused", buf_cstr(&b));
		for (size_t n = 0; n < b.n; n++)
			assert_false(canonical_read(bytes_of(b.p, n), &m));
	}
}

static void
test_members(void **state)
{
	const char *text = "{\"at\":7,\"hex\":\"00ff\",\"s\":\"a\\nb\"}";
	struct canonical_members m;
	uint8_t octets[2];
	int64_t v;

	(void)state;
	assert_true(canonical_read(bytes_str(text), &m));
	assert_int_equal(m.n, 3);
	assert_true(canonical_get_int(&m, "at", &v) && v == 7);
	assert_false(canonical_get_int(&m, "s", &v));
	assert_false(canonical_get_int(&m, "none", &v));
	assert_true(canonical_get_hex(&m, "hex", octets, 2));
	assert_int_equal(octets[1], 0xff);
	assert_false(canonical_get_hex(&m, "hex", octets, 1));
	assert_true(bytes_is(canonical_get(&m, "s"), "a\\nb"));
	assert_null(canonical_get(&m, "none").p);
}

static void
test_refuses_other_forms(void **state)
{
	static const char *const bad[] = { "", "[]", "1", "{", "{}x", "{} ",
		" {}", "{\"a\" :1}", "{\"a\": 1}", "{\"b\":1,\"a\":2}",
		"{\"a\":1,\"a\":2}", "{\"a\":01}", "{\"a\":-0}", "{\"a\":1.0}",
		"{\"a\":1e3}", "{\"a\":+1}", "{\"a\":-}", "{\"a\":}",
		"{\"a\":\"\\/\"}", "{\"a\":\"\\u000A\"}", "{\"a\":\"\\u000a\"}",
		"{\"a\":\"\\u0020\"}", "{\"a\":\"\\u001F\"}", "{\"a\":\"\n\"}",
		"{\"a\":\"\xff\"}", "{\"a\":tru}", "{\"a\":[1,]}",
		"{\"a\":[1 ,2]}", "{\"a\":1,}", "{\"\\u0061\":1}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct canonical_members m;

		if (canonical_read(bytes_str(bad[i]), &m))
			fail_msg("%s was taken", bad[i]);
	}
}

int
main(void)
{
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_checkpoints_kept),
		T(test_tiles),
		T(test_view_stands_still),
		cmocka_unit_test(test_reads_what_is_written),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_refuses_other_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
