/* One-time secrets that an MDM fetches over HTTPS. */
#include "ca/token.h"
#include "scep/server.h"
#include "util/text.h"
#include "world.h"

#include <arpa/inet.h>

/* A request for a secret; what is NULL is as an MDM has it. */
struct call {
	const char *path, *type, *body, *authorization, *peer;
	enum listener_kind listener;
	bool nobody; /* no Authorization at all */
};

static const char *
basic(struct world *w, const char *who)
{
	AUTO_BUF b = { 0 };

	base64_encode(bytes_str(who), 0, &b);
	return arena_printf(w->a, "Basic %s", buf_cstr(&b));
}

static struct http_resp
fetch(struct world *w, struct call c)
{
	struct http_header headers[2];
	struct http_req req = { .arena = w->a,
		.method = HTTP_POST,
		.path = c.path == NULL ? "/scep/mdm/challenge" : c.path,
		.headers = headers,
		.body = c.body == NULL ? BYTES_NONE : bytes_str(c.body),
		.http_version = 11,
		.tls = true,
		.listener = c.listener == 0 ? LISTENER_HTTPS : c.listener,
		.now = w->t->now };
	struct sockaddr_in *peer = (void *)&req.peer;
	struct http_resp resp;

	peer->sin_family = AF_INET;
	assert_int_equal(
	    inet_pton(AF_INET, c.peer == NULL ? "192.0.2.9" : c.peer,
		&peer->sin_addr),
	    1);
	if (!c.nobody)
		headers[req.headers_n++] =
		    (struct http_header){ "Authorization",
			    c.authorization == NULL ? basic(w, "jamf:Secret:7x")
						    : c.authorization };
	if (c.body != NULL)
		headers[req.headers_n++] = (struct http_header){ "Content-Type",
			c.type == NULL ? "application/json" : c.type };
	req.target = req.path;
	http_serve(w->routes, &req, &resp);
	return resp;
}

static const char *
secret_of(struct world *w, struct call c)
{
	struct http_resp resp = fetch(w, c);

	if (resp.status != 200)
		fail_msg("%d %.*s", resp.status, (int)resp.body.n,
		    (const char *)resp.body.p);
	assert_int_equal(resp.body.n, TOKEN_SECRET_LENGTH);
	assert_true(secret_text_has_form(resp.body));
	assert_true(resp.secret);
	assert_string_equal(
	    http_resp_header_get(&resp, "Cache-Control"), "no-store");
	assert_string_equal(http_resp_header_get(&resp, "Content-Type"),
	    "text/plain; charset=utf-8");
	return arena_str(w->a, resp.body);
}

static struct answer
enrol(struct world *w, const char *path, const char *transaction,
    const struct client *by, const char *dns, const char *secret)
{
	const struct letter l = { .path = path,
		.transaction = transaction,
		.by = by,
		.content = world_csr(w, by->key, dns, secret) };

	return world_ask(w, &l);
}

static struct token
newest(struct world *w)
{
	struct token *v;
	size_t n;

	assert_ok(
	    w->t, ca_token_list(w->t->ca, NULL, 1, w->a, &v, &n, &w->t->err));
	assert_int_equal(n, 1);
	return v[0];
}

static void
a_secret_is_fetched_and_used_once(void **state)
{
	struct world *w = *state;
	const char *secret = secret_of(w, (struct call){ 0 });
	struct token t = newest(w);

	assert_string_equal(t.by, "challenge client jamf");
	assert_string_equal(t.service, "scep/mdm");
	assert_string_equal(t.device, "");
	assert_int_equal(t.uses, 1);
	assert_int_equal(t.expires_at, w->t->now + 600);
	/* At this profile alone: the other has the same profile of the CA. */
	assert_failed(enrol(w, "/scep", "0", &w->one, "a.example.net", secret),
	    SCEP_BAD_REQUEST);
	/* The profile's names bind. */
	assert_failed(enrol(w, "/scep/mdm", "1", &w->one, "a.test", secret),
	    SCEP_BAD_REQUEST);
	assert_granted(
	    enrol(w, "/scep/mdm", "2", &w->one, "a.example.net", secret));
	assert_failed(
	    enrol(w, "/scep/mdm", "3", &w->two, "a.example.net", secret),
	    SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 1);
	/* It ends. */
	secret = secret_of(w, (struct call){ 0 });
	w->t->now += 600;
	assert_failed(
	    enrol(w, "/scep/mdm", "4", &w->two, "a.example.net", secret),
	    SCEP_BAD_REQUEST);
}

