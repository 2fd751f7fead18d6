/* A new CA under a root that is not ours: a request goes out, a chain comes
 * back. */
#include <unistd.h>

#include "cli/ca_new.h"
#include "cli/files.h"
#include "codec/csr.h"
#include "codec/pem.h"

static const char *
csr_path(const struct act *act, const struct new_ca *new)
{
	return act_printf(act, "certs/%s.csr", new->name);
}

bool
ca_request_make(struct act *act, const struct new_ca *new,
    const struct cert *like, const char *command, struct err *err)
{
	struct ceremony c = act_ceremony(act, 0);
	AUTO_PRIVKEY *key = NULL;
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };

	c.subject = ca_ceremony_rename(
	    like->subject, new->common_name, act->cli->arena);
	if (!act_check_new_name(act, new->name, err) ||
	    !act_make_key(act, new->name, new->kind, false, &key, err) ||
	    !ca_ceremony_csr(&c, key, &der, err))
		return false;
	pem_put(&pem, "CERTIFICATE REQUEST", buf_bytes(&der));
	/* One of an earlier try: the same key, whatever it says. */
	if (!act->dry_run &&
	    faccessat(act->state, csr_path(act, new), F_OK, 0) != 0 &&
	    !file_write_new_at(
		act->state, csr_path(act, new), 0644, buf_bytes(&pem), err))
		return false;
	act_say(act, "request", csr_path(act, new));
	act_say(act, "next",
	    act_printf(act,
		"have it signed as a CA with path length 0, then: chancery %s "
		"--chain FILE",
		command));
	return true;
}

/* What stands above the CA, without it. */
static bool
write_above(struct act *act, const char *path, const struct chain *chain,
    struct err *err)
{
	AUTO_BUF pem = { 0 };
	struct err why = { 0 };
	struct bytes there;

	for (size_t i = 1; i < chain->n; i++)
		pem_put(&pem, "CERTIFICATE", chain->certs[i].der);
	if (act->dry_run)
		return true;
	if (file_read_at(act->state, path, CHAIN_PEM_MAX, act->cli->arena,
		&there, &why) &&
	    bytes_equal(there, buf_bytes(&pem)))
		return true;
	return file_write_new_at(act->state, path, 0644, buf_bytes(&pem), err);
}

bool
ca_request_finish(struct act *act, const struct new_ca *new,
    const char *chain_file, struct cert *out, struct err *err)
{
	struct arena *a = act->cli->arena;
	const char *path = act_printf(act, "certs/%s.pem", new->name);
	const char *above = act_printf(act, "certs/%s-chain.pem", new->name);
	const char *key_path = act_printf(act, "keys/%s.key", new->name);
	struct chain *chain = arena_alloc(a, sizeof(*chain));
	AUTO_PRIVKEY *key = NULL;
	struct bytes pem;
	bool found;

	if (!act_check_new_name(act, new->name, err))
		return false;
	if (faccessat(act->state, key_path, F_OK, 0) != 0)
		return fail(err, ERR_NOT_FOUND,
		    "there is no %s: make the request first, with --request",
		    key_path);
	if (!act_make_key(act, new->name, new->kind, false, &key, err) ||
	    !file_read(chain_file, CHAIN_PEM_MAX, a, &pem, err) ||
	    !ca_chain_check(
		act->lane, pem, privkey_spki(key), act->now, a, chain, err))
		return false;
	if (chain->n < 2)
		return fail(err, ERR_REJECTED,
		    "%s has the CA's certificate alone; expected those above "
		    "it behind it, at best up to the root",
		    chain_file);
	if (!write_above(act, above, chain, err) ||
	    !act_find_cert(act, path, chain->certs[0].spki, &chain->certs[1],
		out, &found, err))
		return false;
	if (!found && !act_write_cert(act, path, chain->certs[0].der, out, err))
		return false;
	if (!act_record_cert(act, new->name, "other", out, err))
		return false;
	act_edit(act, act_printf(act, "cas.%s.key", new->name), key_path);
	act_edit(act, act_printf(act, "cas.%s.certificate", new->name), path);
	act_edit(act, act_printf(act, "cas.%s.chain", new->name), above);
	act_say(act, "certificate", path);
	act_say_cert(act, out);
	return true;
}
