#include <sqlite3.h>
#include "fixture.h"
#include "store/crl.h"

static void
test_events_are_canonical(void **state)
{
	struct fixture *f = *state;
	uint64_t position;
	const char *kind;

	assert_ok(f,
	    store_event_append(f->s, "operator",
		"{ \"z\": [1, true, null, -7], \"a\": {\"y\": \"\\u00e9\\u0001"
		"\\n\\\"\\/\", \"b\": {}} }",
		NOW, &position, &f->err));
	assert_int_equal(position, 1);
	assert_string_equal(log_last(f, &kind),
	    "{\"at\":1800000000,\"data\":{\"a\":{\"b\":{},\"y\":\"\xc3\xa9"
	    "\\u0001\\n\\\"/\"},\"z\":[1,true,null,-7]},"
	    "\"kind\":\"operator\"}");
	assert_string_equal(kind, "operator");
	assert_ok(
	    f, store_event_append(f->s, "key", "{}", NOW, &position, &f->err));
	assert_int_equal(position, 2);
}

static void
test_events_refused(void **state)
{
	static const struct {
		const char *kind, *json;
		enum err_kind err;
	} bad[] = {
		{ "operator", "[]", ERR_MALFORMED },
		{ "operator", "{", ERR_MALFORMED },
		{ "operator", "{} x", ERR_MALFORMED },
		{ "operator", "{\"a\":1,\"a\":2}", ERR_MALFORMED },
		{ "operator", "{\"a\":1.5}", ERR_MALFORMED },
		{ "operator", "{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
		    ERR_MALFORMED },
		{ "cert-issued", "{}", ERR_INTERNAL },
		{ "account", "{}", ERR_INTERNAL },
		{ "Operator", "{}", ERR_INTERNAL },
		{ "", "{}", ERR_INTERNAL },
	};
	struct fixture *f = *state;
	uint64_t position;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_err(f, bad[i].err,
		    store_event_append(f->s, bad[i].kind, bad[i].json, NOW,
			&position, &f->err));
	assert_int_equal(log_count(f), 0);
}