static void
names_and_devices(void **state)
{
	static const struct {
		const char *body, *device;
	} rows[] = {
		{ "{\"webhook\":{\"id\":1,\"name\":\"SCEP\",\"webhookEvent\":"
		  "\"SCEPChallenge\",\"eventTimestamp\":1553550275590},"
		  "\"event\":{\"payloadIdentifier\":\"CDB0BC64\",\"payload"
		  "Types\":[\"com.apple.security.scep\"],\"targetDevice\":{"
		  "\"serialNumber\":\"C02XL0ALJGH5\",\"udid\":\"EBBFF74D\"}}}",
		    "C02XL0ALJGH5" },
		{ "{\"webhook\":{\"webhookEvent\":\"SCEPChallenge\"},"
		  "\"event\":{\"device\":{\"uuid\":\"U-1\"}}}",
		    "U-1" },
		{ "{\"webhook\":{\"webhookEvent\":\"SCEPChallenge\"},"
		  "\"event\":{\"scepServerUrl\":\"https://x/\"}}",
		    "" },
		{ "{\"device\":\"D-1\"}", "D-1" },
		{ "{}", "" },
	};
	struct world *w = *state;
	const char *secret;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		(void)secret_of(w, (struct call){ .body = rows[i].body });
		assert_string_equal(newest(w).device, rows[i].device);
	}
	secret = secret_of(w,
	    (struct call){ .body = "{\"names\":[\"dns:A.example.net\"]}",
		.type = "application/json; charset=utf-8" });
	assert_failed(
	    enrol(w, "/scep/mdm", "1", &w->one, "b.example.net", secret),
	    SCEP_BAD_REQUEST);
	assert_granted(
	    enrol(w, "/scep/mdm", "2", &w->one, "a.example.net", secret));
}

static void
what_is_refused(void **state)
{
	struct world *w = *state;
	const struct {
		struct call call;
		int status;
	} rows[] = {
		{ { .path = "/scep/other/challenge" }, 404 },
		{ { .path = "/scep/none/challenge" }, 404 },
		{ { .path = "/scep/challenge" }, 404 },
		/* Over TLS alone. */
		{ { .listener = LISTENER_HTTP }, 404 },
		{ { .listener = LISTENER_EST }, 421 },
		{ { .nobody = true }, 401 },
		{ { .authorization = "Basic" }, 401 },
		{ { .authorization = "Basic !!!" }, 401 },
		{ { .authorization = "Digest x" }, 401 },
		{ { .authorization = basic(w, "jamf:wrong") }, 401 },
		{ { .authorization = basic(w, "jamf:") }, 401 },
		{ { .authorization = basic(w, "jamf") }, 401 },
		{ { .authorization = basic(w, "nobody:Secret:7x") }, 401 },
		{ { .authorization = "Bearer jamf.wrong" }, 401 },
		{ { .authorization = "Bearer Secret:7x" }, 401 },
		{ { .body = "<JSSEvent/>", .type = "text/xml" }, 415 },
		{ { .body = "<JSSEvent/>", .type = "application/xml" }, 415 },
		{ { .body = "{}", .type = "text/plain" }, 415 },
		{ { .body = "<JSSEvent/>" }, 400 },
		{ { .body = "[]" }, 400 },
		{ { .body = "{} {}" }, 400 },
		{ { .body = "{\"name\":[\"dns:a.example.net\"]}" }, 400 },
		{ { .body = "{\"names\":[]}" }, 400 },
		{ { .body = "{\"names\":[7]}" }, 400 },
		{ { .body = "{\"names\":[\"a.example.net\"]}" }, 400 },
		{ { .body = "{\"names\":[\"dns:a.test\"]}" }, 403 },
		{ { .body = "{\"device\":\"\"}" }, 400 },
		{ { .body = "{\"webhook\":{\"webhookEvent\":\"ComputerAdded\"}"
			    "}" },
		    400 },
		{ { .body = "{\"webhook\":7}" }, 400 },
	};
	const char *said = NULL;
	struct token *v;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct call c = rows[i].call;
		struct http_resp resp;

		c.peer = arena_printf(w->a, "198.51.100.%zu", i + 1);
		resp = fetch(w, c);
		if (resp.status != rows[i].status)
			fail_msg("row %zu: %d %.*s", i, resp.status,
			    (int)resp.body.n, (const char *)resp.body.p);
		if (resp.status != 401)
			continue;
		/* Whoever guesses is told the same. */
		if (said == NULL)
			said = arena_str(w->a, resp.body);
		assert_true(bytes_is(resp.body, said));
		assert_non_null(
		    http_resp_header_get(&resp, "WWW-Authenticate"));
	}
	assert_ok(
	    w->t, ca_token_list(w->t->ca, NULL, 1, w->a, &v, &n, &w->t->err));
	assert_int_equal(n, 0);
	(void)secret_of(
	    w, (struct call){ .authorization = "Bearer jamf.Secret:7x" });
	(void)secret_of(
	    w, (struct call){ .authorization = basic(w, "other:Secret-8") });
}

