/* POST /revoke over the route table. */
#include <netinet/in.h>
#include "support/unit.h"
#include "codec/json.h"
#include "revoke/revoke.h"
#include "support/test_ca.h"
#include "util/text.h"

struct world {
	struct test_ca *t;
	struct revoke *revoke;
	struct http_routes *routes;
	uint32_t peer; /* the last octets of an IPv4 address */
	int status;
	const char *body;
};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	void *fixture;

	if (test_ca_setup(&fixture) != 0)
		return -1;
	w->t = fixture;
	w->revoke = revoke_new(w->t->ca, w->t->store);
	w->routes = http_routes_new();
	revoke_routes(w->revoke, w->routes);
	w->peer = 1;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	void *fixture = w->t;

	http_routes_free(w->routes);
	revoke_free(w->revoke);
	free(w);
	return test_ca_teardown(&fixture);
}

static int
post(struct world *w, enum listener_kind listener, const char *body)
{
	struct http_header type = { "Content-Type", "application/json" };
	struct http_req req = { .arena = w->t->a,
		.method = HTTP_POST,
		.target = "/revoke",
		.path = "/revoke",
		.headers = &type,
		.headers_n = 1,
		.body = bytes_str(body),
		.listener = listener,
		.http_version = 11,
		.now = w->t->now };
	struct sockaddr_in *v4 = (void *)&req.peer;
	struct http_resp resp = { 0 };

	v4->sin_family = AF_INET;
	v4->sin_addr.s_addr = htonl(w->peer);
	http_serve(w->routes, &req, &resp);
	w->status = resp.status;
	w->body = arena_str(w->t->a, http_resp_body(&resp));
	return w->status;
}

static struct ca_issued
issue(struct world *w)
{
	struct test_ca *t = w->t;
	const char *names[] = { "dns:a.example.net" };
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, "server"),
		.csr = test_ca_csr(
		    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "est",
		.wants_secret = true,
	};
	struct ca_issued out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	return out;
}

static const char *
body(struct world *w, const uint8_t *serial, const char *secret,
    const char *reason)
{
	char *hex = arena_alloc(w->t->a, 2 * SERIAL_SIZE + 1);

	hex_encode(bytes_of(serial, SERIAL_SIZE), hex);
	return arena_printf(w->t->a,
	    "{\"serial\":\"%s\",\"secret\":\"%s\",\"reason\":\"%s\"}", hex,
	    secret, reason);
}

static void
revokes(void **state)
{
	struct world *w = *state;
	struct ca_issued c = issue(w);
	const char *good =
	    body(w, c.serial, c.revocation_secret, "keyCompromise");
	const char *answer;
	struct cert_row row;
	bool blocked;

	/* The secret never goes over a plain listener. */
	assert_int_equal(post(w, LISTENER_HTTP, good), 404);
	assert_int_equal(post(w, LISTENER_HTTPS, good), 200);
	answer = w->body;
	assert_non_null(strstr(answer, "\"revoked_at\""));
	row = test_ca_row(w->t, c.id);
	assert_int_equal(row.status, CERT_REVOKED);
	assert_int_equal(row.reason, 1);
	/* It proves nothing about the key. */
	assert_ok(w->t,
	    store_key_is_blocked(
		w->t->store, row.spki_sha256, &blocked, &w->t->err));
	assert_false(blocked);
	/* Again is the same answer, and the reason stays. */
	w->t->now += 60;
	assert_int_equal(
	    post(w, LISTENER_HTTPS,
		body(w, c.serial, c.revocation_secret, "superseded")),
	    200);
	assert_string_equal(w->body, answer);
}

/* Whoever guesses learns nothing from the answer. */
static void
uniform_refusal(void **state)
{
	struct world *w = *state;
	static const char wrong[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	static const uint8_t unknown[SERIAL_SIZE] = { 1, 2, 3 };
	struct ca_issued c = issue(w),
			 none = test_ca_issue(w->t, "default", "b.example.net");
	const char *first;

	assert_int_equal(
	    post(w, LISTENER_HTTPS, body(w, c.serial, wrong, "superseded")),
	    403);
	first = w->body;
	assert_int_equal(
	    post(w, LISTENER_HTTPS, body(w, unknown, wrong, "superseded")),
	    403);
	assert_string_equal(w->body, first);
	assert_int_equal(
	    post(w, LISTENER_HTTPS, body(w, none.serial, wrong, "superseded")),
	    403);
	assert_string_equal(w->body, first);
	assert_int_equal(
	    post(w, LISTENER_HTTPS, "{\"serial\":\"no hex\",\"secret\":\"x\"}"),
	    403);
	assert_string_equal(w->body, first);
	assert_int_equal(test_ca_row(w->t, c.id).status, CERT_ISSUED);
}

static void
malformed(void **state)
{
	struct world *w = *state;
	struct ca_issued c = issue(w);
	static const char *const bad[] = { "", "[]", "{}", "{\"serial\":1}",
		"{\"serial\":\"00\"}", "{\"serial\":\"00\",\"secret\":7}" };

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(post(w, LISTENER_HTTPS, bad[i]), 400);
	assert_int_equal(
	    post(w, LISTENER_HTTPS,
		body(w, c.serial, c.revocation_secret, "privilegeWithdrawn")),
	    400);
	assert_int_equal(test_ca_row(w->t, c.id).status, CERT_ISSUED);
}

/* After a few wrong ones the right one waits too, and others do not. */
static void
limited_by_source(void **state)
{
	struct world *w = *state;
	static const char wrong[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct ca_issued c = issue(w);
	const char *good = body(w, c.serial, c.revocation_secret, "superseded");

	for (int i = 0; i < REVOKE_WRONG_MAX; i++)
		assert_int_equal(post(w, LISTENER_HTTPS,
				     body(w, c.serial, wrong, "superseded")),
		    403);
	assert_int_equal(post(w, LISTENER_HTTPS, good), 429);
	assert_int_equal(test_ca_row(w->t, c.id).status, CERT_ISSUED);
	w->peer = 2;
	assert_int_equal(post(w, LISTENER_HTTPS, good), 200);
	w->peer = 1;
	w->t->now += REVOKE_WRONG_PERIOD;
	assert_int_equal(post(w, LISTENER_HTTPS, good), 200);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(revokes),
		T(uniform_refusal),
		T(malformed),
		T(limited_by_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
