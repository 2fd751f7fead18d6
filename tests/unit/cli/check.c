#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "world.h"
#include "support/store_copy.h"
#include "codec/pem.h"
#include "net/listen.h"

static void
well(struct world *w)
{
	assert_int_equal(
	    world_run(w, "check --quiet --passphrase-file @/secret"),
	    EXIT_DONE);
	assert_string_equal(w->out, "");
	assert_string_equal(w->err, "");
}

static void
set_up(struct world *w)
{
	world_write(w, "secret", WORLD_PASSPHRASE "\n", 0600);
}

/* The command says exactly this much about one place. */
static void
told(struct world *w, const char *name, const char *said)
{
	const char *line;
	size_t lines = 0;

	assert_int_equal(
	    world_run(w, "check --quiet --passphrase-file @/secret"),
	    EXIT_REFUSED);
	for (const char *p = w->out; *p != '\0'; p++)
		lines += *p == '\n';
	if (lines != 1)
		fail_msg("%zu lines: %s", lines, w->out);
	line = strstr(w->out, world_path(w, name));
	if (line != w->out)
		fail_msg("not about %s: %s", name, w->out);
	assert_has(line, said);
	assert_has(line, "; expected ");
	assert_has(line, "; mend: ");
}

static void
all_is_well(void **state)
{
	struct world *w = *state;

	set_up(w);
	well(w);
	assert_int_equal(world_run(w, "check"), EXIT_DONE);
	assert_has(w->out, "all is well");
	/* Without a passphrase the keys are only said to be there. */
	assert_has(w->out, "keys/issuing.key: note: found an encrypted key");
	assert_int_equal(world_run(w, "check --json"), EXIT_DONE);
	assert_true(json_is_true(json_object_get(world_json(w), "ok")));
}

static void
modes(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *name;
		mode_t bad, good;
		const char *said;
	} rows[] = {
		{ "keys/issuing.key", 0640, 0600, "mode 0640" },
		{ "keys/signer.journal", 0644, 0600, "expected mode 0600" },
		{ "keys/tls.key", 0620, 0600, "change" },
		{ "keys", 0755, 0700, "expected mode 0700" },
		{ "db", 0750, 0700, "mode 0750" },
		{ "certs", 0777, 0755, "chmod 755" },
		{ "chancery.yaml", 0666, 0644, "mode 0666" },
	};

	set_up(w);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *path = world_path(w, rows[i].name);

		assert_int_equal(chmod(path, rows[i].bad), 0);
		told(w, rows[i].name, rows[i].said);
		assert_int_equal(chmod(path, rows[i].good), 0);
	}
	well(w);
}

static void
keys(void **state)
{
	struct world *w = *state;
	AUTO_SECRET *p = secret_new(WORLD_PASSPHRASE, strlen(WORLD_PASSPHRASE));
	AUTO_BUF pem = { 0 };
	const char *good;

	set_up(w);
	good = world_read(w, "keys/issuing.key");
	assert_ok(w->t,
	    privkey_encode(
		test_ca_key(w->t, KEY_EC_P256, 0), p, &pem, &w->t->err));
	world_write(w, "keys/issuing.key", buf_cstr(&pem), 0600);
	told(w, "keys/issuing.key", "a key that does not fit");
	world_write(w, "keys/issuing.key", "nonsense", 0600);
	told(w, "keys/issuing.key", "expected a private key");
	assert_int_equal(unlink(world_path(w, "keys/issuing.key")), 0);
	told(w, "keys/issuing.key", "found no key");
	world_write(w, "keys/issuing.key", good, 0600);
	good = world_read(w, "keys/log.key");
	assert_int_equal(unlink(world_path(w, "keys/log.key")), 0);
	told(w, "keys/log.key", "found no key");
	world_write(w, "keys/log.key", good, 0600);
	assert_int_equal(unlink(world_path(w, "keys/tls.key")), 0);
	told(w, "keys/tls.key", "found no key");
}

static void
passphrases(void **state)
{
	struct world *w = *state;

	world_write(w, "secret", "wrong\n", 0600);
	assert_int_equal(
	    world_run(w, "check --passphrase-file @/secret"), EXIT_REFUSED);
	assert_has(w->out, "expected a private key that the passphrase opens");
	assert_int_equal(
	    world_run(w, "check --passphrase-file @/none"), EXIT_REFUSED);
	assert_has(w->err, "No such file");
	world_write(w, "keys/passphrase", WORLD_PASSPHRASE "\n", 0600);
	assert_int_equal(world_run(w, "check"), EXIT_DONE);
	assert_has(w->out, "keys/passphrase: warning: found a passphrase");
	assert_has_not(w->out, "note: found an encrypted key");
	setenv("CHANCERY_PASSPHRASE", "wrong again", 1);
	assert_int_equal(world_run(w, "check"), EXIT_REFUSED);
	unsetenv("CHANCERY_PASSPHRASE");
}

