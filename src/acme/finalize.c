#include "acme/authz.h"
#include "acme/finalize.h"
#include "acme/order.h"
#include "acme/reply.h"
#include "codec/spki.h"
#include "crypto/digest.h"
#include "util/text.h"

/* How long a second finalize waits for the first (design section 3). */
#define FINALIZE_WAIT_MS 10000

struct finalize {
	struct csr csr;
	uint8_t sha256[32]; /* of the CSR */
	struct names names; /* of the order */
};

static bool
csr_read(struct post *post, struct finalize *f, struct err *err)
{
	struct err why = { 0 };
	struct bytes der;
	const char *text;
	json_t *o;

	if (!post_payload(post, &o, err) ||
	    !json_get_string(o, "csr", &text, err))
		return false;
	if (strlen(text) > CSR_MAX * 4 / 3 + 4)
		return fail(err, ERR_BAD_CSR,
		    "the CSR is larger than %u octets", CSR_MAX);
	/* Synology sends padding (rule 29). */
	if (!base64url_decode_padded(bytes_str(text), post->arena, &der, &why))
		return fail(err, ERR_BAD_CSR,
		    "the CSR is not base64url of DER: %s", why.shown);
	if (!csr_parse(der, post->arena, &f->csr, err))
		return false;
	digest_sha256(der, f->sha256);
	return true;
}

/* RFC 8555 section 11.1: the CSR's key is no account's key; that it is not this
 * account's, the CA core sees to. */
static bool
csr_key_check(
    const struct post *post, const struct finalize *f, struct err *err)
{
	struct err why = { 0 };
	struct account_row row;
	struct jwk jwk;

	jwk_of_key(&f->csr.key, post->arena, &jwk);
	if (store_account_get_by_key(post->acme->deps.store, jwk.thumbprint,
		post->arena, &row, &why))
		return fail(err, ERR_BAD_CSR,
		    "the key of the CSR is the key of an account");
	if (why.kind == ERR_NOT_FOUND)
		return true;
	*err = why;
	return false;
}

static bool
names_have_text(
    const struct names *names, enum name_type type, const char *text)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->v[i].type == type &&
		    strcmp(names->v[i].text, text) == 0)
			return true;
	return false;
}

/*
 * RFC 8555 section 7.4: a dns identifier may stand in the CN, in the SAN or in
 * both.  A CN is not needed (rule 29); if there is one, it is a name of the
 * order.  An address counts in the SAN only (RFC 8738): as CN it may repeat
 * one, which some clients do, and is never certified from there.
 */
static bool
common_name_check(const struct post *post, const struct finalize *f,
    struct names *wanted, struct err *err)
{
	const char *cn = f->csr.common_name;
	struct name name;

	if (cn == NULL)
		return true;
	if (name_parse(NAME_DNS, bytes_str(cn), post->arena, &name, NULL) &&
	    names_have_text(&f->names, NAME_DNS, name.text)) {
		wanted->v[wanted->n++] = name;
		return true;
	}
	if (name_parse(NAME_IP, bytes_str(cn), post->arena, &name, NULL) &&
	    names_have_text(&f->names, NAME_IP, name.text))
		return true;
	return fail(err, ERR_BAD_CSR,
	    "the CSR's common name \"%.100s\" is not a name of the order", cn);
}

/* RFC 8555 section 7.4: exactly the same set of identifiers. */
static bool
names_check(const struct post *post, const struct finalize *f, struct err *err)
{
	const struct names *san = &f->csr.names;
	struct names wanted = { .n = san->n };

	wanted.v = arena_array(post->arena, san->n + 1, sizeof(*wanted.v));
	if (san->n > 0)
		memcpy(wanted.v, san->v, san->n * sizeof(*wanted.v));
	if (!common_name_check(post, f, &wanted, err))
		return false;
	for (size_t i = 0; i < wanted.n; i++)
		if (!names_have_text(
			&f->names, wanted.v[i].type, wanted.v[i].text))
			return fail(err, ERR_BAD_CSR,
			    "the CSR asks for %s:%.200s, which is not in the "
			    "order",
			    name_type_tag(wanted.v[i].type), wanted.v[i].text);
	for (size_t i = 0; i < f->names.n; i++)
		if (!names_have_text(
			&wanted, f->names.v[i].type, f->names.v[i].text))
			return fail(err, ERR_BAD_CSR,
			    "the CSR lacks %s:%.200s of the order",
			    name_type_tag(f->names.v[i].type),
			    f->names.v[i].text);
	return true;
}

static void
evidence_put(struct json_out *o, const struct authz_row *row)
{
	json_out_open(o, NULL, '{');
	json_out_text(o, "authorization", row->id);
	json_out_text(o, "type", name_type_tag((enum name_type)row->name_type));
	json_out_text(o, "value", row->name);
	json_out_bool(o, "wildcard", row->wildcard);
	json_out_text(o, "challenge",
	    challenge_type_name((enum challenge_type)row->chosen));
	json_out_time(o, "validated", row->validated_at);
	json_out_raw(
	    o, "records", row->records_json != NULL ? row->records_json : "[]");
	json_out_close(o, '}');
}

/*
 * Every authorization still holds at this moment, and what proved it goes into
 * the record of the certificate.
 */
static bool
evidence_read(const struct post *post, const struct order_row *order,
    struct bytes *out, struct err *err)
{
	struct json_out o = { 0 };
	struct authz_row *rows;

