/* Slots, the queue behind them, reload, and the end. */
#include "support/unit.h"
#include "support/probing.h"

#define SLOTS 2u
#define PLACES (SLOTS + 8u * SLOTS)

static struct probing probing;
static struct probed many[PLACES + 4];
static struct http_standin *http;

static int
setup(void **state)
{
	(void)state;
	probing_begin(&probing);
	http = http_standin_new("127.0.0.1", 0, NULL);
	http_standin_on(http, "/", HTTP_IS_SILENT, "");
	probing.v.http_port = http_standin_port(http);
	probing.v.max_concurrent = SLOTS;
	dns_standin_add(probing.dns, "x.test", "A", "127.0.0.1");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dns_standin_free(probing.dns);
	http_standin_free(http);
	return 0;
}

static bool
post(size_t i, struct err *err)
{
	err_clear(err);
	return probing_post(
	    &probing, PROBE_HTTP, "x.test", false, &many[i], err);
}

/* Waits until both slots hang at the silent server. */
static void
wait_slots(void)
{
	while (http_standin_requests(http) < SLOTS ||
	    probes_count(probing.probes).running < SLOTS)
		sched_yield();
}

static void
test_busy(void **state)
{
	struct err err = { 0 };
	struct probes_counts c;
	size_t taken;

	(void)state;
	probing.v.timeout = 60;
	probing_start(&probing);
	for (taken = 0; taken < SLOTS; taken++)
		assert_true(post(taken, &err));
	wait_slots();
	for (; taken < PLACES; taken++)
		assert_true(post(taken, &err));
	assert_false(post(taken, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	c = probes_count(probing.probes);
	assert_int_equal(c.running, SLOTS);
	assert_int_equal(c.waiting, PLACES - SLOTS);
	assert_int_equal(c.refused, 1);
	assert_int_equal(http_standin_requests(http), SLOTS);
	/* The end tells everyone, running or waiting, exactly once. */
	probes_free(probing.probes);
	for (size_t i = 0; i < taken; i++) {
		assert_true(many[i].done);
		assert_false(many[i].ok);
		assert_true(many[i].transient);
		assert_int_equal(many[i].err.kind, ERR_BUSY);
		assert_non_null(strstr(many[i].record, "stopping"));
	}
}

/* A slot that a hostile target held is free after the time-out. */
static void
test_slots_come_back(void **state)
{
	struct err err = { 0 };

	(void)state;
	probing.v.timeout = 1;
	probing_start(&probing);
	for (size_t i = 0; i < 2 * SLOTS; i++)
		assert_true(post(i, &err));
	for (size_t i = 0; i < 2 * SLOTS; i++) {
		probing_wait(&many[i]);
		assert_int_equal(many[i].err.kind, ERR_CONNECTION);
	}
	assert_int_equal(http_standin_requests(http), 2 * SLOTS);
	probes_free(probing.probes);
}

static void
test_reload(void **state)
{
	static const char ok[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nk";
	struct config_validation bad, changed;
	struct err err = { 0 };
	const char *resolver = "nonsense";

	(void)state;
	probing.v.timeout = 60;
	probing_start(&probing);
	for (size_t i = 0; i < SLOTS; i++)
		assert_true(post(i, &err));
	wait_slots();
	bad = probing.v;
	bad.resolvers.v = &resolver;
	assert_false(probes_reload(probing.probes, &bad, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	err_clear(&err);
	changed = probing.v;
	changed.max_concurrent = SLOTS + 1;
	changed.permit_networks.n = 0;
	for (int i = 0; i < 3; i++)
		assert_true(probes_reload(probing.probes, &changed, &err));
	http_standin_on(http, "/", HTTP_SENDS, ok);
	/* The third slot is new, and it lives under the new rules. */
	probing_ask(&probing, PROBE_HTTP, "x.test", false, &many[SLOTS]);
	assert_int_equal(many[SLOTS].err.kind, ERR_REJECTED);
	assert_true(probes_reload(probing.probes, &probing.v, &err));
	probes_free(probing.probes);
	for (size_t i = 0; i < SLOTS; i++)
		assert_int_equal(many[i].err.kind, ERR_BUSY);
}

static void
test_malformed(void **state)
{
	const struct probe_port *port;
	struct probe_request req = { .kind = PROBE_HTTP, .name = "x.test" };
	struct err err = { 0 };

	(void)state;
	probing_start(&probing);
	port = probes_port(probing.probes);
	assert_false(port->start(port->ctx, &req, NULL, NULL, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
	probes_free(probing.probes);
}

static void
chain_done(void *arg, const struct probe_result *res)
{
	struct err err = { 0 };

	(void)res;
	/* From the probe thread itself, more work may be asked for. */
	if (arg != NULL &&
	    !probing_post(&probing, PROBE_TXT, "x.test", false, arg, &err))
		fail_msg("%s", err.shown);
}

static void
test_start_from_done(void **state)
{
	const struct probe_port *port;
	struct probe_request req = { .kind = PROBE_TXT, .name = "x.test" };
	struct err err = { 0 };

	(void)state;
	probing_start(&probing);
	port = probes_port(probing.probes);
	pthread_mutex_init(&many[0].lock, NULL);
	assert_true(port->start(port->ctx, &req, chain_done, &many[0], &err));
	while (probes_count(probing.probes).finished < 2)
		sched_yield();
	probes_free(probing.probes);
	assert_int_equal(many[0].err.kind, ERR_DNS);
}

#define LIMITS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIMITS(test_busy),
		LIMITS(test_slots_come_back),
		LIMITS(test_reload),
		LIMITS(test_malformed),
		LIMITS(test_start_from_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
