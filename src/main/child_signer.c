#include <signal.h>
#include <unistd.h>

#include "codec/note.h"
#include "main/boot.h"
#include "main/child.h"
#include "main/spawn.h"
#include "signer/sandbox.h"
#include "signer/signer.h"
#include "util/fault.h"
#include "util/file.h"
#include "util/log.h"

#define KEY_FILE_MAX 65536u
#define LIMITS_MAX (1u << 20)
#define KEYS_MAX 64u

/* What the supervisor hands over before BOOT_GO. */
struct start {
	struct arena *arena;
	struct config *config;
	struct secret *passphrase;
	struct {
		const char *path;
		int fd;
	} keys[KEYS_MAX];
	size_t keys_n;
	struct bytes limits;
	int journal, requests, control;
};

static bool
take_config(struct start *s, const struct boot_message *m, struct err *err)
{
	struct config_mistakes none = { 0 };
	struct bytes text;

	if (!file_read_fd(
		m->fd, "the configuration", 1u << 20, s->arena, &text, err))
		return false;
	if (!config_load(
		arena_str(s->arena, m->body), text, &s->config, &none)) {
		config_mistakes_free(&none);
		return fail(err, ERR_INTERNAL,
		    "the configuration that the supervisor read is refused");
	}
	return true;
}

static bool
take(struct start *s, const struct boot_message *m, struct err *err)
{
	switch (m->type) {
	case BOOT_FAULT:
		return fault_init_from(arena_str(s->arena, m->body)) ||
		    fail(err, ERR_USAGE, "CHANCERY_FAULT names no fault point");
	case BOOT_CONFIG:
		return take_config(s, m, err);
	case BOOT_PASSPHRASE:
		s->passphrase = secret_new(m->body.p, m->body.n);
		secret_wipe((void *)(uintptr_t)m->body.p, m->body.n);
		return true;
	case BOOT_KEY:
		if (s->keys_n == KEYS_MAX)
			return fail(
			    err, ERR_TOO_LARGE, "more than %u keys", KEYS_MAX);
		s->keys[s->keys_n].path = arena_str(s->arena, m->body);
		s->keys[s->keys_n++].fd = m->fd;
		return true;
	case BOOT_LIMITS:
		return file_read_fd(
		    m->fd, "the limits", LIMITS_MAX, s->arena, &s->limits, err);
	case BOOT_JOURNAL:
		s->journal = m->fd;
		return true;
	case BOOT_SIGNER:
		s->requests = m->fd;
		return true;
	case BOOT_CONTROL:
		s->control = m->fd;
		return true;
	default:
		return fail(err, ERR_MALFORMED,
		    "boot message %d is not for the signer", (int)m->type);
	}
}

static bool
receive(struct start *s, struct err *err)
{
	struct boot_message m;

	for (;;) {
		if (!boot_receive(BOOT_FD, s->arena, &m, err))
			return false;
		if (m.type == BOOT_GO)
			return true;
		if (!take(s, &m, err))
			return false;
		if (m.fd >= 0 &&
		    (m.type == BOOT_CONFIG || m.type == BOOT_LIMITS))
			close(m.fd);
	}
}

static bool
load_keys(struct start *s, struct signer_core *core, struct err *err)
{
	for (size_t i = 0; i < s->keys_n; i++) {
		struct bytes pem;
		struct privkey *key;
		struct err why = { 0 };
		bool ok;

		if (!file_read_fd(s->keys[i].fd, s->keys[i].path, KEY_FILE_MAX,
			s->arena, &pem, err))
			return false;
		close(s->keys[i].fd);
		ok = privkey_load(pem, s->passphrase, &key, &why);
		secret_wipe((void *)(uintptr_t)pem.p, pem.n);
		if (!ok)
			return fail_detail(err, ERR_CONFIG, why.shown, "%s: %s",
			    s->keys[i].path, why.detail);
		if (strcmp(s->keys[i].path, BOOT_KEY_RESPONDER) == 0)
			signer_core_add_responder(core, key);
		else if (strcmp(s->keys[i].path, LOG_KEY_PATH) != 0)
			signer_core_add_key(core, key);
		else if (!signer_core_set_log(core, key,
			     note_origin(s->config->http_base_url, s->arena),
			     err)) {
			privkey_free(key);
			return false;
		}
	}
	return true;
}

static bool
run(struct start *s, int *status, struct err *err)
{
	struct signer_core *core = NULL;
	struct signer_limits *limits;
	size_t n;
	bool ok;

	if (!spawn_harden(err) || !receive(s, err))
		return false;
	log_init(s->config->log.format, s->config->log.level, "signer");
	if (!signer_core_new(s->journal,
		clock_system(s->config->testing.clock_offset), &core, err))
		return false;
	ok = load_keys(s, core, err) &&
	    signer_limits_decode(s->limits, s->arena, &limits, &n, err) &&
	    signer_core_set_limits(core, limits, n, err) &&
	    boot_send(BOOT_FD, BOOT_READY, BYTES_NONE, -1, err) &&
	    signer_sandbox_enter(err);
	secret_free(s->passphrase);
	s->passphrase = NULL;
	if (ok)
		*status = signer_process_run(core, s->requests, s->control);
	signer_core_free(core);
	return ok;
}

#ifdef CHANCERY_SANITIZED
static int signer_entered;
#endif

int
child_signer(void)
{
	struct start s = { .arena = arena_new(),
		.journal = -1,
		.requests = -1,
		.control = -1 };
	struct err err = { 0 };
	int status = 1;

#ifdef CHANCERY_SANITIZED
	signer_entered = 1;
#endif
	signal(SIGPIPE, SIG_IGN);
	log_init(LOG_JSON, LOG_INFO, "signer");
	if (!run(&s, &status, &err)) {
		log_err(LOG_ERROR, "signer-not-started", &err);
		status = err.kind == ERR_CONFIG ? EXIT_MISCONFIGURED : 1;
	}
	secret_free(s.passphrase);
	config_free(s.config);
	arena_free(s.arena);
	return status;
}

#ifdef CHANCERY_SANITIZED

/* LeakSanitizer reads /proc, which the signer's sandbox keeps from it. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return signer_entered;
}

#endif
