/* Time, slots, the queue behind them, many threads, reload, and the end. */
#include "support/unit.h"
#include <sched.h>
#include "support/calling.h"

#define SLOTS 2u
#define PLACES (SLOTS + 8u * SLOTS)
#define THREADS 6u
#define EACH 8u

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static struct calling world;
static struct called many[MAX_OF(PLACES, THREADS *EACH) + 2];

static int
setup(void **state)
{
	(void)state;
	calling_begin(&world);
	world.c.outgoing.max_concurrent = SLOTS;
	http_standin_on(world.https, "/", HTTP_IS_SILENT, "");
	memset(many, 0, sizeof(many));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	calling_end(&world);
	for (size_t i = 0; i < COUNT_OF(many); i++)
		called_free(&many[i]);
	return 0;
}

static bool
post(size_t i, const char *path, int64_t timeout_ms, struct err *err)
{
	const struct outgoing_request req = { .method = OUTGOING_GET,
		.url = calling_url("a.test", world.https, path),
		.timeout_ms = timeout_ms };

	err_clear(err);
	return calling_post(&world, &req, &many[i], err);
}

/* Waits until both slots hang at the silent server. */
static void
wait_slots(void)
{
	while (http_standin_requests(world.https) < SLOTS)
		sched_yield();
}

static void
assert_timed_out(size_t i, const char *says)
{
	calling_wait(&many[i]);
	assert_false(many[i].ok);
	assert_true(many[i].transient);
	if (strstr(many[i].err.shown, says) == NULL)
		fail_msg("%s", many[i].err.shown);
}

static void
test_slow_answers(void **state)
{
	struct err err = { 0 };

	(void)state;
	http_standin_on(
	    world.https, "/drip", HTTP_DRIPS, "HTTP/1.1 200 OK\r\n\r\n");
	calling_start(&world);
	assert_true(post(0, "/", 300, &err));
	assert_true(post(1, "/drip", 300, &err));
	for (size_t i = 0; i < 2; i++) {
		assert_timed_out(i, "no answer within 0.3 s");
		assert_int_equal(many[i].err.kind, ERR_CONNECTION);
		assert_non_null(strstr(many[i].err.shown, " at 127.0.0.1:"));
	}
}

/* The configuration's time holds for who asks for more, or for none. */
static void
test_longest(void **state)
{
	struct err err = { 0 };

	(void)state;
	world.c.outgoing.timeout = 1;
	calling_start(&world);
	assert_true(post(0, "/", 0, &err));
	assert_true(post(1, "/", 1000000, &err));
	assert_timed_out(0, "no answer within 1 s");
	assert_timed_out(1, "no answer within 1 s");
}

/* Who waits for a slot is told in time, too. */
static void
test_time_in_the_queue(void **state)
{
	struct err err = { 0 };

	(void)state;
	calling_start(&world);
	for (size_t i = 0; i < SLOTS; i++)
		assert_true(post(i, "/", 60000, &err));
	wait_slots();
	assert_true(post(SLOTS, "/", 200, &err));
	assert_timed_out(SLOTS, "as many calls as may run at once");
	assert_int_equal(many[SLOTS].err.kind, ERR_BUSY);
	assert_int_equal(http_standin_requests(world.https), SLOTS);
	assert_int_equal(outgoing_count(world.outgoing).waiting, 0);
}

