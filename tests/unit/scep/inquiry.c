#include <openssl/hmac.h>

#include "codec/json.h"
#include "scep/webhook.h"
#include "store/approval.h"
#include "util/text.h"
#include "world.h"

#define WEBHOOK "/scep/asked"
#define INTUNE "/scep/managed"

/* A request that was sent, and whose reply is held. */
struct asking {
	struct letter letter;
	struct http_req *req;
	struct http_resp resp;
	bool *signalled; /* the reply goes on */
};

static void
fired(void *arg)
{
	*(bool *)arg = true;
}

static struct letter
request(
    struct world *w, const char *path, const char *dns, const char *password)
{
	return (struct letter){ .path = path,
		.transaction = dns,
		.content = world_csr(w, w->one.key, dns, password) };
}

static struct asking
ask(struct world *w, struct letter l)
{
	struct asking out = { .letter = l };
	struct answer got = world_ask(w, &out.letter);

	if (w->resp.wait == NULL)
		fail_msg("%d %d %s", got.http, got.status, got.text);
	out.req = w->req;
	out.resp = w->resp;
	out.signalled = arena_alloc(w->a, sizeof(bool));
	http_ticket_arm(out.resp.wait, fired, out.signalled);
	return out;
}

static struct answer
told(struct world *w, struct asking *a)
{
	return world_told(w, &a->letter, a->req, &a->resp);
}

static struct answer
poll_as(struct world *w, const struct letter *l, const struct client *by)
{
	AUTO_BUF b = { 0 };
	size_t list = der_open(&b, DER_SEQUENCE);
	struct letter p = { .path = l->path,
		.type = SCEP_CERT_POLL,
		.transaction = l->transaction,
		.by = by };

	der_put(&b, DER_SEQUENCE, BYTES_NONE);
	der_put(&b, DER_SEQUENCE, BYTES_NONE);
	der_close(&b, list);
	p.content = arena_take_buf(w->a, &b);
	return world_ask(w, &p);
}

static struct answer
poll_it(struct world *w, const struct letter *l)
{
	return poll_as(w, l, &w->one);
}

static struct inquiry
row_of(struct world *w, const char *path, const char *transaction)
{
	uint8_t signer[32];
	struct inquiry row;

	digest_sha256(privkey_spki(w->one.key), signer);
	assert_ok(w->t,
	    store_inquiry_find(w->t->store, strrchr(path, '/') + 1, transaction,
		signer, w->a, &row, &w->t->err));
	return row;
}

static void
assert_state(struct world *w, const char *path, const char *transaction,
    enum inquiry_state state)
{
	struct inquiry row = row_of(w, path, transaction);

	assert_string_equal(
	    inquiry_state_name(row.state), inquiry_state_name(state));
	/* The password goes with the last that is to be done. */
	assert_int_equal(row.sealed.n == 0, row.due_at == 0);
}

/* ---- a webhook ---- */

