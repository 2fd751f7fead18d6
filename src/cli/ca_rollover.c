#include <unistd.h>

#include "cli/ca_new.h"
#include "cli/commands.h"
#include "config/rows.h"
#include "util/fault.h"
#include "util/text.h"

struct rollover {
	struct act act;
	struct new_ca new;
	const char *parent;
	const char *chain; /* --chain: what came back */
	bool same_key, request;
	const struct loaded_ca *old;
};

/* "issuing" → "issuing-2" → "issuing-3". */
static const char *
next_name(const struct act *act, const char *name, unsigned *generation)
{
	const char *dash = strrchr(name, '-');
	int64_t n = 1;
	struct err ignored = { 0 };
	size_t stem = strlen(name);

	if (dash != NULL && text_parse_int(dash + 1, 2, 999, &n, &ignored))
		stem = (size_t)(dash - name);
	*generation = (unsigned)n + 1;
	return act_printf(act, "%.*s-%u", (int)stem, name, *generation);
}

/* "Test Issuing CA" → "Test Issuing CA 2", of generation 2 "… CA 3". */
static const char *
next_common_name(
    const struct act *act, const struct cert *old, unsigned generation)
{
	const char *cn = subject_common_name(act->cli->arena, old->subject);
	const char *tail = act_printf(act, " %u", generation - 1);

	if (cn == NULL)
		cn = "CA";
	if (generation > 2 && text_has_suffix(cn, tail))
		cn = act_printf(
		    act, "%.*s", (int)(strlen(cn) - strlen(tail)), cn);
	return act_printf(act, "%s %u", cn, generation);
}

/* What the operator set on the old CA beside its files holds for the new. */
static void
edit_limits(struct act *act, const struct config_ca *old, const char *new)
{
	for (size_t i = 0; i < config_ca_table.n; i++) {
		const struct config_row *row = &config_ca_table.rows[i];
		const int64_t *value =
		    (const int64_t *)(const void *)((const char *)old +
			row->at);
		struct err ignored = { 0 };
		char text[32];
		int64_t def;

		if (row->type == CONFIG_DURATION) {
			if (duration_parse(row->def, &def, &ignored) &&
			    def == *value)
				continue;
			duration_format(*value, text);
		} else if (row->type == CONFIG_INT) {
			snprintf(text, sizeof(text), "%lld", (long long)*value);
			if (strcmp(text, row->def) == 0)
				continue;
		} else {
			continue;
		}
		act_edit(act, act_printf(act, "cas.%s.%s", new, row->key),
		    act_printf(act, "%s", text));
	}
}

static void
edit_profiles(struct act *act, const char *old, const char *new)
{
	AUTO_BUF moved = { 0 };

	for (size_t i = 0; i < act->config->profiles_n; i++) {
		const struct config_profile *p = &act->config->profiles[i];

		if (strcmp(p->ca, old) != 0)
			continue;
		act_edit(act, act_printf(act, "profiles.%s.ca", p->name), new);
		buf_printf(&moved, "%s%s", moved.n == 0 ? "" : ", ", p->name);
	}
	act_say(act, "profiles", moved.n == 0 ? "none" : buf_cstr(&moved));
}

/* ---- an issuing CA ---- */

/* The CA of the file that has issued this one. */
static bool
find_parent(struct rollover *r, const struct loaded_ca **out, struct err *err)
{
	struct act *act = &r->act;
	const struct cert *old = &r->old->chain.certs[0];
	const struct config_ca *ca = NULL;

	for (size_t i = 0; i < act->config->cas_n && r->parent == NULL; i++) {
		struct err why = { 0 };

		if (act->cas[i].ok && &act->cas[i] != r->old &&
		    cert_verify(
			act->lane, old, &act->cas[i].chain.certs[0], &why))
			ca = act->cas[i].config;
	}
	if (r->parent == NULL && ca == NULL)
		return fail(err, ERR_NOT_FOUND,
		    "what has issued CA %s is no CA of this configuration; "
		    "--request makes what its operator signs",
		    r->old->config->name);
	/* A renewal stays where it is; a new generation follows its root's. */
	while (ca != NULL && !r->same_key && ca->successor != NULL)
		ca = config_ca_find(act->config, ca->successor);
	return act_ca(act, r->parent != NULL ? r->parent : ca->name, out, err);
}

