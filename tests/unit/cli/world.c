#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "world.h"
#include "crypto/derive.h"

const char world_yaml[] =
    "base_url: https://ca.example.net:0\n"
    "http_base_url: http://ca.example.net:0\n"
    "listen:\n"
    "  - {kind: https, address: \"127.0.0.1:0\"}\n"
    "  - {kind: http, address: \"127.0.0.1:0\"}\n"
    "  - {kind: ops, address: \"127.0.0.1:0\"}\n"
    "cas:\n"
    "  root: {certificate: certs/root.pem, key: null}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem}\n"
    "profiles:\n"
    "  default: {ca: issuing}\n"
    "  quiet: {ca: issuing, acme: false}\n";

/* main's rows: what the help lists first. */
static int
run_serve(struct cli *cli)
{
	printf("serving %s\n", cli->state);
	return EXIT_DONE;
}

static const struct cli_command more[] = {
	{ "serve", "", "serves the CA", run_serve, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

const char *
world_path(struct world *w, const char *name)
{
	return arena_printf(w->t->a, "%s/%s", w->dir, name);
}

void
world_write(struct world *w, const char *name, const char *text, unsigned mode)
{
	const char *path = world_path(w, name);

	test_ca_write_file(w->t, name, bytes_str(text));
	assert_int_equal(chmod(path, mode), 0);
}

const char *
world_read(struct world *w, const char *name)
{
	struct bytes text;

	assert_ok(w->t,
	    test_ca_read_file(w->t, name, 1 << 20, w->t->a, &text, &w->t->err));
	return arena_str(w->t->a, text);
}

static void
write_key(struct world *w, const char *name, const struct privkey *key,
    const struct secret *passphrase)
{
	AUTO_BUF pem = { 0 };

	assert_ok(w->t, privkey_encode(key, passphrase, &pem, &w->t->err));
	world_write(w, name, buf_cstr(&pem), 0600);
}

static void
write_keys(struct world *w)
{
	AUTO_SECRET *p = secret_new(WORLD_PASSPHRASE, strlen(WORLD_PASSPHRASE));
	AUTO_SECRET *server = passphrase_derive(p, DERIVE_SERVER_KEYS);
	uint8_t node;

	write_key(w, "keys/issuing.key", w->t->issuing_key, p);
	write_key(w, "keys/ocsp.key", w->t->responder_key, p);
	write_key(w, "keys/log.key", test_ca_key(w->t, KEY_ED25519, 0), p);
	write_key(w, "keys/tls.key", test_ca_key(w->t, KEY_EC_P256, 0), server);
	assert_ok(w->t, store_node_get(w->t->store, &node, &w->t->err));
	world_write(w, "keys/node", arena_printf(w->t->a, "%u\n", node), 0600);
}

int
world_setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	unsetenv("CHANCERY_PASSPHRASE");
	unsetenv("CREDENTIALS_DIRECTORY");
	umask(022);
	w->t = test_ca_new(KEY_EC_P256, 0, world_yaml);
	w->dir = w->t->dir;
	assert_int_equal(mkdir(world_path(w, "run"), 0755), 0);
	world_write(w, "chancery.yaml", world_yaml, 0644);
	write_keys(w);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	test_ca_free(w->t);
	free(w);
	return 0;
}

/* ---- commands ---- */

struct caught {
	int fd, kept, pipe;
};

static struct caught
catch_fd(int fd)
{
	struct caught c = { .fd = fd, .kept = dup(fd) };

	c.pipe = memfd_create("caught", MFD_CLOEXEC);
	assert_true(c.kept >= 0 && c.pipe >= 0);
	assert_true(dup2(c.pipe, fd) == fd);
	return c;
}

static char *
caught_text(struct world *w, struct caught *c)
{
	off_t n = lseek(c->pipe, 0, SEEK_END);
	char *text = arena_alloc(w->t->a, (size_t)n + 1);

	assert_true(pread(c->pipe, text, (size_t)n, 0) == n);
	assert_true(dup2(c->kept, c->fd) == c->fd);
	close(c->kept);
	close(c->pipe);
	return text;
}

#define WORDS_MAX 24

static int
split(struct world *w, const char *line, char **argv)
{
	int n = 0;

	argv[n++] = arena_strdup(w->t->a, "chancery");
	while (*line != '\0') {
		size_t len = strcspn(line, " ");
		char *word = arena_str(w->t->a, bytes_of(line, len));

		assert_true(n < WORDS_MAX);
		argv[n++] = word[0] == '@'
		    ? arena_printf(w->t->a, "%s%s", w->dir, word + 1)
		    : word;
		line += len + (line[len] == ' ');
	}
	argv[n] = NULL;
	return n;
}

int
world_run_bare(struct world *w, const char *line)
{
	char *argv[WORDS_MAX + 1];
	int argc = split(w, line, argv);
	struct caught out, err;

	fflush(stdout);
	fflush(stderr);
	out = catch_fd(1);
	err = catch_fd(2);
	w->status = cli_main(argc, argv, more);
	fflush(stdout);
	fflush(stderr);
	w->out = caught_text(w, &out);
	w->err = caught_text(w, &err);
	return w->status;
}

int
world_run(struct world *w, const char *line)
{
	return world_run_bare(w, arena_printf(w->t->a, "%s --state @", line));
}

json_t *
world_json(struct world *w)
{
	json_t *o = json_loads(w->out, JSON_DECODE_ANY, NULL);

	if (o == NULL)
		fail_msg("not JSON: %s%s", w->out, w->err);
	return arena_adopt(w->t->a, json_t, o);
}
