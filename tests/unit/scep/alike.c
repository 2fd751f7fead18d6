/*
 * CVE-2026-42768, and RFC 8894 section 7: messages that cannot be read take as
 * long as each other, whatever is wrong with them.  CPU time of this thread,
 * medians of interleaved runs, held against what a server would show that
 * stops at the first thing that is wrong: the measure is made on this machine,
 * in the same rounds, so that the test can fail and does not on a slow one.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <time.h>
#include "world.h"

#define ROUNDS 61
#define TRIES 6
/* Of what the careless one shows; some ten times of what was seen under load.
 */
#define PART 8
/* So much content that it costs to decrypt it: it shows who does not. */
#define CONTENT_SIZE (768u << 10)

enum sort {
	NO_REQUEST, /* is read, and is none */
	BAD_PADDING, /* of the wrapped key, PKCS#1 v1.5 */
	LONG_KEY, /* of 32 octets for AES-128 */
	SHORT_KEY,
	BAD_BLOCK, /* the content's own padding */
	OAEP_NO_REQUEST,
	OAEP_DAMAGED,
	OAEP_LONG_KEY,
	SORTS
};

static const char *const sort_names[SORTS] = { "no request", "bad padding",
	"long key", "short key", "bad block", "OAEP, no request",
	"OAEP, damaged", "OAEP, long key" };

/* ---- making them ---- */

/* The octets that have another length are no longer the same message: the key
 * is wrapped anew. */
static void
rewrap(struct world *w, struct bytes envelope, bool oaep, size_t key_n)
{
	static const uint8_t head[] = { 0x04, 0x82, 0x01, 0x00 };
	uint8_t *at = memmem(envelope.p, envelope.n, head, sizeof(head));
	AUTO(EVP_PKEY) *pkey = X509_get_pubkey(w->to);
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t key[64] = "no key that anybody had before";
	size_t n = 256;

	assert_non_null(at);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	EVP_PKEY_CTX_set_rsa_padding(
	    ctx, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING);
	assert_int_equal(
	    EVP_PKEY_encrypt(ctx, at + sizeof(head), &n, key, key_n), 1);
	assert_int_equal(n, 256);
}

static struct bytes
sort_make(struct world *w, enum sort sort)
{
	bool oaep = sort >= OAEP_NO_REQUEST;
	struct letter l = { .oaep = oaep,
		.content = { arena_alloc(w->a, CONTENT_SIZE), CONTENT_SIZE } };
	struct bytes whole = world_enclose(w, &l);
	static const uint8_t head[] = { 0x04, 0x82, 0x01, 0x00 };
	uint8_t *octets = (uint8_t *)(uintptr_t)whole.p;

	switch (sort) {
	case BAD_PADDING:
	case OAEP_DAMAGED:
		((uint8_t *)memmem(octets, whole.n, head, sizeof(head)))[100] ^=
		    1;
		break;
	case LONG_KEY:
	case OAEP_LONG_KEY:
		rewrap(w, whole, oaep, 32);
		break;
	case SHORT_KEY:
		rewrap(w, whole, oaep, 5);
		break;
	case BAD_BLOCK:
		octets[whole.n - 17] ^= 0x40;
		break;
	default:
		break;
	}
	l.envelope = whole;
	return world_write(w, &l);
}

/* ---- measuring ---- */

static double
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
ask(struct world *w, struct bytes message, unsigned from)
{
	AUTO_ARENA *a = arena_new();
	struct http_req req = { .arena = a,
		.method = HTTP_POST,
		.path = "/scep",
		.target = "/scep",
		.query = (char *)(uintptr_t) "operation=PKIOperation",
		.body = message,
		.http_version = 11,
		.listener = LISTENER_HTTP,
		.now = w->t->now };
	struct sockaddr_in *peer = (void *)&req.peer;
	struct scep_request reply;
	struct err err = { 0 };
	static size_t size;
	double before;

	/* Nobody fails often enough to be told to wait. */
	peer->sin_family = AF_INET;
	peer->sin_addr.s_addr = htonl(0x0a000000 + from);
	before = cpu_us();
	http_serve(w->routes, &req, &w->resp);
	before = cpu_us() - before;
	assert_int_equal(w->resp.status, 200);
	assert_true(scep_request_parse(
	    arena_bytes(a, http_resp_body(&w->resp)), a, &reply, &err));
	/* Octet for octet but for nonce and signature: hostile.c. */
	if (size == 0)
		size = http_resp_body(&w->resp).n;
	assert_int_equal(http_resp_body(&w->resp).n, size);
	return before;
}

