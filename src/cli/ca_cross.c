#include "cli/ca_new.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "codec/csr.h"
#include "codec/pem.h"

struct cross {
	struct act act;
	const char *by_name, *csr;
	int64_t lifetime;
	const struct loaded_ca *by;
	struct privkey *by_key;
};

static bool
sign_mirror(
    struct cross *x, const struct cert *own, struct buf *der, struct err *err)
{
	struct act *act = &x->act;
	const struct cert *by = &x->by->chain.certs[0];
	struct ceremony c = act_ceremony(act,
	    x->lifetime != 0
		? x->lifetime
		: MIN_OF(own->not_after, by->not_after) - act->now + 1);

	return ca_ceremony_mirror(
	    &c, own, by, x->by_key, x->by_name, act_base_url(act), der, err);
}

/* ---- of a CA of ours ---- */

static void
edit_cross(struct act *act, const struct config_ca *ca, const char *path)
{
	struct arena *a = act->cli->arena;
	struct config_strings *list = arena_alloc(a, sizeof(*list));
	const struct config_strings *old = &ca->cross_certificates;

	list->v = arena_array(a, old->n + 1, sizeof(*list->v));
	for (size_t i = 0; i < old->n; i++)
		list->v[list->n++] = old->v[i];
	list->v[list->n++] = path;
	act_edit_list(
	    act, act_printf(act, "cas.%s.cross_certificates", ca->name), list);
}

static bool
is_listed(const struct config_ca *ca, const char *path)
{
	for (size_t i = 0; i < ca->cross_certificates.n; i++)
		if (strcmp(ca->cross_certificates.v[i], path) == 0)
			return true;
	return false;
}

static bool
cross_ours(struct cross *x, const char *name, struct err *err)
{
	struct act *act = &x->act;
	const struct loaded_ca *own;
	const struct cert *cert;
	const char *path =
	    act_printf(act, "certs/%s-by-%s.pem", name, x->by_name);
	AUTO_BUF der = { 0 };
	struct cert made;
	bool found;

	if (!act_ca(act, name, &own, err))
		return false;
	cert = &own->chain.certs[0];
	if (own == x->by)
		return fail(err, ERR_USAGE,
		    "CA %s cannot certify itself across; ca rollover "
		    "--same-key renews it",
		    name);
	if (bytes_equal(cert->spki, x->by->chain.certs[0].spki))
		return fail(err, ERR_REJECTED,
		    "CA %s and CA %s have the same key", name, x->by_name);
	if (is_listed(own->config, path))
		return fail(err, ERR_CONFLICT,
		    "%s is there and in the configuration already", path);
	if (!act_find_cert(act, path, cert->spki, &x->by->chain.certs[0], &made,
		&found, err))
		return false;
	if (!found &&
	    (!sign_mirror(x, cert, &der, err) ||
		!act_write_cert(act, path, buf_bytes(&der), &made, err)))
		return false;
	if (!act_record_cert(act, name, x->by_name, &made, err))
		return false;
	act_say(act, "certificate", path);
	act_say_cert(act, &made);
	edit_cross(act, own->config, path);
	if (!act_commit(act, err))
		return false;
	act_reload(act, name, act_printf(act, "%s-by-%s", name, x->by_name));
	return true;
}

/* ---- of somebody else's CA ---- */

/* What a CA's certificate would say, from its request. */
static bool
read_request(struct cross *x, struct cert *own, struct err *err)
{
	struct act *act = &x->act;
	struct arena *a = act->cli->arena;
	struct csr *csr = arena_alloc(a, sizeof(*csr));
	struct bytes pem, der;
	bool found;

	if (!file_read(x->csr, 4 * CSR_MAX, a, &pem, err) ||
	    !pem_next(&pem, "CERTIFICATE REQUEST", a, &found, &der, err))
		return false;
	if (!found)
		return fail(err, ERR_MALFORMED,
		    "%s has no CERTIFICATE REQUEST block", x->csr);
	if (!csr_parse(der, a, csr, err) || !csr_verify(act->lane, csr, err) ||
	    !pubkey_check(act->lane, &csr->key, 2048, 8192, err))
		return false;
	if (csr->subject.n <= 2)
		return fail(err, ERR_REJECTED,
		    "%s has an empty subject; a CA has a name", x->csr);
	*own = (struct cert){ .subject = csr->subject,
		.spki = csr->spki,
		.key = csr->key,
		.not_after = INT64_MAX,
		.is_ca = true,
		.has_basic_constraints = true,
		.has_path_length = true };
	return true;
}

/* Nobody who has a name here may have it elsewhere, with another key. */
static bool
check_strange(const struct cross *x, const struct cert *own, struct err *err)
{
	const struct act *act = &x->act;

	for (size_t i = 0; i < act->config->cas_n; i++) {
		const struct chain *c = &act->cas[i].chain;

		if (act->cas[i].ok &&
		    bytes_equal(c->certs[0].subject, own->subject))
			return fail(err, ERR_CONFLICT,
			    "the request has the name of our own CA %s; for "
			    "that one say ca cross %s",
			    act->config->cas[i].name, act->config->cas[i].name);
	}
	return true;
}

static bool
cross_theirs(struct cross *x, struct err *err)
{
	struct act *act = &x->act;
	struct cert own, made;
	AUTO_BUF der = { 0 };
	const char *path;
	uint8_t spki[32];

	if (!read_request(x, &own, err) || !check_strange(x, &own, err))
		return false;
	digest_sha256(own.spki, spki);
	path = act_printf(act, "certs/other-%.16s-by-%s.pem",
	    act_hex(act, bytes_of(spki, sizeof(spki))), x->by_name);
	if (!sign_mirror(x, &own, &der, err) ||
	    !act_write_cert(act, path, buf_bytes(&der), &made, err) ||
	    !act_record_cert(act, "other", x->by_name, &made, err))
		return false;
	act_say(act, "certificate", path);
	act_say_cert(act, &made);
	return true;
}

/* ---- ca cross ---- */

int
ca_cross_run(struct cli *cli)
{
	struct cross x = { .act = {
			       .cli = cli, .what = "ca-cross", .state = -1 } };
	const char *name = NULL;
	const struct option_row rows[] = {
		{ "by", OPTION_TEXT, &x.by_name, 0, 0 },
		{ "csr", OPTION_TEXT, &x.csr, 0, 0 },
		{ "lifetime", OPTION_DURATION, &x.lifetime, 0, 0 },
		ACT_OPTIONS(&x.act),
	};
	struct err err = { 0 };
	size_t n;
	bool ok;

	if (!options_parse(cli, rows, COUNT_OF(rows), &name, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (x.by_name == NULL || (n == 1) == (x.csr != NULL)) {
		(void)fail(&err, ERR_USAGE,
		    "ca cross wants --by NAME, and either a CA's name or "
		    "--csr FILE");
		return cli_fail_by_kind(cli, &err);
	}
	ok = act_open(&x.act, &err) && act_ca(&x.act, x.by_name, &x.by, &err) &&
	    act_open_key(&x.act, x.by, &x.by_key, &err) &&
	    (x.csr != NULL ? cross_theirs(&x, &err)
			   : cross_ours(&x, name, &err));
	privkey_free(x.by_key);
	return act_end(&x.act, ok, &err);
}
