#include <stdatomic.h>
#include "support/unit.h"
#include "ca/core.h"
#include "ca/crl.h"
#include "support/test_ca.h"
#include "util/fault.h"

#define DAY ((int64_t)24 * 3600)
#define BASE "http://ca.example.net:8080/crl/issuing/"

/* test_ca_yaml, a profile with shards, and these CRL options. */
static struct config *
configured(struct test_ca *t, const char *crl)
{
	return test_ca_config(arena_printf(t->a,
	    "%s  sharded: {ca: issuing, crl_shards: true}\ncrl: {%s}\n",
	    test_ca_yaml, crl));
}

static void
reconfigure(struct test_ca *t, const char *crl)
{
	struct config *c = configured(t, crl);

	test_ca_limits(t, c);
	assert_ok(t, ca_reload(t->ca, c, &t->err));
	config_free(t->config);
	t->config = c;
}

static void
restart(struct test_ca *t, const char *crl)
{
	struct config *c = configured(t, crl);

	config_free(t->config);
	t->config = c;
	test_ca_restart(t);
}

/* The published CRL, parsed; its bytes are copied into the arena.  False: there
 * is none. */
static bool
published(struct test_ca *t, unsigned shard, bool is_delta, struct crl *out)
{
	struct artefact_copy c;

	if (!ca_crl_get(t->ca, "issuing", shard, is_delta, &c))
		return false;
	assert_ok(
	    t, crl_parse(arena_bytes(t->a, blob_bytes(c.blob)), out, &t->err));
	blob_unref(c.blob);
	blob_unref(c.gzip);
	return true;
}

static bool
lists(const struct crl *crl, const uint8_t serial[SERIAL_SIZE])
{
	enum crl_reason reason;
	struct bytes found;
	int64_t at;
	size_t pos = 0;

	while (crl_entry_next(crl, &pos, &found, &at, &reason))
		if (bytes_equal(found, bytes_of(serial, SERIAL_SIZE)))
			return true;
	return false;
}

static bool
is_listed(struct test_ca *t, unsigned shard, bool is_delta,
    const uint8_t serial[SERIAL_SIZE])
{
	struct crl crl;

	return published(t, shard, is_delta, &crl) && lists(&crl, serial);
}

static void
run(struct test_ca *t)
{
	assert_ok(t, ca_crl_run(t->ca, &t->err));
}

static void
revoke(struct test_ca *t, const struct ca_issued *cert)
{
	struct cert_row row = test_ca_row(t, cert->id);

	assert_ok(t,
	    ca_revoke(t->ca, &row, REASON_SUPERSEDED, "test", false, &t->err));
}

static unsigned
shard_of(struct test_ca *t, const struct ca_issued *cert)
{
	struct cert_row row = test_ca_row(t, cert->id);
	struct cert parsed;
	unsigned shard = 0;

	assert_ok(t, cert_parse(cert->der, t->a, &parsed, &t->err));
	assert_int_equal(parsed.crl_urls_n, 1);
	if (row.shard == 0)
		assert_string_equal(parsed.crl_urls[0],
		    "http://ca.example.net:8080/crl/issuing.crl");
	else
		assert_true(crl_shard_of_uri(
		    bytes_str(parsed.crl_urls[0]), BASE, &shard));
	assert_int_equal(row.shard, shard);
	return shard;
}

/* Each shard's IDP is what certificates of the shard name, octet by octet. */
static void
shards_name_themselves(void **state)
{
	struct test_ca *t = *state;
	struct crl crl;

	reconfigure(t, "shards: 4");
	run(t);
	for (unsigned i = 1; i <= 4; i++) {
		/* Empty ones are published, too. */
		assert_true(published(t, i, false, &crl));
		assert_int_equal(crl.entries_n, 0);
		assert_true(crl.has_idp && !crl.only_ca_certs);
		assert_true(bytes_equal(crl.idp_uri,
		    bytes_str(arena_printf(t->a, BASE "%u.crl", i))));
	}
	assert_true(published(t, 0, false, &crl));
	assert_false(crl.has_idp);
	assert_false(published(t, 5, false, &crl));
}

/* Let's Encrypt, 2022-10 (MozBug 1793114): every unexpired revoked serial is on
 * the full CRL and on that of the shard which its certificate names, and on no
 * other; through a restart, too. */
