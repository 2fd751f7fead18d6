/* Which certificate renews which, by RenewalReq and by PKCSReq. */
#include "codec/crl.h"
#include "world.h"

/* What client one has is replaced by a request for two's key. */
static struct letter
renewal(struct world *w, unsigned type, const char *dns)
{
	static unsigned transaction;

	return (struct letter){ .type = type,
		.transaction = arena_printf(w->a, "R%u", ++transaction),
		.content = world_csr(w, w->two.key, dns, NULL) };
}

static void
both_types_renew(void **state)
{
	struct world *w = *state;
	static const unsigned types[] = { SCEP_RENEWAL_REQ, SCEP_PKCS_REQ };
	struct answer got = world_enrol(w, NULL, "a.example.net");
	struct cert_row row;
	struct cert cert;

	world_take(w, &w->one, &got);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct letter l = renewal(w, types[i], "a.example.net");
		struct answer next = world_ask(w, &l);

		assert_granted(next);
		assert_true(
		    bytes_equal(next.first.spki, privkey_spki(w->two.key)));
		assert_ok(w->t,
		    ca_find_cert(w->t->ca, next.first.der, w->a, &row, &cert,
			&w->t->err));
		assert_non_null(row.replaces);
	}
	assert_int_equal(world_issued(w), 3);
}

static void
what_renews_nothing(void **state)
{
	struct world *w = *state;
	static const unsigned types[] = { SCEP_RENEWAL_REQ, SCEP_PKCS_REQ };
	struct answer got = world_enrol(w, NULL, "a.example.net");
	struct letter l = renewal(w, SCEP_RENEWAL_REQ, "a.example.net");
	struct cert_row row;
	struct cert cert;

	/* A certificate that is none of ours. */
	assert_failed(world_ask(w, &l), SCEP_BAD_CERT_ID);
	world_take(w, &w->one, &got);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		/* Other names; a profile that has no renewal, one that has it
		 * later, one of other certificates. */
		static const char *const paths[] = { "/scep", "/scep/never",
			"/scep/late", "/scep/other" };

		for (size_t k = 0; k < COUNT_OF(paths); k++) {
			l = renewal(w, types[i],
			    k == 0 ? "b.example.net" : "a.example.net");
			l.path = paths[k];
			assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
		}
	}
	/* In its last ten days. */
	w->t->now += 21 * 24 * 3600;
	l.path = "/scep/late";
	assert_granted(world_ask(w, &l));
	/* Revoked in our record, whatever CRL is out. */
	assert_ok(w->t,
	    ca_find_cert(
		w->t->ca, got.first.der, w->a, &row, &cert, &w->t->err));
	assert_ok(w->t,
	    ca_revoke(
		w->t->ca, &row, REASON_SUPERSEDED, "test", false, &w->t->err));
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		l = renewal(w, types[i], "a.example.net");
		assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	}
	assert_int_equal(world_issued(w), 2);
}

static void
an_expired_one_renews_nothing(void **state)
{
	struct world *w = *state;
	struct answer got = world_enrol(w, NULL, "a.example.net");
	struct letter l = renewal(w, SCEP_RENEWAL_REQ, "a.example.net");

	world_take(w, &w->one, &got);
	w->t->now = got.first.not_after;
	assert_granted(world_ask(w, &l));
	w->t->now++;
	l = renewal(w, SCEP_RENEWAL_REQ, "a.example.net");
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	/* With a password it is a first one again. */
	l.type = SCEP_PKCS_REQ;
	l.content = world_csr(w, w->one.key, "a.example.net", WORLD_CHALLENGE);
	assert_granted(world_ask(w, &l));
}

/* RFC 8894 section 2.1.2: its own certificate too has a successor. */
static void
the_servers_own_overlap(void **state)
{
	struct world *w = *state;
	const struct ra_deps deps = {
		.ca = w->t->ca, .store = w->t->store, .clock = w->clock
	};
	const struct ra_cert *certs[RA_CERTS_MAX];
	struct privkey *old, *new;
	struct ra_key key;
	struct ra *again;
	struct letter l = { .content = world_csr(w, w->one.key, "a.example.net",
				WORLD_CHALLENGE) };

	w->t->now += RA_LIFETIME / 3 * 2 - 7200;
	assert_ok(w->t, ra_run(w->ra, true, &w->t->err));
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 1);
	w->t->now += 3 * 3600;
	old = (struct privkey *)(uintptr_t)certs[0]->key;
	ra_configure(w->ra, w->t->config, old, NULL);
	assert_ok(w->t, ra_run(w->ra, true, &w->t->err));
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 2);
	assert_true(certs[0]->cert.not_after > certs[1]->cert.not_after);
	/* A client that has the old one is answered by it. */
	assert_granted(world_ask(w, &l));
	/* A new key; the one before it stands in until that has a certificate,
	 * and opens what is still sent to it. */
	new = test_ca_key(w->t, KEY_RSA, 2048);
	ra_configure(w->ra, w->t->config, new, old);
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 2);
	assert_ok(w->t, ra_run(w->ra, true, &w->t->err));
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 3);
	assert_true(certs[0]->key != certs[1]->key);
	assert_granted(world_ask(w, &l));
	assert_true(ra_key_get(w->ra, false, w->t->now, &key));
	assert_int_equal(key.n, 1);
	assert_true(ra_key_get(w->ra, true, w->t->now, &key));
	assert_int_equal(key.n, 2);
	/* After a restart the record has them both. */
	again = ra_new(&deps);
	ra_configure(again, w->t->config, new, old);
	assert_ok(w->t, ra_run(again, true, &w->t->err));
	assert_int_equal(ra_certs(again, "issuing", w->t->now, certs), 3);
	assert_true(certs[0]->key == new &&certs[1]->key == old);
	/* Retired: it opens nothing any more. */
	ra_configure(again, w->t->config, new, NULL);
	assert_int_equal(ra_certs(again, "issuing", w->t->now, certs), 1);
	assert_false(ra_key_get(again, true, w->t->now, &key));
	ra_free(again);
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 3);
	w->t->now = certs[2]->cert.not_after + 1;
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(both_types_renew),
		TEST(what_renews_nothing),
		TEST(an_expired_one_renews_nothing),
		TEST(the_servers_own_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