static void
test_busy(void **state)
{
	struct err err = { 0 };
	struct outgoing_counts c;
	size_t taken;

	(void)state;
	calling_start(&world);
	for (taken = 0; taken < SLOTS; taken++)
		assert_true(post(taken, "/", 60000, &err));
	wait_slots();
	for (; taken < PLACES; taken++)
		assert_true(post(taken, "/", 60000, &err));
	assert_false(post(taken, "/", 60000, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	c = outgoing_count(world.outgoing);
	assert_int_equal(c.running, SLOTS);
	assert_int_equal(c.waiting, PLACES - SLOTS);
	assert_int_equal(c.refused, 1);
	assert_int_equal(http_standin_requests(world.https), SLOTS);
	/* The end tells everyone, running or waiting, exactly once. */
	outgoing_free(world.outgoing);
	world.outgoing = NULL;
	for (size_t i = 0; i < taken; i++) {
		assert_int_equal(many[i].times, 1);
		assert_false(many[i].ok);
		assert_true(many[i].transient);
		assert_int_equal(many[i].err.kind, ERR_BUSY);
		assert_non_null(strstr(many[i].err.shown, "stopping"));
	}
	assert_int_equal(many[taken].times, 0);
}

/* The end comes while names are looked up. */
static void
test_stop_in_dns(void **state)
{
	struct err err = { 0 };

	(void)state;
	dns_standin_manner(world.dns, "a.test", 0, DNS_IS_SILENT);
	calling_start(&world);
	assert_true(post(0, "/", 60000, &err));
	while (dns_standin_queries(world.dns, "a.test", 1) == 0)
		sched_yield();
	outgoing_free(world.outgoing);
	world.outgoing = NULL;
	assert_int_equal(many[0].times, 1);
	assert_int_equal(many[0].err.kind, ERR_BUSY);
}

/* The end comes at once, perhaps before the thread has seen the call. */
static void
test_stop_at_once(void **state)
{
	struct err err = { 0 };

	(void)state;
	calling_start(&world);
	for (size_t i = 0; i < SLOTS; i++)
		assert_true(post(i, "/", 60000, &err));
	outgoing_free(world.outgoing);
	world.outgoing = NULL;
	for (size_t i = 0; i < SLOTS; i++)
		assert_int_equal(many[i].times, 1);
}

static const char *thread_url;

static void *
caller(void *arg)
{
	struct called *own = arg;
	struct err err = { 0 };
	const struct outgoing_request req = { .method = OUTGOING_POST,
		.url = thread_url,
		.content_type = "text/plain",
		.body = bytes_str("thread"),
		.anchors = bytes_str(world.pki.pem) };

	for (size_t i = 0; i < EACH; i++)
		if (!calling_post(&world, &req, &own[i], &err))
			fail_msg("%s", err.shown);
	for (size_t i = 0; i < EACH; i++)
		calling_wait(&own[i]);
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];
	struct outgoing_counts c;

	(void)state;
	http_standin_on(world.https, "/", HTTP_SENDS, ok);
	world.c.outgoing.max_concurrent = 8;
	calling_start(&world);
	thread_url = calling_url("a.test", world.https, "/");
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, caller, &many[i * EACH]);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < THREADS * EACH; i++) {
		if (!many[i].ok)
			fail_msg("%s", many[i].err.shown);
		assert_int_equal(many[i].times, 1);
		assert_string_equal(many[i].body, "ok");
	}
	c = outgoing_count(world.outgoing);
	assert_int_equal(c.answered, THREADS * EACH);
	assert_int_equal(c.failed + c.refused + c.waiting + c.running, 0);
	assert_int_equal(http_standin_requests(world.https), THREADS * EACH);
}

static void
test_reload(void **state)
{
	struct config bad, changed;
	struct err err = { 0 };
	struct tls_pki other;

	(void)state;
	calling_start(&world);
	for (size_t i = 0; i < SLOTS; i++)
		assert_true(post(i, "/", 60000, &err));
	wait_slots();
	bad = changed = world.c;
	bad.outgoing.anchors_file = "missing.pem";
	assert_false(outgoing_reload(world.outgoing, &bad, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	err_clear(&err);
	tls_pki_init(&other, "another CA");
	world.named_anchors = other.pem;
	changed.outgoing.max_concurrent = SLOTS + 1;
	for (int i = 0; i < 3; i++)
		assert_true(outgoing_reload(world.outgoing, &changed, &err));
	/* The third slot is new, and it lives under the new anchors. */
	assert_true(post(SLOTS, "/", 60000, &err));
	calling_wait(&many[SLOTS]);
	assert_int_equal(many[SLOTS].err.kind, ERR_TLS);
	world.named_anchors = world.pki.pem;
	assert_true(outgoing_reload(world.outgoing, &changed, &err));
	http_standin_on(world.https, "/", HTTP_SENDS, ok);
	assert_true(post(SLOTS + 1, "/", 60000, &err));
	calling_wait(&many[SLOTS + 1]);
	assert_int_equal(many[SLOTS + 1].status, 200);
	outgoing_free(world.outgoing);
	world.outgoing = NULL;
	for (size_t i = 0; i < SLOTS; i++)
		assert_int_equal(many[i].err.kind, ERR_BUSY);
	tls_pki_done(&other);
}

static void
chain_done(void *arg, const struct outgoing_result *res)
{
	struct err err = { 0 };

	(void)arg;
	assert_true(res->ok);
	/* From the outgoing thread itself, more may be asked. */
	if (!post(0, "/second", 20000, &err))
		fail_msg("%s", err.shown);
}

static void
test_start_from_done(void **state)
{
	const struct outgoing_port *port;
	struct outgoing_request req = { .method = OUTGOING_GET };
	struct err err = { 0 };

	(void)state;
	http_standin_on(world.https, "/", HTTP_SENDS, ok);
	calling_start(&world);
	req.url = calling_url("a.test", world.https, "/first");
	port = outgoing_port(world.outgoing);
	assert_true(port->start(port->ctx, &req, chain_done, NULL, &err));
	while (outgoing_count(world.outgoing).answered < 2)
		sched_yield();
	/* Its thread has come to an end before what it wrote is read. */
	outgoing_free(world.outgoing);
	world.outgoing = NULL;
	assert_int_equal(many[0].status, 200);
}

#define LIMITS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIMITS(test_slow_answers),
		LIMITS(test_longest),
		LIMITS(test_time_in_the_queue),
		LIMITS(test_busy),
		LIMITS(test_stop_in_dns),
		LIMITS(test_stop_at_once),
		LIMITS(test_threads),
		LIMITS(test_reload),
		LIMITS(test_start_from_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
