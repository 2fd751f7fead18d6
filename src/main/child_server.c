#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "main/child.h"
#include "main/sandbox.h"
#include "main/server.h"
#include "main/spawn.h"
#include "util/fault.h"
#include "util/file.h"
#include "util/log.h"
#include "util/text.h"

#define KEY_FILE_MAX 65536u
#define FILE_MAX (1u << 20)
/* The supervisor kills after 30 s. */
#define DRAIN_MS 25000

static struct server_setup *
setup_new(void)
{
	struct server_setup *setup = mem_alloc(sizeof(*setup));

	setup->arena = arena_new();
	return setup;
}

static void
setup_free(struct server_setup *setup)
{
	config_free(setup->config);
	privkey_free(setup->tls_key);
	privkey_free(setup->ra_key);
	privkey_free(setup->ra_previous);
	secret_free(setup->passphrase);
	secret_free(setup->seal);
	arena_free(setup->arena);
	free(setup);
}

static bool
take_config(
    struct server_setup *setup, const struct boot_message *m, struct err *err)
{
	struct config_mistakes mistakes = { 0 };
	struct bytes text;

	if (!file_read_fd(
		m->fd, "the configuration", FILE_MAX, setup->arena, &text, err))
		return false;
	if (!config_load(arena_str(setup->arena, m->body), text, &setup->config,
		&mistakes)) {
		config_mistakes_free(&mistakes);
		return fail(err, ERR_CONFIG,
		    "the configuration that the supervisor read is refused");
	}
	return true;
}

static bool
take_file(
    struct server_setup *setup, const struct boot_message *m, struct err *err)
{
	struct server_file *f = &setup->files[setup->files_n];

	if (setup->files_n == SERVER_FILES_MAX)
		return fail(
		    err, ERR_TOO_LARGE, "more than %u files", SERVER_FILES_MAX);
	if (!file_read_fd(
		m->fd, "a file", BOOT_MAX_FILE, setup->arena, &f->content, err))
		return false;
	f->path = arena_str(setup->arena, m->body);
	setup->files_n++;
	return true;
}

/* RFC 8894 section 2.3: SCEP's key transport is RSA's. */
static bool
check_ra_key(
    const struct privkey *key, const struct boot_message *m, struct err *err)
{
	if (privkey_alg(key) == KEY_RSA)
		return true;
	return fail(err, ERR_CONFIG,
	    "%.*s is of type %s, SCEP needs an RSA key", (int)m->body.n,
	    (const char *)m->body.p, key_alg_name(privkey_alg(key)));
}

static bool
take_seal(
    struct server_setup *setup, const struct boot_message *m, struct err *err)
{
	struct bytes octets;
	bool ok;

	if (!file_read_fd(
		m->fd, SEAL_KEY_PATH, KEY_FILE_MAX, setup->arena, &octets, err))
		return false;
	ok = octets.n == SEAL_KEY_SIZE;
	if (ok) {
		secret_free(setup->seal);
		setup->seal = secret_new(octets.p, octets.n);
	}
	secret_wipe((void *)(uintptr_t)octets.p, octets.n);
	return ok ||
	    fail(err, ERR_CONFIG,
		SEAL_KEY_PATH " has %zu octets, expected %u: remove it, and "
			      "another is made",
		octets.n, SEAL_KEY_SIZE);
}

static struct privkey **
place_of_key(struct server_setup *setup, struct bytes path)
{
	return bytes_is(path, RA_KEY_PATH)     ? &setup->ra_key
	    : bytes_is(path, RA_PREVIOUS_PATH) ? &setup->ra_previous
					       : &setup->tls_key;
}

/* The server has keys of its own to load: that of its TLS certificate, that of
 * SCEP and the one before it. */
static bool
take_key(
    struct server_setup *setup, const struct boot_message *m, struct err *err)
{
	struct privkey **to = place_of_key(setup, m->body);
	struct privkey *key;
	struct err why = { 0 };
	struct bytes pem;
	bool ok;

	if (bytes_is(m->body, SEAL_KEY_PATH))
		return take_seal(setup, m, err);

