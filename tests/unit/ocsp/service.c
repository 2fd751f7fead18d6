/*
 * The responder over http_serve, with a real core, store and signer and a clock
 * that the test moves.
 */
#include "support/unit.h"
#include <pthread.h>
#include <stdatomic.h>
#include "support/test_ca.h"
#include "ca/responder.h"
#include "ocsp/handle.h"
#include "ocsp/ocsp.h"
#include "ocsp/sign.h"
#include "store/responder.h"
#include "util/text.h"

#define DAY ((int64_t)24 * 3600)

struct world {
	struct test_ca *t;
	struct ocsp *ocsp;
	struct http_routes *routes;
	struct ocsp_issuer_hashes issuer;
	struct bytes issuer_key;
};

static int64_t
world_clock(void *ctx)
{
	return ((struct test_ca *)ctx)->now * 1000000;
}

static void
world_ocsp(struct world *w)
{
	const struct ocsp_deps deps = { .ca = w->t->ca,
		.lanes = w->t->lanes,
		.clock = { world_clock, w->t },
		.random = random_system() };

	w->ocsp = ocsp_new(&deps, w->t->config);
	w->routes = http_routes_new();
	ocsp_routes(w->ocsp, w->routes);
}

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	const struct ca_view *view;

	w->t = test_ca_new(KEY_EC_P256, 0, test_ca_yaml);
	assert_ok(w->t, ca_responder_run(w->t->ca, &w->t->err));
	view = ca_view_find(w->t->ca, "issuing");
	ocsp_issuer_hash(view->cert.subject, &view->cert.key, &w->issuer);
	world_ocsp(w);
	*state = w;
	return 0;
}

static void
world_ocsp_end(struct world *w)
{
	http_routes_free(w->routes);
	ocsp_free(w->ocsp);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	world_ocsp_end(w);
	test_ca_free(w->t);
	free(w);
	return 0;
}

/* ---- asking ---- */

static void
request_put(struct world *w, const uint8_t (*serials)[SERIAL_SIZE], size_t n,
    enum ocsp_hash hash, struct bytes nonce, struct buf *out)
{
	static const uint8_t nonce_oid[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x05,
		0x05, 0x07, 0x30, 0x01, 0x02 };
	size_t whole = der_open(out, DER_SEQUENCE);
	size_t tbs = der_open(out, DER_SEQUENCE);
	size_t list = der_open(out, DER_SEQUENCE);

	for (size_t i = 0; i < n; i++) {
		size_t one = der_open(out, DER_SEQUENCE);

		ocsp_cert_id_put(
		    out, hash, &w->issuer, bytes_of(serials[i], SERIAL_SIZE));
		der_close(out, one);
	}
	der_close(out, list);
	if (nonce.n > 0) {
		size_t tag = der_open(out, DER_CONTEXT_CONSTRUCTED(2));
		size_t extensions = der_open(out, DER_SEQUENCE);
		size_t extension = der_open(out, DER_SEQUENCE);
		size_t value;

		buf_add(out, nonce_oid, sizeof(nonce_oid));
		value = der_open(out, DER_OCTET_STRING);
		der_put(out, DER_OCTET_STRING, nonce);
		der_close(out, value);
		der_close(out, extension);
		der_close(out, extensions);
		der_close(out, tag);
	}
	der_close(out, tbs);
	der_close(out, whole);
}

struct asked {
	struct arena *a;
	struct http_req req;
	struct http_resp resp;
	struct bytes body;
	struct ocsp_response r;
	int error; /* the status of an answer without a body; 0: none */
};

static void
asked_done(struct asked *x)
{
	blob_unref(x->resp.blob);
	arena_free(x->a);
}
#define AUTO_ASKED __attribute__((cleanup(asked_done))) struct asked

