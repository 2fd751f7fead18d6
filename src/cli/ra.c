#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ca/ra.h"
#include "cli/act.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/show.h"
#include "crypto/derive.h"
#include "util/fault.h"

/*
 * The key that messages of SCEP are encrypted to.  A rotation goes: the new key
 * beside the old one, its record, a copy of the old one as the previous, and
 * last the new one in its place, each durable before the next.  Until that last
 * step nothing has changed for the server; whoever is killed before it says the
 * same command again, and the key that was made is taken up.
 */

#define KEY_FILE_MAX 65536u
#define KEY_KIND "rsa-2048"

/* ---- keys ---- */

static bool
read_key(struct act *act, const char *path, const struct secret *passphrase,
    struct bytes *pem, struct privkey **out, struct err *err)
{
	struct err why = { 0 };

	return file_read_at(
		   act->state, path, KEY_FILE_MAX, act->cli->arena, pem, err) &&
	    (privkey_load(*pem, passphrase, out, &why) ||
		fail(err, why.kind, "%s: %s", path, why.shown));
}

static bool
exists(const struct act *act, const char *path)
{
	return faccessat(act->state, path, F_OK, 0) == 0;
}

static const char *
spki_text(const struct act *act, const struct privkey *key)
{
	uint8_t sum[32];

	digest_sha256(privkey_spki(key), sum);
	return act_hex(act, bytes_of(sum, sizeof(sum)));
}

static bool
check_kind(const char *kind, enum key_alg *alg, unsigned *bits, struct err *err)
{
	return (key_alg_parse(kind, alg, bits) && *alg == KEY_RSA &&
		   *bits != 0) ||
	    fail(err, ERR_USAGE,
		"--key %s; expected rsa-2048, rsa-3072 or rsa-4096: SCEP "
		"knows RSA alone",
		kind);
}

static bool
write_key(struct act *act, const struct privkey *key,
    const struct secret *passphrase, struct err *err)
{
	struct buf pem = { 0 };
	bool ok = privkey_encode(key, passphrase, &pem, err) &&
	    file_write_new_at(
		act->state, RA_NEXT_PATH, 0600, buf_bytes(&pem), err);

	secret_wipe(pem.p, pem.n);
	buf_free(&pem);
	if (ok)
		FAULT("ra.rotate.next");
	return ok;
}

/* Made, or left by a rotation that did not come to its end. */
static bool
next_key(struct act *act, const char *kind, const struct secret *passphrase,
    struct privkey **out, struct err *err)
{
	AUTO_PRIVKEY *key = NULL;
	enum key_alg alg;
	unsigned bits;
	struct bytes pem;

	if (!check_kind(kind, &alg, &bits, err))
		return false;
	if (exists(act, RA_NEXT_PATH)) {
		if (!read_key(act, RA_NEXT_PATH, passphrase, &pem, &key, err))
			return false;
		secret_wipe((void *)(uintptr_t)pem.p, pem.n);
		act_say(act, "key taken up", RA_NEXT_PATH);
	} else if (!privkey_generate(alg, bits, &key, err) ||
	    (!act->dry_run && !write_key(act, key, passphrase, err))) {
		return false;
	}
	*out = TAKE(key);
	return act_record(act, "key",
	    json_pack("{s:s, s:s, s:s, s:s}", "act", "made", "alg",
		key_alg_name(privkey_alg(*out)), "role", "ra", "spki_sha256",
		spki_text(act, *out)),
	    err);
}

/* ---- rotate ---- */

/* One previous key at a time: whose messages it opens is then never a
 * question. */