/* Ten mistakes are ten lines, in the order of the file. */
static void
ten_mistakes(void **state)
{
	struct world *w = *state;
	unsigned before = 0, line;
	size_t n = 0;

	world_write(w, "chancery.yaml",
	    "base_url: http://ca.example.net:8443\n"
	    "http_base_url: ca.example.net\n"
	    "listne: []\n"
	    "workers: many\n"
	    "cas:\n"
	    "  issuing: {key: keys/issuing.key, certificate: certs/x.pem,\n"
	    "            max_lifetime: long}\n"
	    "profiles:\n"
	    "  default: {ca: issuing, lifetime: 9}\n"
	    "  other: {ca: nobody}\n"
	    "crl: {period: 24h, validity: 1h}\n"
	    "validation: {caa: perhaps, timeout: 0s}\n",
	    0644);
	assert_int_equal(world_run(w, "check"), EXIT_REFUSED);
	for (const char *p = w->out; *p != '\0'; p = strchr(p, '\n') + 1) {
		assert_int_equal(strncmp(p, world_path(w, "chancery.yaml:"),
				     strlen(world_path(w, "chancery.yaml:"))),
		    0);
		line =
		    (unsigned)atoi(p + strlen(world_path(w, "chancery.yaml:")));
		assert_true(line >= before);
		before = line;
		n++;
	}
	if (n != 10)
		fail_msg("%zu lines: %s", n, w->out);
	assert_has(w->out, "listen");
	/* Another command refuses to work with it, and says why. */
	assert_int_equal(world_run(w, "urls"), EXIT_REFUSED);
	assert_has(w->err, "chancery.yaml:3:1: ");
}

static void
certificates(void **state)
{
	struct world *w = *state;
	struct cert *root = arena_alloc(w->t->a, sizeof(*root));
	struct ceremony c = { .common_name = "Short",
		.lifetime = 10 * 86400,
		.random = random_system(),
		.node = 1 };
	struct clock clock = clock_system(0);
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };

	set_up(w);
	assert_ok(w->t, cert_parse(w->t->root_der, w->t->a, root, &w->t->err));
	c.now = clock_now(&clock);
	assert_ok(w->t,
	    ca_ceremony_sub(&c, privkey_spki(w->t->issuing_key), root,
		w->t->root_key, "root", "http://ca.example.net", BYTES_NONE,
		&der, &w->t->err));
	pem_put(&pem, "CERTIFICATE", buf_bytes(&der));
	world_write(w, "certs/issuing.pem", buf_cstr(&pem), 0644);
	/* Ten days are left; that is shorter than what it would issue. */
	assert_int_equal(
	    world_run(w, "check --passphrase-file @/secret"), EXIT_REFUSED);
	assert_has(w->out,
	    "certs/issuing.pem: warning: found a certificate "
	    "that ends at");
	assert_has(w->out, "profile default: lifetime 90d");
	assert_int_equal(unlink(world_path(w, "certs/issuing.pem")), 0);
	assert_int_equal(world_run(w, "check"), EXIT_REFUSED);
	assert_has(w->out, "certs/issuing.pem: No such file");
}

static void
crl(void **state)
{
	struct world *w = *state;
	struct cert *root = arena_alloc(w->t->a, sizeof(*root));
	struct clock clock = clock_system(0);
	int64_t now = clock_now(&clock);
	static const struct {
		int64_t left;
		int status;
		const char *said;
	} rows[] = {
		{ 86400, EXIT_DONE, "root.crl: warning: found a CRL that" },
		{ -3600, EXIT_REFUSED, "root.crl: found a CRL that ended" },
		{ 300 * 86400, EXIT_DONE, "all is well" },
	};

	set_up(w);
	assert_ok(w->t, cert_parse(w->t->root_der, w->t->a, root, &w->t->err));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF der = { 0 };

		assert_ok(w->t,
		    ca_ceremony_crl(root, w->t->root_key, now - 86400,
			now + rows[i].left, 1, BYTES_NONE, &der, &w->t->err));
		test_ca_write_file(w->t, "crl/root.crl", buf_bytes(&der));
		assert_int_equal(
		    world_run(w, "check --passphrase-file @/secret"),
		    rows[i].status);
		assert_has(w->out, rows[i].said);
	}
	world_write(w, "crl/root.crl", "nonsense", 0644);
	told(w, "crl/root.crl", "expected a CRL, DER");
}

static void
store(void **state)
{
	struct world *w = *state;

	set_up(w);
	world_write(w, "keys/node", "200\n", 0600);
	told(w, "keys/node", "as in the database");
	assert_int_equal(unlink(world_path(w, "keys/node")), 0);
	told(w, "keys/node", "expected the node's number");
}