static void
le_2022_10_completeness(void **state)
{
	enum { N = 40 };
	struct test_ca *t = *state;
	struct ca_issued certs[N];
	bool revoked[N], used[5] = { false };

	reconfigure(t, "shards: 4");
	run(t);
	for (unsigned i = 0; i < N; i++) {
		certs[i] = test_ca_issue(
		    t, i % 4 == 0 ? "default" : "sharded", "a.example");
		used[shard_of(t, &certs[i])] = true;
		assert_int_equal(i % 4 == 0, shard_of(t, &certs[i]) == 0);
		revoked[i] = i % 3 != 0;
		if (revoked[i])
			revoke(t, &certs[i]);
		if (i == N / 2) {
			run(t);
			restart(t, "shards: 4");
		}
	}
	t->now += 1;
	run(t);
	for (unsigned s = 0; s <= 4; s++)
		assert_true(used[s]);
	for (unsigned i = 0; i < N; i++)
		for (unsigned s = 0; s <= 4; s++)
			assert_int_equal(
			    is_listed(t, s, false, certs[i].serial),
			    revoked[i] &&
				(s == 0 || s == shard_of(t, &certs[i])));
}

/* More or fewer shards: certificates stay where they are. */
static void
number_of_shards_changes(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued old[8], late;
	unsigned highest = 0;
	struct crl crl;

	reconfigure(t, "shards: 8");
	for (unsigned i = 0; i < COUNT_OF(old); i++) {
		old[i] = test_ca_issue(t, "sharded", "a.example");
		highest = MAX_OF(highest, shard_of(t, &old[i]));
	}
	run(t);
	assert_true(highest > 2);
	/* Fewer, at a restart: those that live certificates name live on. */
	restart(t, "shards: 2");
	for (unsigned i = 0; i < 8; i++) {
		late = test_ca_issue(t, "sharded", "b.example");
		assert_in_range(shard_of(t, &late), 1, 2);
	}
	for (unsigned i = 0; i < COUNT_OF(old); i++)
		revoke(t, &old[i]);
	t->now += 1;
	run(t);
	for (unsigned i = 0; i < COUNT_OF(old); i++)
		assert_true(
		    is_listed(t, shard_of(t, &old[i]), false, old[i].serial));
	/* None at all, and more again, at a reload. */
	reconfigure(t, "shards: 0");
	late = test_ca_issue(t, "sharded", "c.example");
	assert_int_equal(shard_of(t, &late), 0);
	reconfigure(t, "shards: 16");
	run(t);
	assert_true(published(t, 16, false, &crl));
	/* When all have expired, nobody asks for them any more. */
	t->now += 200 * DAY;
	restart(t, "shards: 2");
	run(t);
	assert_true(published(t, 2, false, &crl));
	assert_false(published(t, 3, false, &crl));
}

/* A shard's URI is in certificates: the base URL cannot move away from it. */
static void
base_url_stays(void **state)
{
	struct test_ca *t = *state;
	char *yaml = arena_printf(t->a,
	    "%s  sharded: {ca: issuing, crl_shards: true}\n"
	    "crl: {shards: 2}\n",
	    test_ca_yaml);
	struct config *c;

	reconfigure(t, "shards: 2");
	run(t);
	memcpy(
	    strstr(yaml, "http://ca.example.net"), "http://cb.example.net", 21);
	c = test_ca_config(yaml);
	assert_fails(t, ca_reload(t->ca, c, &t->err), ERR_CONFIG);
	config_free(c);
}

/* Vault#16762: nothing is revoked, and still no CRL lapses. */
static void
vault_16762_schedule_without_revocations(void **state)
{
	struct test_ca *t = *state;
	struct crl before, after;

	reconfigure(t, "shards: 2, delta: 1h");
	run(t);
	t->now += 2;
	run(t);
	for (unsigned hour = 0; hour < 24 * 9; hour++) {
		t->now += 3600;
		run(t);
		for (unsigned s = 0; s <= 2; s++) {
			assert_true(published(t, s, false, &after));
			/* IdenTrust, 2024-08: two runs may be missed. */
			assert_true(after.next_update >= t->now + 2 * DAY);
		}
		assert_true(published(t, 0, true, &after));
		assert_true(after.next_update >= t->now + 2 * 3600 - 2);
	}
	assert_true(published(t, 1, false, &before));
	run(t);
	assert_true(published(t, 1, false, &after));
	assert_int_equal(before.number, after.number);
}

/* HARICA, 2024 (MozBug 1878106): nextUpdate is what the configuration says. */
static void
harica_2024_next_update(void **state)
{
	struct test_ca *t = *state;
	struct crl crl;

	reconfigure(t, "shards: 1, period: 1h, validity: 4h, delta: 10m");
	run(t);
	t->now += 2;
	run(t);
	for (unsigned s = 0; s <= 1; s++) {
		assert_true(published(t, s, false, &crl));
		assert_int_equal(
		    crl.next_update - crl.this_update + 1, 4 * 3600);
	}
	assert_true(published(t, 0, true, &crl));
	assert_int_equal(crl.next_update - crl.this_update + 1, 1800);
}

