#include <sys/stat.h>
#include <unistd.h>
#include "world.h"
#include "api/api.h"
#include "codec/pem.h"
#include "http/wait.h"
#include "net/net.h"
#include "util/text.h"

/* A server with the operators' API alone, on the control socket. */
struct served {
	struct world *w;
	struct api *api;
	struct http_routes *routes;
	struct http_waits *waits;
	struct net *net;
	struct net_listener listener;
};

static int64_t
test_now(void *ctx)
{
	return ((struct test_ca *)ctx)->now * 1000000;
}

static void
start(struct served *s, const char *socket)
{
	struct test_ca *t = s->w->t;
	const struct api_deps deps = {
		.store = t->store, .ca = t->ca, .clock = { test_now, t }
	};
	struct net_settings settings = { .loops = 1,
		.workers = 2,
		.limits = &t->config->limits,
		.listeners = &s->listener,
		.listeners_n = 1,
		.clock = { test_now, t } };

	s->api = api_new(&deps, t->config);
	s->routes = http_routes_new();
	api_routes(s->api, s->routes);
	s->waits = http_waits_new(8);
	settings.routes = s->routes;
	settings.waits = s->waits;
	s->listener.kind = LISTENER_CONTROL;
	assert_ok(t, net_listen_unix(socket, &s->listener.fd, &t->err));
	s->net = net_new(&settings, &t->err);
	assert_non_null(s->net);
	assert_ok(t, net_start(s->net, &t->err));
}

static int
setup(void **state)
{
	struct served *s = mem_alloc(sizeof(*s));
	void *world;

	assert_int_equal(world_setup(&world), 0);
	s->w = world;
	start(s, world_path(s->w, "run/control.sock"));
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct served *s = *state;
	void *world = s->w;

	net_drain(s->net, 1000);
	net_free(s->net);
	close(s->listener.fd);
	http_routes_free(s->routes);
	http_waits_free(s->waits);
	api_free(s->api);
	free(s);
	return world_teardown(&world);
}

static void
write_csr(struct world *w, const char *name, bool der)
{
	const char *san = "dns:www.example.com";
	struct csr *csr = test_ca_csr(
	    w->t, test_ca_key(w->t, KEY_EC_P256, 0), NULL, &san, 1, false);
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE REQUEST", csr->der);
	test_ca_write_file(w->t, name, der ? csr->der : buf_bytes(&pem));
}

static void
issue_to_revoke(void **state)
{
	struct world *w = ((struct served *)*state)->w;
	struct arena *a = w->t->a;
	struct bytes rest, der;
	const char *serial;
	bool found;

	write_csr(w, "a.csr", false);
	assert_int_equal(
	    world_run(w, "cert issue --csr @/a.csr --profile default"),
	    EXIT_DONE);
	assert_string_equal(w->err, "");
	rest = bytes_str(w->out);
	assert_ok(
	    w->t, pem_next(&rest, "CERTIFICATE", a, &found, &der, &w->t->err));
	assert_true(found && w->out[0] == '-');
	write_csr(w, "b.csr", true);
	assert_int_equal(world_run(w,
			     "cert issue --csr @/b.csr --profile default "
			     "--name dns:b.example.com --json"),
	    EXIT_DONE);
	serial = json_string_value(json_object_get(world_json(w), "serial"));
	assert_int_equal(world_run(w, "cert list"), EXIT_DONE);
	assert_has(w->out, "SERIAL");
	assert_has(w->out, serial);
	assert_has(w->out, "dns:b.example.com");
	assert_int_equal(
	    world_run(w, arena_printf(a, "cert show %s", serial)), EXIT_DONE);
	assert_has(w->out, "status: valid");
	assert_has(w->out, "-----BEGIN CERTIFICATE-----");
	assert_int_equal(
	    world_run(w,
		arena_printf(a, "cert revoke %.2s:%s --reason superseded",
		    serial, serial + 2)),
	    EXIT_DONE);
	assert_has(w->out, "superseded");
	assert_int_equal(
	    world_run(w, arena_printf(a, "cert revoke %s", serial)), EXIT_DONE);
	assert_has(w->out, "was revoked already");
	assert_int_equal(
	    world_run(w, "cert list --status revoked --json"), EXIT_DONE);
	assert_int_equal(
	    json_array_size(json_object_get(world_json(w), "certificates")), 1);
}

