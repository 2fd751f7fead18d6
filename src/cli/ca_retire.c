#include <stdio.h>
#include <unistd.h>

#include "cli/ca_new.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "store/draining.h"
#include "util/fault.h"

/*
 * The end of an issuing CA: nothing that it issued lives, so its key is not
 * needed any more.  It leaves a last CRL that holds until its own end (RFC 5280
 * section 5 knows no other way to say "the last one"), its certificate stays
 * served, and its key is put aside, never deleted.
 */

#define LAST_AHEAD 3600 /* seconds */

static bool
check_profiles(const struct act *act, const char *name, struct err *err)
{
	for (size_t i = 0; i < act->config->profiles_n; i++)
		if (strcmp(act->config->profiles[i].ca, name) == 0)
			return fail(err, ERR_CONFLICT,
			    "profile %s issues under CA %s; ca rollover %s "
			    "points it to the next one",
			    act->config->profiles[i].name, name, name);
	return true;
}

static bool
check_drained(const struct store_draining *d, const char *name, struct err *err)
{
	char until[TIME_RFC3339_SIZE];

	if (d->unexpired == 0)
		return true;
	time_format_rfc3339(d->until, until);
	return fail(err, ERR_CONFLICT,
	    "CA %s has %llu unexpired certificate%s, until %s; retire it "
	    "then, or revoke them first",
	    name, (unsigned long long)d->unexpired,
	    d->unexpired == 1 ? "" : "s", until);
}

/* The key with the configuration's path away from where it was. */
static bool
put_aside(struct act *act, const char *name, const char *key, struct err *err)
{
	const char *to = act_printf(act, "keys/%s.key.retired", name);

	if (faccessat(act->state, to, F_OK, 0) == 0)
		return fail(err, ERR_CONFLICT,
		    "%s is there already; the key stays at %s", to, key);
	if (renameat(act->state, key, act->state, to) != 0)
		return fail_errno(err, ERR_SYSTEM, "%s", key);
	act_say(act, "key kept as", to);
	return true;
}

static bool
last_crl(struct act *act, const struct loaded_ca *ca,
    const struct store_draining *d, struct err *err)
{
	const struct cert *cert = &ca->chain.certs[0];
	struct crl published = { 0 };
	/* Above what a server that still has the key may make meanwhile. */
	const uint64_t ahead = (uint64_t)(act->now + LAST_AHEAD) * 1000000;
	AUTO_PRIVKEY *key = NULL;
	uint64_t number;

	if (d->crl.n > 0 && !crl_parse(d->crl, &published, err))
		return false;
	if (!act_open_key(act, ca, &key, err) ||
	    !ca_crl_write(act, ca->config->name, cert, key, cert->not_after,
		MAX_OF(MAX_OF(d->crl_number, published.number), ahead),
		published.entries, &number, err))
		return false;
	json_object_set_new(
	    act->report, "crl number", json_integer((json_int_t)number));
	return true;
}

static bool
retire(struct act *act, const char *name, struct err *err)
{
	const struct loaded_ca *ca;
	const char *key = act_printf(act, "keys/%s.key", name);
	struct store_draining d;
	uint8_t id[32];

	if (!act_ca(act, name, &ca, err))
		return false;
	act_say(act, "ca", name);
	if (ca->config->key == NULL) {
		/* One that was not finished has left the key where it was. */
		if (!cert_is_self_signed(&ca->chain.certs[0]) &&
		    faccessat(act->state, key, F_OK, 0) == 0)
			return act->dry_run || put_aside(act, name, key, err);
		return fail(err, ERR_CONFLICT,
		    "CA %s is offline: it has nothing to retire here", name);
	}
	key = ca->config->key;
	digest_sha256(ca->chain.certs[0].spki, id);
	if (!check_profiles(act, name, err) ||
	    !store_file_draining(state_path(act->cli, "db/chancery.db"), id,
		act->now, act->cli->arena, &d, err) ||
	    !check_drained(&d, name, err) || !last_crl(act, ca, &d, err) ||
	    !act_record(act, "operator",
		json_pack("{s:s, s:s}", "act", "ca-retire", "ca", name), err))
		return false;
	act_edit(act, act_printf(act, "cas.%s.key", name), NULL);
	if (!act_commit(act, err))
		return false;
	/* The server first: what it holds is started from the file. */
	act_reload(act, name, "\"online\":false");
	return act->dry_run || put_aside(act, name, key, err);
}

int
ca_retire_run(struct cli *cli)
{
	struct act act = { .cli = cli, .what = "ca-retire", .state = -1 };
	const char *name = NULL;
	const struct option_row rows[] = { ACT_OPTIONS(&act) };
	struct err err = { 0 };
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &name, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (n != 1) {
		(void)fail(&err, ERR_USAGE, "ca retire wants a CA's name");
		return cli_fail_by_kind(cli, &err);
	}
	return act_end(
	    &act, act_open(&act, &err) && retire(&act, name, &err), &err);
}