static void
test_webhook_allows(void **state)
{
	struct world *w = *state;
	struct asking a =
	    ask(w, request(w, WEBHOOK, "a.example.net", "Pass_1"));
	const struct world_call *c = &w->calls[0];
	struct answer got;
	json_t *o, *csr;

	assert_int_equal(a.resp.wait_ms, 25000);
	assert_int_equal(w->calls_n, 1);
	assert_string_equal(c->url, "https://desk.example.net/scep");
	assert_string_equal(c->authorization, "Bearer letmein");
	assert_ok(
	    w->t, json_parse_object(bytes_str(c->body), w->a, &o, &w->t->err));
	assert_string_equal(json_string_value(json_object_get(o, "timestamp")),
	    "2026-07-01T12:00:00Z");
	assert_string_equal(
	    json_string_value(json_object_get(o, "provisionerName")), "asked");
	assert_string_equal(
	    json_string_value(json_object_get(o, "scepChallenge")), "Pass_1");
	assert_string_equal(
	    json_string_value(json_object_get(o, "scepTransactionID")),
	    "a.example.net");
	csr = json_object_get(o, "x509CertificateRequest");
	assert_string_equal(json_string_value(json_array_get(
				json_object_get(csr, "dnsNames"), 0)),
	    "a.example.net");
	assert_string_equal(
	    json_string_value(json_object_get(csr, "publicKeyAlgorithm")),
	    "RSA");
	assert_state(w, WEBHOOK, "a.example.net", INQUIRY_ASKING);
	assert_int_equal(poll_it(w, &a.letter).status, SCEP_PENDING);
	world_hook_says(w, 200, "{\"allow\": true}");
	assert_true(*a.signalled);
	got = told(w, &a);
	assert_granted(got);
	assert_state(w, WEBHOOK, "a.example.net", INQUIRY_CLOSED);
	assert_int_equal(world_issued(w), 1);
	/* The poll, and the same request, get the same. */
	assert_true(
	    bytes_equal(poll_it(w, &a.letter).first.der, got.first.der));
	assert_true(
	    bytes_equal(world_ask(w, &a.letter).first.der, got.first.der));
	assert_int_equal(w->calls_n, 1);
	assert_int_equal(world_issued(w), 1);
}

/* Nothing gets into a certificate that the service was not told in words. */
static void
test_webhook_is_told_all_names(void **state)
{
	static const char *const members[] = { "dnsNames", "ipAddresses",
		"emailAddresses", "uris", "userPrincipalNames" };
	struct name v[] = { { NAME_DNS, "a.example.net" },
		{ NAME_IP, "192.0.2.1" }, { NAME_EMAIL, "a@example.net" },
		{ NAME_URI, "urn:x:y" }, { NAME_UPN, "admin@example.net" } };
	struct world *w = *state;
	struct csr csr;
	const struct webhook_question q = { .profile = "asked",
		.transaction = "T1",
		.csr = &csr,
		.now = w->t->now };
	AUTO_BUF body = { 0 };
	json_t *o;

	assert_ok(w->t,
	    csr_parse(world_csr(w, w->one.key, "a.example.net", "Pass_1"), w->a,
		&csr, &w->t->err));
	csr.names = (struct names){ v, COUNT_OF(v) };
	webhook_body(&q, &body);
	assert_ok(
	    w->t, json_parse_object(buf_bytes(&body), w->a, &o, &w->t->err));
	o = json_object_get(o, "x509CertificateRequest");
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const json_t *list = json_object_get(o, members[i]);

		assert_int_equal(json_array_size(list), 1);
		assert_string_equal(
		    json_string_value(json_array_get(list, 0)), v[i].text);
	}
	o = json_object_get(o, "subject");
	assert_string_equal(
	    json_string_value(json_object_get(o, "distinguishedName")),
	    "CN=a.example.net");
}

/* RFC 2104 by another implementation than the one that made it. */
static void
test_webhook_signature(void **state)
{
	static const char key[] = "0123456789abcdef-desk";
	struct world *w = *state;
	uint8_t sum[32];
	unsigned n = 0;

	(void)ask(w, request(w, WEBHOOK, "h.example.net", NULL));
	assert_non_null(HMAC(EVP_sha256(), key, (int)strlen(key),
	    (const uint8_t *)w->calls[0].body, strlen(w->calls[0].body), sum,
	    &n));
	assert_string_equal(
	    w->calls[0].signature, hex_arena(w->a, bytes_of(sum, n)));
	assert_null(strstr(w->calls[0].body, "scepChallenge"));
	world_hook_says(w, 200, "{\"allow\": false}");
}

