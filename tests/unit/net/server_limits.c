/* Limits against a live server: counts, time, descriptors. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "unit/net/world.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void
connections_of_one_address(void **state)
{
	struct answer a = { 0 };
	struct reader r[3];
	struct world w;

	(void)state;
	world_init(&w);
	w.limits.max_connections_per_address = 2;
	world_start(&w);
	for (int i = 0; i < 2; i++) {
		r[i] = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
		client_say(r[i].fd, GET("/blob"));
		client_read(&r[i], false, &a);
		assert_int_equal(a.status, 200);
	}
	r[2] = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_expect_end(r[2].fd);
	assert_int_equal(world_stats(&w).refused[NET_REFUSED_ADDRESS], 1);
	/* Operators still get in, and a place that is given up is free. */
	assert_int_equal(client_ask(w.ports[PORT_OPS], GET("/blob"), &a), 200);
	close(r[0].fd);
	while (world_stats(&w).open > 1)
		sched_yield();
	assert_int_equal(client_ask(w.ports[PORT_HTTP], GET("/blob"), &a), 200);
	for (int i = 0; i < 3; i++)
		buf_free(&r[i].ahead);
	close(r[1].fd);
	close(r[2].fd);
	answer_free(&a);
	world_stop(&w);
}

static void
connections_in_all(void **state)
{
	struct answer a = { 0 };
	struct reader r = { 0 };
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	w.limits.max_connections = 1;
	world_start(&w);
	r.fd = client_open(w.ports[PORT_HTTP]);
	client_say(r.fd, GET("/blob"));
	client_read(&r, false, &a);
	fd = client_open(w.ports[PORT_HTTP]);
	client_expect_end(fd);
	close(fd);
	assert_int_equal(world_stats(&w).refused[NET_REFUSED_TOTAL], 1);
	/* New limits hold without a restart. */
	w.limits.max_connections = 10;
	net_set_limits(w.net, &w.limits);
	do
		client_ask(w.ports[PORT_HTTP], GET("/blob"), &a);
	while (a.status == 0);
	assert_int_equal(a.status, 200);
	reader_close(&r);
	answer_free(&a);
	world_stop(&w);
}

