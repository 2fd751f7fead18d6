#include <sys/stat.h>
#include <unistd.h>
#include "world.h"
#include "codec/pem.h"
#include "crypto/digest.h"
#include "util/text.h"

static void
versions(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run_bare(w, "version"), EXIT_DONE);
	assert_has(w->out, "chancery ");
	assert_int_equal(world_run_bare(w, "version --json"), EXIT_DONE);
	assert_non_null(json_object_get(world_json(w), "version"));
}

/* What is printed is a configuration that loads. */
static void
configuration(void **state)
{
	struct world *w = *state;
	struct config_mistakes m = { 0 };
	struct config *c = NULL;

	assert_int_equal(world_run_bare(w, "config"), EXIT_DONE);
	assert_true(config_load("x", bytes_str(w->out), &c, &m));
	config_free(c);
	config_mistakes_free(&m);
	assert_int_equal(world_run_bare(w, "config --markdown"), EXIT_DONE);
	assert_has(w->out, "`base_url`");
}

static const char *
at(const json_t *o, const char *a, const char *b)
{
	return json_string_value(json_object_get(json_object_get(o, a), b));
}

static void
urls(void **state)
{
	struct world *w = *state;
	const json_t *o, *cas;
	uint8_t hash[32];

	assert_int_equal(world_run(w, "urls --json"), EXIT_DONE);
	o = world_json(w);
	assert_true(json_is_false(json_object_get(o, "running")));
	/* Nobody knows the port yet. */
	assert_string_equal(at(o, "acme", "directory"),
	    "https://ca.example.net:0/acme/directory");
	digest_sha256(w->t->root_der, hash);
	assert_string_equal(at(o, "root", "sha256"),
	    hex_arena(w->t->a, bytes_of(hash, sizeof(hash))));
	assert_string_equal(
	    at(o, "root", "path"), world_path(w, "certs/root.pem"));
	world_write(w, "run/listen.json",
	    arena_printf(w->t->a,
		"{\"pid\": %d, \"listeners\": ["
		"{\"kind\": \"https\", \"address\": \"127.0.0.1:4001\", "
		"\"port\": 4001}, {\"kind\": \"http\", \"address\": "
		"\"127.0.0.1:4002\", \"port\": 4002}, {\"kind\": \"ops\", "
		"\"address\": \"127.0.0.1:4003\", \"port\": 4003}]}",
		(int)getpid()),
	    0644);
	assert_int_equal(world_run(w, "urls --json"), EXIT_DONE);
	o = world_json(w);
	assert_true(json_is_true(json_object_get(o, "running")));
	assert_string_equal(at(o, "acme", "directory"),
	    "https://ca.example.net:4001/acme/directory");
	cas = json_object_get(o, "cas");
	assert_string_equal(at(cas, "issuing", "crl"),
	    "http://ca.example.net:4002/crl/issuing.crl");
	assert_string_equal(at(cas, "root", "certificate"),
	    "http://ca.example.net:4002/ca/root.cer");
	assert_string_equal(json_string_value(json_object_get(o, "metrics")),
	    "http://127.0.0.1:4003/metrics");
	assert_string_equal(
	    at(o, "health", "ready"), "https://ca.example.net:4001/readyz");
	assert_string_equal(json_string_value(json_object_get(o, "ocsp")),
	    "http://ca.example.net:4002/ocsp");
	assert_string_equal(json_string_value(json_object_get(o, "revoke")),
	    "https://ca.example.net:4001/revoke");
}

static void
urls_for_people(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "urls"), EXIT_DONE);
	assert_has(w->out, "/acme/default/directory");
	assert_has(w->out, "/ocsp\n");
	/* A profile that ACME does not offer has no directory. */
	assert_has_not(w->out, "/acme/quiet/directory");
	assert_has(w->out, "SHA-256 fingerprint");
	assert_has(w->out, world_path(w, "run/control.sock"));
	/* Relative to where the command is run, too. */
	assert_int_equal(chdir(w->dir), 0);
	assert_int_equal(
	    world_run_bare(w, "urls --config chancery.yaml"), EXIT_DONE);
	assert_has(w->out, world_path(w, "certs/root.pem"));
	assert_int_equal(world_run_bare(w, "urls"), EXIT_DONE);
	assert_int_equal(chdir("/"), 0);
}

static void
exports(void **state)
{
	struct world *w = *state;
	struct bytes rest, der;
	bool found;

	assert_int_equal(world_run(w, "ca export issuing"), EXIT_DONE);
	rest = bytes_str(w->out);
	assert_ok(w->t,
	    pem_next(&rest, "CERTIFICATE", w->t->a, &found, &der, &w->t->err));
	assert_true(found && bytes_equal(der, w->t->issuing_der));
	assert_int_equal(
	    world_run(w, "ca export issuing --format chain"), EXIT_DONE);
	rest = bytes_str(w->out);
	for (int i = 0; i < 2; i++) {
		assert_ok(w->t,
		    pem_next(&rest, "CERTIFICATE", w->t->a, &found, &der,
			&w->t->err));
		assert_true(found);
	}
	assert_true(bytes_equal(der, w->t->root_der));
	assert_int_equal(
	    world_run(w, "ca export root --format der"), EXIT_DONE);
	assert_memory_equal(w->out, w->t->root_der.p, w->t->root_der.n);
	assert_int_equal(
	    world_run(w, "ca export root --format p7c"), EXIT_DONE);
	assert_int_equal((uint8_t)w->out[0], 0x30);
	assert_int_equal(world_run(w, "ca export nobody"), EXIT_REFUSED);
	assert_has(w->err, "there is no CA nobody");
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(versions),
		T(configuration),
		T(urls),
		T(urls_for_people),
		T(exports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