static void
test_webhook_denies(void **state)
{
	static const struct {
		int status;
		const char *body, *text;
	} rows[] = {
		{ 200, "{\"allow\": false}", "the request was refused" },
		{ 200,
		    "{\"allow\": false, \"error\": {\"message\": \"no such "
		    "device\"}}",
		    "no such device" },
		{ 200,
		    "{\"allow\": false, \"error\": {\"message\": "
		    "\"l\\u00e9\"}}",
		    "the request was refused" },
		{ 403, "{\"allow\": true}", "the request was refused" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *dns = arena_printf(w->a, "d%zu.example.net", i);
		struct asking a = ask(w, request(w, WEBHOOK, dns, "x"));
		struct answer got;

		world_hook_says(w, rows[i].status, rows[i].body);
		got = told(w, &a);
		assert_failed(got, SCEP_BAD_REQUEST);
		assert_string_equal(got.text, rows[i].text);
		/* Told again, not asked again. */
		assert_failed(world_ask(w, &a.letter), SCEP_BAD_REQUEST);
		assert_failed(poll_it(w, &a.letter), SCEP_BAD_REQUEST);
		assert_int_equal(w->calls_n, i + 1);
	}
	assert_int_equal(world_issued(w), 0);
}

/* Each counts as a wrong password does: five are enough. */
static void
test_refusals_are_counted(void **state)
{
	struct world *w = *state;
	struct letter l;

	for (unsigned i = 0; i < 5; i++) {
		struct asking a = ask(w,
		    request(w, WEBHOOK,
			arena_printf(w->a, "c%u.example.net", i), "x"));

		world_hook_says(w, 200, "{\"allow\": false}");
		assert_failed(told(w, &a), SCEP_BAD_REQUEST);
	}
	l = request(w, WEBHOOK, "c5.example.net", "x");
	assert_int_equal(world_ask(w, &l).http, 429);
	assert_int_equal(w->calls_n, 5);
}

/* Only one answer is yes. */
static void
test_webhook_unreadable(void **state)
{
	static const struct {
		int status;
		const char *body;
	} rows[] = { { 200, "{\"allow\": \"true\"}" }, { 200, "{}" },
		{ 200, "[true]" }, { 200, "{\"allow\": true} x" },
		{ 201, "{\"allow\": true}" }, { 302, "{\"allow\": true}" },
		{ 204, "" }, { 500, "{\"allow\": true}" }, { 429, "" },
		{ 401, "{\"allow\": false}" }, { 0, "connection refused" } };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *dns = arena_printf(w->a, "u%zu.example.net", i);
		struct asking a = ask(w, request(w, WEBHOOK, dns, "x"));

		world_hook_says(w, rows[i].status, rows[i].body);
		assert_true(*a.signalled);
		assert_int_equal(told(w, &a).status, SCEP_PENDING);
		assert_state(w, WEBHOOK, dns, INQUIRY_ASKING);
		/* Asked again, and then it is well. */
		w->t->now += 10;
		world_run(w);
		world_hook_says(w, 200, "{\"allow\": true}");
		assert_granted(poll_it(w, &a.letter));
	}
	assert_int_equal(world_issued(w), COUNT_OF(rows));
}

static void
assert_metric(struct world *w, const char *line)
{
	AUTO_BUF b = { 0 };

	scep_service_metrics(w->scep, &b);
	if (strstr(buf_cstr(&b), line) == NULL)
		fail_msg("no %s in %s", line, buf_cstr(&b));
}

static void
test_webhook_silent_for_good(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, WEBHOOK, "s.example.net", "x"));
	unsigned tries = 1;

	world_hook_says(w, 503, "");
	assert_int_equal(told(w, &a).status, SCEP_PENDING);
	while (row_of(w, WEBHOOK, "s.example.net").due_at != 0) {
		assert_true(tries++ < 10);
		w->t->now = row_of(w, WEBHOOK, "s.example.net").due_at;
		world_run(w);
		world_hook_says(w, 503, "");
	}
	assert_int_equal(tries, 5);
	assert_state(w, WEBHOOK, "s.example.net", INQUIRY_FAILED);
	assert_metric(w, "service_up{service=\"webhook\",name=\"desk\"} 0\n");
	assert_metric(
	    w, "{service=\"webhook\",name=\"desk\",verdict=\"none\"} 5\n");
	assert_failed(poll_it(w, &a.letter), SCEP_BAD_REQUEST);
	/* Nobody guessed: it does not count.  After a while it may be asked
	 * about once more. */
	w->t->now += 301;
	a = ask(w, a.letter);
	world_hook_says(w, 200, "{\"allow\": true}");
	assert_granted(told(w, &a));
	assert_metric(w, "service_up{service=\"webhook\",name=\"desk\"} 1\n");
}

