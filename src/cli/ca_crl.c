#include <stdlib.h>

#include "ca/crl_gate.h"
#include "cli/ca_new.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "codec/pem.h"
#include "util/fault.h"
#include "util/text.h"

/* `ca crl`: the next CRL of an offline CA. */
struct crl_act {
	struct act act;
	const char *revoke, *reason_name;
	int64_t lifetime;
	enum crl_reason reason;
	const struct loaded_ca *ca;
	struct crl before; /* der.n 0: none */
	struct bytes serial; /* that is revoked now; empty: none */
};

#define ENTRIES_MAX 10000u

/* ---- what there is ---- */

static bool
read_before(struct crl_act *c, bool force, struct err *err)
{
	struct act *act = &c->act;
	const char *path = act_printf(act, "crl/%s.crl", c->ca->config->name);
	const struct cert *cert = &c->ca->chain.certs[0];
	struct err why = { 0 };
	struct bytes der;

	if (!file_read_at(
		act->state, path, CRL_MAX, act->cli->arena, &der, &why))
		return why.kind == ERR_NOT_FOUND && force
		    ? true
		    : fail(err, why.kind,
			  "%s: what it listed would be gone from the next "
			  "one; bring it back, or begin anew with --force",
			  why.shown);
	if (!crl_parse(der, &c->before, &why) ||
	    !crl_verify(act->lane, &c->before, &cert->key, &why) ||
	    !bytes_equal(c->before.issuer, cert->subject))
		return fail(err, ERR_REJECTED,
		    "%s is no CRL of CA %s%s%s; what it lists would be lost: "
		    "bring back the last one",
		    path, c->ca->config->name, why.kind == ERR_NONE ? "" : ": ",
		    why.kind == ERR_NONE ? "" : why.shown);
	return true;
}

static bool
read_serial(struct crl_act *c, struct err *err)
{
	struct arena *a = c->act.cli->arena;
	AUTO_BUF hex = { 0 };
	struct err why = { 0 };

	for (const char *p = c->revoke; *p != '\0'; p++)
		if (*p != ':')
			buf_add_byte(&hex, (uint8_t)*p);
	if (!hex_decode(buf_cstr(&hex), a, &c->serial, &why) ||
	    c->serial.n == 0 || c->serial.n > SERIAL_SIZE)
		return fail(err, ERR_USAGE,
		    "--revoke %s; expected a serial number in hex, colons "
		    "allowed",
		    c->revoke);
	while (c->serial.n > 1 && c->serial.p[0] == 0)
		c->serial = bytes_of(c->serial.p + 1, c->serial.n - 1);
	return true;
}

/* ---- what it is about ---- */

/* A certificate that this CA has issued, as the operator knows it. */
struct known {
	const char *what; /* "CA issuing", "cross-certificate root-2-by-root" */
	const struct config_ca *ca; /* whose own it is, or NULL */
	const struct cert *cert;
};

static bool
is_ours(const struct crl_act *c, const struct cert *cert)
{
	struct err ignored = { 0 };

	return !cert_is_self_signed(cert) &&
	    cert_verify(c->act.lane, cert, &c->ca->chain.certs[0], &ignored);
}

/* Of the configuration: its CAs' own certificates and their cross ones. */
static size_t
find_known(const struct crl_act *c, struct known *out, size_t max)
{
	const struct act *act = &c->act;
	size_t n = 0;

	for (size_t i = 0; i < act->config->cas_n; i++) {
		const struct loaded_ca *ca = &act->cas[i];

		if (!ca->ok)
			continue;
		if (n < max && is_ours(c, &ca->chain.certs[0]))
			out[n++] = (struct known){ act_printf(act, "CA %s",
						       ca->config->name),
				ca->config, &ca->chain.certs[0] };
		for (size_t k = 0; k < ca->cross_n && n < max; k++)
			if (is_ours(c, &ca->cross[k].cert))
				out[n++] = (struct known){
					act_printf(act, "cross-certificate %s",
					    ca->cross[k].name),
					NULL, &ca->cross[k].cert
				};
	}
	return n;
}

static bool
is_listed(const struct crl *crl, struct bytes serial)
{
	enum crl_reason reason;
	struct bytes s;
	int64_t at;
	size_t pos = 0;

	while (crl->der.n > 0 && crl_entry_next(crl, &pos, &s, &at, &reason))
		if (bytes_equal(s, serial))
			return true;
	return false;
}