	if (!file_read_fd(m->fd, "a key of the server", KEY_FILE_MAX,
		setup->arena, &pem, err))
		return false;
	ok = privkey_load(pem, setup->passphrase, &key, &why);
	secret_wipe((void *)(uintptr_t)pem.p, pem.n);
	secret_free(setup->passphrase);
	setup->passphrase = NULL;
	if (!ok)
		return fail_detail(err, ERR_CONFIG, why.shown, "%.*s: %s",
		    (int)m->body.n, (const char *)m->body.p, why.detail);
	privkey_free(*to);
	*to = key;
	return to == &setup->tls_key || check_ra_key(key, m, err);
}

static void
take_passphrase(struct server_setup *setup, const struct boot_message *m)
{
	secret_free(setup->passphrase);
	setup->passphrase = secret_new(m->body.p, m->body.n);
	secret_wipe((void *)(uintptr_t)m->body.p, m->body.n);
}

static bool
take_listener(struct server *s, const struct boot_message *m, struct err *err)
{
	struct net_listener *l = &s->listeners[s->listeners_n];
	const struct config *c = s->incoming->config;
	int64_t index;

	if (s->listeners_n == COUNT_OF(s->listeners) || c == NULL)
		return fail(err, ERR_INTERNAL, "a listener out of place");
	*l = (struct net_listener){ .fd = m->fd };
	if (bytes_is(m->body, "control")) {
		l->kind = LISTENER_CONTROL;
		l->shared = c->control_group != NULL;
	} else {
		if (!text_parse_int(arena_str(s->incoming->arena, m->body), 0,
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

/* Paths are relative to the state directory; the server stands in its db/. */
static void
resolve_path(struct config *c, const char **path)
{
	if (*path != NULL && **path != '/')
		*path = arena_printf(c->arena, "../%s", *path);
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
take(
    struct server *s, const struct boot_message *m, bool *keep, struct err *err)
{
	*keep = false;
	switch (m->type) {
	case BOOT_FAULT:
		return fault_init_from(
			   arena_str(s->incoming->arena, m->body)) ||
		    fail(err, ERR_USAGE, "CHANCERY_FAULT names no fault point");
	case BOOT_CONFIG:
		/* It begins a series: what came of one that broke off is
		 * void. */
		setup_free(s->incoming);
		s->incoming = setup_new();
		return take_config(s->incoming, m, err);
	case BOOT_FILE:
		return take_file(s->incoming, m, err);
	case BOOT_PASSPHRASE:
		take_passphrase(s->incoming, m);
		return true;
	case BOOT_KEY:
		return take_key(s->incoming, m, err);
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
		return take_flag(
		    s, arena_str(s->incoming->arena, m->body), err);
	default:
		return fail(err, ERR_MALFORMED,
		    "boot message %d is not for the server", (int)m->type);
	}
}

/*
 * Up to and without the message that ends the series.  *bad: the first of them
 * that could not be taken; only the end of the channel is a failure.
 */
static bool
receive(
    struct server *s, enum boot_type *last, struct err *bad, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct boot_message m;
	bool keep;

	for (;;) {
		arena_reset(a);
		if (!boot_receive(BOOT_FD, a, &m, err))
			return false;
		*last = m.type;
		if (m.type == BOOT_GO || m.type == BOOT_RELOAD ||
		    m.type == BOOT_DRAIN)
			break;
		if (!take(s, &m, &keep, bad))
			keep = false;
		if (!keep && m.fd >= 0)
			close(m.fd);
	}
	if (s->incoming->config != NULL) {
		struct config *c = s->incoming->config;

		resolve_port(c, &c->base_url, s->https_port);
		resolve_port(c, &c->http_base_url, s->http_port);
		resolve_path(c, &c->validation.hosts_file);
		resolve_path(c, &c->validation.trust_anchor_file);
	}
	return true;
}

/* ---- what the supervisor wants while it runs ---- */

/* The series is whole: taken altogether, or not at all. */
static void
reload(struct server *s, struct err *bad)
{
	struct server_setup *setup = s->incoming;
	struct err sent = { 0 };

	s->incoming = setup_new();
	if (bad->kind == ERR_NONE &&
	    (setup->config == NULL || setup->tls_key == NULL))
		(void)fail(bad, ERR_INTERNAL, "a reload without everything");
	if (bad->kind != ERR_NONE)
		setup_free(setup);
	else
		(void)!server_reload(s, setup, bad);
	if (bad->kind != ERR_NONE)
		log_err(LOG_ERROR, "reload", bad);
	if (!boot_send(
		BOOT_FD, BOOT_RELOADED, bytes_str(bad->shown), -1, &sent))
		log_err(LOG_ERROR, "supervisor-gone", &sent);
}

static void
follow(struct server *s)
{
	for (;;) {
		struct err err = { 0 }, bad = { 0 };
		enum boot_type what;

		if (!receive(s, &what, &bad, &err)) {
			/* Without its supervisor a server is nobody's. */
			log_err(LOG_ERROR, "supervisor-gone", &err);
			_exit(1);
		}
		if (what == BOOT_DRAIN)
			return;
		reload(s, &bad);
	}
}

static void
setups_free(struct server *s)
{
	setup_free(s->incoming);
	while (s->setups != NULL) {
		struct server_setup *setup = s->setups;

		s->setups = setup->next;
		setup_free(setup);
	}
}

/* A shell's 1 024 descriptors are fewer than limits.max_connections wants; the
 * others are for files, probes and whatever libraries keep open. */
static void
raise_descriptors(int64_t connections)
{
	const rlim_t want = (rlim_t)connections + 512;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = MIN_OF(want, l.rlim_max);
	if (setrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur < want)
		log_event(LOG_WARN, "few-descriptors",
		    LF_INT("have", (int64_t)l.rlim_cur),
		    LF_INT("want", (int64_t)want),
		    LF_STR("mend",
			"raise the limit of open files "
			"(LimitNOFILE=), or lower "
			"limits.max_connections"));
}

static bool
load_weak_keys(struct server *s, const struct config *c, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes text;

	for (size_t i = 0; i < c->weak_keys.n; i++) {
		const char *path = c->weak_keys.v[i];
		struct err why = { 0 };

		if (!server_read_file(s, path, BOOT_MAX_FILE, a, &text, err))
			return false;
		if (!key_blocklist_load(text, &why))
			return fail(err, ERR_CONFIG, "weak_keys: %s: %s", path,
			    why.shown);
	}
	return true;
}

/* Its library is read from a file, and files end with the sandbox. */
static bool
load_legacy(struct server *s, const struct config *c, struct err *err)
{
	bool wanted = false;

	for (size_t i = 0; i < c->scep.profiles_n; i++)
		wanted = wanted || c->scep.profiles[i].legacy_des;
	if (!wanted)
		return true;
	s->legacy = lane_new_legacy(err);
	return s->legacy != NULL;
}

static bool
run(struct server *s, struct err *err)
{
	struct server_setup *setup;
	struct err bad = { 0 };
	enum boot_type what;

	if (!spawn_harden(err) || !receive(s, &what, &bad, err))
		return false;
	setup = s->incoming;
	s->incoming = setup_new();
	atomic_store(&s->setup, setup);
	s->setups = setup;
	if (bad.kind != ERR_NONE) {
		*err = bad;
		return false;
	}
	if (what != BOOT_GO || setup->config == NULL ||
	    setup->tls_key == NULL || s->db < 0 || s->signer_socket < 0)
		return fail(err, ERR_INTERNAL,
		    "the supervisor did not hand over everything");
	const struct config *c = setup->config;
	const char *files[] = { c->validation.hosts_file,
		c->validation.trust_anchor_file };

	log_init(c->log.format, c->log.level, "server");
	raise_descriptors(c->limits.max_connections);
	if (!load_weak_keys(s, c, err) || !load_legacy(s, c, err) ||
	    !sandbox_enter_server(s->db, files, COUNT_OF(files), err))
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

static int
exit_status(const struct err *err)
{
	switch (err->kind) {
	case ERR_STORE:
		return EXIT_STORE_BROKEN;
	case ERR_CONFIG:
		return EXIT_MISCONFIGURED;
	default:
		return 1;
	}
}

int
child_server(void)
{
	struct server *s = mem_alloc(sizeof(*s));
	struct err err = { 0 };

	s->incoming = setup_new();
	s->db = -1;
	s->signer_socket = -1;
	pthread_mutex_init(&s->own_tls_lock, NULL);
	signal(SIGPIPE, SIG_IGN);
	log_init(LOG_JSON, LOG_INFO, "server");
	if (!run(s, &err)) {
		log_err(LOG_ERROR, "server-not-started", &err);
		/* Threads may run on half of what was started. */
		_exit(exit_status(&err));
	}
	setups_free(s);
	pthread_mutex_destroy(&s->own_tls_lock);
	free(s);
	return 0;
}