/* ---- deltas ---- */

static void
delta_since_the_full_one(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct ca_issued b = test_ca_issue(t, "default", "b.example");
	struct ca_issued c = test_ca_issue(t, "default", "c.example");
	struct crl full, delta, again;

	revoke(t, &a);
	reconfigure(t, "delta: 1h");
	run(t);
	assert_true(published(t, 0, false, &full));
	assert_true(lists(&full, a.serial));
	assert_true(bytes_equal(full.freshest_uri,
	    bytes_str("http://ca.example.net:8080/crl/issuing-delta.crl")));
	/* RFC 5280 section 5.2.3: not of the same time as its base. */
	assert_false(published(t, 0, true, &delta));
	t->now += 2;
	run(t);
	assert_true(published(t, 0, true, &delta));
	assert_true(delta.is_delta && !delta.has_freshest);
	assert_int_equal(delta.base, full.number);
	assert_true(delta.number > full.number);
	assert_int_equal(delta.entries_n, 0);
	/* What is revoked since is on the delta at once, the full one stays. */
	revoke(t, &b);
	run(t);
	assert_true(published(t, 0, true, &delta));
	assert_int_equal(delta.entries_n, 1);
	assert_true(lists(&delta, b.serial));
	assert_true(published(t, 0, false, &again));
	assert_int_equal(again.number, full.number);
	/* A restart in between loses neither. */
	t->now += 1;
	revoke(t, &c);
	restart(t, "delta: 1h");
	assert_true(is_listed(t, 0, true, b.serial));
	t->now += 1;
	run(t);
	assert_true(published(t, 0, true, &delta));
	assert_int_equal(delta.entries_n, 2);
	assert_int_equal(delta.base, full.number);
	/* The next full one has all; the delta begins anew. */
	t->now += DAY;
	run(t);
	assert_true(published(t, 0, false, &full));
	assert_int_equal(full.entries_n, 3);
	assert_true(full.number > delta.number);
	t->now += 2;
	run(t);
	assert_true(published(t, 0, true, &delta));
	assert_int_equal(delta.entries_n, 0);
	assert_int_equal(delta.base, full.number);
	assert_true(delta.number > full.number);
}

/* Without the option there is none, also none that was left. */
static void
delta_is_off(void **state)
{
	struct test_ca *t = *state;
	struct crl crl;

	reconfigure(t, "delta: 1h");
	run(t);
	t->now += 2;
	run(t);
	assert_true(published(t, 0, true, &crl));
	reconfigure(t, "period: 24h");
	assert_false(published(t, 0, true, &crl));
	t->now += DAY;
	run(t);
	assert_true(published(t, 0, false, &crl));
	assert_false(crl.has_freshest);
}

static void
next_publish(void **state)
{
	struct test_ca *t = *state;
	struct crl crl;

	reconfigure(t, "next_publish: true");
	run(t);
	assert_true(published(t, 0, false, &crl));
	assert_int_equal(crl.next_publish, t->now + DAY);
}

/* ---- races and clocks ---- */

/* boulder#7590: two processes with one store.  Whoever is late reads again; no
 * number falls, nothing that either knows is lost. */
static void
boulder_7590_two_writers(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct ca_issued b = test_ca_issue(t, "default", "b.example");
	struct ca *first = t->ca, *second;
	struct crl crl, later;

	assert_ok(t, ca_new(&t->ca->deps, t->config, &second, &t->err));
	run(t);
	assert_true(published(t, 0, false, &crl));
	/* The second believes that there is none yet. */
	t->now += 1;
	assert_fails(t, ca_crl_run(second, &t->err), ERR_CONFLICT);
	revoke(t, &a);
	t->now += 1;
	run(t);
	t->ca = second;
	t->now += 2;
	assert_ok(t, ca_crl_run(second, &t->err));
	revoke(t, &b);
	t->now += 2;
	if (!ca_crl_run(second, &t->err))
		assert_int_equal(t->err.kind, ERR_CONFLICT);
	err_clear(&t->err);
	for (unsigned i = 0; i < 3; i++) {
		t->now += 2;
		assert_ok(t, ca_crl_run(second, &t->err));
	}
	assert_true(published(t, 0, false, &later));
	assert_true(later.number > crl.number);
	assert_true(lists(&later, a.serial));
	assert_true(lists(&later, b.serial));
	ca_free(second);
	t->ca = first;
}