/*
 * GlobalSign 2016: a revoked cross-certificate took living siblings with it,
 * because status was told by name.  Here everybody sees, before it is signed,
 * whose status changes and whose does not: it is by issuer key and serial.
 */
static bool
tell_effect(struct crl_act *c, bool force, struct err *err)
{
	struct act *act = &c->act;
	struct known known[64];
	size_t n = find_known(c, known, COUNT_OF(known));
	json_t *changes = json_array(), *stay = json_array();
	bool found = false;

	json_object_set_new(act->report, "becomes revoked", changes);
	json_object_set_new(act->report, "stays as it is", stay);
	for (size_t i = 0; i < n; i++) {
		bool now = is_listed(&c->before, known[i].cert->serial);
		bool hit = bytes_equal(known[i].cert->serial, c->serial);
		const char *line = act_printf(act, "%s (%s)%s", known[i].what,
		    act_hex(act, known[i].cert->serial),
		    now ? ", revoked" : "");

		json_array_append_new(
		    hit && !now ? changes : stay, json_string(line));
		found = found || hit;
	}
	if (found || force)
		return true;
	return fail(err, ERR_NOT_FOUND,
	    "no CA or cross-certificate of this configuration that %s issued "
	    "has the serial %s; --force lists it nevertheless",
	    c->ca->config->name, act_hex(act, c->serial));
}

/* ---- the next one ---- */

struct entry {
	struct bytes serial;
	int64_t at;
	enum crl_reason reason;
};

static int
entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->serial.n != y->serial.n)
		return x->serial.n < y->serial.n ? -1 : 1;
	return bytes_compare(x->serial, y->serial);
}

/* All that were there, for good: an offline CA issues few. */
static bool
make_entries(struct crl_act *c, struct buf *out, struct err *err)
{
	size_t n = 0, room = c->before.entries_n + 1, pos = 0;
	struct entry *e = arena_array(c->act.cli->arena, room, sizeof(*e));

	if (room > ENTRIES_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "the CRL has %zu entries, at most %u", room, ENTRIES_MAX);
	while (c->before.der.n > 0 &&
	    crl_entry_next(
		&c->before, &pos, &e[n].serial, &e[n].at, &e[n].reason))
		n++;
	if (c->serial.n > 0)
		e[n++] = (struct entry){ c->serial, c->act.now, c->reason };
	qsort(e, n, sizeof(*e), entry_compare);
	for (size_t i = 0; i < n; i++)
		crl_entry_put(out, e[i].serial, e[i].at, e[i].reason);
	return true;
}

bool
ca_crl_write(struct act *act, const char *name, const struct cert *cert,
    struct privkey *key, int64_t next_update, uint64_t previous,
    struct bytes entries, uint64_t *number, struct err *err)
{
	const char *path = act_printf(act, "crl/%s.crl", name);
	/* As the online ones: it rises even if the last one was lost. */
	uint64_t next = MAX_OF(previous + 1, (uint64_t)act->now * 1000000);
	uint8_t hash[32];
	AUTO_BUF der = { 0 };

	if (!ca_ceremony_crl(
		cert, key, act->now, next_update, next, entries, &der, err))
		return false;
	digest_sha256(buf_bytes(&der), hash);
	if (!act_record(act, "operator",
		json_pack("{s:s, s:s, s:s, s:s}", "act", "ca-crl", "ca", name,
		    "number", act_printf(act, "%llu", (unsigned long long)next),
		    "sha256", act_hex(act, bytes_of(hash, sizeof(hash)))),
		err))
		return false;
	if (!act->dry_run) {
		FAULT("ceremony.crl.before");
		if (!file_replace_at(
			act->state, path, 0644, buf_bytes(&der), err))
			return false;
		FAULT("ceremony.crl.after");
	}
	act_say(act, "crl", path);
	*number = next;
	return true;
}

/* What every CRL of ours goes through before it replaces another. */
static bool
nothing_may_leave(
    void *ctx, struct bytes serial, int64_t prev_update, struct err *err)
{
	(void)ctx;
	(void)serial;
	(void)prev_update;
	return fail(err, ERR_INTERNAL, "an entry would leave the CRL");
}