/* The process that asked is gone: another one takes the step when the lease is
 * over, and an answer that comes late does no harm. */
static void
test_lease(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, WEBHOOK, "l.example.net", "x"));
	struct world_call *late = world_call(w, WORLD_WEBHOOK);
	struct outgoing_result no = { .ok = true,
		.status = 200,
		.body = bytes_str("{\"allow\": false}") };

	w->t->now += 12;
	world_run(w);
	assert_int_equal(w->calls_n, 1);
	w->t->now += 1;
	world_run(w);
	assert_int_equal(w->calls_n, 2);
	world_hook_says(w, 200, "{\"allow\": true}");
	assert_granted(told(w, &a));
	late->webhook_done(late->arg, &no);
	world_run(w);
	assert_state(w, WEBHOOK, "l.example.net", INQUIRY_CLOSED);
	assert_granted(poll_it(w, &a.letter));
	assert_int_equal(world_issued(w), 1);
}

static void
test_joined(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, WEBHOOK, "j.example.net", "x"));
	struct asking b = ask(w, a.letter);
	struct letter other = { .path = WEBHOOK,
		.transaction = "j.example.net",
		.by = &w->two,
		.content = world_csr(w, w->two.key, "j.example.net", "x") };
	struct answer got, again;

	/* One inquiry, two tickets. */
	assert_int_equal(w->calls_n, 1);
	/* Another key has no part in it, nor may it ask how it is. */
	assert_failed(world_ask(w, &other), SCEP_BAD_REQUEST);
	assert_failed(poll_as(w, &a.letter, &w->two), SCEP_BAD_CERT_ID);
	world_hook_says(w, 200, "{\"allow\": true}");
	got = told(w, &a);
	again = told(w, &b);
	assert_granted(got);
	assert_granted(again);
	assert_true(bytes_equal(got.first.der, again.first.der));
	assert_int_equal(world_issued(w), 1);
	assert_failed(world_ask(w, &other), SCEP_BAD_REQUEST);
}

static void
test_bounded(void **state)
{
	struct world *w = *state;
	struct asking a[3];
	struct letter l;

	for (unsigned i = 0; i < 3; i++)
		a[i] = ask(w,
		    request(w, WEBHOOK,
			arena_printf(w->a, "b%u.example.net", i), "x"));
	l = request(w, WEBHOOK, "b3.example.net", "x");
	assert_int_equal(world_ask(w, &l).http, 503);
	for (unsigned i = 0; i < 3; i++) {
		world_hook_says(w, 200, "{\"allow\": true}");
		assert_granted(told(w, &a[i]));
	}
	a[0] = ask(w, l);
	/* The port is full: it is tried again. */
	world_hook_says(w, 0, "reset");
	w->busy = true;
	w->t->now += 10;
	world_run(w);
	w->busy = false;
	w->t->now += 30;
	world_run(w);
	world_hook_says(w, 200, "{\"allow\": true}");
	assert_granted(told(w, &a[0]));
}

/* What could not be issued is not asked about. */
static void
test_checked_first(void **state)
{
	struct world *w = *state;
	struct letter l = request(w, WEBHOOK, "elsewhere.example.org", "x");

	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	assert_int_equal(w->calls_n, 0);
}