static void
filters(void **state)
{
	struct world *w = ((struct served *)*state)->w;
	static const struct {
		const char *line;
		size_t n;
	} rows[] = {
		{ "cert list", 3 },
		{ "cert list --limit 2", 2 },
		{ "cert list --name *.example.com", 3 },
		{ "cert list --name a.*", 1 },
		{ "cert list --expires-within 1000d", 3 },
		{ "cert list --expires-within 1h", 0 },
		{ "cert list --status expired", 0 },
		{ "cert list --profile quiet", 0 },
		{ "cert list --account nobody", 0 },
	};

	test_ca_issue(w->t, "default", "a.example.com");
	test_ca_issue(w->t, "default", "b.example.com");
	test_ca_issue(w->t, "default", "c.example.com");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *list;

		assert_int_equal(
		    world_run(
			w, arena_printf(w->t->a, "%s --json", rows[i].line)),
		    EXIT_DONE);
		list = json_object_get(world_json(w), "certificates");
		if (json_array_size(list) != rows[i].n)
			fail_msg(
			    "%s: %zu", rows[i].line, json_array_size(list));
	}
	assert_int_equal(world_run(w, "cert list --status odd"), EXIT_REFUSED);
}

static void
refusals(void **state)
{
	struct world *w = ((struct served *)*state)->w;

	write_csr(w, "a.csr", false);
	assert_int_equal(
	    world_run(w, "cert issue --csr @/a.csr --profile nope"),
	    EXIT_REFUSED);
	assert_has(w->err, "there is no profile nope");
	assert_int_equal(
	    world_run(w, "cert issue --csr @/none --profile default"),
	    EXIT_REFUSED);
	assert_has(w->err, "No such file");
	world_write(w, "bad.csr", "nonsense", 0644);
	assert_int_equal(
	    world_run(w, "cert issue --csr @/bad.csr --profile default"),
	    EXIT_REFUSED);
	assert_int_equal(world_run(w,
			     "cert issue --csr @/a.csr --profile default "
			     "--name www.example.com"),
	    EXIT_REFUSED);
	assert_int_equal(world_run(w, "cert show 00ff"), EXIT_REFUSED);
	assert_int_equal(world_run(w, "cert show a/../b"), EXIT_REFUSED);
	assert_int_equal(world_run(w, "order show nobody"), EXIT_REFUSED);
	assert_int_equal(world_run(w, "account show nobody"), EXIT_REFUSED);
	assert_int_equal(world_run(w, "ca show nobody"), EXIT_REFUSED);
}

static void
others(void **state)
{
	struct world *w = ((struct served *)*state)->w;
	const struct account_row row = { .id = "account-1",
		.thumbprint = { 1 },
		.jwk = "{}",
		.status = ACCOUNT_VALID,
		.contacts = "[\"mailto:a@example.com\"]",
		.created_at = w->t->now };

	assert_ok(w->t, store_account_insert(w->t->store, &row, &w->t->err));
	assert_int_equal(world_run(w, "account list"), EXIT_DONE);
	assert_has(w->out, "mailto:a@example.com");
	assert_int_equal(world_run(w, "account show account-1"), EXIT_DONE);
	assert_has(w->out, "status: valid");
	assert_int_equal(
	    world_run(w, "account deactivate account-1"), EXIT_DONE);
	assert_has(w->out, "account-1 is deactivated");
	assert_int_equal(world_run(w, "order list"), EXIT_DONE);
	assert_int_equal(world_run(w, "order list --json"), EXIT_DONE);
	assert_has(w->out, "\"orders\": []");
	assert_int_equal(world_run(w, "ca list"), EXIT_DONE);
	assert_has(w->out, "Test Issuing");
	assert_int_equal(world_run(w, "ca show root"), EXIT_DONE);
	assert_has(w->out, "root: yes");
}

/* A state directory so deep that the socket's path does not fit (unix(7)). */
static void
a_long_path(void **state)
{
	struct world *w = ((struct served *)*state)->w;
	const char *deep = w->dir;

	for (int i = 0; i < 4; i++) {
		deep = arena_printf(
		    w->t->a, "%s/a-folder-with-a-rather-long-name", deep);
		assert_int_equal(mkdir(deep, 0755), 0);
	}
	assert_int_equal(symlink(world_path(w, "run"),
			     arena_printf(w->t->a, "%s/run", deep)),
	    0);
	assert_int_equal(world_run_bare(w,
			     arena_printf(w->t->a, "ca list --state %s", deep)),
	    EXIT_DONE);
}

/* The configuration is being mended; the server that runs still answers. */
static void
a_broken_configuration(void **state)
{
	struct world *w = ((struct served *)*state)->w;

	world_write(w, "chancery.yaml", "base_url: [\n", 0644);
	assert_int_equal(world_run(w, "ca list"), EXIT_DONE);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(issue_to_revoke),
		T(filters),
		T(refusals),
		T(others),
		T(a_long_path),
		T(a_broken_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