static bool
review(struct crl_act *c, struct bytes entries, struct privkey *key,
    int64_t next_update, struct err *err)
{
	const struct crl_gate gate = { c->act.now, nothing_may_leave, NULL };
	const struct cert *cert = &c->ca->chain.certs[0];
	uint64_t number =
	    MAX_OF(c->before.number + 1, (uint64_t)c->act.now * 1000000);
	AUTO_BUF der = { 0 };
	struct crl next;

	return ca_ceremony_crl(cert, key, c->act.now, next_update, number,
		   entries, &der, err) &&
	    crl_parse(buf_bytes(&der), &next, err) &&
	    crl_gate_check(
		&gate, c->before.der.n > 0 ? &c->before : NULL, &next, err);
}

static bool
make(struct crl_act *c, struct err *err)
{
	struct act *act = &c->act;
	const char *name = c->ca->config->name;
	const struct cert *cert = &c->ca->chain.certs[0];
	int64_t next_update = MIN_OF(
	    act->now + (c->lifetime != 0 ? c->lifetime : CA_CRL_LIFETIME) - 1,
	    cert->not_after);
	AUTO_PRIVKEY *key = NULL;
	AUTO_BUF entries = { 0 };
	char end[TIME_RFC3339_SIZE];
	uint64_t number;

	if (!act_open_key(act, c->ca, &key, err) ||
	    !make_entries(c, &entries, err) ||
	    !review(c, buf_bytes(&entries), key, next_update, err) ||
	    !ca_crl_write(act, name, cert, key, next_update, c->before.number,
		buf_bytes(&entries), &number, err))
		return false;
	time_format_rfc3339(next_update, end);
	json_object_set_new(
	    act->report, "number", json_integer((json_int_t)number));
	act_say(act, "next_update", end);
	act_reload(act, name,
	    act_printf(act, "\"number\":%llu", (unsigned long long)number));
	return true;
}

/* ---- ca crl ---- */

static bool
run(struct crl_act *c, const char *name, bool force, struct err *err)
{
	if (!act_ca(&c->act, name, &c->ca, err))
		return false;
	if (c->ca->config->key != NULL)
		return fail(err, ERR_CONFLICT,
		    "CA %s is online: the server makes its CRLs itself", name);
	if (c->revoke != NULL &&
	    (!crl_reason_parse(c->reason_name, &c->reason) ||
		c->reason == REASON_HOLD || c->reason == REASON_REMOVE))
		return fail(err, ERR_USAGE,
		    "--reason %s; expected unspecified, keyCompromise, "
		    "cACompromise, affiliationChanged, superseded, "
		    "cessationOfOperation, privilegeWithdrawn or aACompromise",
		    c->reason_name);
	act_say(&c->act, "ca", name);
	if (!read_before(c, force, err))
		return false;
	if (c->revoke != NULL) {
		if (!read_serial(c, err))
			return false;
		if (is_listed(&c->before, c->serial))
			return fail(err, ERR_ALREADY_REVOKED,
			    "%s is on the CRL already",
			    act_hex(&c->act, c->serial));
		if (!tell_effect(c, force, err))
			return false;
	}
	return make(c, err);
}

int
ca_crl_run_command(struct cli *cli)
{
	struct crl_act *c = arena_alloc(cli->arena, sizeof(*c));
	const char *name = NULL;
	bool force = false;
	const struct option_row rows[] = {
		{ "revoke", OPTION_TEXT, &c->revoke, 0, 0 },
		{ "reason", OPTION_TEXT, &c->reason_name, 0, 0 },
		{ "force", OPTION_FLAG, &force, 0, 0 },
		{ "lifetime", OPTION_DURATION, &c->lifetime, 0, 0 },
		ACT_OPTIONS(&c->act),
	};
	struct err err = { 0 };
	size_t n;

	c->act.cli = cli;
	c->act.what = "ca-crl";
	c->act.state = -1;
	if (!options_parse(cli, rows, COUNT_OF(rows), &name, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (n != 1 || (c->reason_name != NULL && c->revoke == NULL)) {
		(void)fail(&err, ERR_USAGE,
		    n != 1 ? "ca crl wants the name of an offline CA, such as "
			     "root"
			   : "--reason goes with --revoke SERIAL");
		return cli_fail_by_kind(cli, &err);
	}
	if (c->reason_name == NULL)
		c->reason_name = "unspecified";
	return act_end(&c->act,
	    act_open(&c->act, &err) && run(c, name, force, &err), &err);
}
