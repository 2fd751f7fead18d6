#include "ca/issue.h"
#include "ca/lint.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "codec/subject_form.h"
#include "crypto/secret_text.h"
#include "util/fault.h"

bool
issuance_find_ca(struct issuance *i, struct err *err)
{
	const struct profile *p = i->in.profile;

	i->in.ca = state_ca_find(ca_state(i->ca), p->t.ca);
	if (i->in.ca == NULL || !i->in.ca->issuer->online)
		return fail(err, ERR_REJECTED,
		    "CA %s of profile %s is not online", p->t.ca, p->t.name);
	return true;
}

static void
request_take(struct issuance *i, struct ca *ca, const struct ca_request *req,
    struct arena *a)
{
	*i = (struct issuance){ .ca = ca,
		.arena = a,
		.kind = SIGN_LEAF,
		.in = { .profile = req->profile,
		    .csr = req->csr,
		    .key = &req->csr->key,
		    .spki = req->csr->spki,
		    .names = req->names,
		    .not_before = req->not_before,
		    .not_after = req->not_after,
		    .now = ca_now(ca),
		    .node = ca->deps.node,
		    .shards = ca_state(ca)->crl_shards },
		.requester = req->requester,
		.account_id = req->account_id,
		.order_id = req->order_id,
		.replaces = req->replaces,
		.token_id = req->token_id,
		.approval_id = req->approval_id,
		.scep_profile = req->scep_profile,
		.scep_transaction = req->scep_transaction,
		.evidence = req->evidence,
		.wants_secret = req->wants_secret,
		.blocks = atomic_load(&ca->blocks) };
	digest_sha256(req->csr->der, i->csr_sha256);
}

/* ---- the to-be-signed bytes ---- */

const char *
issuance_names_text(struct names names, struct arena *a)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < names.n; i++)
		buf_printf(&b, "%s%s:%s", i == 0 ? "" : "\n",
		    name_type_tag(names.v[i].type), names.v[i].text);
	return arena_str(a, buf_bytes(&b));
}

bool
issuance_names_parse(
    const char *text, struct arena *a, struct names *out, struct err *err)
{
	struct names names = { 0 };
	size_t lines = 1;

	for (const char *p = text; *p != '\0'; p++)
		lines += *p == '\n';
	names.v = arena_array(a, lines, sizeof(*names.v));
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (!name_parse_tagged(arena_str(a, bytes_of(text, n)), a,
			&names.v[names.n], err))
			return false;
		names.n++;
		text += n + (text[n] == '\n');
	}
	*out = names;
	return true;
}

static bool
issuance_lint(struct issuance *i, struct err *err)
{
	struct lint_context ctx = { .profile = i->in.profile,
		.chain = &i->in.ca->issuer->chain,
		.key_id = i->in.ca->issuer->key_id,
		.spki = i->in.spki,
		.names = i->in.names,
		.subject = i->in.csr != NULL
		    ? subject_form_normal(i->in.csr->subject, i->arena)
		    : BYTES_NONE,
		.must_staple = i->spec.must_staple,
		.now = i->in.now,
		.max_lifetime = i->in.ca->max_lifetime,
		.max_backdate = i->in.ca->max_backdate,
		.node = i->in.node,
		.shards = i->in.shards,
		.arena = i->arena };

	return lint_check(i->tbs, &ctx, err);
}

bool
issuance_prepare(struct issuance *i, struct err *err)
{
	const struct issuer *issuer = i->in.ca->issuer;
	AUTO_BUF tbs = { 0 };

	if (!spec_derive(
		&i->in, &i->ca->deps.random, i->arena, &i->spec, err) ||
	    !chain_check_names(
		&issuer->chain, i->in.names, i->spec.subject, i->arena, err))
		return false;
	/* RFC 5280 section 4.1.2.6: one name, one entity. */
	if (subject_equal(
		i->arena, i->spec.subject, issuer->chain.certs[0].subject))
		return fail(err, ERR_REJECTED,
		    "the subject is the name of CA %s", issuer->name);
	/* Encoded once: these octets are linted, recorded and signed. */
	cert_tbs_put(&tbs, &i->spec);
	i->tbs = arena_take_buf(i->arena, &tbs);
	return issuance_lint(i, err);
}

/* ---- intent, signature, issued ---- */

/* The store gets the hash; the text is for the answer alone. */
static const uint8_t *
secret_make(struct issuance *i)
{
	char *text = arena_alloc(i->arena, SECRET_TEXT_LENGTH + 1);
	uint8_t *hash = arena_alloc(i->arena, 32);

	if (!i->wants_secret || !i->in.profile->t.revocation_secret)
		return NULL;
	secret_text_draw(&i->ca->deps.random, text);
	secret_text_hash(bytes_str(text), hash);
	i->secret = text;
	return hash;
}

