/* Workers and held replies against a live server. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "unit/net/world.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static int
held_until(struct world *w, const char *ms, const char *body)
{
	struct reader r = { .fd = client_open(w->ports[PORT_HTTP]) };
	struct answer a = { 0 };
	char text[128];

	snprintf(
	    text, sizeof(text), "GET /hold/%s HTTP/1.1\r\nHost: a\r\n\r\n", ms);
	client_say(r.fd, text);
	sem_wait(&w->entered);
	if (atoi(ms) > 1000)
		http_waits_signal(w->waits, "job");
	client_read(&r, false, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(buf_cstr(&a.body), body);
	/* The connection goes on. */
	client_say(r.fd, GET("/blob"));
	client_read(&r, false, &a);
	assert_int_equal(a.body.n, 100);
	reader_close(&r);
	answer_free(&a);
	return 0;
}

static void
a_reply_is_held_until_the_job_is_done(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_start(&w);
	for (int i = 0; i < 20; i++)
		held_until(&w, "60000", "second half");
	world_stop(&w);
}

static void
a_reply_is_held_no_longer_than_asked(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_start(&w);
	held_until(&w, "30", "second half");
	held_until(&w, "0", "second half");
	world_stop(&w);
}

static void
too_many_held_replies_answer_at_once(void **state)
{
	struct answer a = { 0 };
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	w.limits.held_replies = 1;
	world_start(&w);
	fd = client_open(w.ports[PORT_HTTP]);
	client_say(fd, GET("/hold/60000"));
	sem_wait(&w.entered);
	assert_int_equal(world_stats(&w).held, 1);
	client_ask(w.ports[PORT_HTTP], GET("/hold/60000"), &a);
	assert_string_equal(buf_cstr(&a.body), "at once");
	close(fd);
	answer_free(&a);
	world_stop(&w);
}

struct storm {
	struct world *w;
	atomic_bool over;
};

static void *
signaller(void *arg)
{
	struct storm *s = arg;

	while (!atomic_load(&s->over)) {
		http_waits_signal(s->w->waits, "job");
		sched_yield();
	}
	return NULL;
}