static void
guesses_and_secrets_have_a_rate(void **state)
{
	struct world *w = *state;
	const struct call wrong = { .authorization = basic(w, "jamf:wrong") };
	struct http_resp resp;

	for (int i = 0; i < 4; i++)
		assert_int_equal(fetch(w, wrong).status, 401);
	/* Then not even the right one, and somebody else's is. */
	resp = fetch(w, (struct call){ 0 });
	assert_int_equal(resp.status, 429);
	assert_non_null(http_resp_header_get(&resp, "Retry-After"));
	/* Twelve an hour for a client, wherever from. */
	for (int i = 0; i < 12; i++)
		(void)secret_of(w,
		    (struct call){
			.peer = i % 2 == 0 ? "192.0.2.1" : "192.0.2.2" });
	resp = fetch(w, (struct call){ .peer = "192.0.2.3" });
	assert_int_equal(resp.status, 429);
	(void)secret_of(w,
	    (struct call){ .peer = "192.0.2.3",
		.authorization = basic(w, "other:Secret-8") });
	/* It is theirs also when a reload puts others before them. */
	test_ca_write_file(w->t, "mdms",
	    bytes_str("first:$6$abcdefgh$mM21zowV5GRs7Y2enwue4YgbVCYODgi4wZB4B3"
		      "a5S71t66hE8A8G8U3drOWprW5PaHPVsBgK5ASLcT3piN77A0\n"
		      "jamf:$6$abcdefgh$mM21zowV5GRs7Y2enwue4YgbVCYODgi4wZB4B3"
		      "a5S71t66hE8A8G8U3drOWprW5PaHPVsBgK5ASLcT3piN77A0\n"));
	assert_ok(w->t, scep_reload(w->scep, w->t->config, &w->t->err));
	resp = fetch(w, (struct call){ .peer = "192.0.2.3" });
	assert_int_equal(resp.status, 429);
	(void)secret_of(w,
	    (struct call){ .peer = "192.0.2.3",
		.authorization = basic(w, "first:Secret:7x") });
	w->t->now += 3600;
	(void)secret_of(w, (struct call){ .peer = "192.0.2.3" });
}

/* A flood of guesses waits for hashes; the workers of others do not. */
static void
half_of_the_workers_stay_for_others(void **state)
{
	struct world *w = *state;
	struct http_resp resp;

	atomic_fetch_add(&w->scep->running, 1);
	(void)secret_of(w, (struct call){ 0 });
	atomic_fetch_add(&w->scep->running, 1);
	resp = fetch(w, (struct call){ 0 });
	assert_int_equal(resp.status, 503);
	assert_non_null(http_resp_header_get(&resp, "Retry-After"));
	assert_int_equal(
	    enrol(w, "/scep/mdm", "1", &w->one, "a.example.net", "x").http,
	    503);
	atomic_fetch_sub(&w->scep->running, 1);
	(void)secret_of(w, (struct call){ 0 });
	atomic_fetch_sub(&w->scep->running, 1);
	assert_int_equal(atomic_load(&w->scep->running), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_secret_is_fetched_and_used_once),
		TEST(names_and_devices),
		TEST(what_is_refused),
		TEST(guesses_and_secrets_have_a_rate),
		TEST(half_of_the_workers_stay_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
