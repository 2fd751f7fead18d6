#include "ca/constraints.h"
#include "cli/ca_new.h"
#include "cli/commands.h"
#include "codec/name.h"
#include "util/text.h"

/* ---- name constraints ---- */

static bool
subtree_put(struct buf *b, const char *tagged, struct err *err)
{
	static const struct {
		const char *tag;
		int context;
	} types[] = { { "email:", 1 }, { "dns:", 2 }, { "uri:", 6 } };
	size_t mark = der_open(b, DER_SEQUENCE);
	struct config_cidr cidr;
	uint8_t octets[32] = { 0 };
	size_t n;

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		n = strlen(types[i].tag);
		if (strncmp(tagged, types[i].tag, n) != 0 || tagged[n] == '\0')
			continue;
		der_put(
		    b, DER_CONTEXT(types[i].context), bytes_str(tagged + n));
		der_close(b, mark);
		return true;
	}
	if (strncmp(tagged, "ip:", 3) != 0)
		return fail(err, ERR_USAGE,
		    "%s; expected dns:, ip:, email: or uri: with a value",
		    tagged);
	if (!config_cidr_parse(tagged + 3, &cidr, err))
		return false;
	/* RFC 5280 section 4.2.1.10: the address, then its mask. */
	n = cidr.family == AF_INET ? 4 : 16;
	memcpy(octets, cidr.addr, n);
	for (size_t bit = 0; bit < cidr.prefix; bit++)
		octets[n + bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	der_put(b, DER_CONTEXT(7), bytes_of(octets, 2 * n));
	der_close(b, mark);
	return true;
}

static bool
subtrees_put(struct buf *b, int context, const struct config_strings *list,
    struct err *err)
{
	size_t mark;

	if (list->n == 0)
		return true;
	mark = der_open(b, DER_CONTEXT_CONSTRUCTED(context));
	for (size_t i = 0; i < list->n; i++)
		if (!subtree_put(b, list->v[i], err))
			return false;
	der_close(b, mark);
	return true;
}

bool
ca_new_constraints(const struct act *act, const struct config_strings *permit,
    const struct config_strings *exclude, struct bytes *out, struct err *err)
{
	struct arena *a = act->cli->arena;
	struct constraints parsed;
	AUTO_BUF b = { 0 };
	struct bytes value;
	size_t mark;

	if (permit->n + exclude->n == 0)
		return true;
	mark = der_open(&b, DER_SEQUENCE);
	if (!subtrees_put(&b, 0, permit, err) ||
	    !subtrees_put(&b, 1, exclude, err))
		return false;
	der_close(&b, mark);
	value = arena_take_buf(a, &b);
	/* What we would not read must not be signed. */
	if (!constraints_parse(value, a, &parsed, err))
		return false;
	*out = value;
	return true;
}

/* ---- the CA ---- */

int64_t
ca_new_lifetime(const struct act *act, const struct cert *parent, int64_t most)
{
	return MIN_OF(most, parent->not_after - act->now + 1);
}

/* Everything of the file, and what stands above the parent. */
static bool
check_chain(struct act *act, const struct loaded_ca *parent,
    const struct cert *cert, struct err *err)
{
	struct arena *a = act->cli->arena;
	struct chain *chain = arena_alloc(a, sizeof(*chain));

	return chain_build(act->lane, cert, parent->chain.certs,
		   parent->chain.n, a, chain, err) &&
	    chain_check(chain, err) && chain_check_dates(chain, act->now, err);
}

static bool
sign_cert(struct act *act, const struct new_ca *new, const char *path,
    const struct loaded_ca *parent, const struct privkey *key, struct cert *out,
    struct err *err)
{
	const struct cert *above = &parent->chain.certs[0];
	struct ceremony c = act_ceremony(act,
	    new->lifetime != 0 ? new->lifetime
			       : ca_new_lifetime(act, above, CA_SUB_LIFETIME));
	AUTO_PRIVKEY *parent_key = NULL;
	AUTO_BUF der = { 0 };

	c.subject = ca_ceremony_rename(
	    above->subject, new->common_name, act->cli->arena);
	if (c.subject.n == 0)
		return fail(err, ERR_REJECTED,
		    "the subject of CA %s is no name to derive another from",
		    parent->config->name);
	return act_open_key(act, parent, &parent_key, err) &&
	    ca_ceremony_sub(&c, privkey_spki(key), above, parent_key,
		parent->config->name, act_base_url(act), new->name_constraints,
		&der, err) &&
	    act_write_cert(act, path, buf_bytes(&der), out, err);
}

/* One that an act has left which was not finished: is it what this one asks
 * for? A CA without its name constraints would be found out too late. */
