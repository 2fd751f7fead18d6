#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "main/child.h"
#include "main/sandbox.h"
#include "main/server.h"
#include "main/spawn.h"
#include "util/fault.h"
#include "util/log.h"
#include "util/text.h"

#define KEY_FILE_MAX 65536u
#define FILE_MAX (1u << 20)
/* The supervisor kills after 30 s. */
#define DRAIN_MS 25000

static bool
take_config(struct server_setup *setup, const struct boot_message *m,
    struct err *err)
{
	struct config_mistakes mistakes = { 0 };
	struct bytes text;

	if (!boot_read_fd(m->fd, FILE_MAX, setup->arena, &text, err))
		return false;
	if (!config_load(arena_str(setup->arena, m->body), text,
		&setup->config, &mistakes)) {
		config_mistakes_free(&mistakes);
		return fail(err, ERR_INTERNAL,
		    "the configuration that the supervisor read is refused");
	}
	return true;
}

static bool
take_file(struct server_setup *setup, const struct boot_message *m,
    struct err *err)
{
	struct server_file *f = &setup->files[setup->files_n];

	if (setup->files_n == SERVER_FILES_MAX)
		return fail(err, ERR_TOO_LARGE, "more than %u files",
		    SERVER_FILES_MAX);
	if (!boot_read_fd(m->fd, FILE_MAX, setup->arena, &f->content, err))
		return false;
	f->path = arena_str(setup->arena, m->body);
	setup->files_n++;
	return true;
}

/* The server has one key of its own to load: that of its TLS certificate. */
static bool
take_key(struct server *s, const struct boot_message *m, struct err *err)
{
	struct bytes pem;
	bool ok;

	if (!boot_read_fd(m->fd, KEY_FILE_MAX, s->setup->arena, &pem, err))
		return false;
	ok = privkey_load(pem, s->passphrase, &s->tls_key, err);
	secret_wipe((void *)(uintptr_t)pem.p, pem.n);
	return ok;
}

static bool
take_listener(struct server *s, const struct boot_message *m, struct err *err)
{
	struct net_listener *l = &s->listeners[s->listeners_n];
	const struct config *c = s->setup->config;
	int64_t index;

	if (s->listeners_n == COUNT_OF(s->listeners) || c == NULL)
		return fail(err, ERR_INTERNAL, "a listener out of place");
	*l = (struct net_listener){ .fd = m->fd };
	if (bytes_is(m->body, "control")) {
		l->kind = LISTENER_CONTROL;
	} else {
		if (!text_parse_int(arena_str(s->setup->arena, m->body), 0,
			(int64_t)c->listen_n - 1, &index, err))
			return false;
		l->kind = c->listen[index].kind;
		l->tls_min = c->listen[index].tls_min;
	}
	s->listeners_n++;
	return true;
}

/* "https-port=8443": what stands for the 0 of a base URL. */
static bool
take_number(const char *flag, const char *name, int64_t max, int64_t *out,
    struct err *err)
{
	size_t n = strlen(name);

	if (strncmp(flag, name, n) != 0)
		return true;
	return text_parse_int(flag + n, 1, max, out, err);
}

/* A base URL with port 0 means the port that was bound. */
static void
resolve_port(struct config *c, const char **url, int64_t port)
{
	if (port > 0 && text_has_suffix(*url, ":0"))
		*url = arena_printf(c->arena, "%.*s:%lld",
		    (int)(strlen(*url) - 2), *url, (long long)port);
}

static bool
take_flag(struct server *s, const char *flag, struct err *err)
{
	int64_t node = s->node;

	if (strcmp(flag, "testing") == 0)
		s->testing = true;
	else if (strcmp(flag, "status-only") == 0)
		s->status_only = true;
	if (!take_number(flag, "node=", 127, &node, err) ||
	    !take_number(flag, "https-port=", 65535, &s->https_port, err) ||
	    !take_number(flag, "http-port=", 65535, &s->http_port, err))
		return false;
	s->node = (uint8_t)node;
	return true;
}

/* One message of the start or of a reload; *keep: its descriptor stays. */
static bool
take(struct server *s, const struct boot_message *m, bool *keep,
    struct err *err)
{
	*keep = false;
	switch (m->type) {
	case BOOT_FAULT:
		return fault_init_from(arena_str(s->setup->arena, m->body)) ||
		    fail(err, ERR_USAGE, "CHANCERY_FAULT names no fault point");
	case BOOT_CONFIG:
		return take_config(s->setup, m, err);
	case BOOT_FILE:
		return take_file(s->setup, m, err);
	case BOOT_PASSPHRASE:
		s->passphrase = secret_new(m->body.p, m->body.n);
		secret_wipe((void *)(uintptr_t)m->body.p, m->body.n);
		return true;
	case BOOT_KEY:
		return take_key(s, m, err);
	case BOOT_LISTENER:
		*keep = true;
		return take_listener(s, m, err);
	case BOOT_DIRECTORY:
		*keep = true;
		s->db = m->fd;
		return true;
	case BOOT_SIGNER:
		*keep = true;
		s->signer_socket = m->fd;
		return true;
	case BOOT_FLAG:
		return take_flag(s, arena_str(s->setup->arena, m->body), err);
	default:
		return fail(err, ERR_MALFORMED,
		    "boot message %d is not for the server", (int)m->type);
	}
}