static bool
roll_issuing(struct rollover *r, struct err *err)
{
	struct act *act = &r->act;
	const struct config_ca *old = r->old->config;
	const struct loaded_ca *parent;
	struct cert cert;

	if (r->request)
		return ca_request_make(act, &r->new, &r->old->chain.certs[0],
		    act_printf(act, "ca rollover %s", old->name), err);
	if (r->chain != NULL) {
		if (!ca_request_finish(act, &r->new, r->chain, &cert, err))
			return false;
	} else {
		if (!find_parent(r, &parent, err))
			return false;
		if (r->new.name_constraints.n == 0)
			r->new.name_constraints =
			    r->old->chain.certs[0].name_constraints;
		if (!ca_new_make(act, &r->new, parent, &cert, err))
			return false;
	}
	edit_limits(act, old, r->new.name);
	act_edit(
	    act, act_printf(act, "cas.%s.successor", old->name), r->new.name);
	edit_profiles(act, old->name, r->new.name);
	if (!act_commit(act, err))
		return false;
	act_say(act, "next",
	    act_printf(act,
		"chancery ca retire %s, when its last certificate has expired",
		old->name));
	act_reload(act, r->new.name, act_hex(act, cert.serial));
	return true;
}

/* ---- a root ---- */

static bool
cross(struct rollover *r, const char *path, const struct cert *own,
    const char *own_name, const struct cert *by, struct privkey *by_key,
    const char *by_name, struct err *err)
{
	struct act *act = &r->act;
	struct ceremony c = act_ceremony(
	    act, MIN_OF(own->not_after, by->not_after) - act->now + 1);
	AUTO_BUF der = { 0 };
	struct cert made;
	bool found;

	if (!act_find_cert(act, path, own->spki, by, &made, &found, err))
		return false;
	if (!found &&
	    (!ca_ceremony_mirror(
		 &c, own, by, by_key, by_name, act_base_url(act), &der, err) ||
		!act_write_cert(act, path, buf_bytes(&der), &made, err)))
		return false;
	return act_record_cert(act, own_name, by_name, &made, err);
}

static bool
new_root(struct rollover *r, const char *path, struct privkey *key,
    struct cert *out, struct err *err)
{
	struct act *act = &r->act;
	const struct cert *old = &r->old->chain.certs[0];
	struct ceremony c = act_ceremony(
	    act, r->new.lifetime != 0 ? r->new.lifetime : CA_ROOT_LIFETIME);
	AUTO_BUF der = { 0 };
	bool found;

	/* RFC 4210 section 4.4: the same name, unless another is wanted; what
	 * ties the two together is then self-issued. */
	c.subject = r->new.common_name == NULL
	    ? old->subject
	    : ca_ceremony_rename(
		  old->subject, r->new.common_name, act->cli->arena);
	if (!act_find_cert(
		act, path, privkey_spki(key), NULL, out, &found, err))
		return false;
	return (found ||
		   (ca_ceremony_root(&c, key, &der, err) &&
		       act_write_cert(act, path, buf_bytes(&der), out, err))) &&
	    act_record_cert(act, r->new.name, r->new.name, out, err);
}

/* Its first CRL, unless an act that was not finished has left it. */
static bool
first_crl(struct rollover *r, const struct cert *cert, struct privkey *key,
    struct err *err)
{
	const char *path = act_printf(&r->act, "crl/%s.crl", r->new.name);
	uint64_t number;

	if (faccessat(r->act.state, path, F_OK, 0) == 0)
		return true;
	return ca_crl_write(&r->act, r->new.name, cert, key,
	    r->act.now + CA_CRL_LIFETIME, 0, BYTES_NONE, &number, err);
}