	rows = arena_array(post->arena, order->authz_n, sizeof(*rows));
	for (size_t i = 0; i < order->authz_n; i++) {
		if (!store_authz_get(post->acme->deps.store,
			order->authz_ids[i], post->arena, &rows[i], err))
			return false;
		if (rows[i].status != AUTHZ_VALID ||
		    rows[i].expires_at <= post->now)
			return fail(err, ERR_ORDER_NOT_READY,
			    "the authorization of %.200s is not valid any "
			    "more",
			    rows[i].name);
	}
	json_out_open(&o, NULL, '{');
	json_out_text(&o, "account", order->account_id);
	json_out_text(&o, "order", order->id);
	json_out_open(&o, "authorizations", '[');
	for (size_t i = 0; i < order->authz_n; i++)
		evidence_put(&o, &rows[i]);
	json_out_close(&o, ']');
	json_out_close(&o, '}');
	*out = json_out_compact(&o, post->arena);
	return true;
}

static bool
order_issue(const struct post *post, const struct order_row *order,
    struct finalize *f, struct err *err)
{
	struct ca_request request = {
		.csr = &f->csr,
		.names = f->names,
		.not_before = order->not_before,
		.not_after = order->not_after,
		.requester = "acme",
		.account_id = order->account_id,
		.order_id = order->id,
	};
	AUTO_BUF spki = { 0 };
	struct ca_issued issued;
	uint8_t account_key[32];

	/* RFC 8555 section 11.1: the CSR's key is not the account's. */
	spki_put(&spki, &post->key.key);
	digest_sha256(buf_bytes(&spki), account_key);
	request.forbidden_spki = account_key;
	return names_check(post, f, err) && csr_key_check(post, f, err) &&
	    evidence_read(post, order, &request.evidence, err) &&
	    ca_profile_by_hash(post->acme->deps.ca, order->profile_hash,
		&request.profile, err) &&
	    ca_issue(post->acme->deps.ca, &request, post->arena, &issued, err);
}

static void
finalize_reread(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const struct post *post = ctx;
	struct err err = { 0 };
	struct order_row row;

	if (!order_load(post, &row, &err) ||
	    !reply_order(post, &row, 200, resp, &err))
		problem_reply(post->acme, req, resp, &err, &post->extra);
}

/* The same CSR again: the order as it is, once its certificate is made. */
static bool
finalize_repeat(const struct post *post, const struct order_row *order,
    struct http_resp *resp)
{
	struct http_ticket *ticket = order->status == ORDER_PROCESSING
	    ? http_ticket_new(post->acme->deps.waits, order->id)
	    : NULL;
	struct order_row row;
	struct err err = { 0 };

	/* Looked at again with the ticket open, so that no end slips by. */
	if (ticket != NULL && order_load(post, &row, &err) &&
	    row.status == ORDER_PROCESSING) {
		http_wait(resp, ticket, FINALIZE_WAIT_MS, finalize_reread,
		    arena_dup(post->arena, post, sizeof(*post)));
		return true;
	}
	http_ticket_drop(ticket);
	finalize_reread(
	    arena_dup(post->arena, post, sizeof(*post)), post->req, resp);
	return true;
}

static bool
fail_not_ready(const struct order_row *order, struct err *err)
{
	static const char *const names[] = {
		[ORDER_PENDING] = "pending",
		[ORDER_READY] = "ready",
		[ORDER_PROCESSING] = "being finalized with another CSR",
		[ORDER_VALID] = "finalized with another CSR",
		[ORDER_INVALID] = "invalid",
	};

	return fail(err, ERR_ORDER_NOT_READY, "the order is %s, not ready",
	    names[order->status]);
}

/*
 * The issue did not come to its end.  What counts is where it left the order:
 * behind its intent it is processing, and recovery finishes it (rule 26); a
 * second finalize may have been faster; before that it is ready still.
 */
static bool
finalize_failed(const struct post *post, const struct finalize *f,
    const struct err *why, struct http_resp *resp, struct err *err)
{
	struct order_row row;
	struct err ignored = { 0 };

	if (order_load(post, &row, &ignored) && row.cert_id != NULL &&
	    memcmp(row.csr_sha256, f->sha256, sizeof(f->sha256)) == 0) {
		post->req->log_note = arena_printf(post->arena, "%s: %s",
		    err_kind_name(why->kind), why->shown);
		return reply_order(post, &row, 200, resp, err);
	}
	*err = *why;
	return false;
}

static bool
finalize_serve(struct post *post, struct http_resp *resp, struct err *err)
{
	struct order_row order;
	struct finalize f = { 0 };
	struct err why = { 0 };
	bool issued;

	if (!order_load(post, &order, err))
		return false;
	if (order.status == ORDER_PENDING || order.status == ORDER_INVALID)
		return fail_not_ready(&order, err);
	if (!csr_read(post, &f, err) ||
	    !order_names(&order, post->arena, &f.names, err))
		return false;
	if (order.status != ORDER_READY)
		return memcmp(order.csr_sha256, f.sha256, sizeof(f.sha256)) == 0
		    ? finalize_repeat(post, &order, resp)
		    : fail_not_ready(&order, err);
	issued = order_issue(post, &order, &f, &why);
	http_waits_signal(post->acme->deps.waits, order.id);
	if (!issued)
		return finalize_failed(post, &f, &why, resp, err);
	return order_load(post, &order, err) &&
	    reply_order(post, &order, 200, resp, err);
}

void
acme_post_finalize(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err)) {
		problem_reply(acme, req, resp, &err, &post.extra);
		return;
	}
	if (finalize_serve(&post, resp, &err))
		return;
	/* RFC 8555 section 6.7: badPublicKey is about the JWS; here the key,
	 * as the signature, is the CSR's. */
	if (err.kind == ERR_BAD_PUBLIC_KEY || err.kind == ERR_BAD_SIGNATURE)
		post.extra.type = "badCSR";
	problem_reply(acme, req, resp, &err, &post.extra);
}
