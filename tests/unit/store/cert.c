#include "fixture.h"

static void
test_intent_and_issued(void **state)
{
	struct fixture *f = *state;
	struct cert_row in = cert_make(f, 1), out;
	uint64_t position = 0;
	const char *kind;

	in.replaces = "cert-0";
	fill_hash(in.evidence_sha256, 0x44);
	assert_ok(f, store_cert_intent(f->s, &in, NULL, &position, &f->err));
	assert_int_equal(position, 1);
	out = cert_read_back(f, 1);
	assert_string_equal(out.ca, "issuing");
	assert_memory_equal(out.issuer_key, in.issuer_key, 32);
	assert_memory_equal(out.serial, in.serial, 20);
	assert_int_equal(out.status, CERT_INTENT);
	assert_int_equal(out.not_before, in.not_before);
	assert_int_equal(out.not_after, in.not_after);
	assert_int_equal(out.created_at, NOW);
	assert_string_equal(out.profile, "default");
	assert_memory_equal(out.profile_hash, in.profile_hash, 32);
	assert_null(out.account_id);
	assert_null(out.order_id);
	assert_string_equal(out.requester, "operator");
	assert_memory_equal(out.spki_sha256, in.spki_sha256, 32);
	assert_string_equal(out.names, in.names);
	assert_memory_equal(out.evidence_sha256, in.evidence_sha256, 32);
	assert_string_equal(out.replaces, "cert-0");
	assert_int_equal(out.intent_position, 1);
	assert_int_equal(out.issued_position, 0);
	assert_int_equal(out.reason, -1);
	assert_int_equal(out.sig_alg, 1);
	assert_true(bytes_is(out.tbs, "tbs 1"));
	assert_int_equal(out.signature.n, 0);

	assert_ok(f,
	    store_cert_issued(
		f->s, "cert-1", bytes_str("sig"), NOW + 1, &f->err));
	out = cert_read_back(f, 1);
	assert_int_equal(out.status, CERT_ISSUED);
	assert_int_equal(out.issued_position, 2);
	assert_true(bytes_is(out.signature, "sig"));
	assert_string_equal(log_last(f, &kind),
	    "{\"at\":1800000001,\"id\":\"cert-1\",\"kind\":\"cert-issued\","
	    "\"signature\":\"c2ln\"}");
	assert_string_equal(kind, "cert-issued");
}

/* The tables can be rebuilt from the log: the intent says all. */
static void
test_intent_says_all(void **state)
{
	struct fixture *f = *state;
	struct log_row *rows;
	const char *body;
	size_t n;

	cert_add(f, 1, false);
	assert_ok(f, store_log_list(f->s, 1, 1, f->a, &rows, &n, &f->err));
	body = arena_str(f->a, rows[0].body);
	assert_string_equal(body,
	    "{\"at\":1800000000,\"ca\":\"issuing\",\"id\":\"cert-1\","
	    "\"issuer_key\":\"11111111111111111111111111111111111111111111111"
	    "11111111111111111\",\"kind\":\"cert-intent\","
	    "\"names\":\"dns:1.example\\ndns:www.1.example\","
	    "\"not_after\":1807776001,\"not_before\":1799999940,"
	    "\"profile\":\"default\","
	    "\"profile_hash\":\"222222222222222222222222222222222222222222222"
	    "2222222222222222222\",\"requester\":\"operator\","
	    "\"serial\":\"0100000000000000000000000000000000000001\","
	    "\"sig_alg\":1,"
	    "\"spki_sha256\":\"0100000033333333333333333333333333333333333333"
	    "333333333333333333\",\"tbs\":\"dGJzIDE=\"}");
}

