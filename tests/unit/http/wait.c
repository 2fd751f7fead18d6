/* Held replies: each ticket fires once or is cancelled, never both. */
#include <pthread.h>
#include <stdatomic.h>
#include "support/unit.h"
#include "http/wait.h"

static void
count_fire(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void
signal_before_and_after_arming(void **state)
{
	struct http_waits *w = http_waits_new(10);
	struct http_ticket *a = http_ticket_new(w, "job");
	struct http_ticket *b = http_ticket_new(w, "job");
	struct http_ticket *c = http_ticket_new(w, "other");
	atomic_uint fired = 0, other = 0;

	(void)state;
	http_ticket_arm(a, count_fire, &fired);
	http_ticket_arm(c, count_fire, &other);
	assert_int_equal(atomic_load(&fired), 0);
	http_waits_signal(w, "job");
	assert_int_equal(atomic_load(&fired), 1);
	http_ticket_arm(b, count_fire, &fired);
	assert_int_equal(atomic_load(&fired), 2);
	http_waits_signal(w, "job");
	assert_int_equal(atomic_load(&fired), 2);
	assert_false(http_ticket_cancel(a));
	assert_false(http_ticket_cancel(b));
	assert_int_equal(http_waits_held(w), 1);
	assert_true(http_ticket_cancel(c));
	http_waits_signal(w, "other");
	assert_int_equal(atomic_load(&other), 0);
	assert_int_equal(http_waits_held(w), 0);
	http_waits_free(w);
}

static void
tickets_are_bounded(void **state)
{
	struct http_waits *w = http_waits_new(2);
	struct http_ticket *a = http_ticket_new(w, "a");
	struct http_ticket *b = http_ticket_new(w, "a");

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_null(http_ticket_new(w, "a"));
	http_ticket_drop(a);
	a = http_ticket_new(w, "b");
	assert_non_null(a);
	http_waits_signal(w, "b");
	http_ticket_drop(a);
	http_ticket_drop(NULL);
	http_waits_free(w);
}

static void
then(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	(void)req;
	resp->status = 200;
}

static void
a_response_carries_its_ticket(void **state)
{
	struct http_waits *w = http_waits_new(1);
	struct http_resp resp = { 0 };

	(void)state;
	http_wait(&resp, http_ticket_new(w, "a"), 300, then, w);
	assert_non_null(resp.wait);
	assert_int_equal(resp.wait_ms, 300);
	assert_ptr_equal(resp.wait_ctx, w);
	assert_true(http_ticket_cancel(resp.wait));
	http_waits_free(w);
}

#define RACES 20000

struct race {
	struct http_waits *waits;
	_Atomic(int) turn; /* the round that both threads may play */
};

static void *
signaller(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < RACES; i++) {
		char job[16];

		while (atomic_load(&r->turn) <= i)
			continue;
		snprintf(job, sizeof(job), "%d", i);
		http_waits_signal(r->waits, job);
	}
	return NULL;
}

static void
cancel_races_with_signal(void **state)
{
	struct race r = { .waits = http_waits_new(4) };
	pthread_t thread;
	unsigned fires = 0, cancels = 0;
	static atomic_uint fired[RACES];

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, signaller, &r), 0);
	for (int i = 0; i < RACES; i++) {
		char job[16];
		struct http_ticket *t;

		snprintf(job, sizeof(job), "%d", i);
		t = http_ticket_new(r.waits, job);
		if (t == NULL)
			fail_msg("tickets leak");
		atomic_store(&r.turn, i + 1);
		http_ticket_arm(t, count_fire, &fired[i]);
		/* A little later each time, so that both sides win some. */
		for (int k = 0; k < i % 1024; k++)
			(void)atomic_load(&r.turn);
		if (http_ticket_cancel(t)) {
			assert_int_equal(atomic_load(&fired[i]), 0);
			cancels++;
		} else {
			fires++;
		}
	}
	pthread_join(thread, NULL);
	for (int i = 0; i < RACES; i++)
		fires -= atomic_load(&fired[i]);
	assert_int_equal(fires, 0);
	print_message("%u of %d cancelled\n", cancels, RACES);
	assert_int_equal(http_waits_held(r.waits), 0);
	http_waits_free(r.waits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signal_before_and_after_arming),
		cmocka_unit_test(tickets_are_bounded),
		cmocka_unit_test(a_response_carries_its_ticket),
		cmocka_unit_test(cancel_races_with_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