/* Signals, time limits and clients that leave, all at once. */
static void
storm(void **state)
{
	struct world w;
	struct storm s = { .w = &w };
	pthread_t thread;

	(void)state;
	world_init(&w);
	w.limits.held_replies = 1000;
	world_start(&w);
	assert_int_equal(pthread_create(&thread, NULL, signaller, &s), 0);
	for (int i = 0; i < 300; i++) {
		struct reader r = { .fd = client_open(w.ports[PORT_HTTP]) };
		struct answer a = { 0 };
		char text[128];

		snprintf(text, sizeof(text),
		    "GET /hold/%d HTTP/1.1\r\nHost: a\r\n\r\n", i % 4);
		client_say(r.fd, text);
		if (i % 3 != 0) {
			client_read(&r, false, &a);
			assert_int_equal(a.status, 200);
		} else {
			const struct linger rst = { .l_onoff = 1 };

			setsockopt(
			    r.fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
		}
		reader_close(&r);
		answer_free(&a);
	}
	atomic_store(&s.over, true);
	pthread_join(thread, NULL);
	world_stop(&w);
}

/* One worker, one place in the queue: the third gets 503 from the loop. */
static void
a_full_queue_is_answered_503(void **state)
{
	struct answer a = { 0 };
	struct reader r[2];
	struct world w;

	(void)state;
	world_init(&w);
	w.workers = 1;
	w.limits.queue = 1;
	world_start(&w);
	r[0] = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(r[0].fd, GET("/slow"));
	sem_wait(&w.entered);
	r[1] = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(r[1].fd, GET("/slow"));
	while (world_stats(&w).queue_depth != 1)
		sched_yield();
	assert_int_equal(client_ask(w.ports[PORT_HTTP], GET("/slow"), &a), 503);
	assert_string_equal(answer_field(&a, "Retry-After"), "5");
	assert_string_equal(
	    answer_field(&a, "Content-Type"), "application/problem+json");
	assert_int_equal(world_stats(&w).queue_full, 1);
	/* The loop itself has time for everybody. */
	assert_int_equal(client_ask(w.ports[PORT_HTTP], GET("/blob"), &a), 200);
	sem_post(&w.go);
	sem_post(&w.go);
	for (int i = 0; i < 2; i++) {
		client_read(&r[i], false, &a);
		assert_int_equal(a.status, 200);
		close(r[i].fd);
		buf_free(&r[i].ahead);
	}
	answer_free(&a);
	world_stop(&w);
}

/* http_hand_on(): workers may all be busy, the loop still answers its part. */
static void
the_loop_answers_or_hands_on(void **state)
{
	struct answer a = { 0 };
	struct reader r;
	struct world w;

	(void)state;
	world_init(&w);
	w.workers = 1;
	w.limits.queue = 1;
	world_start(&w);
	r = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(r.fd, GET("/first/worker"));
	sem_wait(&w.entered);
	assert_int_equal(
	    client_ask(w.ports[PORT_HTTP], GET("/first/loop"), &a), 200);
	assert_memory_equal(a.body.p, "first", 5);
	sem_post(&w.go);
	client_read(&r, false, &a);
	assert_int_equal(a.status, 200);
	assert_memory_equal(a.body.p, "slow", 4);

	/* One runs, one waits, the third is refused by the loop. */
	client_say(r.fd, GET("/first/worker"));
	sem_wait(&w.entered);
	struct reader other = { .fd = client_open(w.ports[PORT_HTTP]) };

	client_say(other.fd, GET("/first/worker"));
	while (world_stats(&w).queue_depth != 1)
		sched_yield();
	assert_int_equal(
	    client_ask(w.ports[PORT_HTTP], GET("/first/worker"), &a), 503);
	for (int i = 0; i < 2; i++)
		sem_post(&w.go);
	client_read(&r, false, &a);
	assert_int_equal(a.status, 200);
	client_read(&other, false, &a);
	assert_int_equal(a.status, 200);
	reader_close(&r);
	reader_close(&other);
	answer_free(&a);
	world_stop(&w);
}

/* The answer of a request whose client is gone is dropped. */
static void
an_answer_without_its_client_is_dropped(void **state)
{
	const struct linger rst = { .l_onoff = 1 };
	struct answer a = { 0 };
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	world_start(&w);
	fd = client_open(w.ports[PORT_HTTP]);
	client_say(fd, GET("/slow"));
	sem_wait(&w.entered);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
	close(fd);
	while (world_stats(&w).open != 0)
		sched_yield();
	sem_post(&w.go);
	assert_int_equal(client_ask(w.ports[PORT_HTTP], GET("/blob"), &a), 200);
	answer_free(&a);
	world_stop(&w);
}

struct drain {
	struct world *w;
	bool done;
};

static void *
drain(void *arg)
{
	struct drain *d = arg;

	d->done = net_drain(d->w->net, 10000);
	return NULL;
}

static void
draining_finishes_what_runs(void **state)
{
	struct reader busy, idle, held;
	struct answer a = { 0 };
	struct world w;
	struct drain d = { .w = &w };
	pthread_t thread;

	(void)state;
	world_init(&w);
	/* So that what one connection sees holds for all. */
	w.loops = 1;
	world_start(&w);
	idle = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(idle.fd, GET("/blob"));
	client_read(&idle, false, &a);
	busy = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(busy.fd, GET("/slow"));
	sem_wait(&w.entered);
	held = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(held.fd, GET("/hold/60000"));
	sem_wait(&w.entered);
	assert_int_equal(pthread_create(&thread, NULL, drain, &d), 0);
	client_expect_end(idle.fd);
	client_read(&held, false, &a);
	assert_string_equal(buf_cstr(&a.body), "second half");
	client_expect_end(held.fd);
	sem_post(&w.go);
	client_read(&busy, false, &a);
	assert_string_equal(buf_cstr(&a.body), "slow");
	assert_string_equal(answer_field(&a, "Connection"), "close");
	client_expect_end(busy.fd);
	pthread_join(thread, NULL);
	assert_true(d.done);
	close(idle.fd);
	close(busy.fd);
	close(held.fd);
	buf_free(&idle.ahead);
	buf_free(&busy.ahead);
	buf_free(&held.ahead);
	answer_free(&a);
	world_stop(&w);
}

static void
draining_is_bounded(void **state)
{
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	world_start(&w);
	fd = client_open(w.ports[PORT_HTTP]);
	client_say(fd, GET("/slow"));
	sem_wait(&w.entered);
	assert_false(net_drain(w.net, 50));
	sem_post(&w.go);
	assert_true(net_drain(w.net, 10000));
	close(fd);
	world_stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_is_held_until_the_job_is_done),
		cmocka_unit_test(a_reply_is_held_no_longer_than_asked),
		cmocka_unit_test(too_many_held_replies_answer_at_once),
		cmocka_unit_test(storm),
		cmocka_unit_test(a_full_queue_is_answered_503),
		cmocka_unit_test(the_loop_answers_or_hands_on),
		cmocka_unit_test(an_answer_without_its_client_is_dropped),
		cmocka_unit_test(draining_finishes_what_runs),
		cmocka_unit_test(draining_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