static void
test_log_in_pages(void **state)
{
	struct fixture *f = *state;
	struct log_row *rows;
	size_t n;

	for (unsigned i = 1; i <= 5; i++)
		assert_ok(f,
		    store_event_append(
			f->s, "operator", "{}", NOW + i, NULL, &f->err));
	assert_ok(f, store_log_list(f->s, 3, 2, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].position, 3);
	assert_int_equal(rows[0].at, NOW + 3);
	assert_int_equal(rows[1].position, 4);
	assert_ok(
	    f, store_log_list(f->s, UINT64_MAX, 2, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 0);
}

static void
test_log_is_append_only(void **state)
{
	static const char *const bad[] = {
		"DELETE FROM log",
		"UPDATE log SET at = 1",
		"UPDATE log SET position = 9",
	};
	struct fixture *f = *state;
	sqlite3 *db;

	assert_ok(
	    f, store_event_append(f->s, "operator", "{}", NOW, NULL, &f->err));
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(sqlite3_exec(db, bad[i], NULL, NULL, NULL),
		    SQLITE_CONSTRAINT);
	sqlite3_close(db);
	assert_int_equal(log_count(f), 1);
}

static void
test_profiles(void **state)
{
	struct fixture *f = *state;
	const char *name, *json, *kind;
	uint8_t hash[32];

	fill_hash(hash, 5);
	assert_err(f, ERR_NOT_FOUND,
	    store_profile_get(f->s, hash, f->a, &name, &json, &f->err));
	for (int i = 0; i < 2; i++) {
		assert_ok(f,
		    store_profile_record(f->s, hash, "default",
			"{\"lifetime\":1}", NOW + i, &f->err));
		assert_int_equal(log_count(f), 1);
	}
	log_last(f, &kind);
	assert_string_equal(kind, "profile");
	assert_ok(
	    f, store_profile_get(f->s, hash, f->a, &name, &json, &f->err));
	assert_string_equal(name, "default");
	assert_string_equal(json, "{\"lifetime\":1}");
}

static bool
crl_get(struct fixture *f, const struct crl_row *row, struct crl_row *out)
{
	return store_crl_get(f->s, row->issuer_key, row->shard, row->is_delta,
	    f->a, out, &f->err);
}

static void
test_crls(void **state)
{
	struct fixture *f = *state;
	struct crl_row row = {
		.ca = "issuing",
		.number = 1000,
		.this_update = NOW,
		.next_update = NOW + 86400,
	};
	struct crl_row out;
	uint64_t position;
	const char *kind, *body;

	fill_hash(row.issuer_key, 0x11);
	assert_err(f, ERR_NOT_FOUND, crl_get(f, &row, &out));
	assert_ok(f, store_crl_intent(f->s, &row, &position, &f->err));
	assert_int_equal(position, 1);
	/* Announced, not published; and a number is announced once. */
	assert_err(f, ERR_NOT_FOUND, crl_get(f, &row, &out));
	assert_err(
	    f, ERR_CONFLICT, store_crl_intent(f->s, &row, &position, &f->err));
	assert_err(f, ERR_INTERNAL, store_crl_publish(f->s, &row, &f->err));
	row.position = position;
	row.der = bytes_str("a CRL");
	fill_hash(row.tbs_sha256, 0x66);
	assert_ok(f, store_crl_publish(f->s, &row, &f->err));
	assert_ok(f, crl_get(f, &row, &out));
	assert_int_equal(out.number, 1000);
	assert_int_equal(out.position, 1);
	assert_int_equal(out.this_update, NOW);
	assert_int_equal(out.next_update, NOW + 86400);
	assert_string_equal(out.ca, "issuing");
	assert_true(bytes_is(out.der, "a CRL"));
	body = log_last(f, &kind);
	assert_string_equal(kind, "crl");
	assert_non_null(strstr(body, "\"number\":1000"));
	assert_non_null(strstr(body, "\"tbs_sha256\":\"6666"));
	assert_null(strstr(body, "shard"));
	/* The number rises. */
	row.previous = 1000;
	assert_err(f, ERR_CONFLICT, store_crl_publish(f->s, &row, &f->err));
	row.number = 999;
	assert_err(f, ERR_CONFLICT, store_crl_publish(f->s, &row, &f->err));
	row.number = 1001;
	row.der = bytes_str("another");
	assert_ok(f, store_crl_intent(f->s, &row, &row.position, &f->err));
	assert_ok(f, store_crl_publish(f->s, &row, &f->err));
	assert_ok(f, crl_get(f, &row, &out));
	assert_true(bytes_is(out.der, "another"));
	row.number = UINT64_MAX;
	assert_err(
	    f, ERR_CONFLICT, store_crl_intent(f->s, &row, &position, &f->err));
}

/* boulder#7590: who compared his with another one than is published loses. */
static void
test_boulder_7590_crl_compare_and_swap(void **state)
{
	struct fixture *f = *state;
	struct crl_row a = { .ca = "issuing",
		.number = 10,
		.this_update = NOW,
		.next_update = NOW + 86400,
		.der = bytes_str("a") };
	struct crl_row b = a, out;
	uint64_t last;

	fill_hash(a.issuer_key, 0x11);
	fill_hash(b.issuer_key, 0x11);
	b.number = 11;
	b.der = bytes_str("b");
	assert_ok(f, store_crl_intent(f->s, &a, &a.position, &f->err));
	assert_ok(f, store_crl_intent(f->s, &b, &b.position, &f->err));
	assert_ok(f, store_crl_publish(f->s, &b, &f->err));
	/* The slow one: its number falls, and it has not seen b. */
	assert_err(f, ERR_CONFLICT, store_crl_publish(f->s, &a, &f->err));
	/* Nor with a higher number, while it has not. */
	a.number = 12;
	assert_ok(f, store_crl_intent(f->s, &a, &a.position, &f->err));
	assert_err(f, ERR_CONFLICT, store_crl_publish(f->s, &a, &f->err));
	a.previous = 11;
	assert_ok(f, store_crl_publish(f->s, &a, &f->err));
	assert_ok(f, crl_get(f, &a, &out));
	assert_int_equal(out.number, 12);
	assert_ok(
	    f, store_crl_last_number(f->s, a.issuer_key, 0, &last, &f->err));
	assert_int_equal(last, 12);
}

/* Shards count for themselves, a delta with its full CRL. */
static void
test_crl_scopes(void **state)
{
	struct fixture *f = *state;
	struct crl_row full = { .ca = "issuing",
		.number = 10,
		.this_update = NOW,
		.next_update = NOW + 86400,
		.der = bytes_str("full") };
	struct crl_row shard = full, delta = full, out;
	uint64_t position;

	fill_hash(full.issuer_key, 0x11);
	shard = delta = full;
	shard.shard = 3;
	shard.der = bytes_str("shard");
	delta.is_delta = true;
	delta.der = bytes_str("delta");
	delta.base = 10;
	assert_ok(f, store_crl_intent(f->s, &full, &position, &f->err));
	assert_ok(f, store_crl_intent(f->s, &shard, &position, &f->err));
	/* RFC 5280 section 5.2.3: one sequence. */
	assert_err(f, ERR_CONFLICT,
	    store_crl_intent(f->s, &delta, &position, &f->err));
	delta.number = 11;
	assert_ok(f, store_crl_intent(f->s, &delta, &position, &f->err));
	/* Its base must be out. */
	assert_err(f, ERR_CONFLICT, store_crl_publish(f->s, &delta, &f->err));
	assert_ok(f, store_crl_publish(f->s, &full, &f->err));
	assert_ok(f, store_crl_publish(f->s, &shard, &f->err));
	assert_ok(f, store_crl_publish(f->s, &delta, &f->err));
	assert_ok(f, crl_get(f, &full, &out));
	assert_true(bytes_is(out.der, "full"));
	assert_ok(f, crl_get(f, &shard, &out));
	assert_true(bytes_is(out.der, "shard"));
	assert_ok(f, crl_get(f, &delta, &out));
	assert_true(bytes_is(out.der, "delta"));
	assert_int_equal(out.base, 10);
	/* The next full one leaves the delta until a new one is made. */
	full.number = 12;
	full.previous = 10;
	assert_ok(f, store_crl_publish(f->s, &full, &f->err));
	assert_ok(f, crl_get(f, &delta, &out));
	delta.number = 13;
	delta.previous = 11;
	assert_err(f, ERR_CONFLICT, store_crl_publish(f->s, &delta, &f->err));
	delta.base = 12;
	assert_ok(f, store_crl_publish(f->s, &delta, &f->err));
}

/* Written in pieces of a MiB: the last is short, and one replaces another. */
static void
test_large_crl(void **state)
{
	struct fixture *f = *state;
	struct crl_row row = {
		.ca = "issuing", .this_update = NOW, .next_update = NOW + 86400
	};
	struct crl_row out;
	size_t n = (5u << 19) + 77;
	uint8_t *der = arena_alloc(f->a, n);

	fill_hash(row.issuer_key, 0x11);
	for (uint64_t number = 1; number <= 3; number++) {
		for (size_t i = 0; i < n; i++)
			der[i] = (uint8_t)((i * 2654435761u) >> 13 ^ number);
		row.number = number;
		row.previous = number - 1;
		row.der = bytes_of(der, n);
		assert_ok(
		    f, store_crl_intent(f->s, &row, &row.position, &f->err));
		assert_ok(f, store_crl_publish(f->s, &row, &f->err));
		assert_ok(f, crl_get(f, &row, &out));
		assert_int_equal(out.number, number);
		assert_true(bytes_equal(out.der, row.der));
		n -= 1000;
	}
}

static void
test_node_stays(void **state)
{
	struct fixture *f = *state;
	uint8_t node, again;

	assert_ok(f, store_node_get(f->s, &node, &f->err));
	assert_in_range(node, 0x01, 0x7f);
	fixture_reopen(f, 0);
	assert_ok(f, store_node_get(f->s, &again, &f->err));
	assert_int_equal(node, again);
}

static uint64_t
clean(struct fixture *f, unsigned limit)
{
	uint64_t removed;

	assert_ok(f, store_clean(f->s, f->now, limit, &removed, &f->err));
	return removed;
}

static void
test_clean(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_make(f, 1);
	uint8_t csr[32] = { 0 };
	struct order_row o;
	uint64_t position;
	bool started;

	account_add(f, 1);
	for (unsigned i = 1; i <= 4; i++)
		order_add(f, i);
	authz_validate(f, 1);
	row.order_id = "order-1";
	row.account_id = "acct-1";
	assert_ok(f, store_cert_intent(f->s, &row, csr, &position, &f->err));
	assert_ok(f,
	    store_challenge_start(f->s, "authz-2", "acct-1", CHALLENGE_HTTP_01,
		NOW, &started, &f->err));
	assert_int_equal(clean(f, 100), 0);
	f->now = NOW + 8 * 86400;
	/* The job; then orders 2 to 4, a row of a table at a time. */
	assert_int_equal(clean(f, 2), 2);
	assert_int_equal(clean(f, 100), 5);
	assert_int_equal(clean(f, 100), 0);
	assert_err(f, ERR_NOT_FOUND,
	    store_order_get(f->s, "order-2", NOW, f->a, &o, &f->err));
	assert_int_equal(order_read_back(f, 1).authz_n, 1);
	f->now = NOW + 31 * 86400;
	assert_int_equal(clean(f, 100), 2);
	assert_err(f, ERR_NOT_FOUND,
	    store_order_get(f->s, "order-1", NOW, f->a, &o, &f->err));
	/* Neither certificates nor the log. */
	assert_int_equal(cert_read_back(f, 1).status, CERT_INTENT);
	assert_int_equal(log_count(f), 2);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_events_are_canonical),
		T(test_events_refused),
		T(test_log_in_pages),
		T(test_log_is_append_only),
		T(test_profiles),
		T(test_crls),
		T(test_boulder_7590_crl_compare_and_swap),
		T(test_crl_scopes),
		T(test_large_crl),
		T(test_node_stays),
		T(test_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