static void
serve(struct world *w, struct asked *x)
{
	struct err err = { 0 };

	x->req.listener = LISTENER_HTTP;
	x->req.now = w->t->now;
	http_serve(w->routes, &x->req, &x->resp);
	assert_int_equal(x->resp.status, 200);
	assert_string_equal(http_resp_header_get(&x->resp, "Content-Type"),
	    "application/ocsp-response");
	x->body = http_resp_body(&x->resp);
	if (x->body.n == 5) {
		x->error = x->body.p[4];
		assert_string_equal(
		    http_resp_header_get(&x->resp, "Cache-Control"),
		    "no-store");
		return;
	}
	if (!ocsp_response_parse(x->body, &x->r, &err))
		fail_msg("%s", err.shown);
}

static struct asked
post(struct world *w, struct bytes der)
{
	struct asked x = { .a = arena_new() };

	x.req.arena = x.a;
	x.req.method = HTTP_POST;
	x.req.path = "/ocsp";
	x.req.body = arena_bytes(x.a, der);
	serve(w, &x);
	return x;
}

static struct asked
ask_nonce(
    struct world *w, const uint8_t serial[SERIAL_SIZE], struct bytes nonce)
{
	AUTO_BUF der = { 0 };

	request_put(w, (const uint8_t(*)[SERIAL_SIZE])serial, 1, OCSP_SHA256,
	    nonce, &der);
	return post(w, buf_bytes(&der));
}

static struct asked
ask(struct world *w, const uint8_t serial[SERIAL_SIZE])
{
	return ask_nonce(w, serial, BYTES_NONE);
}

/* By GET, plain base64. */
static struct asked
get(struct world *w, const uint8_t serial[SERIAL_SIZE])
{
	struct asked x = { .a = arena_new() };
	AUTO_BUF der = { 0 };
	AUTO_BUF path = { 0 };

	request_put(w, (const uint8_t(*)[SERIAL_SIZE])serial, 1, OCSP_SHA1,
	    BYTES_NONE, &der);
	buf_add_str(&path, "/ocsp/");
	base64_encode(buf_bytes(&der), 0, &path);
	x.req.arena = x.a;
	x.req.method = HTTP_GET;
	x.req.path = arena_strdup(x.a, buf_cstr(&path));
	serve(w, &x);
	return x;
}

static struct ocsp_counters
counters(struct world *w)
{
	struct ocsp_counters c;

	ocsp_counters_get(w->ocsp, &c);
	return c;
}

static void
revoke(struct world *w, const char *id, int reason)
{
	struct cert_row row = test_ca_row(w->t, id);

	assert_ok(w->t,
	    ca_revoke(w->t->ca, &row, reason, "operator", false, &w->t->err));
}

static void
check_signature(struct world *w, const struct asked *x)
{
	AUTO_LANE loan = lane_lend(w->t->lanes);
	struct cert responder;

	assert_ok(w->t,
	    cert_parse(x->r.certificate, w->t->a, &responder, &w->t->err));
	assert_ok(w->t,
	    pubkey_verify(loan.lane, &responder.key, x->r.sig_alg, x->r.tbs,
		x->r.signature, &w->t->err));
}

/* ---- what is said ---- */

static void
a_good_one_is_signed_once_and_then_cached(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	AUTO_ASKED first = ask(w, c.serial);
	AUTO_ASKED second = ask(w, c.serial);

	check_signature(w, &first);
	assert_int_equal(first.r.data.n, 1);
	assert_int_equal(first.r.data.singles[0].status, OCSP_GOOD);
	assert_int_equal(first.r.data.produced_at, w->t->now);
	assert_int_equal(first.r.data.singles[0].this_update, w->t->now);
	assert_int_equal(
	    first.r.data.singles[0].next_update, w->t->now + 7 * DAY);
	assert_true(bytes_equal(first.body, second.body));
	assert_int_equal(counters(w).signed_answers, 1);
	assert_int_equal(counters(w).hits, 1);
	assert_int_equal(counters(w).requests[OCSP_DID_GOOD][1], 2);
}