static void
edit_root(struct rollover *r, const char *path, const char *new_by_old,
    const char *old_by_new)
{
	struct act *act = &r->act;
	struct arena *a = act->cli->arena;
	const struct config_ca *old = r->old->config;
	struct config_strings *news = arena_alloc(a, sizeof(*news)),
			      *olds = arena_alloc(a, sizeof(*olds));

	news->v = arena_array(a, 1, sizeof(*news->v));
	news->v[news->n++] = new_by_old;
	/* In front: the first one that is valid goes into the chains. */
	olds->v =
	    arena_array(a, old->cross_certificates.n + 1, sizeof(*olds->v));
	olds->v[olds->n++] = old_by_new;
	for (size_t i = 0; i < old->cross_certificates.n; i++)
		olds->v[olds->n++] = old->cross_certificates.v[i];
	act_edit(act, act_printf(act, "cas.%s.certificate", r->new.name), path);
	act_edit_list(act,
	    act_printf(act, "cas.%s.cross_certificates", r->new.name), news);
	act_edit_list(
	    act, act_printf(act, "cas.%s.cross_certificates", old->name), olds);
	act_edit(
	    act, act_printf(act, "cas.%s.successor", old->name), r->new.name);
}

static bool
roll_root(struct rollover *r, struct err *err)
{
	struct act *act = &r->act;
	const char *old_name = r->old->config->name, *name = r->new.name;
	const struct cert *old = &r->old->chain.certs[0];
	const char *path = act_printf(act, "certs/%s.pem", name);
	const char *new_by_old =
	    act_printf(act, "certs/%s-by-%s.pem", name, old_name);
	const char *old_by_new =
	    act_printf(act, "certs/%s-by-%s.pem", old_name, name);
	AUTO_PRIVKEY *old_key = NULL;
	AUTO_PRIVKEY *key = NULL;
	struct cert cert;

	if (!act_check_new_name(act, name, err) ||
	    !act_open_key(act, r->old, &old_key, err) ||
	    !act_make_key(act, name, r->new.kind, true, &key, err) ||
	    !new_root(r, path, key, &cert, err) ||
	    !cross(r, new_by_old, &cert, name, old, old_key, old_name, err) ||
	    !cross(r, old_by_new, old, old_name, &cert, key, name, err) ||
	    !first_crl(r, &cert, key, err))
		return false;
	act_say(act, "certificate", path);
	act_say_cert(act, &cert);
	act_say(act, "new with old", new_by_old);
	act_say(act, "old with new", old_by_new);
	edit_root(r, path, new_by_old, old_by_new);
	if (!act_commit(act, err))
		return false;
	act_say(act, "next",
	    act_printf(act,
		"give clients %s; then chancery ca rollover for each CA "
		"below %s; move keys/%s.key offline",
		path, old_name, name));
	act_reload(act, name, act_hex(act, cert.serial));
	return true;
}

/* ---- the same key ---- */

static bool
renew(struct rollover *r, struct err *err)
{
	struct act *act = &r->act;
	const struct config_ca *ca = r->old->config;
	const struct cert *old = &r->old->chain.certs[0];
	bool is_root = cert_is_self_signed(old);
	const struct loaded_ca *parent = r->old;
	const struct cert *above;
	AUTO_PRIVKEY *key = NULL;
	AUTO_BUF der = { 0 };
	struct ceremony c;
	struct cert cert;
	char when[TIME_ASN1_SIZE];
	const char *path;
	bool found;

	if (!is_root && !find_parent(r, &parent, err))
		return false;
	above = &parent->chain.certs[0];
	c = act_ceremony(act,
	    r->new.lifetime != 0 ? r->new.lifetime
		: is_root	 ? CA_ROOT_LIFETIME
			  : ca_new_lifetime(act, above, CA_SUB_LIFETIME));
	time_format_generalized(act->now, when);
	path = act_printf(act, "certs/%s-%.8s.pem", ca->name, when);
	act_say(act, "ca", ca->name);
	if (!act_open_key(act, parent, &key, err) ||
	    !act_find_cert(act, path, old->spki, is_root ? NULL : above, &cert,
		&found, err))
		return false;
	if (!found &&
	    (!ca_ceremony_mirror(&c, old, above, key, parent->config->name,
		 act_base_url(act), &der, err) ||
		!act_write_cert(act, path, buf_bytes(&der), &cert, err)))
		return false;
	if (!act_record_cert(act, ca->name, parent->config->name, &cert, err))
		return false;
	act_say(act, "certificate", path);
	act_say_cert(act, &cert);
	act_edit(act, act_printf(act, "cas.%s.certificate", ca->name), path);
	if (!act_commit(act, err))
		return false;
	act_reload(act, ca->name, act_hex(act, cert.serial));
	return true;
}