static void
issuance_row(struct issuance *i)
{
	const struct issuer *issuer = i->in.ca->issuer;
	char *id = arena_alloc(i->arena, OBJECT_ID_SIZE);
	struct cert_row row = { .id = id,
		.ca = issuer->name,
		.status = CERT_INTENT,
		.not_before = i->spec.not_before,
		.not_after = i->spec.not_after,
		.created_at = i->in.now,
		.profile = i->in.profile->t.name,
		.account_id = i->account_id,
		.order_id = i->order_id,
		.requester = i->requester,
		.names = issuance_names_text(i->in.names, i->arena),
		.replaces = i->replaces,
		.reason = -1,
		.sig_alg = issuer->sig_alg,
		.shard = spec_shard(&i->in, i->spec.serial),
		.tbs = i->tbs,
		.token_id = i->token_id,
		.approval_id = i->approval_id,
		.scep_profile = i->scep_profile,
		.scep_transaction = i->scep_transaction };

	random_object_id(&i->ca->deps.random, i->in.now, id);
	memcpy(row.issuer_key, issuer->key, sizeof(row.issuer_key));
	memcpy(row.serial, i->spec.serial, sizeof(row.serial));
	memcpy(row.profile_hash, i->in.profile->hash, sizeof(row.profile_hash));
	digest_sha256(i->in.spki, row.spki_sha256);
	if (i->evidence.n != 0)
		digest_sha256(i->evidence, row.evidence_sha256);
	row.secret_sha256 = secret_make(i);
	i->row = row;
}

/* An order's error for the client, in the form in which the store has it: the
 * problem document of RFC 8555 section 7.1.3. */
static const char *
void_error_json(const struct err *why, struct arena *a)
{
	json_t *o = json_object();

	arena_adopt(a, json_t, o);
	json_object_set_new(o, "type",
	    json_string("urn:ietf:params:acme:error:serverInternal"));
	json_object_set_new(o, "detail", json_string(why->shown));
	json_object_set_new(o, "status", json_integer(500));
	return arena_str(a, json_print_compact(o, a));
}

bool
intent_void(struct ca *ca, const struct cert_row *row, const struct err *why,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct cert_row voided = *row;

	voided.revoked_at = ca_now(ca);
	voided.reason = -1;
	if (!store_cert_void(ca->deps.store, row->id, void_error_json(why, a),
		voided.revoked_at, err))
		return false;
	/* Its serial is revoked from now on: what the signer may have signed
	 * without our knowing is on the CRL. */
	ca_revoked_add(ca, &voided);
	return true;
}

bool
intent_finish(struct ca *ca, const struct issuer *issuer, enum signer_kind kind,
    const struct cert_row *row, uint64_t position, struct buf *signature,
    struct err *err)
{
	struct signer_request req = {
		.kind = kind, .position = position, .tbs = row->tbs
	};
	struct err why = { 0 }, voiding = { 0 };

	memcpy(req.issuer, issuer->key, sizeof(req.issuer));
	FAULT("issue.sign.before");
	if (!signer_sign(&ca->deps.signer, &req, signature, &why)) {
		bool refused = why.kind == ERR_SIGNER_REFUSED;

		if (!refused || !intent_void(ca, row, &why, &voiding))
			atomic_store(&ca->unfinished, true);
		*err = voiding.kind != ERR_NONE ? voiding : why;
		return false;
	}
	FAULT("issue.sign.after");
	/* A signature with a fault in it can give the key away: it is never
	 * recorded, let alone released. */
	if (!issuer_verify(ca, issuer, (enum sig_alg)row->sig_alg, row->tbs,
		buf_bytes(signature), &why)) {
		atomic_store(&ca->unfinished, true);
		return fail_detail(err, ERR_SIGNER,
		    "the signer's signature does not hold", "%s: %s", why.shown,
		    why.detail);
	}
	if (!store_cert_issued(ca->deps.store, row->id, buf_bytes(signature),
		ca_now(ca), err)) {
		atomic_store(&ca->unfinished, true);
		return false;
	}
	ca_status_put(ca, row, CERT_ISSUED);
	return true;
}

