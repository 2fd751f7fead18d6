#include <sys/stat.h>
#include <unistd.h>
#include "world.h"
#include "codec/pem.h"

/* Another CA, and what it makes of our request. */
struct other {
	struct privkey *key;
	struct cert *root;
	int64_t now;
};

static struct other
other_ca(struct world *w)
{
	struct clock clock = clock_system(0);
	struct other o = { .key = test_ca_key(w->t, KEY_EC_P256, 0),
		.root = arena_alloc(w->t->a, sizeof(*o.root)),
		.now = clock_now(&clock) - 60 };
	struct ceremony c = { .common_name = "Other Root",
		.now = o.now,
		.lifetime = INT64_C(7300) * 86400,
		.random = random_system(),
		.node = 2 };
	struct buf der = { 0 };

	assert_ok(w->t, ca_ceremony_root(&c, o.key, &der, &w->t->err));
	assert_ok(w->t,
	    cert_parse(
		arena_take_buf(w->t->a, &der), w->t->a, o.root, &w->t->err));
	return o;
}

/* PEM of a certificate for the key, then the root unless it is left out. */
static const char *
chain(struct world *w, const struct other *o, const struct privkey *key,
    bool with_root)
{
	const struct ceremony c = { .common_name = "Our Issuing",
		.now = o->now,
		.lifetime = INT64_C(3650) * 86400,
		.random = random_system(),
		.node = 2 };
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };

	assert_ok(w->t,
	    ca_ceremony_sub(&c, privkey_spki(key), o->root, o->key, "root",
		"http://other.example.net", BYTES_NONE, &der, &w->t->err));
	pem_put(&pem, "CERTIFICATE", buf_bytes(&der));
	if (with_root)
		pem_put(&pem, "CERTIFICATE", o->root->der);
	return arena_strdup(w->t->a, buf_cstr(&pem));
}

/* As `init --sub-ca` leaves it: a key, a request, no certificate. */
static void
become_sub_ca(struct world *w)
{
	const struct ceremony c = { .common_name = "Our Issuing",
		.random = random_system() };
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };

	assert_ok(
	    w->t, ca_ceremony_csr(&c, w->t->issuing_key, &der, &w->t->err));
	pem_put(&pem, "CERTIFICATE REQUEST", buf_bytes(&der));
	world_write(w, "certs/issuing.csr", buf_cstr(&pem), 0644);
	assert_int_equal(unlink(world_path(w, "certs/issuing.pem")), 0);
	assert_int_equal(unlink(world_path(w, "certs/root.pem")), 0);
	world_write(w, "chancery.yaml",
	    "base_url: https://ca.example.net:0\n"
	    "http_base_url: http://ca.example.net:0\n"
	    "listen:\n"
	    "  - {kind: https, address: \"127.0.0.1:0\"}\n"
	    "  - {kind: http, address: \"127.0.0.1:0\"}\n"
	    "cas:\n"
	    "  issuing: {key: keys/issuing.key, certificate: "
	    "certs/issuing.pem, chain: certs/issuing-chain.pem}\n"
	    "profiles:\n"
	    "  default: {ca: issuing}\n",
	    0644);
}

#define IMPORT "ca import --ca issuing --chain @/given.pem"

static void
installs(void **state)
{
	struct world *w = *state;
	struct other o = other_ca(w);
	const char *pem = chain(w, &o, w->t->issuing_key, true);
	struct log_row *rows;
	size_t n;

	become_sub_ca(w);
	world_write(w, "given.pem", pem, 0644);
	assert_int_equal(world_run(w, IMPORT), EXIT_DONE);
	assert_string_equal(w->err, "");
	assert_has(w->out, "Our Issuing");
	/* The parts make the whole. */
	assert_string_equal(
	    arena_printf(w->t->a, "%s%s", world_read(w, "certs/issuing.pem"),
		world_read(w, "certs/issuing-chain.pem")),
	    pem);
	assert_string_equal(world_read(w, "certs/root.pem"),
	    world_read(w, "certs/issuing-chain.pem"));
	/* It is recorded. */
	assert_ok(w->t,
	    store_log_list(
		w->t->store, 0, 1000, w->t->a, &rows, &n, &w->t->err));
	assert_string_equal(rows[n - 1].kind, "operator");
	assert_non_null(
	    memmem(rows[n - 1].body.p, rows[n - 1].body.n, "ca-import", 9));
	/* Again: nothing changes.  And the configuration is well with it. */
	assert_int_equal(world_run(w, IMPORT), EXIT_DONE);
	assert_int_equal(world_run(w, "check --quiet"), EXIT_DONE);
	assert_int_equal(world_run(w, "urls --json"), EXIT_DONE);
	assert_has(w->out, "certs/root.pem");
}

static void
refuses(void **state)
{
	struct world *w = *state;
	struct other o = other_ca(w);
	AUTO_BUF backwards = { 0 };
	struct {
		const char *pem, *said;
	} rows[] = {
		{ "nonsense", "no CERTIFICATE block" },
		{ chain(w, &o, w->t->responder_key, true),
		    "is not for the key" },
		{ NULL, "is not for the key" },
	};

	become_sub_ca(w);
	pem_put(&backwards, "CERTIFICATE", o.root->der);
	rows[2].pem = buf_cstr(&backwards);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		world_write(w, "given.pem", rows[i].pem, 0644);
		assert_int_equal(world_run(w, IMPORT), EXIT_REFUSED);
		assert_has(w->err, rows[i].said);
		assert_int_not_equal(
		    access(world_path(w, "certs/issuing.pem"), F_OK), 0);
	}
	assert_int_equal(
	    world_run(w, "ca import --ca nobody --chain @/given.pem"),
	    EXIT_REFUSED);
	assert_int_equal(
	    world_run(w, "ca import --ca issuing --chain @/none.pem"),
	    EXIT_REFUSED);
	assert_has(w->err, "none.pem");
}

static void
replaces(void **state)
{
	struct world *w = *state;
	struct other o = other_ca(w);
	const char *first = chain(w, &o, w->t->issuing_key, true),
		   *second = chain(w, &o, w->t->issuing_key, true);
	const char *there;

	become_sub_ca(w);
	world_write(w, "given.pem", first, 0644);
	assert_int_equal(world_run(w, IMPORT), EXIT_DONE);
	there = world_read(w, "certs/issuing.pem");
	/* A renewal needs the request no more. */
	assert_int_equal(unlink(world_path(w, "certs/issuing.csr")), 0);
	world_write(w, "given.pem", second, 0644);
	assert_int_equal(world_run(w, IMPORT), EXIT_REFUSED);
	assert_has(w->err, "--replace");
	assert_string_equal(world_read(w, "certs/issuing.pem"), there);
	assert_int_equal(world_run(w, IMPORT " --replace"), EXIT_DONE);
	assert_int_equal(
	    strncmp(second, world_read(w, "certs/issuing.pem"), 200), 0);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(installs),
		T(refuses),
		T(replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