/* ---- ca rollover ---- */

static bool
roll(struct rollover *r, const char *name, struct err *err)
{
	struct act *act = &r->act;
	const struct cert *old;
	unsigned generation;
	const char *next;

	if (!act_ca(act, name, &r->old, err))
		return false;
	old = &r->old->chain.certs[0];
	if (r->same_key)
		return renew(r, err);
	if (r->old->config->successor != NULL)
		return fail(err, ERR_CONFLICT,
		    "CA %s was rolled over to %s already", name,
		    r->old->config->successor);
	next = next_name(act, name, &generation);
	if (r->new.name == NULL)
		r->new.name = next;
	act_say(act, "ca", r->new.name);
	act_say(act, "takes over from", name);
	if (cert_is_self_signed(old) && (r->request || r->chain != NULL))
		return fail(err, ERR_USAGE,
		    "CA %s is a root: nobody else signs it", name);
	if (cert_is_self_signed(old))
		return roll_root(r, err);
	if (r->new.common_name == NULL)
		r->new.common_name = next_common_name(act, old, generation);
	return roll_issuing(r, err);
}

/* As the old key, unless --key says another. */
static const char *
kind_of(const struct act *act, const char *name)
{
	const struct loaded_ca *ca =
	    loaded_find(act->cas, act->config->cas_n, name);
	const struct pubkey *key;

	if (ca == NULL || !ca->ok)
		return "ec-p256";
	key = &ca->chain.certs[0].key;
	return key->alg == KEY_RSA ? act_printf(act, "rsa-%u", key->bits)
				   : key_alg_name(key->alg);
}

int
ca_rollover_run(struct cli *cli)
{
	struct rollover *r = arena_alloc(cli->arena, sizeof(*r));
	struct config_strings permit = { 0 }, exclude = { 0 };
	const char *name = NULL;
	const struct option_row rows[] = {
		{ "as", OPTION_TEXT, &r->new.name, 0, 0 },
		{ "same-key", OPTION_FLAG, &r->same_key, 0, 0 },
		{ "request", OPTION_FLAG, &r->request, 0, 0 },
		{ "chain", OPTION_TEXT, &r->chain, 0, 0 },
		{ "key", OPTION_TEXT, &r->new.kind, 0, 0 },
		{ "lifetime", OPTION_DURATION, &r->new.lifetime, 0, 0 },
		{ "parent", OPTION_TEXT, &r->parent, 0, 0 },
		{ "common-name", OPTION_TEXT, &r->new.common_name, 0, 0 },
		{ "permit", OPTION_LIST, &permit, 0, 0 },
		{ "exclude", OPTION_LIST, &exclude, 0, 0 },
		ACT_OPTIONS(&r->act),
	};
	struct err err = { 0 };
	size_t n;
	bool ok;

	r->act.cli = cli;
	r->act.what = "ca-rollover";
	r->act.state = -1;
	if (!options_parse(cli, rows, COUNT_OF(rows), &name, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (n != 1 ||
	    (r->same_key && (r->new.name != NULL || r->new.kind != NULL))) {
		(void)fail(&err, ERR_USAGE,
		    n != 1 ? "ca rollover wants a CA's name, such as issuing "
			     "or root"
			   : "--same-key keeps name and key: neither --as nor "
			     "--key goes with it");
		return cli_fail_by_kind(cli, &err);
	}
	ok = act_open(&r->act, &err);
	if (ok && r->new.kind == NULL)
		r->new.kind = kind_of(&r->act, name);
	ok = ok &&
	    ca_new_constraints(
		&r->act, &permit, &exclude, &r->new.name_constraints, &err) &&
	    roll(r, name, &err);
	return act_end(&r->act, ok, &err);
}