static void
a_revocation_is_seen_at_once(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	AUTO_ASKED before = ask(w, c.serial);

	revoke(w, c.id, REASON_KEY_COMPROMISE);
	AUTO_ASKED after = ask(w, c.serial);
	AUTO_ASKED again = ask(w, c.serial);

	assert_int_equal(before.r.data.singles[0].status, OCSP_GOOD);
	assert_int_equal(after.r.data.singles[0].status, OCSP_REVOKED);
	assert_int_equal(after.r.data.singles[0].reason, REASON_KEY_COMPROMISE);
	assert_int_equal(after.r.data.singles[0].revoked_at, w->t->now);
	assert_true(bytes_equal(after.body, again.body));
}

static void
reload_unissued(struct world *w, const char *way)
{
	char *yaml = arena_printf(
	    w->t->a, "%socsp: {unissued: %s}\n", test_ca_yaml, way);

	config_free(w->t->config);
	w->t->config = test_ca_config(yaml);
	ocsp_reload(w->ocsp, w->t->config);
}

static void
a_serial_that_was_not_issued(void **state)
{
	struct world *w = *state;
	const uint8_t serial[SERIAL_SIZE] = { 1, 2, 3 };
	AUTO_ASKED nothing = ask(w, serial);

	assert_int_equal(nothing.error, OCSP_UNAUTHORIZED);
	reload_unissued(w, "unknown");
	AUTO_ASKED unknown = ask(w, serial);

	assert_int_equal(unknown.r.data.singles[0].status, OCSP_UNKNOWN);
	assert_false(unknown.r.data.extended_revoke);
	/* The cached answer of the former configuration does not count. */
	reload_unissued(w, "revoked");
	AUTO_ASKED revoked = ask(w, serial);
	const struct ocsp_single *single = &revoked.r.data.singles[0];

	assert_int_equal(single->status, OCSP_REVOKED);
	assert_int_equal(single->reason, REASON_HOLD);
	assert_int_equal(single->revoked_at, 0);
	assert_true(revoked.r.data.extended_revoke);
	reload_unissued(w, "unauthorized");
	AUTO_ASKED again = ask(w, serial);

	assert_int_equal(again.error, OCSP_UNAUTHORIZED);
}

/* It was issued, so it is neither unknown nor revoked: nothing is said of it
 * once its status is dropped. */
static void
an_expired_certificate_was_not_never_issued(void **state)
{
	static const char *const ways[] = { "unauthorized", "unknown",
		"revoked" };
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		reload_unissued(w, ways[i]);
		AUTO_ASKED valid = ask(w, c.serial);

		assert_int_equal(valid.r.data.singles[0].status, OCSP_GOOD);
	}
	w->t->now = c.not_after + 30 * DAY;
	assert_ok(w->t, ca_status_run(w->t->ca, &w->t->err));
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		reload_unissued(w, ways[i]);
		AUTO_ASKED gone = ask(w, c.serial);
		AUTO_ASKED by_get = get(w, c.serial);

		assert_int_equal(gone.error, OCSP_UNAUTHORIZED);
		assert_int_equal(by_get.error, OCSP_UNAUTHORIZED);
	}
}

/* What a responder signed is not sent on after its certificate was revoked. */
static void
a_withdrawn_responder_is_forgotten(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	AUTO_ASKED before = ask(w, c.serial);
	struct cert_row *rows;
	size_t n;

	assert_ok(w->t,
	    store_responder_list(w->t->store,
		ca_view_find(w->t->ca, "issuing")->key, 0, w->t->a, &rows, &n,
		&w->t->err));
	assert_int_equal(n, 1);
	assert_ok(w->t,
	    ca_revoke(w->t->ca, &rows[0], REASON_SUPERSEDED, "operator", false,
		&w->t->err));
	AUTO_ASKED after = ask(w, c.serial);

	assert_int_equal(after.error, 0);
	check_signature(w, &after);
	assert_false(bytes_equal(before.r.certificate, after.r.certificate));
}