static int
compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

/*
 * The server that this one is not: it unwraps the key and is done if that
 * fails.  By OpenSSL's own report of it, which is all the difference.
 */
static double
careless(
    struct world *w, const struct cms_enveloped *e, const struct privkey *key)
{
	AUTO(EVP_PKEY) *pkey = privkey_evp(key);
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	AUTO_SECRET *out = NULL;
	struct err err = { 0 };
	uint8_t content_key[256];
	size_t n = sizeof(content_key);
	double before = cpu_us();

	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	if (EVP_PKEY_decrypt(ctx, content_key, &n, e->recipients[0].wrapped.p,
		e->recipients[0].wrapped.n) == 1 &&
	    n == 16)
		assert_true(cipher_decrypt(w->lane, e->cipher, content_key,
		    e->iv.p, e->ciphertext, &out, &err));
	ERR_clear_error();
	return cpu_us() - before;
}

struct figures {
	double medians[SORTS];
	double shown; /* by who is careless */
};

static void
measure(struct world *w, const struct bytes messages[SORTS],
    const struct cms_enveloped open[2], struct figures *out)
{
	static double us[SORTS][ROUNDS], bare[2][ROUNDS];
	const struct ra_cert *certs[RA_CERTS_MAX];
	static unsigned from;

	assert_true(ra_certs(w->ra, "issuing", w->t->now, certs) > 0);
	for (size_t i = 0; i < ROUNDS; i++) {
		/* Whose turn comes first is another one each time. */
		for (size_t k = 0; k < SORTS; k++) {
			size_t sort = (k + i) % SORTS;

			us[sort][i] = ask(w, messages[sort], from++);
		}
		for (size_t k = 0; k < 2; k++)
			bare[(k + i) % 2][i] =
			    careless(w, &open[(k + i) % 2], certs[0]->key);
	}
	for (size_t k = 0; k < SORTS; k++)
		out->medians[k] = median(us[k], ROUNDS);
	out->shown = median(bare[0], ROUNDS) - median(bare[1], ROUNDS);
}

/* The largest difference within a transport: which one a client used, it knows
 * itself. */
static double
difference(const struct figures *f)
{
	double most = 0;

	for (size_t k = 0; k < SORTS; k++) {
		double of = k < OAEP_NO_REQUEST ? f->medians[NO_REQUEST]
						: f->medians[OAEP_NO_REQUEST];
		double d = f->medians[k] - of;

		most = MAX_OF(most, d < 0 ? -d : d);
	}
	return most;
}

static void
unreadable_messages_take_as_long(void **state)
{
	struct world *w = *state;
	struct bytes messages[SORTS];
	struct cms_enveloped open[2];
	static const enum sort opened[2] = { NO_REQUEST, BAD_PADDING };
	struct figures f;

	for (enum sort s = 0; s < SORTS; s++)
		messages[s] = sort_make(w, s);
	for (size_t k = 0; k < 2; k++) {
		struct scep_request r;

		assert_ok(w->t,
		    scep_request_parse(
			messages[opened[k]], w->a, &r, &w->t->err));
		assert_ok(w->t,
		    cms_enveloped_parse(
			r.cms.content, w->a, &open[k], &w->t->err));
	}
	/* A machine that is busy is asked again; what is there stays there. */
	for (unsigned i = 0; i < TRIES; i++) {
		measure(w, messages, open, &f);
		for (enum sort s = 0; s < SORTS; s++)
			print_message(
			    "%18s %8.1f us\n", sort_names[s], f.medians[s]);
		print_message("at most %.1f us apart; a careless server "
			      "shows %.1f us\n",
		    difference(&f), f.shown);
		if (f.shown > 0 && difference(&f) < f.shown / PART)
			return;
	}
	fail_msg("unreadable messages can be told from each other by time");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    unreadable_messages_take_as_long, world_setup,
		    world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