static void
test_issued_twice(void **state)
{
	struct fixture *f = *state;

	cert_add(f, 1, true);
	assert_ok(f,
	    store_cert_issued(
		f->s, "cert-1", bytes_str("signature 1"), NOW, &f->err));
	assert_int_equal(log_count(f), 2);
	/* Another signature is another certificate. */
	assert_err(f, ERR_CONFLICT,
	    store_cert_issued(
		f->s, "cert-1", bytes_str("other"), NOW, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_issued(
		f->s, "cert-2", bytes_str("other"), NOW, &f->err));
	assert_err(f, ERR_INTERNAL,
	    store_cert_issued(f->s, "cert-1", BYTES_NONE, NOW, &f->err));
}

static void
test_serial_once(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_make(f, 1);
	uint64_t position = 77;

	cert_add(f, 1, true);
	row.id = "cert-other";
	assert_err(f, ERR_CONFLICT,
	    store_cert_intent(f->s, &row, NULL, &position, &f->err));
	assert_int_equal(position, 77);
	/* No gap in the log either. */
	cert_add(f, 2, true);
	assert_int_equal(log_count(f), 4);
}

static struct cert_row
cert_of_order(struct fixture *f, unsigned n, unsigned order)
{
	struct cert_row row = cert_make(f, n);

	row.account_id = "acct-1";
	row.order_id = arena_printf(f->a, "order-%u", order);
	return row;
}

static void
test_finalize_once(void **state)
{
	struct fixture *f = *state;
	struct cert_row row, second;
	struct order_row o;
	uint64_t position;
	uint8_t csr[32];

	account_add(f, 1);
	order_add(f, 1);
	fill_hash(csr, 0x55);
	row = cert_of_order(f, 1, 1);
	assert_err(f, ERR_ORDER_NOT_READY,
	    store_cert_intent(f->s, &row, csr, &position, &f->err));
	authz_validate(f, 1);
	assert_ok(f, store_cert_intent(f->s, &row, csr, &position, &f->err));
	o = order_read_back(f, 1);
	assert_int_equal(o.status, ORDER_PROCESSING);
	assert_string_equal(o.cert_id, "cert-1");
	assert_memory_equal(o.csr_sha256, csr, 32);
	second = cert_of_order(f, 2, 1);
	assert_err(f, ERR_ORDER_NOT_READY,
	    store_cert_intent(f->s, &second, csr, &position, &f->err));
	/* An order that is processing no longer expires. */
	f->now = NOW + 99999;
	assert_int_equal(order_read_back(f, 1).status, ORDER_PROCESSING);
	assert_ok(f,
	    store_cert_issued(
		f->s, "cert-1", bytes_str("sig"), f->now, &f->err));
	assert_int_equal(order_read_back(f, 1).status, ORDER_VALID);
	assert_err(f, ERR_ORDER_NOT_READY,
	    store_cert_intent(f->s, &second, csr, &position, &f->err));
}

static void
test_finalize_needs_its_authorizations(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_of_order(f, 1, 1);
	uint64_t position;
	uint8_t csr[32] = { 0 };

	account_add(f, 1);
	account_add(f, 2);
	order_add(f, 1);
	order_add(f, 2);
	authz_validate(f, 1);
	authz_validate(f, 2);
	row.account_id = "acct-2";
	assert_err(f, ERR_ORDER_NOT_READY,
	    store_cert_intent(f->s, &row, csr, &position, &f->err));
	row.account_id = "acct-1";
	row.created_at = NOW + 7200;
	assert_err(f, ERR_ORDER_NOT_READY,
	    store_cert_intent(f->s, &row, csr, &position, &f->err));
	row.created_at = NOW;
	assert_ok(
	    f, store_authz_deactivate(f->s, "authz-1", "acct-1", NOW, &f->err));
	assert_err(f, ERR_ORDER_NOT_READY,
	    store_cert_intent(f->s, &row, csr, &position, &f->err));
	row.order_id = "order-2";
	assert_ok(f, store_cert_intent(f->s, &row, csr, &position, &f->err));
}

static void
test_void(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_of_order(f, 1, 1), *open, out;
	uint8_t csr[32] = { 1 };
	uint64_t position;
	size_t n;

	account_add(f, 1);
	order_add(f, 1);
	authz_validate(f, 1);
	assert_ok(f, store_cert_intent(f->s, &row, csr, &position, &f->err));
	cert_add(f, 2, true);
	cert_add(f, 3, false);
	assert_ok(f, store_cert_list_intents(f->s, f->a, &open, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(open[0].id, "cert-1");
	assert_true(bytes_is(open[0].tbs, "tbs 1"));
	assert_int_equal(open[0].intent_position, position);
	assert_ok(f,
	    store_cert_void(
		f->s, "cert-1", "{\"type\":\"x\"}", NOW + 3, &f->err));
	out = cert_read_back(f, 1);
	assert_int_equal(out.status, CERT_VOIDED);
	assert_int_equal(out.revoked_at, NOW + 3);
	assert_int_equal(order_read_back(f, 1).status, ORDER_INVALID);
	assert_string_equal(
	    order_read_back(f, 1).error_json, "{\"type\":\"x\"}");
	n = log_count(f);
	/* Again is nothing new, but no signature comes after it. */
	assert_ok(f, store_cert_void(f->s, "cert-1", "{}", NOW, &f->err));
	assert_int_equal(log_count(f), n);
	assert_err(f, ERR_CONFLICT,
	    store_cert_issued(f->s, "cert-1", bytes_str("sig"), NOW, &f->err));
	assert_err(f, ERR_CONFLICT,
	    store_cert_void(f->s, "cert-2", "{}", NOW, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_revoke(f->s, "cert-1", 0, NOW, "x", false, &f->err));
}

static void
test_revoke_once(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_make(f, 1);
	const char *kind, *body;
	bool blocked;

	cert_add(f, 1, true);
	cert_add(f, 2, false);
	assert_ok(
	    f, store_key_is_blocked(f->s, row.spki_sha256, &blocked, &f->err));
	assert_false(blocked);
	assert_ok(f,
	    store_cert_revoke(
		f->s, "cert-1", 1, NOW + 4, "operator", true, &f->err));
	row = cert_read_back(f, 1);
	assert_int_equal(row.status, CERT_REVOKED);
	assert_int_equal(row.reason, 1);
	assert_int_equal(row.revoked_at, NOW + 4);
	assert_ok(
	    f, store_key_is_blocked(f->s, row.spki_sha256, &blocked, &f->err));
	assert_true(blocked);
	body = log_last(f, &kind);
	assert_string_equal(kind, "cert-revoked");
	assert_non_null(strstr(body, "\"block_key\":true"));
	assert_non_null(strstr(
	    body, "\"serial\":\"0100000000000000000000000000000000000001\""));
	assert_err(f, ERR_ALREADY_REVOKED,
	    store_cert_revoke(
		f->s, "cert-1", 4, NOW + 9, "operator", false, &f->err));
	assert_int_equal(cert_read_back(f, 1).reason, 1);
	/* An intent is not issued. */
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_revoke(f->s, "cert-2", 0, NOW, "x", false, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_revoke(f->s, "cert-9", 0, NOW, "x", false, &f->err));
}

struct seen {
	unsigned n;
	uint8_t last[20];
	int reasons;
};

static void
see(void *ctx, const uint8_t serial[20], int64_t revoked_at, int reason,
    int64_t not_after, unsigned shard)
{
	struct seen *s = ctx;

	assert_true(memcmp(serial, s->last, 20) > 0);
	memcpy(s->last, serial, 20);
	assert_int_equal(revoked_at, NOW + 1);
	assert_true(not_after > NOW);
	assert_int_equal(shard, 0);
	s->reasons += reason;
	s->n++;
}

static void
test_revoked_in_order(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	uint8_t key[32];
	uint64_t n;

	for (unsigned i = 9; i > 0; i--)
		cert_add(f, i, true);
	for (unsigned i = 2; i < 9; i += 2)
		assert_ok(f,
		    store_cert_revoke(f->s, arena_printf(f->a, "cert-%u", i), 4,
			NOW + 1, "x", false, &f->err));
	cert_add(f, 10, false);
	assert_ok(f, store_cert_void(f->s, "cert-10", "{}", NOW + 1, &f->err));
	fill_hash(key, 0x11);
	assert_ok(f, store_revoked_each(f->s, key, NOW, see, &seen, &f->err));
	assert_int_equal(seen.n, 5);
	assert_int_equal(seen.reasons, 4 * 4 - 1);
	assert_ok(f, store_revoked_count(f->s, key, &n, &f->err));
	assert_int_equal(n, 5);
	/* Only those that last: not_after rises with the number. */
	seen = (struct seen){ 0 };
	assert_ok(f,
	    store_revoked_each(
		f->s, key, NOW + 90 * 86400 + 8, see, &seen, &f->err));
	assert_int_equal(seen.n, 2);
	fill_hash(key, 0x12);
	assert_ok(f, store_revoked_count(f->s, key, &n, &f->err));
	assert_int_equal(n, 0);
}

static void
test_by_serial(void **state)
{
	struct fixture *f = *state;
	struct cert_row row, in = cert_make(f, 3);
	uint8_t other[32] = { 1 };

	cert_add(f, 3, true);
	assert_ok(f,
	    store_cert_get_by_serial(
		f->s, NULL, bytes_of(in.serial, 20), f->a, &row, &f->err));
	assert_string_equal(row.id, "cert-3");
	assert_ok(f,
	    store_cert_get_by_serial(f->s, in.issuer_key,
		bytes_of(in.serial, 20), f->a, &row, &f->err));
	assert_true(bytes_is(row.signature, "signature 3"));
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_get_by_serial(
		f->s, other, bytes_of(in.serial, 20), f->a, &row, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_get_by_serial(
		f->s, NULL, bytes_of(in.serial, 19), f->a, &row, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_cert_get_by_serial(
		f->s, NULL, BYTES_NONE, f->a, &row, &f->err));
}

static const char *
list(struct fixture *f, struct cert_filter filter)
{
	struct cert_row *rows;
	AUTO_BUF ids = { 0 };
	size_t n;

	filter.now = f->now;
	assert_ok(f, store_cert_list(f->s, &filter, f->a, &rows, &n, &f->err));
	for (size_t i = 0; i < n; i++)
		buf_printf(&ids, "%s%s", i == 0 ? "" : " ",
		    rows[i].id + strlen("cert-"));
	return arena_str(f->a, buf_bytes(&ids));
}

#define LIST(...) list(f, (struct cert_filter){ __VA_ARGS__ })

static void
test_list(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 1; i <= 4; i++)
		cert_add(f, i, true);
	cert_add(f, 5, false);
	assert_ok(
	    f, store_cert_revoke(f->s, "cert-2", 0, NOW, "x", false, &f->err));
	assert_string_equal(LIST(0), "4 3 2 1");
	assert_string_equal(LIST(.limit = 2), "4 3");
	assert_string_equal(LIST(.limit = 2, .after = "cert-3"), "2 1");
	assert_string_equal(LIST(.status = CERT_ISSUED), "4 3 1");
	assert_string_equal(LIST(.status = CERT_REVOKED), "2");
	assert_string_equal(LIST(.status = CERT_INTENT), "5");
	assert_string_equal(LIST(.profile = "default"), "4 3 2 1");
	assert_string_equal(LIST(.profile = "other"), "");
	assert_string_equal(LIST(.account_id = "acct-1"), "");
	assert_string_equal(
	    LIST(.expires_before = NOW + 90 * 86400 + 3), "2 1");
	assert_string_equal(LIST(.unexpired = true), "4 3 2 1");
	f->now = NOW + 90 * 86400 + 3;
	assert_string_equal(LIST(.unexpired = true), "4 3");
	assert_string_equal(LIST(.expired = true), "2 1");
}

static void
test_list_by_name(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_make(f, 20);
	uint64_t position;

	for (unsigned i = 1; i <= 12; i++)
		cert_add(f, i, true);
	row.names = "ip:2001:db8::1\nemail:a@mail.example\n"
		    "upn:J\xc3\xb6rg@corp.example";
	assert_ok(f, store_cert_intent(f->s, &row, NULL, &position, &f->err));
	assert_ok(
	    f, store_cert_issued(f->s, row.id, bytes_str("s"), NOW, &f->err));
	assert_string_equal(LIST(.name_pattern = "2.example"), "2");
	assert_string_equal(LIST(.name_pattern = "dns:2.EXAMPLE"), "2");
	assert_string_equal(LIST(.name_pattern = "*2.example"), "12 2");
	assert_string_equal(
	    LIST(.name_pattern = "www.*"), "12 11 10 9 8 7 6 5 4 3 2 1");
	assert_string_equal(
	    LIST(.name_pattern = "www.?.example", .limit = 3), "9 8 7");
	assert_string_equal(LIST(.name_pattern = "*.com"), "");
	assert_string_equal(LIST(.name_pattern = "2001:db8::1"), "20");
	assert_string_equal(LIST(.name_pattern = "ip:2001:*"), "20");
	assert_string_equal(LIST(.name_pattern = "*@mail.example"), "20");
	assert_string_equal(LIST(.name_pattern = "upn:*@corp.example"), "20");
	assert_string_equal(
	    LIST(.name_pattern = "j\xc3\xb6rg@corp.example"), "20");
	assert_string_equal(LIST(.name_pattern = "j\xc3\xb6*"), "20");
	assert_string_equal(LIST(.name_pattern = "*\xb6rg@corp.example"), "");
	assert_string_equal(LIST(.name_pattern = "*rg@corp.example"), "20");
	assert_string_equal(LIST(.name_pattern = ""), "");
	assert_string_equal(LIST(.name_pattern = "'; DROP TABLE cert; --"), "");
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_intent_and_issued),
		T(test_intent_says_all),
		T(test_issued_twice),
		T(test_serial_once),
		T(test_finalize_once),
		T(test_finalize_needs_its_authorizations),
		T(test_void),
		T(test_revoke_once),
		T(test_revoked_in_order),
		T(test_by_serial),
		T(test_list),
		T(test_list_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