/* Every limit is a second; the clients just wait for the end. */
static void
slow_clients(void **state)
{
	struct answer a = { 0 };
	struct reader head, body;
	struct net_stats s;
	struct world w;
	int idle, shake, never;

	(void)state;
	world_init(&w);
	w.limits.handshake_timeout = w.limits.header_timeout = 1;
	w.limits.body_timeout = w.limits.idle_timeout = 1;
	world_start(&w);
	never = client_open(w.ports[PORT_HTTP]);
	idle = client_open(w.ports[PORT_HTTP]);
	client_say(idle, GET("/blob"));
	shake = client_open(w.ports[PORT_HTTPS]);
	head = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(head.fd, "GET /blob HTTP/1.1\r\nHost: a\r\nX: ");
	body = (struct reader){ .fd = client_open(w.ports[PORT_HTTP]) };
	client_say(body.fd,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
	client_read(&head, false, &a);
	assert_int_equal(a.status, 408);
	client_expect_end(head.fd);
	client_read(&body, false, &a);
	assert_int_equal(a.status, 408);
	client_expect_end(body.fd);
	client_expect_end(idle);
	client_expect_end(shake);
	client_expect_end(never);
	s = world_stats(&w);
	assert_int_equal(s.timeouts[NET_TIMEOUT_HANDSHAKE], 1);
	assert_int_equal(s.timeouts[NET_TIMEOUT_HEADER], 2);
	assert_int_equal(s.timeouts[NET_TIMEOUT_BODY], 1);
	assert_int_equal(s.timeouts[NET_TIMEOUT_IDLE], 1);
	close(never);
	close(idle);
	close(shake);
	close(head.fd);
	close(body.fd);
	buf_free(&head.ahead);
	buf_free(&body.ahead);
	answer_free(&a);
	world_stop(&w);
}

/* Headers that drip in do not move the deadline. */
static void
dripping_headers(void **state)
{
	struct world w;
	struct pollfd p = { .events = POLLIN };

	(void)state;
	world_init(&w);
	w.limits.header_timeout = 1;
	world_start(&w);
	p.fd = client_open(w.ports[PORT_HTTP]);
	client_say(p.fd, "GET /blob HTTP/1.1\r\nHost: a\r\n");
	do
		client_say(p.fd, "X: y\r\n");
	while (poll(&p, 1, 20) == 0);
	assert_int_equal(world_stats(&w).timeouts[NET_TIMEOUT_HEADER], 1);
	client_expect_end(p.fd);
	close(p.fd);
	world_stop(&w);
}

static void
forwarded_addresses(void **state)
{
	static const struct {
		const char *text, *peer;
	} rows[] = {
		{ "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1" },
		{ "X-Forwarded-For: 192.0.2.1, 198.51.100.2\r\n",
		    "198.51.100.2" },
		{ "X-Forwarded-For: 192.0.2.1, 127.0.0.5\r\n", "192.0.2.1" },
		{ "X-Forwarded-For: 192.0.2.1\r\n"
		  "X-Forwarded-For: 2001:db8::7, 127.0.0.9\r\n",
		    "2001:db8::7" },
		{ "X-Forwarded-For: [2001:db8::7]:443\r\n", "2001:db8::7" },
		{ "X-Forwarded-For: 192.0.2.1:80\r\n", "192.0.2.1" },
		{ "X-Forwarded-For: 192.0.2.1, unknown\r\n", "127.0.0.1" },
		{ "X-Forwarded-For: ::ffff:192.0.2.1\r\n", "192.0.2.1" },
		{ "X-Forwarded-For:\r\n", "127.0.0.1" },
		{ "", "127.0.0.1" },
	};
	struct answer a = { 0 };
	struct world w;
	char text[256];

	(void)state;
	for (int trusted = 0; trusted < 2; trusted++) {
		world_init(&w);
		w.proxies = trusted ? "127.0.0.0/8" : "10.0.0.0/8";
		/* Proxies are not counted as one client. */
		w.limits.max_connections_per_address = trusted ? 1 : 1000;
		world_start(&w);
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			snprintf(text, sizeof(text),
			    "GET /peer HTTP/1.1\r\nHost: a\r\n%s\r\n",
			    rows[i].text);
			client_ask(w.ports[PORT_HTTP], text, &a);
			assert_string_equal(buf_cstr(&a.body),
			    trusted ? rows[i].peer : "127.0.0.1");
		}
		world_stop(&w);
	}
	answer_free(&a);
}

/* No descriptor for a new connection: those that are open are served, and the
 * new one is, as soon as there is one again. */
static void
out_of_descriptors(void **state)
{
	struct reader old = { 0 }, new = { 0 };
	struct rlimit saved, few;
	struct answer a = { 0 };
	struct world w;
	int spare[64];

	(void)state;
	world_init(&w);
	world_start(&w);
	old.fd = client_open(w.ports[PORT_HTTP]);
	client_say(old.fd, GET("/blob"));
	client_read(&old, false, &a);
	assert_int_equal(a.status, 200);
	for (size_t i = 0; i < COUNT_OF(spare); i++)
		spare[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* Room for the client's own socket and nothing else. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	few = saved;
	close(spare[0]);
	few.rlim_cur = (rlim_t)spare[COUNT_OF(spare) - 1] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	new.fd = client_open(w.ports[PORT_HTTP]);
	client_say(new.fd, GET("/blob"));
	while (world_stats(&w).refused[NET_REFUSED_SYSTEM] == 0)
		sched_yield();
	client_say(old.fd, GET("/peer"));
	client_read(&old, false, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
	client_read(&new, false, &a);
	assert_int_equal(a.status, 200);
	for (size_t i = 1; i < COUNT_OF(spare); i++)
		close(spare[i]);
	close(old.fd);
	close(new.fd);
	buf_free(&old.ahead);
	buf_free(&new.ahead);
	answer_free(&a);
	world_stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_of_one_address),
		cmocka_unit_test(connections_in_all),
		cmocka_unit_test(slow_clients),
		cmocka_unit_test(dripping_headers),
		cmocka_unit_test(forwarded_addresses),
		cmocka_unit_test(out_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
