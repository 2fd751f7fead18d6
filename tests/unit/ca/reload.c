#include <pthread.h>
#include "support/unit.h"
#include "ca/core.h"
#include "support/test_ca.h"
#include "util/blob.h"

#define DAY ((int64_t)24 * 3600)

/* test_ca_yaml with one text replaced; *config is the caller's. */
static struct config *
changed(struct test_ca *t, const char *from, const char *to)
{
	const char *at = strstr(test_ca_yaml, from);

	assert_non_null(at);
	return test_ca_config(arena_printf(t->a, "%.*s%s%s",
	    (int)(at - test_ca_yaml), test_ca_yaml, to, at + strlen(from)));
}

static struct config *
switch_to(struct test_ca *t, const char *from, const char *to)
{
	struct config *c = changed(t, from, to);

	test_ca_limits(t, c);
	assert_ok(t, ca_reload(t->ca, c, &t->err));
	return c;
}

static struct ca_issued
issue(struct test_ca *t, const struct profile *p)
{
	static const char *const names[] = { "dns:a.example.net" };
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_request req = { .profile = p,
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator" };
	struct ca_issued out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	return out;
}

static int64_t
lifetime(const struct ca_issued *c)
{
	return c->not_after - c->not_before + 1;
}

/* MozBug 1838667: an order goes through with the version it began with. */
static void
le_2023_06_running_orders_keep_their_version(void **state)
{
	struct test_ca *t = *state;
	const struct profile *old = ca_profile_find(t->ca, "server"), *new;
	const struct profile *by_hash;
	struct config *c = switch_to(t, "lifetime: 30d", "lifetime: 20d");
	struct ca_issued a, b;

	new = ca_profile_find(t->ca, "server");
	assert_ptr_not_equal(old, new);
	a = issue(t, old);
	b = issue(t, new);
	assert_int_equal(lifetime(&a), 30 * DAY);
	assert_int_equal(lifetime(&b), 20 * DAY);
	assert_memory_equal(
	    test_ca_row(t, a.id).profile_hash, profile_hash(old), 32);
	assert_ok(
	    t, ca_profile_by_hash(t->ca, profile_hash(old), &by_hash, &t->err));
	assert_ptr_equal(by_hash, old);
	config_free(c);
}

/* … also after a restart, when only the record knows the version. */
static void
old_versions_come_back_from_the_record(void **state)
{
	struct test_ca *t = *state;
	const struct profile *old, *back;
	uint8_t hash[32], unknown[32] = { 1 };
	struct config *was = t->config;
	struct ca_issued a;

	old = ca_profile_find(t->ca, "server");
	memcpy(hash, profile_hash(old), sizeof(hash));
	t->config = changed(t, "lifetime: 30d", "lifetime: 20d");
	test_ca_restart(t);
	assert_memory_not_equal(
	    profile_hash(ca_profile_find(t->ca, "server")), hash, 32);
	assert_ok(t, ca_profile_by_hash(t->ca, hash, &back, &t->err));
	assert_memory_equal(profile_hash(back), hash, 32);
	a = issue(t, back);
	assert_int_equal(lifetime(&a), 30 * DAY);
	assert_fails(t, ca_profile_by_hash(t->ca, unknown, &back, &t->err),
	    ERR_NOT_FOUND);
	config_free(was);
}

static void
unchanged_parts_are_shared(void **state)
{
	struct test_ca *t = *state;
	const struct profile *p = ca_profile_find(t->ca, "default");
	const struct state *before = ca_state(t->ca);
	struct issuer *issuer = before->cas[1].issuer;
	struct blob *crl;
	struct config *c = switch_to(t, "lifetime: 30d", "lifetime: 20d");

	assert_ptr_not_equal(ca_state(t->ca), before);
	assert_ptr_equal(ca_profile_find(t->ca, "default"), p);
	assert_ptr_equal(ca_state(t->ca)->cas[1].issuer, issuer);
	assert_null(issuer->next == NULL ? NULL : issuer->next->next);
	/* The CRL goes on over a reload. */
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	crl = ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	assert_non_null(crl);
	blob_unref(crl);
	config_free(c);
}

/* All or none: a bad configuration changes nothing. */
static void
bad_one_is_refused(void **state)
{
	struct test_ca *t = *state;
	const struct state *before = ca_state(t->ca);
	struct config *c = changed(t, "certificate: certs/issuing.pem",
	    "certificate: certs/missing.pem");

	assert_fails(t, ca_reload(t->ca, c, &t->err), ERR_CONFIG);
	assert_ptr_equal(ca_state(t->ca), before);
	config_free(c);
	c = changed(t, "policies: [2.23.140.1.2.1]", "policies: []");
	assert_fails(t, ca_reload(t->ca, c, &t->err), ERR_CONFIG);
	assert_ptr_equal(ca_state(t->ca), before);
	config_free(c);
	issue(t, ca_profile_find(t->ca, "server"));
}

static void
profile_that_is_gone(void **state)
{
	struct test_ca *t = *state;
	const struct profile *old = ca_profile_find(t->ca, "people");
	struct config *c = switch_to(t, "  people:\n", "  folks:\n");

	assert_null(ca_profile_find(t->ca, "people"));
	assert_non_null(ca_profile_find(t->ca, "folks"));
	assert_string_equal(profile_name(old), "people");
	config_free(c);
}

/* ---- reloads under load ---- */

struct load {
	struct test_ca *t;
	struct csr *csr;
	struct names names;
	atomic_bool stop;
	unsigned failed, done;
};

static void *
load_main(void *arg)
{
	struct load *l = arg;

	do {
		AUTO_ARENA *a = arena_new();
		struct ca_request req = {
			.profile = ca_profile_find(l->t->ca, "default"),
			.csr = l->csr,
			.names = l->names,
			.requester = "operator",
		};
		struct ca_issued out;
		struct err err = { 0 };
		struct cert_row row;

		if (!ca_issue(l->t->ca, &req, a, &out, &err) ||
		    !store_cert_get(l->t->store, out.id, a, &row, &err) ||
		    !ca_revoke(l->t->ca, &row, REASON_SUPERSEDED, "test", false,
			&err) ||
		    !ca_crl_run(l->t->ca, &err))
			l->failed++;
		l->done++;
	} while (!atomic_load(&l->stop));
	return NULL;
}

static void
under_load(void **state)
{
	static const char *const names[] = { "dns:a.example.net" };
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct config *other = changed(t, "lifetime: 30d", "lifetime: 20d");
	struct load load[3];
	pthread_t threads[COUNT_OF(load)];
	uint64_t revoked;
	struct blob *blob;
	struct crl crl;

	for (size_t i = 0; i < COUNT_OF(load); i++) {
		load[i] = (struct load){ .t = t,
			.csr = test_ca_csr(t, key, NULL, names, 1, false),
			.names = test_ca_names(t, names, 1) };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, load_main, &load[i]), 0);
	}
	for (int i = 0; i < 20; i++)
		assert_ok(t,
		    ca_reload(t->ca, i % 2 == 0 ? other : t->config, &t->err));
	for (size_t i = 0; i < COUNT_OF(load); i++)
		atomic_store(&load[i].stop, true);
	for (size_t i = 0; i < COUNT_OF(load); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(load[i].failed, 0);
		assert_true(load[i].done > 0);
	}
	/* Every revoked serial is on the CRL. */
	t->now += 1;
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	assert_ok(t,
	    store_revoked_count(t->store, ca_view_find(t->ca, "issuing")->key,
		&revoked, &t->err));
	blob = ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	assert_ok(t, crl_parse(blob_bytes(blob), &crl, &t->err));
	assert_int_equal(crl.entries_n, revoked);
	blob_unref(blob);
	config_free(other);
}

/* Invariant 7: a server in status-only mode starts, but takes nothing new. */
static void
known_versions_need_no_write(void **state)
{
	struct test_ca *t = *state;
	struct config *same = test_ca_config(test_ca_yaml);
	struct config *other = changed(t, "lifetime: 30d", "lifetime: 20d");

	store_set_status_only(t->store, true);
	assert_ok(t, ca_reload(t->ca, same, &t->err));
	assert_fails(t, ca_reload(t->ca, other, &t->err), ERR_BUSY);
	store_set_status_only(t->store, false);
	assert_ok(t, ca_reload(t->ca, t->config, &t->err));
	config_free(same);
	config_free(other);
}

int
main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		TEST(le_2023_06_running_orders_keep_their_version),
		TEST(old_versions_come_back_from_the_record),
		TEST(unchanged_parts_are_shared),
		TEST(known_versions_need_no_write),
		TEST(bad_one_is_refused),
		TEST(profile_that_is_gone),
		TEST(under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