static void
an_issuer_that_is_none_of_ours(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");

	/* The right name and another key: both hashes must be one issuer's. */
	w->issuer.key_sha256[5] ^= 1;
	AUTO_ASKED x = ask(w, c.serial);

	assert_int_equal(x.error, OCSP_UNAUTHORIZED);
	w->issuer.key_sha256[5] ^= 1;
	w->issuer.name_sha256[5] ^= 1;
	AUTO_ASKED y = ask(w, c.serial);

	assert_int_equal(y.error, OCSP_UNAUTHORIZED);
}

static void
several_in_one_request(void **state)
{
	struct world *w = *state;
	struct ca_issued a = test_ca_issue(w->t, "default", "a.example.net");
	struct ca_issued b = test_ca_issue(w->t, "default", "b.example.net");
	uint8_t serials[3][SERIAL_SIZE] = { { 0 } };
	AUTO_BUF two = { 0 };
	AUTO_BUF three = { 0 };

	memcpy(serials[0], a.serial, SERIAL_SIZE);
	memcpy(serials[1], b.serial, SERIAL_SIZE);
	serials[2][0] = 1;
	revoke(w, b.id, REASON_SUPERSEDED);
	request_put(w, (const uint8_t(*)[SERIAL_SIZE])serials, 2, OCSP_SHA1,
	    BYTES_NONE, &two);
	AUTO_ASKED x = post(w, buf_bytes(&two));

	check_signature(w, &x);
	assert_int_equal(x.r.data.n, 2);
	assert_int_equal(x.r.data.singles[0].status, OCSP_GOOD);
	assert_int_equal(x.r.data.singles[1].status, OCSP_REVOKED);
	/* Without authority for one of them there is none for the answer. */
	request_put(w, (const uint8_t(*)[SERIAL_SIZE])serials, 3, OCSP_SHA1,
	    BYTES_NONE, &three);
	AUTO_ASKED y = post(w, buf_bytes(&three));

	assert_int_equal(y.error, OCSP_UNAUTHORIZED);
}

static void
nonces(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	static const uint8_t nonce[OCSP_NONCE_MAX + 1] = { 9, 8, 7 };

	for (size_t n = 1; n <= OCSP_NONCE_MAX; n++) {
		AUTO_ASKED x = ask_nonce(w, c.serial, bytes_of(nonce, n));

		assert_int_equal(x.error, 0);
		if (n >= OCSP_NONCE_ECHO_MIN && n <= OCSP_NONCE_ECHO_MAX)
			assert_true(
			    bytes_equal(x.r.data.nonce, bytes_of(nonce, n)));
		else
			assert_int_equal(x.r.data.nonce.n, 0);
	}
	AUTO_ASKED x = ask_nonce(w, c.serial, bytes_of(nonce, sizeof(nonce)));

	assert_int_equal(x.error, OCSP_MALFORMED_REQUEST);
	/* One for all that need no echo, one for each that does. */
	assert_int_equal(counters(w).signed_answers,
	    1 + OCSP_NONCE_ECHO_MAX - OCSP_NONCE_ECHO_MIN + 1);
}

static void
http_caches_are_told(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	AUTO_ASKED x = get(w, c.serial);
	const char *etag = http_resp_header_get(&x.resp, "ETag");
	uint8_t sum[32];
	char hex[65];

	digest_sha256(x.body, sum);
	hex_encode(bytes_of(sum, 32), hex);
	assert_string_equal(etag, arena_printf(x.a, "\"%s\"", hex));
	assert_string_equal(http_resp_header_get(&x.resp, "Cache-Control"),
	    "max-age=3600, public, no-transform, must-revalidate");
	assert_string_equal(http_resp_header_get(&x.resp, "Last-Modified"),
	    "Wed, 01 Jul 2026 12:00:00 GMT");
	assert_string_equal(http_resp_header_get(&x.resp, "Expires"),
	    "Wed, 08 Jul 2026 12:00:00 GMT");
	/* Near the limit of our own serving there is less to keep. */
	w->t->now += 7 * DAY / 2 - 100;
	AUTO_ASKED y = get(w, c.serial);

	assert_string_equal(http_resp_header_get(&y.resp, "Cache-Control"),
	    "max-age=100, public, no-transform, must-revalidate");
	AUTO_ASKED z = ask(w, c.serial);

	assert_null(http_resp_header_get(&z.resp, "Cache-Control"));
}