static void
issued_fill(const struct issuance *i, struct ca_issued *out)
{
	const struct issuer *issuer = i->in.ca->issuer;
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };
	struct ca_issued issued = { .id = i->row.id,
		.not_before = i->row.not_before,
		.not_after = i->row.not_after,
		.revocation_secret = i->secret };

	memcpy(issued.serial, i->row.serial, sizeof(issued.serial));
	cert_put(&der, i->tbs, issuer->sig_alg, i->signature);
	pem_put(&pem, "CERTIFICATE", buf_bytes(&der));
	buf_add_bytes(&pem, issuer->chain_pem);
	issued.der = arena_take_buf(i->arena, &der);
	issued.pem_chain = arena_take_buf(i->arena, &pem);
	*out = issued;
}

bool
issuance_commit(struct issuance *i, struct ca_issued *out, struct err *err)
{
	struct ca *ca = i->ca;
	struct inflight flight;
	AUTO_BUF signature = { 0 };
	bool ok;

	issuance_row(i);
	/* Before the intent can be seen: recovery leaves it to this thread. */
	inflight_begin(ca, &flight, i->row.id);
	ok = store_cert_intent(
		 ca->deps.store, &i->row, i->csr_sha256, &i->position, err) &&
	    intent_finish(ca, i->in.ca->issuer, i->kind, &i->row, i->position,
		&signature, err);
	inflight_end(ca, &flight);
	if (!ok)
		return false;
	/* Its key may have been blocked between check and outcome: what then
	 * went through every certificate has not seen this one. */
	if (atomic_load(&ca->blocks) != i->blocks)
		atomic_store(&ca->sweep_due, true);
	i->signature = arena_take_buf(i->arena, &signature);
	FAULT("issue.reply.before");
	issued_fill(i, out);
	atomic_fetch_add(&ca->issued, 1);
	return true;
}

/* ---- the entries ---- */

bool
ca_check_name(struct ca *ca, const struct profile *p, const struct name *n,
    struct arena *a, struct err *err)
{
	struct issuance i = { .ca = ca, .in = { .profile = p } };

	return profile_check_name(p, n, err) && issuance_find_ca(&i, err) &&
	    chain_check_name(&i.in.ca->issuer->chain, n, a, err);
}

bool
ca_check_times(struct ca *ca, const struct profile *p, int64_t not_before,
    int64_t not_after, int64_t *until, struct err *err)
{
	struct issuance i = { .ca = ca,
		.in = { .profile = p,
		    .not_before = not_before,
		    .not_after = not_after,
		    .now = ca_now(ca) } };

	return issuance_find_ca(&i, err) &&
	    spec_check_lifetime(&i.in, until, err);
}

bool
ca_requested_end(struct ca *ca, const struct profile *p, int64_t seconds,
    int64_t *not_after, struct err *err)
{
	struct issuance i = { .ca = ca,
		.in = { .profile = p, .now = ca_now(ca) } };

	if (!issuance_find_ca(&i, err))
		return false;
	*not_after = spec_end(&i.in, seconds);
	return true;
}

bool
ca_check_request(struct ca *ca, const struct ca_request *req, struct arena *a,
    struct err *err)
{
	struct ca_issued issued;
	struct issuance i;
	bool again;

	request_take(&i, ca, req, a);
	/* What was issued already needs no leave. */
	if (!issuance_repeat(&i, &again, &issued, err))
		return false;
	return again ||
	    (issuance_check(&i, req, err) && issuance_find_ca(&i, err) &&
		issuance_prepare(&i, err));
}

static bool
issue_new(struct issuance *i, const struct ca_request *req,
    struct ca_issued *out, struct err *err)
{
	return issuance_check(i, req, err) && issuance_find_ca(i, err) &&
	    issuance_prepare(i, err) && issuance_commit(i, out, err);
}

/* The same request in another thread may have taken the secret's last use since
 * it was looked for: then this one is a repetition. */
static bool
issue_or_repeat(struct issuance *i, const struct ca_request *req,
    struct ca_issued *out, struct err *err)
{
	struct err why = { 0 }, waits = { 0 };
	bool again;

	if (issue_new(i, req, out, &why))
		return true;
	*err = why;
	if (why.kind != ERR_UNAUTHORIZED)
		return false;
	if (!issuance_repeat(i, &again, out, &waits)) {
		*err = waits;
		return false;
	}
	if (again)
		err_clear(err);
	return again;
}

bool
ca_issue(struct ca *ca, const struct ca_request *req, struct arena *a,
    struct ca_issued *out, struct err *err)
{
	struct issuance i;
	bool again;

	request_take(&i, ca, req, a);
	if (issuance_repeat(&i, &again, out, err) &&
	    (again || issue_or_repeat(&i, req, out, err)))
		return true;
	atomic_fetch_add(&ca->refused, 1);
	return false;
}
