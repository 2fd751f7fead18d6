/* Held replies and what happens at the same time. */
#include <pthread.h>
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"

static int
setup(void **state)
{
	*state = world_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static const char *
challenge_url(struct world *w, struct acme_client *c, const struct reply *order,
    const char *type, bool provision)
{
	struct reply *authz =
	    world_post(w, c, reply_text(order, "authorizations.0"), NULL);

	if (provision)
		world_provision(w, c, authz, type);
	return json_string_value(
	    json_object_get(authz_challenge(authz, type), "url"));
}

/* A validation that is quick is answered inside the challenge request: the
 * client saves a signed poll. */
static void
test_quick_validation_in_one_request(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL);
	struct reply *r =
	    world_post(w, c, challenge_url(w, c, order, "http-01", true), "{}");

	assert_true(r->held);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_null(reply_header(r, "Retry-After", 0));
}

static void
test_slow_validation_is_polled(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL), *r;
	const char *url = challenge_url(w, c, order, "http-01", true);

	world_network(w, NETWORK_SILENT);
	r = world_post(w, c, url, "{}");
	assert_true(r->held);
	assert_string_equal(reply_text(r, "status"), "processing");
	assert_string_equal(reply_header(r, "Retry-After", 0), "1");
	/* A poll of the authorization is held too. */
	r = world_post(w, c, reply_text(order, "authorizations.0"), NULL);
	assert_true(r->held);
	assert_string_equal(reply_text(r, "status"), "pending");
	assert_string_equal(reply_text(r, "challenges.0.status"), "processing");
	assert_string_equal(reply_header(r, "Retry-After", 0), "1");
	world_network(w, NETWORK_DRIVEN);
	r = world_post(w, c, reply_text(order, "authorizations.0"), NULL);
	assert_true(r->held);
	assert_string_equal(reply_text(r, "status"), "valid");
	r = world_post(w, c, reply_text(order, "authorizations.0"), NULL);
	assert_false(r->held);
	assert_int_equal(world_probes(w), 1);
}

struct racer {
	struct world *w;
	struct acme_client *c;
	const char *url, *payload;
	struct reply *reply;
};

static void *
post_once(void *arg)
{
	struct racer *r = arg;

	r->reply = world_post(r->w, r->c, r->url, r->payload);
	return NULL;
}

static void
race(struct racer *racers, size_t n)
{
	pthread_t threads[8];

	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, post_once, &racers[i]),
		    0);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

/* Two challenge POSTs at once start one validation. */
static void
test_concurrent_challenge_posts(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");

	world_network(w, NETWORK_THREAD);
	for (unsigned round = 0; round < 10; round++) {
		AUTO_STR *name = mem_printf("dns:n%u.test", round);
		struct reply *order = world_order(w, c, name, NULL);
		const char *url = challenge_url(w, c, order, "http-01", true);
		struct racer racers[4];

		for (size_t i = 0; i < COUNT_OF(racers); i++)
			racers[i] = (struct racer){ w, c, url, "{}", NULL };
		race(racers, COUNT_OF(racers));
		for (size_t i = 0; i < COUNT_OF(racers); i++) {
			assert_status(racers[i].reply, 200);
			assert_string_equal(
			    reply_text(racers[i].reply, "status"), "valid");
		}
		assert_int_equal(world_probes(w), round + 1);
	}
}

/* Two different challenges of one authorization: one is chosen. */
static void
test_concurrent_challenges(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL), *r;
	struct racer racers[2] = { { .w = w, .c = c, .payload = "{}" },
		{ .w = w, .c = c, .payload = "{}" } };

	world_network(w, NETWORK_THREAD);
	racers[0].url = challenge_url(w, c, order, "http-01", true);
	racers[1].url = challenge_url(w, c, order, "dns-01", true);
	race(racers, 2);
	assert_int_equal(world_probes(w), 1);
	r = world_post(w, c, reply_text(order, "authorizations.0"), NULL);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_int_equal(json_array_size(reply_member(r, "challenges")), 1);
}

/* Finalizes at once, with one CSR and with several: one certificate. */
static void
test_concurrent_finalize(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");

	for (unsigned round = 0; round < 10; round++) {
		struct reply *order = world_order(w, c, "dns:a.test", NULL);
		const char *certificate = NULL;
		struct racer racers[4];
		char *same;

		world_authorize(w, c, order, "http-01");
		same = finalize_payload(w, key, NULL, "dns:a.test");
		for (size_t i = 0; i < COUNT_OF(racers); i++)
			racers[i] =
			    (struct racer){ w, c, reply_text(order, "finalize"),
				    i < 2 ? same
					  : finalize_payload(
						w, key, NULL, "dns:a.test"),
				    NULL };
		race(racers, COUNT_OF(racers));
		for (size_t i = 0; i < COUNT_OF(racers); i++) {
			struct reply *r = racers[i].reply;

			if (r->status != 200) {
				assert_problem(r, 403, "orderNotReady");
				continue;
			}
			if (reply_text(r, "certificate") == NULL)
				continue;
			if (certificate == NULL)
				certificate = reply_text(r, "certificate");
			assert_string_equal(
			    reply_text(r, "certificate"), certificate);
		}
		assert_non_null(certificate);
	}
	EVP_PKEY_free(key);
}

/* Many clients at once, each its whole flow. */
#define CLIENTS 4

static void *
whole_flow(void *arg)
{
	struct racer *r = arg;
	EVP_PKEY *key = acme_key_new("ES256");
	AUTO_STR *names = mem_printf("dns:%s", r->payload);

	r->url = world_issue(r->w, r->c, key, names);
	EVP_PKEY_free(key);
	return NULL;
}

static void
test_many_clients(void **state)
{
	static const char *const names[CLIENTS] = { "a.test", "b.test",
		"c.test", "d.test" };
	struct world *w = *state;
	struct racer racers[CLIENTS];
	pthread_t threads[CLIENTS];
	struct acme_counters counters;

	world_network(w, NETWORK_THREAD);
	for (size_t i = 0; i < CLIENTS; i++) {
		racers[i] = (struct racer){ .w = w,
			.c = world_client(w, "ES256"),
			.payload = names[i] };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, whole_flow, &racers[i]),
		    0);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], NULL);
		assert_non_null(racers[i].url);
	}
	acme_counters_get(world_acme(w), &counters);
	assert_int_equal(counters.validations_ok, CLIENTS);
	assert_int_equal(counters.validations_failed, 0);
	assert_true(counters.nonces_issued >= 10 * CLIENTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_quick_validation_in_one_request, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_slow_validation_is_polled, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_concurrent_challenge_posts, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_concurrent_challenges, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_concurrent_finalize, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_many_clients, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