/* A journal of another time than the database. */
static void
journal(void **state)
{
	struct world *w = *state;
	const char *path = world_path(w, "keys/signer.journal");
	struct stat st;

	set_up(w);
	test_ca_issue(w->t, "default", "a.example.com");
	well(w);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 128), 0);
	told(w, "keys/signer.journal", "which the database knows as signed");
	assert_int_equal(truncate(path, 0), 0);
	told(w, "keys/signer.journal", "ends at position 0");
	world_write(w, "keys/signer.journal", world_yaml, 0600);
	told(w, "keys/signer.journal", "restore it from the backup");
}

/* The journal has signed for more than the database knows. */
static void
older_database(void **state)
{
	struct world *w = *state;
	const char *path = world_path(w, "db/chancery.db"),
		   *old = world_path(w, "db/old");

	set_up(w);
	assert_ok(w->t, store_copy(path, old, &w->t->err));
	test_ca_issue(w->t, "default", "a.example.com");
	well(w);
	assert_int_equal(rename(old, path), 0);
	unlink(world_path(w, "db/chancery.db-wal"));
	unlink(world_path(w, "db/chancery.db-shm"));
	/* Serving goes on behind it, so it is a warning. */
	assert_int_equal(
	    world_run(w, "check --passphrase-file @/secret"), EXIT_DONE);
	assert_has(w->out, "beyond the database");
}

static void
ports(void **state)
{
	struct world *w = *state;
	struct config *other = test_ca_config(world_yaml);
	char address[NET_ADDRESS_SIZE];
	AUTO_FD fd = -1;

	set_up(w);
	assert_ok(w->t, net_listen_open(&other->listen[0], &fd, &w->t->err));
	config_free(other);
	net_listen_address(fd, address);
	world_write(w, "chancery.yaml",
	    arena_printf(w->t->a,
		"base_url: https://ca.example.net:8443\n"
		"http_base_url: http://ca.example.net:8080\n"
		"listen:\n"
		"  - {kind: https, address: \"%s\"}\n"
		"cas:\n"
		"  root: {certificate: certs/root.pem, key: null}\n"
		"  issuing: {key: keys/issuing.key, certificate: "
		"certs/issuing.pem}\n"
		"profiles: {default: {ca: issuing}}\n",
		address),
	    0644);
	told(w, "chancery.yaml:4:1", "https listener: cannot listen on");
	/* Our own server holds it: that is as it should be. */
	world_write(w, "run/listen.json",
	    arena_printf(w->t->a,
		"{\"pid\": %d, \"listeners\": [{\"kind\": \"https\", "
		"\"address\": \"%s\", \"port\": %s}]}",
		(int)getpid(), address, strrchr(address, ':') + 1),
	    0644);
	well(w);
}

static void
control_socket(void **state)
{
	struct world *w = *state;

	set_up(w);
	world_write(w, "run/control.sock", "", 0600);
	told(w, "run/control.sock", "something other than a socket");
	assert_int_equal(unlink(world_path(w, "run/control.sock")), 0);
	world_write(w, "chancery.yaml",
	    arena_printf(
		w->t->a, "%scontrol_socket: none/control.sock\n", world_yaml),
	    0644);
	told(w, "none/control.sock", "no folder for the control socket");
}

static void
no_folder(void **state)
{
	struct world *w = *state;

	set_up(w);
	assert_int_equal(rmdir(world_path(w, "crl")), 0);
	told(w, "crl", "found no folder");
	assert_int_equal(
	    world_run_bare(w, "check --state @/nowhere"), EXIT_REFUSED);
	assert_has(w->err, "chancery.yaml: No such file");
}

/* The files that calls to services are verified with. */
static void
outgoing(void **state)
{
	struct world *w = *state;
	AUTO_STR *named = mem_printf(
	    "%soutgoing: {anchors_file: certs/services.pem}\n", world_yaml);
	const char *ca;

	set_up(w);
	ca = world_read(w, "certs/issuing.pem");
	world_write(w, "chancery.yaml", named, 0644);
	told(w, "chancery.yaml", "outgoing.anchors_file: ");
	world_write(w, "certs/services.pem", "nonsense", 0644);
	told(w, "chancery.yaml", "certs/services.pem: no certificate");
	world_write(w, "certs/services.pem", ca, 0644);
	well(w);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(all_is_well),
		T(modes),
		T(keys),
		T(passphrases),
		T(ten_mistakes),
		T(certificates),
		T(crl),
		T(store),
		T(journal),
		T(older_database),
		T(ports),
		T(control_socket),
		T(no_folder),
		T(outgoing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