/* ---- time ---- */

static void
le_2020_09_renewed_before_half_of_its_life(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	struct ca_issued d = test_ca_issue(w->t, "default", "b.example.net");
	AUTO_ASKED first = ask(w, c.serial);
	AUTO_ASKED other = ask(w, d.serial);
	AUTO_ASKED hit = ask(w, c.serial);

	w->t->now += 7 * DAY * 3 / 8 + 1;
	for (int i = 0; i < 4; i++)
		ocsp_run(w->ocsp);
	/* Asked for again since it was signed: c, not d. */
	assert_int_equal(counters(w).refreshed, 1);
	assert_int_equal(counters(w).signed_answers, 3);
	AUTO_ASKED renewed = ask(w, c.serial);

	assert_int_equal(renewed.r.data.produced_at, w->t->now);
	assert_int_equal(counters(w).hits, 2);
	assert_true(counters(w).oldest > 0);
}

/* Answers that had ended were served for 32 hours: with a signer that is gone
 * ours go on to half of their life, and no further. */
static void
le_2016_12_never_past_the_limit(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	struct ca_issued d = test_ca_issue(w->t, "default", "b.example.net");
	AUTO_ASKED first = ask(w, c.serial);

	atomic_store(&w->t->signing, SIGNING_UNREACHABLE);
	w->t->now += 7 * DAY / 2 - 1;
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 4; i++)
		ocsp_run(w->ocsp);
	log_set_level(LOG_ERROR);
	AUTO_ASKED late = ask(w, c.serial);
	AUTO_ASKED never_signed = ask(w, d.serial);

	assert_true(bytes_equal(first.body, late.body));
	assert_int_equal(never_signed.error, OCSP_TRY_LATER);
	w->t->now += 1;
	AUTO_ASKED over = ask(w, c.serial);

	assert_int_equal(over.error, OCSP_TRY_LATER);
	atomic_store(&w->t->signing, SIGNING_WORKS);
	AUTO_ASKED back = ask(w, c.serial);

	assert_int_equal(back.r.data.singles[0].status, OCSP_GOOD);
}

static void
the_clock_steps_both_ways(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	AUTO_ASKED first = ask(w, c.serial);

	/* Back: an answer from the future is not given out. */
	w->t->now -= 60;
	AUTO_ASKED back = ask(w, c.serial);

	assert_int_equal(back.r.data.produced_at, w->t->now);
	/* Far ahead: one of the past neither. */
	w->t->now += 30 * DAY;
	AUTO_ASKED ahead = ask(w, c.serial);

	assert_int_equal(ahead.r.data.produced_at, w->t->now);
	assert_true(ahead.r.data.singles[0].next_update > w->t->now);
}

static void
digicert_2019_broken_answers_are_not_given_out(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");

	atomic_store(&w->t->signing, SIGNING_BROKEN);
	AUTO_ASKED x = ask(w, c.serial);

	assert_int_equal(x.error, OCSP_TRY_LATER);
	assert_int_equal(counters(w).cached, 0);
}

/* ---- load ---- */

static void
le_2016_10_load_is_no_statement(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.net");
	struct ca_issued d = test_ca_issue(w->t, "default", "b.example.net");
	AUTO_ASKED first = ask(w, c.serial);

	atomic_store(&w->ocsp->signing, OCSP_SIGNING_MAX);
	AUTO_ASKED shed = ask(w, d.serial);
	AUTO_ASKED cached = ask(w, c.serial);

	assert_int_equal(shed.error, OCSP_TRY_LATER);
	assert_int_equal(counters(w).shed, 1);
	assert_int_equal(cached.r.data.singles[0].status, OCSP_GOOD);
	assert_int_equal(atomic_load(&w->ocsp->signing), OCSP_SIGNING_MAX);
	atomic_store(&w->ocsp->signing, 0);
	AUTO_ASKED later = ask(w, d.serial);

	assert_int_equal(later.error, 0);
	assert_int_equal(atomic_load(&w->ocsp->signing), 0);
}