static bool
check_taken_up(struct act *act, const struct new_ca *new, const char *path,
    const struct cert *above, const struct cert *cert, struct err *err)
{
	struct bytes subject = ca_ceremony_rename(
	    above->subject, new->common_name, act->cli->arena);
	const char *what = NULL;

	if (!bytes_equal(cert->name_constraints, new->name_constraints))
		what = "name constraints";
	else if (!bytes_equal(cert->subject, subject))
		what = "subject";
	else if (new->lifetime != 0 &&
	    cert->not_after - cert->not_before + 1 != new->lifetime)
		what = "lifetime";
	return what == NULL ||
	    fail(err, ERR_CONFLICT,
		"%s is there already with another %s than is asked for; say "
		"what the first command said, or move it away",
		path, what);
}

static bool
check_parent(const struct loaded_ca *parent, struct err *err)
{
	const struct cert *c = &parent->chain.certs[0];

	if (parent->config->key != NULL)
		return fail(err, ERR_REJECTED,
		    "CA %s is online: an issuing CA certifies no CAs",
		    parent->config->name);
	if (c->has_path_length && c->path_length == 0)
		return fail(err, ERR_REJECTED,
		    "CA %s has path length 0: it may certify no CAs",
		    parent->config->name);
	return true;
}

bool
ca_new_make(struct act *act, const struct new_ca *new,
    const struct loaded_ca *parent, struct cert *out, struct err *err)
{
	const char *key_path = act_printf(act, "keys/%s.key", new->name);
	const char *path = act_printf(act, "certs/%s.pem", new->name);
	AUTO_PRIVKEY *key = NULL;
	struct cert cert;
	bool found;

	if (!act_check_new_name(act, new->name, err) ||
	    !check_parent(parent, err) ||
	    !act_make_key(act, new->name, new->kind, false, &key, err) ||
	    !act_find_cert(act, path, privkey_spki(key),
		&parent->chain.certs[0], &cert, &found, err))
		return false;
	if (found ? !check_taken_up(
			act, new, path, &parent->chain.certs[0], &cert, err)
		  : !sign_cert(act, new, path, parent, key, &cert, err))
		return false;
	if (!check_chain(act, parent, &cert, err) ||
	    !act_record_cert(act, new->name, parent->config->name, &cert, err))
		return false;
	act_edit(act, act_printf(act, "cas.%s.key", new->name), key_path);
	act_edit(act, act_printf(act, "cas.%s.certificate", new->name), path);
	act_say(act, "certificate", path);
	act_say_cert(act, &cert);
	*out = cert;
	return true;
}

/* ---- ca new ---- */

/* The CA that stands above the others: the only offline one, or root. */
static const char *
default_parent(const struct act *act)
{
	const struct config_ca *ca = config_ca_find(act->config, "root");

	/* The one that took over, if it was rolled over. */
	while (ca != NULL && ca->successor != NULL)
		ca = config_ca_find(act->config, ca->successor);
	return ca != NULL ? ca->name : "root";
}

static bool
new_run(struct act *act, struct new_ca *new, const char *parent_name,
    struct err *err)
{
	const struct loaded_ca *parent;
	const char *organization;
	struct cert cert;

	if (parent_name == NULL)
		parent_name = default_parent(act);
	if (!act_ca(act, parent_name, &parent, err))
		return false;
	if (new->common_name == NULL) {
		/* "Test Root CA" and "tls" make "Test tls CA". */
		organization = subject_common_name(
		    act->cli->arena, parent->chain.certs[0].subject);
		new->common_name = act_printf(act, "%s: %s",
		    organization == NULL ? "CA" : organization, new->name);
	}
	act_say(act, "ca", new->name);
	if (!ca_new_make(act, new, parent, &cert, err) || !act_commit(act, err))
		return false;
	act_say(act, "next",
	    act_printf(act, "name it in a profile: ca: %s", new->name));
	act_reload(act, new->name, act_hex(act, cert.serial));
	return true;
}

int
ca_new_run(struct cli *cli)
{
	struct act act = { .cli = cli, .what = "ca-new", .state = -1 };
	struct new_ca new = { .kind = "ec-p256" };
	struct config_strings permit = { 0 }, exclude = { 0 };
	const char *parent = NULL;
	const struct option_row rows[] = {
		{ "key", OPTION_TEXT, &new.kind, 0, 0 },
		{ "lifetime", OPTION_DURATION, &new.lifetime, 0, 0 },
		{ "parent", OPTION_TEXT, &parent, 0, 0 },
		{ "common-name", OPTION_TEXT, &new.common_name, 0, 0 },
		{ "permit", OPTION_LIST, &permit, 0, 0 },
		{ "exclude", OPTION_LIST, &exclude, 0, 0 },
		ACT_OPTIONS(&act),
	};
	struct err err = { 0 };
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &new.name, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (n != 1) {
		(void)fail(&err, ERR_USAGE, "ca new wants a name for the CA");
		return cli_fail_by_kind(cli, &err);
	}
	return act_end(&act,
	    act_open(&act, &err) &&
		ca_new_constraints(
		    &act, &permit, &exclude, &new.name_constraints, &err) &&
		new_run(&act, &new, parent, &err),
	    &err);
}