/* The signer is out of order for a while after the yes. */
static void
test_issued_later(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, WEBHOOK, "i.example.net", "x"));

	w->t->signing = SIGNING_UNREACHABLE;
	world_hook_says(w, 200, "{\"allow\": true}");
	assert_state(w, WEBHOOK, "i.example.net", INQUIRY_GRANTED);
	assert_int_equal(told(w, &a).status, SCEP_PENDING);
	w->t->signing = SIGNING_WORKS;
	{
		unsigned finished, voided;

		assert_ok(
		    w->t, ca_recover(w->t->ca, &finished, &voided, &w->t->err));
	}
	w->t->now += 30;
	world_run(w);
	assert_state(w, WEBHOOK, "i.example.net", INQUIRY_CLOSED);
	assert_granted(poll_it(w, &a.letter));
	assert_int_equal(world_issued(w), 1);
}

static void
test_renewal(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, WEBHOOK, "r.example.net", "x"));
	struct answer got;
	struct letter l;

	world_hook_says(w, 200, "{\"allow\": true}");
	got = told(w, &a);
	assert_granted(got);
	world_take(w, &w->one, &got);
	/* Signed by our certificate: its own authority, unless it has a
	 * password. */
	l = request(w, WEBHOOK, "r.example.net", NULL);
	l.transaction = "second";
	assert_granted(world_ask(w, &l));
	assert_int_equal(w->calls_n, 1);
	l = request(w, WEBHOOK, "r.example.net", "y");
	l.transaction = "third";
	a = ask(w, l);
	world_hook_says(w, 200, "{\"allow\": false}");
	assert_failed(told(w, &a), SCEP_BAD_REQUEST);
}

/* ---- Intune ---- */

static void
test_intune_withholds(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "m.example.net", "blob"));
	const char *cert_id;
	struct answer got;

	assert_string_equal(w->calls[0].url, "contoso");
	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	/* Issued, and not handed out by any door: who waits goes on waiting. */
	assert_false(*a.signalled);
	assert_state(w, INTUNE, "m.example.net", INQUIRY_ISSUED);
	assert_int_equal(world_issued(w), 1);
	assert_int_equal(poll_it(w, &a.letter).status, SCEP_PENDING);
	cert_id = row_of(w, INTUNE, "m.example.net").cert_id;
	assert_non_null(cert_id);
	/* The news cannot be delivered, again and again. */
	for (unsigned i = 0; i < 6; i++) {
		world_intune_says(w, WORLD_ISSUED, INTUNE_SILENT);
		assert_int_equal(poll_it(w, &a.letter).status, SCEP_PENDING);
		w->t->now = row_of(w, INTUNE, "m.example.net").due_at;
		world_run(w);
	}
	assert_int_equal(told(w, &a).status, SCEP_PENDING);
	assert_true(*a.signalled);
	world_intune_says(w, WORLD_ISSUED, INTUNE_YES);
	assert_state(w, INTUNE, "m.example.net", INQUIRY_CLOSED);
	got = poll_it(w, &a.letter);
	assert_granted(got);
	assert_true(
	    bytes_equal(w->calls[w->calls_n - 1].certificate, got.first.der));
}

static void
test_intune_refuses(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "n.example.net", "blob"));

	world_intune_says(w, WORLD_VALIDATE, INTUNE_NO);
	assert_failed(told(w, &a), SCEP_BAD_REQUEST);
	assert_state(w, INTUNE, "n.example.net", INQUIRY_REFUSED);
	assert_int_equal(w->calls_n, 1);
	assert_int_equal(world_issued(w), 0);
}

static enum cert_status
status_of(struct world *w, const char *path, const char *transaction)
{
	struct inquiry row = row_of(w, path, transaction);
	struct cert_row cert;

	assert_ok(w->t,
	    store_cert_get(w->t->store, row.cert_id, w->a, &cert, &w->t->err));
	return cert.status;
}

static void
test_intune_denies_the_notice(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "w.example.net", "blob"));

	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	world_intune_says(w, WORLD_ISSUED, INTUNE_NO);
	assert_state(w, INTUNE, "w.example.net", INQUIRY_WITHDRAWN);
	assert_int_equal(status_of(w, INTUNE, "w.example.net"), CERT_REVOKED);
	assert_failed(told(w, &a), SCEP_BAD_REQUEST);
	assert_failed(poll_it(w, &a.letter), SCEP_BAD_REQUEST);
	assert_failed(world_ask(w, &a.letter), SCEP_BAD_REQUEST);
}