/* All workers busy: the net layer refuses what was handed on. */
static void
a_full_queue_of_workers_is_try_later(void **state)
{
	struct world *w = *state;
	AUTO_ARENA *a = arena_new();
	struct question *q = arena_alloc(a, sizeof(*q));
	struct http_req req = { .arena = a, .carried = q };
	struct http_resp resp = { 0 };

	atomic_store(&w->ocsp->signing, 1);
	ocsp_refuse(w->ocsp, &req, &resp, 503, "all workers are busy");
	assert_int_equal(resp.status, 200);
	assert_int_equal(resp.body.p[4], OCSP_TRY_LATER);
	assert_int_equal(atomic_load(&w->ocsp->signing), 0);
}

/* ---- races ---- */

#define STORM 60

struct storm {
	struct world *w;
	struct ca_issued certs[STORM];
	atomic_uint revoked; /* so many are acknowledged */
	atomic_bool over;
	atomic_uint contradictions, answers;
};

static void *
storm_ask(void *arg)
{
	static const uint8_t nonce[32] = { 1 };
	struct storm *s = arg;
	unsigned n = 0;

	while (!atomic_load(&s->over)) {
		unsigned until = atomic_load(&s->revoked), i = n++ % STORM;
		AUTO_ASKED x = ask_nonce(s->w, s->certs[i].serial,
		    n % 3 == 0 ? bytes_of(nonce, 32) : BYTES_NONE);

		if (x.error != 0)
			continue;
		atomic_fetch_add(&s->answers, 1);
		if (i < until && x.r.data.singles[0].status != OCSP_REVOKED)
			atomic_fetch_add(&s->contradictions, 1);
	}
	return NULL;
}

static void
no_answer_contradicts_an_acknowledged_revocation(void **state)
{
	struct world *w = *state;
	struct storm s = { .w = w };
	pthread_t threads[3];

	for (size_t i = 0; i < STORM; i++)
		s.certs[i] = test_ca_issue(w->t, "default",
		    arena_printf(w->t->a, "n%zu.example.net", i));
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, storm_ask, &s), 0);
	for (unsigned i = 0; i < STORM; i++) {
		revoke(w, s.certs[i].id, REASON_CESSATION);
		atomic_store(&s.revoked, i + 1);
	}
	{
		unsigned seen = atomic_load(&s.answers);

		while (atomic_load(&s.answers) < seen + 2 * STORM)
			sched_yield();
	}
	atomic_store(&s.over, true);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&s.contradictions), 0);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_good_one_is_signed_once_and_then_cached),
		IN_WORLD(a_revocation_is_seen_at_once),
		IN_WORLD(a_serial_that_was_not_issued),
		IN_WORLD(an_expired_certificate_was_not_never_issued),
		IN_WORLD(a_withdrawn_responder_is_forgotten),
		IN_WORLD(an_issuer_that_is_none_of_ours),
		IN_WORLD(several_in_one_request),
		IN_WORLD(nonces),
		IN_WORLD(http_caches_are_told),
		IN_WORLD(le_2020_09_renewed_before_half_of_its_life),
		IN_WORLD(le_2016_12_never_past_the_limit),
		IN_WORLD(the_clock_steps_both_ways),
		IN_WORLD(digicert_2019_broken_answers_are_not_given_out),
		IN_WORLD(le_2016_10_load_is_no_statement),
		IN_WORLD(a_full_queue_of_workers_is_try_later),
		IN_WORLD(no_answer_contradicts_an_acknowledged_revocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
