#include "ca/ceremony.h"
#include "ca/own_names.h"
#include "ca/profile.h"
#include "main/own_tls.h"
#include "util/fault.h"
#include "util/log.h"
#include "util/text.h"

#define REQUESTER "self"
#define CERTS_LOOKED_AT 64

bool
own_tls_issue(struct ca *ca, const struct config *c, struct privkey *key,
    const char *replaces, int64_t now, struct arena *a, struct ca_issued *out,
    struct err *err)
{
	struct buf der = { 0 };
	struct err why = { 0 };
	struct csr *csr = arena_alloc(a, sizeof(*csr));
	struct ca_request req = { .requester = REQUESTER,
		.replaces = replaces,
		.not_after = now + c->tls.lifetime };
	/* The profile makes the subject; what the CSR says is not used. */
	const struct ceremony ours = { .common_name = "chancery", .now = now };

	if (!ca_own_names(c, a, &req.names, err) ||
	    !ca_ceremony_csr(&ours, key, &der, err) ||
	    !csr_parse(arena_take_buf(a, &der), a, csr, err))
		return false;
	req.csr = csr;
	req.profile = ca_profile_find(ca, c->tls.profile);
	if (req.profile == NULL)
		return fail(err, ERR_CONFIG,
		    "tls.profile %s is no profile of this configuration",
		    c->tls.profile);
	if (ca_issue(ca, &req, a, out, &why))
		return true;
	/* Only another configuration helps: no reason to start again. */
	if (why.kind == ERR_IDENTIFIER_REJECTED || why.kind == ERR_REJECTED)
		return fail(err, ERR_CONFIG,
		    "the server's own certificate cannot be issued by profile "
		    "%s: %s; set tls.profile, or tls.certificate",
		    c->tls.profile, why.shown);
	*err = why;
	return false;
}

static struct privkey *
own_key(const struct server *s)
{
	return atomic_load(&s->setup)->tls_key;
}

/* The newest unexpired certificate of ours for this key and these names. */
static bool
find_stored(struct server *s, struct arena *a, struct cert_row *out,
    bool *found, struct err *err)
{
	const struct config *c = server_config(s);
	struct cert_filter f = { .status = CERT_ISSUED,
		.unexpired = true,
		.limit = CERTS_LOOKED_AT,
		.now = clock_now(&s->clock) };
	struct cert_row *rows;
	struct names names;
	uint8_t spki[32];
	size_t n;

	*found = false;
	digest_sha256(privkey_spki(own_key(s)), spki);
	if (!ca_own_names(c, a, &names, err))
		return false;
	f.name_pattern = names.v[0].text;
	if (!store_cert_list(s->store, &f, a, &rows, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].requester, REQUESTER) != 0 ||
		    memcmp(rows[i].spki_sha256, spki, sizeof(spki)) != 0)
			continue;
		if (!*found || rows[i].not_after > out->not_after)
			*out = rows[i];
		*found = true;
	}
	return true;
}

/* The network keeps the key in each loop's own library context. */
static bool
give_to_network(struct server *s, struct bytes chain_pem, struct err *err)
{
	AUTO_BUF key = { 0 };
	bool ok;

	if (!privkey_encode(own_key(s), NULL, &key, err))
		return false;
	ok = net_set_tls(s->net, chain_pem, buf_bytes(&key), err);
	secret_wipe(key.p, key.n);
	if (ok)
		est_set_signer(s->est, own_key(s), chain_pem);
	return ok;
}

/* When a third is left of what it had when it was issued: the profile sets
 * notBefore back, and a short life would begin as an old one. */
static int64_t
renew_at(const struct server *s, int64_t not_before, int64_t not_after)
{
	const struct profile *p =
	    ca_profile_find(s->ca, server_config(s)->tls.profile);
	int64_t life = not_after - not_before;

	if (p != NULL && p->t.backdate < life)
		life -= p->t.backdate;
	return not_after - life / 3;
}

/* replaces: the id of the one before it, or NULL. */
static bool
issue_and_install(
    struct server *s, const char *replaces, struct arena *a, struct err *err)
{
	struct ca_issued issued;

	FAULT("tls.renew.before");
	if (!own_tls_issue(s->ca, server_config(s), own_key(s), replaces,
		clock_now(&s->clock), a, &issued, err))
		return false;
	FAULT("tls.renew.after");
	s->tls_renew_at = renew_at(s, issued.not_before, issued.not_after);
	log_event(LOG_INFO, "own-certificate",
	    LF_STR(
		"serial", hex_arena(a, bytes_of(issued.serial, SERIAL_SIZE))),
	    LF_INT("renew_at", s->tls_renew_at));
	return give_to_network(s, issued.pem_chain, err);
}

static bool
install_configured(struct server *s, struct arena *a, struct err *err)
{
	struct bytes pem;

	s->tls_renew_at = INT64_MAX;
	return server_read_file(s, server_config(s)->tls.certificate, 1u << 20,
		   a, &pem, err) &&
	    give_to_network(s, pem, err);
}

static bool
install(struct server *s, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct cert_row row;
	struct bytes pem, der;
	bool found;

	if (server_config(s)->tls.certificate != NULL)
		return install_configured(s, a, err);
	if (!find_stored(s, a, &row, &found, err))
		return false;
	if (!found ||
	    renew_at(s, row.not_before, row.not_after) <= clock_now(&s->clock))
		return issue_and_install(s, found ? row.id : NULL, a, err);
	s->tls_renew_at = renew_at(s, row.not_before, row.not_after);
	return store_cert_get(s->store, row.id, a, &row, err) &&
	    ca_cert_chain(s->ca, &row, a, &pem, &der, err) &&
	    give_to_network(s, pem, err);
}

bool
own_tls_install(struct server *s, struct err *err)
{
	bool ok;

	pthread_mutex_lock(&s->own_tls_lock);
	ok = install(s, err);
	pthread_mutex_unlock(&s->own_tls_lock);
	return ok;
}

bool
own_tls_renew(struct server *s, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct cert_row row;
	bool found, ok;

	pthread_mutex_lock(&s->own_tls_lock);
	ok = clock_now(&s->clock) < s->tls_renew_at ||
	    (find_stored(s, a, &row, &found, err) &&
		issue_and_install(s, found ? row.id : NULL, a, err));
	pthread_mutex_unlock(&s->own_tls_lock);
	return ok;
}
