#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ra.h"
#include "main/supervisor_state.h"
#include "net/listen.h"
#include "util/log.h"
#include "util/text.h"

/* States of older versions have none. */
static bool
seal_make(struct supervisor *s, struct err *err)
{
	if (state_exists(&s->state, SEAL_KEY_PATH))
		return true;
	if (!seal_key_make(&s->state, err))
		return false;
	log_event(LOG_INFO, "seal-key-made", LF_STR("path", SEAL_KEY_PATH));
	return true;
}

bool
handover_open(struct supervisor *s, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes text;
	int64_t node;

	s->journal = openat(
	    s->state.fd, "keys/signer.journal", O_RDWR | O_APPEND | O_CLOEXEC);
	if (s->journal < 0)
		return fail(err, ERR_CONFIG,
		    "%s/keys/signer.journal: %s; expected the journal that "
		    "chancery init made (a backup has it too)",
		    s->state.path, strerror(errno));
	if (!state_read(&s->state, "keys/node", 16, a, &text, err))
		return false;
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (!text_parse_int(arena_str(a, text), 1, 127, &node, err))
		return false;
	s->node = (int)node;
	return seal_make(s, err);
}

static bool
send_text(
    int channel, enum boot_type type, const char *text, int fd, struct err *err)
{
	return boot_send(channel, type, bytes_str(text), fd, err);
}

static bool
send_bytes_as_file(int channel, enum boot_type type, const char *name,
    struct bytes content, struct err *err)
{
	int made;

	if (!boot_memfd("chancery", content, &made, err))
		return false;
	bool ok = send_text(channel, type, name, made, err);
	close(made);
	return ok;
}