static struct server_setup *
setup_new(struct server_setup *older)
{
	struct server_setup *setup = mem_alloc(sizeof(*setup));

	setup->arena = arena_new();
	setup->older = older;
	return setup;
}

static void
setup_free(struct server_setup *setup)
{
	config_free(setup->config);
	arena_free(setup->arena);
	free(setup);
}

/* Up to and without the message that ends the series. */
static bool
receive(struct server *s, enum boot_type *last, struct err *err)
{
	struct boot_message m;
	bool keep;

	for (;;) {
		if (!boot_receive(BOOT_FD, s->setup->arena, &m, err))
			return false;
		*last = m.type;
		if (m.type == BOOT_GO || m.type == BOOT_RELOAD ||
		    m.type == BOOT_DRAIN)
			break;
		if (!take(s, &m, &keep, err))
			return false;
		if (!keep && m.fd >= 0)
			close(m.fd);
	}
	if (s->setup->config != NULL) {
		resolve_port(s->setup->config, &s->setup->config->base_url,
		    s->https_port);
		resolve_port(s->setup->config,
		    &s->setup->config->http_base_url, s->http_port);
	}
	return true;
}

/* ---- what the supervisor wants while it runs ---- */

/* A series that ends in BOOT_RELOAD is taken whole or not at all. */
static void
reload(struct server *s, struct server_setup *old)
{
	struct err err = { 0 }, sent = { 0 };
	const char *why = "";

	if (!server_reload(s, &err)) {
		log_err(LOG_ERROR, "reload-refused", &err);
		why = err.shown;
		setup_free(s->setup);
		s->setup = old;
	}
	if (!boot_send(BOOT_FD, BOOT_RELOADED, bytes_str(why), -1, &sent))
		log_err(LOG_ERROR, "supervisor-gone", &sent);
}

static void
follow(struct server *s)
{
	struct err err = { 0 };

	for (;;) {
		struct server_setup *old = s->setup;
		enum boot_type what;

		s->setup = setup_new(old);
		if (!receive(s, &what, &err)) {
			/* Without its supervisor a server is nobody's. */
			log_err(LOG_ERROR, "supervisor-gone", &err);
			_exit(1);
		}
		if (what == BOOT_DRAIN) {
			setup_free(s->setup);
			s->setup = old;
			return;
		}
		reload(s, old);
	}
}

static void
setups_free(struct server_setup *setup)
{
	while (setup != NULL) {
		struct server_setup *older = setup->older;

		setup_free(setup);
		setup = older;
	}
}

static bool
run(struct server *s, struct err *err)
{
	enum boot_type what;

	if (!spawn_harden(err) || !receive(s, &what, err))
		return false;
	if (what != BOOT_GO || s->setup->config == NULL || s->tls_key == NULL ||
	    s->db < 0 || s->signer_socket < 0)
		return fail(err, ERR_INTERNAL,
		    "the supervisor did not hand over everything");
	const struct config *c = s->setup->config;
	const char *files[] = { c->validation.hosts_file,
		c->validation.trust_anchor_file };

	log_init(c->log.format, c->log.level, "server");
	secret_free(s->passphrase);
	s->passphrase = NULL;
	if (!sandbox_enter_server(s->db, files, COUNT_OF(files), err))
		return false;
	s->clock = clock_system(c->testing.clock_offset);
	s->random = random_system();
	if (!server_start(s, err) ||
	    !boot_send(BOOT_FD, BOOT_READY, BYTES_NONE, -1, err))
		return false;
	follow(s);
	log_event(LOG_INFO, "draining", LF_INT("ms", DRAIN_MS));
	server_stop(s, DRAIN_MS);
	return true;
}

int
child_server(void)
{
	struct server *s = mem_alloc(sizeof(*s));
	struct err err = { 0 };
	bool ok;

	s->setup = setup_new(NULL);
	s->db = -1;
	s->signer_socket = -1;
	signal(SIGPIPE, SIG_IGN);
	log_init(LOG_JSON, LOG_INFO, "server");
	ok = run(s, &err);
	if (!ok) {
		log_err(LOG_ERROR, "server-not-started", &err);
		/* Threads may run on half of what was started. */
		_exit(err.kind == ERR_STORE ? EXIT_STORE_BROKEN : 1);
	}
	privkey_free(s->tls_key);
	setups_free(s->setup);
	free(s);
	return 0;
}
