/* Profiles that need a TLS client certificate: which, where, and until when. */
#include "world.h"

static struct letter
letter_of(struct world *w, const char *path, struct bytes client)
{
	static unsigned transaction;

	return (struct letter){ .path = path,
		.transaction = arena_printf(w->a, "M%u", ++transaction),
		.listener = LISTENER_EST,
		.client_cert = client,
		.content = world_csr(
		    w, w->one.key, "a.example.net", WORLD_CHALLENGE) };
}

static void
assert_shut(struct world *w, struct letter l, int http, const char *why)
{
	size_t before = world_issued(w);
	struct answer got = world_ask(w, &l);
	const char *said = arena_str(w->a, http_resp_body(&w->resp));

	assert_int_equal(got.http, http);
	if (strstr(said, why) == NULL)
		fail_msg("%s instead of %s", said, why);
	assert_int_equal(world_issued(w), before);
}

static void
a_client_certificate_opens_it(void **state)
{
	struct world *w = *state;
	struct bytes ours = world_enrol(w, NULL, "a.example.net").first.der;
	struct letter l = letter_of(w, "/scep/mutual", ours);
	struct answer got = world_ask(w, &l);

	assert_granted(got);
	/* The second look is at what was verified. */
	l = letter_of(w, "/scep/mutual", ours);
	assert_granted(world_ask(w, &l));
	/* What it opens is not what it enrols with. */
	l = letter_of(w, "/scep/mutual", ours);
	l.content = world_csr(w, w->one.key, "a.example.net", "Wronghorse7");
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
}

static void
others_do_not(void **state)
{
	struct world *w = *state;
	struct bytes ours = world_enrol(w, NULL, "a.example.net").first.der;
	uint8_t *forged = arena_dup(w->a, ours.p, ours.n);

	assert_shut(
	    w, letter_of(w, "/scep/mutual", BYTES_NONE), 403, "has none");
	assert_shut(w, letter_of(w, "/scep/mutual", bytes_str("certificate")),
	    403, "cannot be read");
	assert_shut(
	    w, letter_of(w, "/scep/mutual", w->one.der), 403, "not valid yet");
	assert_shut(w, letter_of(w, "/scep/mutual", w->t->issuing_der), 403,
	    "is a CA's");
	forged[ours.n - 1] ^= 1;
	assert_shut(w, letter_of(w, "/scep/mutual", bytes_of(forged, ours.n)),
	    403, "of no CA");
}

static void
it_ends_with_its_life_and_by_revocation(void **state)
{
	struct world *w = *state;
	struct bytes ours = world_enrol(w, NULL, "a.example.net").first.der;
	struct bytes next = world_enrol(w, NULL, "b.example.net").first.der;
	struct letter l = letter_of(w, "/scep/mutual", ours);
	struct cert_row row;
	struct cert cert;

	assert_granted(world_ask(w, &l));
	assert_ok(
	    w->t, ca_find_cert(w->t->ca, ours, w->a, &row, &cert, &w->t->err));
	assert_ok(w->t,
	    ca_revoke(
		w->t->ca, &row, REASON_SUPERSEDED, "test", false, &w->t->err));
	assert_shut(w, letter_of(w, "/scep/mutual", ours), 403, "is revoked");
	l = letter_of(w, "/scep/mutual", next);
	assert_granted(world_ask(w, &l));
	w->t->now += 31 * 24 * 3600;
	assert_shut(w, letter_of(w, "/scep/mutual", next), 403, "has expired");
}

/* Each profile at its own listeners, and at no other. */
static void
the_listener_counts(void **state)
{
	struct world *w = *state;
	struct bytes ours = world_enrol(w, NULL, "a.example.net").first.der;
	static const enum listener_kind plain[] = { LISTENER_HTTP,
		LISTENER_HTTPS };
	struct letter l;

	for (size_t i = 0; i < COUNT_OF(plain); i++) {
		l = letter_of(w, "/scep/mutual", BYTES_NONE);
		l.listener = plain[i];
		assert_shut(w, l, 403, "client certificates alone");
	}
	l = letter_of(w, "/scep", ours);
	assert_shut(w, l, 404, "is not served here");
	l = letter_of(w, "/scep/nothing", ours);
	assert_shut(w, l, 404, "no profile nothing");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_certificate_opens_it),
		TEST(others_do_not),
		TEST(it_ends_with_its_life_and_by_revocation),
		TEST(the_listener_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