static bool
send_key(struct supervisor *s, int channel, const char *path, bool required,
    struct err *err)
{
	AUTO_FD fd = openat(s->state.fd, path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && !required && errno == ENOENT)
		return true;
	if (fd < 0)
		return fail(
		    err, ERR_CONFIG, "key %s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || (st.st_mode & 077) != 0)
		return fail(err, ERR_CONFIG,
		    "key %s has mode %03o, expected 600: others can read it; "
		    "chmod 600 %s",
		    path, (unsigned)(st.st_mode & 0777), path);
	return send_text(channel, BOOT_KEY, path, fd, err);
}

bool
handover_limits(
    struct supervisor *s, struct arena *a, struct bytes *json, struct err *err)
{
	return ca_signer_limits(s->loaded.config, (uint8_t)s->node,
	    state_read_file, &s->state, a, json, err);
}

static bool
send_passphrase(int channel, const struct secret *passphrase, struct err *err)
{
	if (passphrase == NULL)
		return true;
	return boot_send(
	    channel, BOOT_PASSPHRASE, secret_reveal(passphrase), -1, err);
}

static bool
send_common(struct supervisor *s, const struct child *c, struct err *err)
{
	int channel = c->channel;

	/* A fault acts on the first child of its role: the one after it must
	 * be able to recover. */
	if (s->fault != NULL && c->starts == 1 &&
	    !send_text(channel, BOOT_FAULT, s->fault, -1, err))
		return false;
	return send_bytes_as_file(
	    channel, BOOT_CONFIG, s->config_path, s->loaded.text, err);
}

/* Path, file and time of each CA key of the configuration, as text. */
static void
keys_describe(struct supervisor *s, struct buf *out)
{
	const struct config *c = s->loaded.config;
	struct stat st;

	for (size_t i = 0; i < c->cas_n; i++) {
		if (c->cas[i].key == NULL)
			continue;
		if (fstatat(s->state.fd, c->cas[i].key, &st, 0) != 0)
			st = (struct stat){ 0 };
		buf_printf(out, "%s %llu %llu %lld.%09ld\n", c->cas[i].key,
		    (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino, (long long)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec);
	}
}

bool
handover_keys_differ(struct supervisor *s)
{
	AUTO_BUF now = { 0 };

	keys_describe(s, &now);
	return !bytes_equal(buf_bytes(&now), buf_bytes(&s->signer_keys));
}

bool
handover_signer(struct supervisor *s, int limits_fd, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	int channel = s->signer.channel;
	struct bytes limits;

	buf_free(&s->signer_keys);
	keys_describe(s, &s->signer_keys);
	if (!handover_limits(s, a, &limits, err) ||
	    !send_common(s, &s->signer, err) ||
	    !send_passphrase(channel, s->passphrase, err))
		return false;
	for (size_t i = 0; i < s->loaded.config->cas_n; i++)
		if (s->loaded.config->cas[i].key != NULL &&
		    !send_key(
			s, channel, s->loaded.config->cas[i].key, true, err))
			return false;
	/* Without a responder's key nobody is told a status, but certificates
	 * are issued. */
	return send_key(s, channel, LOG_KEY_PATH, true, err) &&
	    send_key(s, channel, BOOT_KEY_RESPONDER, false, err) &&
	    send_bytes_as_file(channel, BOOT_LIMITS, "", limits, err) &&
	    send_text(channel, BOOT_JOURNAL, "", s->journal, err) &&
	    send_text(channel, BOOT_SIGNER, "", s->signer_pair[1], err) &&
	    send_text(channel, BOOT_CONTROL, "", limits_fd, err) &&
	    send_text(channel, BOOT_GO, "", -1, err);
}

/* A file that the configuration names; the server has no right to open it. */
static bool
send_file(struct supervisor *s, int channel, const char *path, bool required,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes content;
	struct err why = { 0 };

	if (path == NULL)
		return true;
	if (!state_read(&s->state, path, BOOT_MAX_FILE, a, &content, &why)) {
		if (!required && why.kind == ERR_NOT_FOUND)
			return true;
		*err = why;
		return false;
	}
	return send_bytes_as_file(channel, BOOT_FILE, path, content, err);
}

/* One with secrets in it: nobody else may read it. */
static bool
send_private_file(
    struct supervisor *s, int channel, const char *path, struct err *err)
{
	struct stat st;

	if (path != NULL && fstatat(s->state.fd, path, &st, 0) == 0 &&
	    (st.st_mode & 077) != 0)
		return fail(err, ERR_CONFIG,
		    "%s has mode %03o, expected 600: others can read it; "
		    "chmod 600 %s",
		    path, (unsigned)(st.st_mode & 0777), path);
	return send_file(s, channel, path, true, err);
}

static bool
send_est_files(struct supervisor *s, int channel, struct err *err)
{
	const struct config *c = s->loaded.config;

	for (size_t i = 0; i < c->est.labels_n; i++) {
		const struct config_est_label *label = &c->est.labels[i];

		if (!send_file(s, channel, label->users_file, true, err) ||
		    !send_file(s, channel, label->anchors_file, true, err) ||
		    !send_file(s, channel, label->recipients_file, true, err) ||
		    !send_private_file(s, channel, label->named_keys_file, err))
			return false;
	}
	return true;
}

static bool
send_scep_files(struct supervisor *s, int channel, struct err *err)
{
	const struct config *c = s->loaded.config;

	for (size_t i = 0; i < c->scep.profiles_n; i++) {
		const struct config_scep_profile *p = &c->scep.profiles[i];

		if (!send_private_file(s, channel, p->challenge_file, err) ||
		    !send_file(s, channel, p->signed_keys_file, true, err) ||
		    !send_file(
			s, channel, p->challenge_clients_file, true, err) ||
		    !send_file(s, channel, p->client_anchors_file, true, err))
			return false;
	}
	return true;
}

static bool
send_webhook_files(struct supervisor *s, int channel, struct err *err)
{
	const struct config *c = s->loaded.config;

	for (size_t i = 0; i < c->webhooks_n; i++) {
		const struct config_webhook *w = &c->webhooks[i];

		if (!send_private_file(s, channel, w->secret_file, err) ||
		    !send_private_file(s, channel, w->token_file, err) ||
		    !send_file(s, channel, w->anchors_file, true, err))
			return false;
	}
	return true;
}

static bool
send_intune_files(struct supervisor *s, int channel, struct err *err)
{
	const struct config *c = s->loaded.config;

	for (size_t i = 0; i < c->intune_n; i++)
		if (!send_private_file(
			s, channel, c->intune[i].client_secret_file, err) ||
		    !send_file(
			s, channel, c->intune[i].anchors_file, true, err))
			return false;
	return true;
}

/* The system's bundle may be missing; a file that the operator names, not. */
static bool
send_outgoing_files(struct supervisor *s, int channel, struct err *err)
{
	const char *path = s->loaded.config->outgoing.anchors_file;

	return path == NULL ||
	    send_file(s, channel, path,
		strcmp(path, OUTGOING_SYSTEM_ANCHORS) != 0, err);
}

/* Each key takes the passphrase with it; one that may be missing is looked for
 * before. */
static bool
send_ra_keys(struct supervisor *s, int channel, const struct secret *derived,
    struct err *err)
{
	struct stat st;

	if (!send_passphrase(channel, derived, err) ||
	    !send_key(s, channel, RA_KEY_PATH, true, err))
		return false;
	if (fstatat(s->state.fd, RA_PREVIOUS_PATH, &st, 0) != 0 &&
	    errno == ENOENT)
		return true;
	return send_passphrase(channel, derived, err) &&
	    send_key(s, channel, RA_PREVIOUS_PATH, true, err);
}

static bool
send_server_keys(struct supervisor *s, int channel, struct err *err)
{
	AUTO_SECRET *derived = passphrase_for_server(s->passphrase);
	const struct config *c = s->loaded.config;

	if (!send_passphrase(channel, derived, err) ||
	    !send_key(s, channel, c->tls.key, true, err) ||
	    !send_key(s, channel, SEAL_KEY_PATH, true, err))
		return false;
	return c->scep.profiles_n == 0 ||
	    send_ra_keys(s, channel, derived, err);
}

static bool
send_files(struct supervisor *s, int channel, struct err *err)
{
	const struct config *c = s->loaded.config;

	for (size_t i = 0; i < c->cas_n; i++) {
		AUTO_STR *crl = mem_printf("crl/%s.crl", c->cas[i].name);

		if (!send_file(s, channel, c->cas[i].certificate, true, err) ||
		    !send_file(s, channel, c->cas[i].chain, true, err) ||
		    !send_file(s, channel, crl, false, err))
			return false;
		for (size_t k = 0; k < c->cas[i].cross_certificates.n; k++)
			if (!send_file(s, channel,
				c->cas[i].cross_certificates.v[k], true, err))
				return false;
	}
	return send_est_files(s, channel, err) &&
	    send_scep_files(s, channel, err) &&
	    send_webhook_files(s, channel, err) &&
	    send_intune_files(s, channel, err) &&
	    send_outgoing_files(s, channel, err) &&
	    send_file(s, channel, c->tls.certificate, true, err);
}

/* Read once, before the server has threads. */
static bool
send_weak_keys(struct supervisor *s, int channel, struct err *err)
{
	const struct config_strings *files = &s->loaded.config->weak_keys;

	for (size_t i = 0; i < files->n; i++)
		if (!send_file(s, channel, files->v[i], true, err))
			return false;
	return true;
}

/* The bound port of the first listener of a kind, for base URLs with :0. */
static bool
send_port(struct supervisor *s, int channel, enum listener_kind kind,
    const char *flag, struct err *err)
{
	for (size_t i = 0; i < s->listeners_n; i++) {
		char address[NET_ADDRESS_SIZE];
		AUTO_STR *text = NULL;

		if (s->loaded.config->listen[i].kind != kind)
			continue;
		net_listen_address(s->listeners[i], address);
		text = mem_printf("%s%s", flag, strrchr(address, ':') + 1);
		return send_text(channel, BOOT_FLAG, text, -1, err);
	}
	return true;
}

bool
handover_server(struct supervisor *s, struct err *err)
{
	AUTO_FD db =
	    openat(s->state.fd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_STR *node = mem_printf("node=%d", s->node);
	int channel = s->server.channel;

	if (db < 0)
		return fail_errno(err, ERR_CONFIG, "db/ cannot be opened");
	if (!send_common(s, &s->server, err) || !send_files(s, channel, err) ||
	    !send_weak_keys(s, channel, err) ||
	    !send_server_keys(s, channel, err) ||
	    !send_text(channel, BOOT_DIRECTORY, "db", db, err) ||
	    !send_text(channel, BOOT_SIGNER, "", s->signer_pair[0], err) ||
	    !send_text(channel, BOOT_FLAG, node, -1, err) ||
	    !send_port(s, channel, LISTENER_HTTPS, "https-port=", err) ||
	    !send_port(s, channel, LISTENER_HTTP, "http-port=", err))
		return false;
	if (s->testing && !send_text(channel, BOOT_FLAG, "testing", -1, err))
		return false;
	if (s->server.status_only &&
	    !send_text(channel, BOOT_FLAG, "status-only", -1, err))
		return false;
	for (size_t i = 0; i < s->listeners_n; i++) {
		AUTO_STR *index = mem_printf("%zu", i);

		if (!send_text(
			channel, BOOT_LISTENER, index, s->listeners[i], err))
			return false;
	}
	return send_text(channel, BOOT_LISTENER, "control", s->control, err) &&
	    send_text(channel, BOOT_GO, "", -1, err);
}

bool
handover_reload(struct supervisor *s, struct err *err)
{
	int channel = s->server.channel;

	/* A new certificate of the operator's comes with a new key. */
	return send_bytes_as_file(
		   channel, BOOT_CONFIG, s->config_path, s->loaded.text, err) &&
	    send_files(s, channel, err) && send_server_keys(s, channel, err) &&
	    send_text(channel, BOOT_RELOAD, "", -1, err);
}