/* Three days without a word. */
static void
test_intune_never_confirms(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "v.example.net", "blob"));
	unsigned tries = 0;

	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	assert_int_equal(told(w, &a).status, SCEP_PENDING);
	while (row_of(w, INTUNE, "v.example.net").due_at != 0) {
		assert_true(tries++ < 60);
		w->answered_n = w->calls_n - 1;
		world_intune_says(w, WORLD_ISSUED, INTUNE_SILENT);
		w->t->now += 3 * 3600;
		w->calls_n = w->answered_n = 0;
		world_run(w);
	}
	assert_state(w, INTUNE, "v.example.net", INQUIRY_WITHDRAWN);
	assert_int_equal(status_of(w, INTUNE, "v.example.net"), CERT_REVOKED);
}

/* withhold: false hands out before the notice is through. */
static void
test_intune_lets_go(void **state)
{
	struct world *w = *state;
	struct asking a =
	    ask(w, request(w, "/scep/hasty", "g.example.net", "blob"));

	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	assert_state(w, "/scep/hasty", "g.example.net", INQUIRY_ISSUED);
	assert_granted(told(w, &a));
	world_intune_says(w, WORLD_ISSUED, INTUNE_SILENT);
	assert_granted(poll_it(w, &a.letter));
	w->t->now += 10;
	world_run(w);
	world_intune_says(w, WORLD_ISSUED, INTUNE_YES);
	assert_state(w, "/scep/hasty", "g.example.net", INQUIRY_CLOSED);
}

static void
test_intune_in_vain(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "f.example.net", "blob"));

	w->t->signing = SIGNING_REFUSED;
	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	assert_state(w, INTUNE, "f.example.net", INQUIRY_FAILED);
	assert_failed(told(w, &a), SCEP_BAD_REQUEST);
	world_intune_says(w, WORLD_FAILED, INTUNE_SILENT);
	w->t->now += 10;
	world_run(w);
	world_intune_says(w, WORLD_FAILED, INTUNE_YES);
	assert_int_equal(row_of(w, INTUNE, "f.example.net").due_at, 0);
	assert_failed(poll_it(w, &a.letter), SCEP_BAD_REQUEST);
}

/* A crash came after the certificate and before its row knew of it, and then
 * the seal key is another one: nobody has confirmed the certificate, so it is
 * revoked, and nobody ever gets it. */
static void
test_intune_unreadable(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "k.example.net", "blob"));
	unsigned finished, voided;
	uint64_t removed;

	w->t->signing = SIGNING_UNREACHABLE;
	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	w->t->signing = SIGNING_WORKS;
	assert_ok(w->t, ca_recover(w->t->ca, &finished, &voided, &w->t->err));
	assert_int_equal(finished, 1);
	assert_state(w, INTUNE, "k.example.net", INQUIRY_GRANTED);
	*(uint8_t *)(uintptr_t)secret_reveal(w->seal).p ^= 1;
	w->t->now += 30;
	world_run(w);
	assert_state(w, INTUNE, "k.example.net", INQUIRY_WITHDRAWN);
	assert_int_equal(status_of(w, INTUNE, "k.example.net"), CERT_REVOKED);
	assert_failed(told(w, &a), SCEP_BAD_REQUEST);
	w->t->now += 8 * 86400;
	assert_ok(w->t,
	    store_clean(w->t->store, w->t->now, 100, &removed, &w->t->err));
	w->a = w->t->a;
	assert_failed(poll_it(w, &a.letter), SCEP_BAD_REQUEST);
}