/* A clock that is set back by a day: the number rises, revocations are listed
 * at once, and no CRL of a time to come is left. */
static void
clock_goes_back_a_day(void **state)
{
	struct test_ca *t = *state;
	struct crl before, after;
	struct ca_issued a;

	reconfigure(t, "shards: 1, delta: 1h");
	a = test_ca_issue(t, "sharded", "a.example");
	run(t);
	t->now += 2;
	run(t);
	assert_true(published(t, 0, true, &before));
	t->now -= DAY;
	revoke(t, &a);
	/* An announced number that is never signed does not wedge it. */
	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	assert_fails(t, ca_crl_run(t->ca, &t->err), ERR_SIGNER);
	atomic_store(&t->signing, SIGNING_WORKS);
	t->now += 2;
	run(t);
	assert_true(published(t, 0, false, &after));
	assert_true(after.number > before.number);
	assert_int_equal(after.this_update, t->now);
	assert_true(lists(&after, a.serial));
	t->now += 3;
	run(t);
	assert_true(published(t, 0, true, &before));
	assert_true(before.number > after.number);
	assert_true(published(t, 1, false, &after));
	assert_int_equal(after.this_update, t->now - 3);
}

static void
clock_leaps_ahead(void **state)
{
	struct test_ca *t = *state;
	struct crl before, after;

	reconfigure(t, "shards: 1");
	run(t);
	assert_true(published(t, 1, false, &before));
	t->now += 300 * DAY;
	assert_false(ca_crl_current(t->ca, t->now));
	run(t);
	assert_true(ca_crl_current(t->ca, t->now));
	assert_true(published(t, 1, false, &after));
	assert_true(after.next_update > t->now);
	t->now -= 300 * DAY;
	run(t);
	assert_true(published(t, 1, false, &before));
	assert_true(before.number > after.number);
	assert_int_equal(before.this_update, t->now);
}

static void
by_command(void **state)
{
	struct test_ca *t = *state;
	AUTO_ARENA *a = arena_new();
	struct ca_crl_view *v;
	struct crl before, after;
	size_t n;

	reconfigure(t, "shards: 2, delta: 1h");
	run(t);
	t->now += 2;
	run(t);
	n = ca_crl_list(t->ca, NULL, a, &v);
	assert_int_equal(n, 5); /* root, issuing, its delta, two shards */
	assert_string_equal(v[0].path, "/crl/root.crl");
	assert_int_equal(v[0].number, 0);
	assert_string_equal(v[1].path, "/crl/issuing.crl");
	assert_string_equal(v[2].path, "/crl/issuing-delta.crl");
	assert_int_equal(v[2].base, v[1].number);
	assert_string_equal(v[4].path, "/crl/issuing/2.crl");
	assert_true(published(t, 2, false, &before));
	assert_int_equal(v[4].number, before.number);
	t->now += 1;
	assert_ok(t, ca_crl_force(t->ca, "issuing", &t->err));
	assert_true(published(t, 2, false, &after));
	assert_true(after.number > before.number);
	assert_fails(t, ca_crl_force(t->ca, "root", &t->err), ERR_REJECTED);
	assert_fails(t, ca_crl_force(t->ca, "none", &t->err), ERR_NOT_FOUND);
}

static void
compressed(void **state)
{
	struct test_ca *t = *state;
	struct artefact_copy c;

	for (unsigned i = 0; i < 60; i++) {
		struct ca_issued one = test_ca_issue(t, "default", "a.example");

		revoke(t, &one);
	}
	run(t);
	assert_true(ca_crl_get(t->ca, "issuing", 0, false, &c));
	assert_null(c.gzip);
	blob_unref(c.blob);
	ca_crl_compress(t->ca);
	assert_true(ca_crl_get(t->ca, "issuing", 0, false, &c));
	assert_non_null(c.gzip);
	assert_true(blob_bytes(c.gzip).n < blob_bytes(c.blob).n);
	blob_unref(c.blob);
	blob_unref(c.gzip);
}

int
main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		TEST(shards_name_themselves),
		TEST(le_2022_10_completeness),
		TEST(number_of_shards_changes),
		TEST(base_url_stays),
		TEST(vault_16762_schedule_without_revocations),
		TEST(harica_2024_next_update),
		TEST(delta_since_the_full_one),
		TEST(delta_is_off),
		TEST(next_publish),
		TEST(boulder_7590_two_writers),
		TEST(clock_goes_back_a_day),
		TEST(clock_leaps_ahead),
		TEST(by_command),
		TEST(compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
