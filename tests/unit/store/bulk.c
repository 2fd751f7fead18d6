/* Steps of a decision, and of a blocked key. */
#include "fixture.h"
#include "store/revocation.h"

static struct buf
all_serials(struct fixture *f)
{
	const struct cert_filter filter = { .profile = "default", .now = NOW };
	struct buf serials = { 0 };

	assert_ok(f, store_bulk_select(f->s, &filter, f->a, &serials, &f->err));
	return serials;
}

static void
begin(struct fixture *f, const char *id, struct bytes serials)
{
	struct bulk_row row = { .id = id,
		.at = NOW,
		.by = "operator",
		.reason = 4,
		.filter_json = "{\"profile\":\"default\"}" };

	fill_hash(row.set_sha256, 0x66);
	assert_ok(f, store_bulk_begin(f->s, &row, serials, &f->err));
}

static struct revoke_item *
items_of(struct fixture *f, const struct bulk_step *step)
{
	struct revoke_item *items = arena_array(f->a, step->n, sizeof(*items));

	for (size_t i = 0; i < step->n; i++)
		items[i] =
		    (struct revoke_item){ .row = &step->rows[i], .by = "bulk" };
	return items;
}

/* What is selected is ascending, issued and unexpired. */
static void
test_select(void **state)
{
	struct fixture *f = *state;
	struct buf serials;

	for (unsigned i = 1; i <= 4; i++)
		cert_add(f, i, i != 3);
	assert_ok(
	    f, store_cert_revoke(f->s, "cert-2", 0, NOW, "x", false, &f->err));
	serials = all_serials(f);
	assert_int_equal(serials.n, 2 * 20);
	assert_int_equal(serials.p[19], 1);
	assert_int_equal(serials.p[39], 4);
	buf_free(&serials);
}

/* A part is carried out once, whoever comes again with it. */
static void
test_a_part_once(void **state)
{
	struct fixture *f = *state;
	struct buf serials;
	struct bulk_step step;
	struct bulk_row row;
	bool finished = false;
	uint64_t events;

	for (unsigned i = 1; i <= 3; i++)
		cert_add(f, i, true);
	serials = all_serials(f);
	begin(f, "bulk-1", buf_bytes(&serials));
	buf_free(&serials);
	/* Another was faster with one of them. */
	assert_ok(
	    f, store_cert_revoke(f->s, "cert-2", 1, NOW, "x", false, &f->err));
	events = log_count(f);
	assert_ok(f, store_bulk_next(f->s, f->a, &step, &f->err));
	assert_string_equal(step.id, "bulk-1");
	assert_int_equal(step.n, 3);
	assert_ok(f,
	    store_bulk_step(f->s, &step, items_of(f, &step), false, NOW + 1,
		&finished, &f->err));
	/* The caller tells others what happened before it is the end. */
	assert_false(finished);
	assert_ok(f, store_bulk_get(f->s, "bulk-1", f->a, &row, &f->err));
	assert_int_equal(row.revoked, 2);
	assert_int_equal(row.finished_at, 0);
	assert_int_equal(log_count(f), events + 2);
	assert_int_equal(cert_read_back(f, 1).reason, 4);
	assert_int_equal(cert_read_back(f, 2).reason, 1);
	assert_err(f, ERR_CONFLICT,
	    store_bulk_step(f->s, &step, items_of(f, &step), false, NOW + 2,
		&finished, &f->err));
	assert_ok(f, store_bulk_next(f->s, f->a, &step, &f->err));
	assert_int_equal(step.part, 0);
	assert_int_equal(step.n, 0);
	assert_ok(f,
	    store_bulk_step(
		f->s, &step, NULL, false, NOW + 1, &finished, &f->err));
	assert_true(finished);
	assert_int_equal(log_count(f), events + 2);
	assert_ok(f, store_bulk_get(f->s, "bulk-1", f->a, &row, &f->err));
	assert_int_equal(row.total, 3);
	assert_int_equal(row.revoked, 2);
	assert_int_equal(row.skipped, 1);
	assert_int_equal(row.finished_at, NOW + 1);
	assert_err(
	    f, ERR_NOT_FOUND, store_bulk_next(f->s, f->a, &step, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_bulk_get(f->s, "bulk-2", f->a, &row, &f->err));
}

/* The older decision is carried out first; both are told. */
static void
test_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct buf serials;
	struct bulk_step step;
	struct bulk_row *rows;
	bool finished = false;
	size_t n;

	cert_add(f, 1, true);
	serials = all_serials(f);
	begin(f, "bulk-1", buf_bytes(&serials));
	begin(f, "bulk-2", buf_bytes(&serials));
	buf_free(&serials);
	/* Each has its one part, and its end. */
	for (unsigned i = 0; i < 4; i++) {
		assert_ok(f, store_bulk_next(f->s, f->a, &step, &f->err));
		assert_string_equal(
		    step.id, arena_printf(f->a, "bulk-%u", i / 2 + 1));
		assert_ok(f,
		    store_bulk_step(f->s, &step, items_of(f, &step), false,
			NOW + 1, &finished, &f->err));
		assert_int_equal(finished, i % 2);
	}
	assert_ok(f, store_bulk_list(f->s, 10, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].id, "bulk-2");
	assert_int_equal(rows[0].skipped, 1);
	assert_int_equal(rows[1].revoked, 1);
}

/* Found as long as one of them stands. */
static void
test_blocked_key(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_make(f, 1);
	struct compromised_row *rows;
	struct revoke_item item = { .by = "x" };
	bool blocked;
	size_t n;

	cert_add(f, 1, true);
	cert_add(f, 2, true);
	assert_ok(
	    f, store_compromised_list(f->s, NOW, 9, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 0);
	assert_ok(f,
	    store_key_block(
		f->s, row.spki_sha256, "cert-0", NOW, "x", &blocked, &f->err));
	assert_true(blocked);
	assert_ok(f,
	    store_key_block(
		f->s, row.spki_sha256, "cert-9", NOW, "x", &blocked, &f->err));
	assert_false(blocked);
	assert_ok(
	    f, store_compromised_list(f->s, NOW, 9, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].cert.id, "cert-1");
	assert_string_equal(rows[0].cause, "cert-0");
	item.row = &rows[0].cert;
	item.cause = rows[0].cause;
	assert_ok(f, store_revoke_step(f->s, &item, 1, 1, false, NOW, &f->err));
	assert_true(item.revoked);
	assert_ok(f, store_revoke_step(f->s, &item, 1, 1, false, NOW, &f->err));
	assert_false(item.revoked);
	assert_ok(
	    f, store_compromised_list(f->s, NOW, 9, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 0);
	/* Expired ones are left alone. */
	row = cert_make(f, 2);
	assert_ok(f,
	    store_key_block(
		f->s, row.spki_sha256, NULL, NOW, "x", &blocked, &f->err));
	assert_ok(f,
	    store_compromised_list(
		f->s, row.not_after + 1, 9, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 0);
}

int
main(void)
{
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_select),
		T(test_a_part_once),
		T(test_in_their_order),
		T(test_blocked_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