/* The profile name gets the options of another one by a reload. */
static void
profile_becomes(struct world *w, const char *name, const char *as)
{
	struct config *c = arena_alloc(w->t->a, sizeof(*c));
	size_t n = w->t->config->scep.profiles_n, from = n, to = n;
	struct config_scep_profile *v;

	*c = *w->t->config;
	v = arena_array(w->t->a, n, sizeof(*v));
	memcpy(v, c->scep.profiles, n * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		from = strcmp(v[i].name, as) == 0 ? i : from;
		to = strcmp(v[i].name, name) == 0 ? i : to;
	}
	assert_true(from < n && to < n);
	v[to] = v[from];
	v[to].name = name;
	c->scep.profiles = v;
	assert_ok(w->t, scep_reload(w->scep, c, &w->t->err));
}

/* Granted by whom the profile does not ask any more: in vain, and told so. */
static void
test_intune_is_dismissed(void **state)
{
	static const struct intune_answer yes = {
		.verdict = INTUNE_YES, .code = "Success", .text = "asked"
	};
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "o.example.net", "blob"));
	struct world_call *c = world_call(w, WORLD_VALIDATE);

	c->intune_done(c->arg, &yes);
	profile_becomes(w, "managed", "both");
	world_run(w);
	assert_int_equal(world_issued(w), 0);
	assert_state(w, INTUNE, "o.example.net", INQUIRY_FAILED);
	assert_failed(told(w, &a), SCEP_BAD_REQUEST);
	world_intune_says(w, WORLD_FAILED, INTUNE_YES);
}

/* Issued and not confirmed when the profile goes over to a password: withheld
 * as before, until Intune has it. */
static void
test_intune_dismissed_late(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, INTUNE, "z.example.net", "blob"));

	world_intune_says(w, WORLD_VALIDATE, INTUNE_YES);
	assert_state(w, INTUNE, "z.example.net", INQUIRY_ISSUED);
	profile_becomes(w, "managed", "both");
	assert_int_equal(poll_it(w, &a.letter).status, SCEP_PENDING);
	assert_int_equal(world_ask(w, &a.letter).status, SCEP_PENDING);
	world_intune_says(w, WORLD_ISSUED, INTUNE_YES);
	assert_granted(poll_it(w, &a.letter));
	assert_int_equal(world_issued(w), 1);
}

/* Without a challengePassword Intune has nothing to say: an operator decides.
 */
static void
test_intune_and_approval(void **state)
{
	struct world *w = *state;
	struct letter l = request(w, INTUNE, "q.example.net", NULL);

	assert_int_equal(world_ask(w, &l).status, SCEP_PENDING);
	assert_int_equal(w->calls_n, 0);
	l.path = "/scep/hasty";
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
}

/* ---- bounds of time ---- */

static void
test_cleaned(void **state)
{
	struct world *w = *state;
	struct asking a = ask(w, request(w, WEBHOOK, "x.example.net", "x"));
	uint64_t removed;

	world_hook_says(w, 200, "{\"allow\": true}");
	assert_granted(told(w, &a));
	w->t->now += 8 * 86400;
	assert_ok(w->t,
	    store_clean(w->t->store, w->t->now, 100, &removed, &w->t->err));
	assert_true(removed >= 1);
	/* The request still gets its certificate, and is not asked about. */
	w->a = w->t->a;
	assert_granted(world_ask(w, &a.letter));
	assert_int_equal(w->calls_n, 1);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_webhook_allows),
		T(test_webhook_is_told_all_names),
		T(test_webhook_signature),
		T(test_webhook_denies),
		T(test_refusals_are_counted),
		T(test_webhook_unreadable),
		T(test_webhook_silent_for_good),
		T(test_lease),
		T(test_joined),
		T(test_bounded),
		T(test_checked_first),
		T(test_issued_later),
		T(test_renewal),
		T(test_intune_withholds),
		T(test_intune_refuses),
		T(test_intune_denies_the_notice),
		T(test_intune_never_confirms),
		T(test_intune_lets_go),
		T(test_intune_in_vain),
		T(test_intune_unreadable),
		T(test_intune_is_dismissed),
		T(test_intune_dismissed_late),
		T(test_intune_and_approval),
		T(test_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