static bool
check_previous(struct act *act, struct bytes present, struct err *err)
{
	struct err why = { 0 };
	struct bytes previous;

	if (!file_read_at(act->state, RA_PREVIOUS_PATH, KEY_FILE_MAX,
		act->cli->arena, &previous, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return true;
		*err = why;
		return false;
	}
	/* A rotation that did not come to its end has copied it already. */
	return bytes_equal(previous, present) ||
	    fail(err, ERR_CONFLICT,
		RA_PREVIOUS_PATH " is there already: clients may still use "
				 "its certificates (chancery ra show); "
				 "chancery ra retire ends them");
}

static bool
put_in_place(struct act *act, struct bytes present, struct err *err)
{
	if (act->dry_run)
		return true;
	if (!file_replace_at(act->state, RA_PREVIOUS_PATH, 0600, present, err))
		return false;
	FAULT("ra.rotate.previous");
	if (renameat(act->state, RA_NEXT_PATH, act->state, RA_KEY_PATH) != 0 ||
	    fsync(act->keys) != 0)
		return fail_errno(err, ERR_SYSTEM, "%s", RA_KEY_PATH);
	FAULT("ra.rotate.key");
	return true;
}

/* Text that the server's view of its keys has once it has taken them up. */
static void
take_up(struct act *act, const char *text)
{
	if (act->config->scep.profiles_n == 0)
		act_say(act, "server", "has no profile of SCEP, and no key");
	else
		act_reload_seen(act, "/ra", text);
}

static bool
rotate(struct act *act, const char *kind, struct err *err)
{
	const struct secret *online;
	AUTO_SECRET *server = NULL;
	AUTO_PRIVKEY *old = NULL;
	AUTO_PRIVKEY *new = NULL;
	struct bytes present;
	bool ok;

	if (!act_passphrase(act, &online, err))
		return false;
	server = passphrase_derive(online, DERIVE_SERVER_KEYS);
	/* That it opens shows that the passphrase is the server's. */
	if (!read_key(act, RA_KEY_PATH, server, &present, &old, err))
		return false;
	act_say(act, "previous key", spki_text(act, old));
	ok = check_previous(act, present, err) &&
	    next_key(act, kind, server, &new, err) &&
	    put_in_place(act, present, err);
	secret_wipe((void *)(uintptr_t)present.p, present.n);
	if (!ok)
		return false;
	act_say(act, "key", spki_text(act, new));
	take_up(act,
	    act_printf(act, "\"current\":{\"spki_sha256\":\"%s\"",
		spki_text(act, new)));
	return true;
}

#define OPTIONS(act)                                                           \
	{ "passphrase-file", OPTION_TEXT, &(act)->passphrase_file, 0, 0 },     \
	    { "dry-run", OPTION_FLAG, &(act)->dry_run, 0, 0 },                 \
	{                                                                      \
		"no-reload", OPTION_FLAG, &(act)->no_reload, 0, 0              \
	}

int
ra_rotate_run(struct cli *cli)
{
	struct act act = { .cli = cli, .what = "ra-rotate", .state = -1 };
	const char *kind = KEY_KIND;
	const struct option_row rows[] = {
		{ "key", OPTION_TEXT, &kind, 0, 0 },
		OPTIONS(&act),
	};
	struct err err = { 0 };
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	return act_end(
	    &act, act_open(&act, &err) && rotate(&act, kind, &err), &err);
}

/* ---- retire ---- */

/*
 * Gone, not put aside as a CA's key is: it proves nothing that was issued, and
 * whoever has it reads the challengePasswords of every message that was
 * recorded on its way.
 */
static bool
retire(struct act *act, struct err *err)
{
	if (!exists(act, RA_PREVIOUS_PATH))
		return fail(err, ERR_NOT_FOUND,
		    "there is no %s: no key to retire", RA_PREVIOUS_PATH);
	if (!act_record(act, "operator",
		json_pack(
		    "{s:s, s:s}", "act", act->what, "key", RA_PREVIOUS_PATH),
		err))
		return false;
	if (!act->dry_run &&
	    (unlinkat(act->state, RA_PREVIOUS_PATH, 0) != 0 ||
		fsync(act->keys) != 0))
		return fail_errno(err, ERR_SYSTEM, "%s", RA_PREVIOUS_PATH);
	act_say(act, "key removed", RA_PREVIOUS_PATH);
	take_up(act, "\"previous\":null");
	return true;
}

int
ra_retire_run(struct cli *cli)
{
	struct act act = { .cli = cli, .what = "ra-retire", .state = -1 };
	const struct option_row rows[] = {
		{ "dry-run", OPTION_FLAG, &act.dry_run, 0, 0 },
		{ "no-reload", OPTION_FLAG, &act.no_reload, 0, 0 },
	};
	struct err err = { 0 };
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	return act_end(&act, act_open(&act, &err) && retire(&act, &err), &err);
}

/* ---- show ---- */

static void
print_key(struct cli *cli, const json_t *answer, const char *which)
{
	static const struct show_column columns[] = {
		{ "ca", "CA" },
		{ "serial", "SERIAL" },
		{ "not_before", "FROM" },
		{ "not_after", "UNTIL" },
	};
	const json_t *key = json_object_get(answer, which);
	const json_t *certs = json_object_get(key, "certificates");

	printf("%s key %s\n", which,
	    json_is_object(key) ? show_member(cli, key, "spki_sha256")
				: "none");
	if (json_array_size(certs) > 0)
		show_table(cli, certs, columns, COUNT_OF(columns));
}

int
ra_show_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *answer;
	size_t n;

	if (!options_parse(cli, NULL, 0, NULL, 0, &n, &err) ||
	    !client_call(cli, "/ra", NULL, &answer, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	print_key(cli, answer, "current");
	print_key(cli, answer, "previous");
	return EXIT_DONE;
}
