#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/act.h"
#include "cli/client.h"
#include "cli/files.h"
#include "cli/passphrase.h"
#include "cli/record.h"
#include "cli/show.h"
#include "config/form.h"
#include "codec/pem.h"
#include "util/fault.h"
#include "util/text.h"

/* ---- opening ---- */

static bool
read_node(struct act *act, struct err *err)
{
	struct bytes text;
	int64_t node;

	if (!file_read_at(
		act->state, "keys/node", 16, act->cli->arena, &text, err))
		return false;
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (!text_parse_int(
		arena_str(act->cli->arena, text), 1, 127, &node, err))
		return false;
	act->node = (uint8_t)node;
	return true;
}

/* Files that root makes in a directory of somebody else's are closed to the
 * server that runs as them. */
static bool
check_owner(struct act *act, struct err *err)
{
	struct stat st;

	if (fstatat(act->state, "keys", &st, 0) != 0)
		return fail_errno(err, ERR_CONFIG, "%s/keys", act->cli->state);
	return geteuid() != 0 || st.st_uid == 0 ||
	    fail(err, ERR_CONFLICT,
		"%s/keys belongs to uid %u: run this as that user, or its "
		"server cannot open the new key",
		act->cli->state, (unsigned)st.st_uid);
}

/* Two of them would each lose what the other wrote. */
static bool
lock(struct act *act, struct err *err)
{
	act->keys =
	    openat(act->state, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (act->keys < 0)
		return fail_errno(err, ERR_CONFIG, "%s/keys", act->cli->state);
	return flock(act->keys, LOCK_EX | LOCK_NB) == 0 ||
	    errno != EWOULDBLOCK ||
	    fail(err, ERR_CONFLICT, "another ca command is at work on %s",
		act->cli->state);
}

bool
act_open(struct act *act, struct err *err)
{
	struct cli *cli = act->cli;
	const struct ca_source source = { state_file_read, cli };
	struct clock clock;

	act->report = arena_adopt(cli->arena, json_t, json_object());
	act->keys = -1;
	act->state = open(cli->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (act->state < 0)
		return fail_errno(err, ERR_CONFIG, "%s", cli->state);
	/* What is decided from the configuration is decided under the lock, and
	 * the text is read first: one that changes meanwhile is seen by
	 * act_commit. */
	if (!lock(act, err) ||
	    !file_read(
		cli->config_path, CONFIG_FILE_MAX, cli->arena, &act->text, err))
		return false;
	act->config = cli_config(cli);
	if (act->config == NULL)
		return fail(err, ERR_CONFIG,
		    "the configuration has mistakes: mend them first");
	clock = clock_system(act->config->testing.clock_offset);
	act->now = clock_now(&clock);
	act->lane = lane_new();
	act->cas = load_cas(act->lane, &source, act->config, cli->arena);
	return check_owner(act, err) && read_node(act, err);
}

void
act_close(struct act *act)
{
	secret_free(act->passphrase);
	secret_free(act->root_passphrase);
	lane_free(act->lane);
	config_free(act->config);
	if (act->keys >= 0)
		close(act->keys);
	if (act->state >= 0)
		close(act->state);
}

const char *
act_hex(const struct act *act, struct bytes b)
{
	return hex_arena(act->cli->arena, b);
}

struct ceremony
act_ceremony(const struct act *act, int64_t lifetime)
{
	return (struct ceremony){ .now = act->now,
		.lifetime = lifetime,
		.random = random_system(),
		.node = act->node };
}

const char *
act_base_url(const struct act *act)
{
	const char *url = act->config->http_base_url;

	return text_has_suffix(url, ":0") ? NULL : url;
}

/* ---- CAs ---- */

bool
act_ca(const struct act *act, const char *name, const struct loaded_ca **out,
    struct err *err)
{
	const struct loaded_ca *ca =
	    loaded_find(act->cas, act->config->cas_n, name);
	AUTO_BUF names = { 0 };

	for (size_t i = 0; i < act->config->cas_n; i++)
		buf_printf(&names, "%s%s", i == 0 ? "" : ", ",
		    act->config->cas[i].name);
	if (ca == NULL)
		return fail(err, ERR_NOT_FOUND,
		    "there is no CA %s in the configuration; it has %s", name,
		    buf_cstr(&names));
	if (!ca->ok)
		return fail(err, ca->err.kind, "CA %s, %s: %s", name,
		    ca->config->certificate, ca->err.shown);
	*out = ca;
	return true;
}

bool
act_check_new_name(const struct act *act, const char *name, struct err *err)
{
	/* keys/NAME.key of these is the server's own. */
	static const char *const taken[] = { "ocsp", "log", "ra", "tls",
		"seal" };

	for (size_t i = 0; i < COUNT_OF(taken); i++)
		if (strcmp(name, taken[i]) == 0)
			return fail(err, ERR_USAGE,
			    "keys/%s.key is a key of the server itself; choose "
			    "another name for the CA",
			    name);
	if (!config_name_is_good(name))
		return fail(err, ERR_USAGE,
		    "%s is no name for a CA; expected at most 32 of a-z 0-9 - "
		    "that are no word of a protocol",
		    name);
	if (config_ca_find(act->config, name) != NULL)
		return fail(err, ERR_CONFLICT,
		    "there is a CA %s in the configuration already", name);
	return true;
}

/* ---- keys ---- */

static bool
find_passphrase(
    struct act *act, bool offline, const struct secret **out, struct err *err)
{
	struct secret **kept =
	    offline ? &act->root_passphrase : &act->passphrase;
	const char *option =
	    offline ? "--root-passphrase-file" : "--passphrase-file";

	if (*kept == NULL &&
	    !passphrase_find(offline ? &passphrase_root : &passphrase_online,
		offline ? act->root_passphrase_file : act->passphrase_file,
		act->state, true, kept, err))
		return false;
	if (*kept == NULL)
		return fail(err, ERR_USAGE, "no passphrase for the %s; give %s",
		    offline ? "root's key" : "CA keys", option);
	*out = *kept;
	return true;
}

bool
act_passphrase(struct act *act, const struct secret **out, struct err *err)
{
	return find_passphrase(act, false, out, err);
}

static bool
load_key(struct act *act, const char *path, bool offline, struct privkey **out,
    struct err *err)
{
	const struct secret *passphrase;
	struct err why = { 0 };
	struct bytes pem;
	bool ok;

	if (!file_read(path, 65536, act->cli->arena, &pem, &why))
		return fail(err, why.kind,
		    why.kind == ERR_NOT_FOUND && offline
			? "%s; bring the key of the offline CA here, or name "
			  "its file with --root-key"
			: "%s",
		    why.shown);
	if (!find_passphrase(act, offline, &passphrase, err))
		return false;
	ok = privkey_load(pem, passphrase, out, &why);
	secret_wipe((void *)(uintptr_t)pem.p, pem.n);
	return ok || fail(err, why.kind, "%s: %s", path, why.shown);
}

bool
act_open_key(struct act *act, const struct loaded_ca *ca, struct privkey **out,
    struct err *err)
{
	bool offline = ca->config->key == NULL;
	const char *path = !offline ? state_path(act->cli, ca->config->key)
	    : act->root_key != NULL
	    ? act->root_key
	    : state_path(
		  act->cli, act_printf(act, "keys/%s.key", ca->config->name));
	AUTO_PRIVKEY *key = NULL;

	if (!load_key(act, path, offline, &key, err))
		return false;
	if (!bytes_equal(privkey_spki(key), ca->chain.certs[0].spki))
		return fail(err, ERR_REJECTED,
		    "%s is not the key of CA %s (%s)", path, ca->config->name,
		    ca->config->certificate);
	*out = TAKE(key);
	return true;
}

/* serve opens all its keys with one passphrase: this must be that one. */
static bool
check_passphrase(struct act *act, struct err *err)
{
	for (size_t i = 0; i < act->config->cas_n; i++) {
		AUTO_PRIVKEY *key = NULL;

		if (act->cas[i].config->key != NULL && act->cas[i].ok)
			return act_open_key(act, &act->cas[i], &key, err);
	}
	return true;
}

static bool
check_kind(const struct privkey *key, enum key_alg alg, const char *path,
    const char *kind, struct err *err)
{
	return privkey_alg(key) == alg ||
	    fail(err, ERR_CONFLICT,
		"%s is there already, a key of another kind (%s, not %s)", path,
		key_alg_name(privkey_alg(key)), kind);
}

static bool
record_key(struct act *act, const char *name, const struct privkey *key,
    struct err *err)
{
	uint8_t spki[32];

	digest_sha256(privkey_spki(key), spki);
	return act_record(act, "key",
	    json_pack("{s:s, s:s, s:s, s:s}", "act", "made", "alg",
		key_alg_name(privkey_alg(key)), "role", name, "spki_sha256",
		act_hex(act, bytes_of(spki, sizeof(spki)))),
	    err);
}

/* Left by an act that did not come to its end; nobody uses it. */
static bool
take_up_key(struct act *act, const char *name, const char *path,
    enum key_alg alg, const char *kind, bool offline, struct privkey **out,
    struct err *err)
{
	const char *whole = state_path(act->cli, path);
	AUTO_PRIVKEY *key = NULL;

	for (size_t i = 0; i < act->config->cas_n; i++)
		if (act->config->cas[i].key != NULL &&
		    strcmp(act->config->cas[i].key, path) == 0)
			return fail(err, ERR_CONFLICT, "%s is the key of CA %s",
			    path, act->config->cas[i].name);
	if (!load_key(act, whole, offline, &key, err) ||
	    !check_kind(key, alg, whole, kind, err) ||
	    !record_key(act, name, key, err))
		return false;
	act_say(act, "key taken up", path);
	*out = TAKE(key);
	return true;
}

bool
act_make_key(struct act *act, const char *name, const char *kind, bool offline,
    struct privkey **out, struct err *err)
{
	const char *path = act_printf(act, "keys/%s.key", name);
	const struct secret *passphrase;
	AUTO_PRIVKEY *key = NULL;
	struct buf pem = { 0 };
	enum key_alg alg;
	unsigned bits;
	bool ok;

	if (!key_alg_parse(kind, &alg, &bits) || alg == KEY_EC_P521 ||
	    (alg == KEY_RSA && bits == 0))
		return fail(err, ERR_USAGE,
		    "--key %s; expected ec-p256, ec-p384, rsa-2048, rsa-3072, "
		    "rsa-4096 or ed25519",
		    kind);
	if (faccessat(act->state, path, F_OK, 0) == 0)
		return take_up_key(
		    act, name, path, alg, kind, offline, out, err);
	if (!find_passphrase(act, offline, &passphrase, err) ||
	    (!offline && !check_passphrase(act, err)) ||
	    !privkey_generate(alg, bits, &key, err))
		return false;
	if (!act->dry_run) {
		ok = privkey_encode(key, passphrase, &pem, err) &&
		    file_write_new_at(
			act->state, path, 0600, buf_bytes(&pem), err);
		secret_wipe(pem.p, pem.n);
		buf_free(&pem);
		if (!ok)
			return false;
		FAULT("ceremony.key.after");
		if (!record_key(act, name, key, err))
			return false;
	}
	act_say(act, "key", path);
	*out = TAKE(key);
	return true;
}

/* ---- certificates ---- */

static bool
parse_file(struct act *act, const char *path, struct cert *out, struct err *err)
{
	struct cert *certs =
	    arena_array(act->cli->arena, CHAIN_MAX, sizeof(*certs));
	struct bytes pem;
	size_t n;

	if (!file_read_at(
		act->state, path, CHAIN_PEM_MAX, act->cli->arena, &pem, err) ||
	    !chain_read_pem(pem, act->cli->arena, certs, &n, err))
		return false;
	*out = certs[0];
	return true;
}

bool
act_find_cert(struct act *act, const char *path, struct bytes spki,
    const struct cert *issuer, struct cert *out, bool *found, struct err *err)
{
	struct err why = { 0 };
	struct cert cert;

	*found = false;
	if (!parse_file(act, path, &cert, &why))
		return why.kind == ERR_NOT_FOUND ||
		    fail(err, why.kind, "%s: %s", path, why.shown);
	if (!bytes_equal(cert.spki, spki) ||
	    !cert_verify(
		act->lane, &cert, issuer == NULL ? &cert : issuer, &why))
		return fail(err, ERR_CONFLICT,
		    "%s is there already and is another certificate; move it "
		    "away, or choose another name",
		    path);
	act_say(act, "certificate taken up", path);
	*found = true;
	*out = cert;
	return true;
}

bool
act_write_cert(struct act *act, const char *path, struct bytes der,
    struct cert *out, struct err *err)
{
	struct arena *a = act->cli->arena;
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE", der);
	if (!act->dry_run &&
	    !file_write_new_at(act->state, path, 0644, buf_bytes(&pem), err))
		return false;
	if (!act->dry_run)
		FAULT("ceremony.cert.after");
	return cert_parse(arena_bytes(a, der), a, out, err);
}

/* ---- the record ---- */

bool
act_record(struct act *act, const char *kind, json_t *event, struct err *err)
{
	arena_adopt(act->cli->arena, json_t, event);
	return act->dry_run || cli_record(act->cli, kind, event, act->now, err);
}

bool
act_record_cert(struct act *act, const char *ca, const char *by,
    const struct cert *cert, struct err *err)
{
	AUTO_BUF der = { 0 };
	uint8_t hash[32];

	digest_sha256(cert->der, hash);
	base64_encode(cert->der, 0, &der);
	if (!act_record(act, "operator",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "act", act->what,
		    "ca", ca, "by", by, "serial", act_hex(act, cert->serial),
		    "sha256", act_hex(act, bytes_of(hash, sizeof(hash))), "der",
		    buf_cstr(&der)),
		err))
		return false;
	if (!act->dry_run)
		FAULT("ceremony.record.after");
	return true;
}

/* ---- the end ---- */

void
act_say(struct act *act, const char *key, const char *text)
{
	json_object_set_new(act->report, key, json_string(text));
}

void
act_say_cert(struct act *act, const struct cert *cert)
{
	char end[TIME_RFC3339_SIZE];

	time_format_rfc3339(cert->not_after, end);
	act_say(act, "subject", subject_text(act->cli->arena, cert->subject));
	act_say(act, "serial", act_hex(act, cert->serial));
	act_say(act, "not_after", end);
}

int
act_end(struct act *act, bool ok, const struct err *err)
{
	int status = EXIT_DONE;

	if (!ok)
		status = cli_fail_by_kind(act->cli, err);
	else if (act->cli->json)
		status = cli_print_json(act->cli, json_incref(act->report));
	else
		show_object(act->cli, act->report, 0);
	act_close(act);
	return status;
}
