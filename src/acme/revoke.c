#include "acme/certificate.h"
#include "acme/post.h"
#include "acme/reply.h"
#include "codec/crl.h"
#include "codec/spki.h"
#include "util/text.h"

/*
 * RFC 8555 section 7.6.  A subscriber may give these reasons; the others are
 * the CA's to give, and hold and removeFromCRL nobody's.
 */
static const enum crl_reason reasons[] = {
	REASON_UNSPECIFIED,
	REASON_KEY_COMPROMISE,
	REASON_AFFILIATION_CHANGED,
	REASON_SUPERSEDED,
	REASON_CESSATION,
};

static bool
reason_read(const json_t *o, int *out, struct err *err)
{
	const json_t *v = json_object_get(o, "reason");
	json_int_t code = json_integer_value(v);

	*out = REASON_UNSPECIFIED;
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_integer(v))
		return fail(
		    err, ERR_MALFORMED, "member \"reason\" is not an integer");
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (code == (json_int_t)reasons[i]) {
			*out = (int)code;
			return true;
		}
	return fail(err, ERR_BAD_REASON,
	    "reason code %lld is not allowed, expected 0, 1, 3, 4 or 5",
	    (long long)code);
}

static bool
certificate_read(const struct post *post, const json_t *o, struct bytes *der,
    struct err *err)
{
	struct err why = { 0 };
	const char *text;

	if (!json_get_string(o, "certificate", &text, err))
		return false;
	if (strlen(text) > CERT_MAX * 4 / 3 + 4 ||
	    !base64url_decode_padded(bytes_str(text), post->arena, der, &why))
		return fail(err, ERR_MALFORMED,
		    "member \"certificate\" is not base64url of a DER "
		    "certificate");
	return true;
}

/* Signed with the key of the certificate itself? */
static bool
key_is_the_certificate_s(const struct post *post, const struct cert *cert)
{
	AUTO_BUF spki = { 0 };

	spki_put(&spki, &post->key.key);
	return bytes_equal(buf_bytes(&spki), cert->spki);
}

/* Does the account hold a valid authorization for every name? */
static bool
account_covers(const struct post *post, const struct cert *cert, bool *covers,
    struct err *err)
{
	size_t n = cert->names.n;
	unsigned *types = arena_array(post->arena, n, sizeof(*types));
	const char **names = arena_array(post->arena, n, sizeof(*names));
	bool *wildcards = arena_array(post->arena, n, sizeof(*wildcards));

	*covers = false;
	if (n == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		wildcards[i] = name_is_wildcard(&cert->names.v[i]);
		types[i] = cert->names.v[i].type;
		names[i] = cert->names.v[i].text + (wildcards[i] ? 2 : 0);
	}
	return store_authz_covers(post->acme->deps.store, post->account.id,
	    types, names, wildcards, n, post->now, covers, err);
}

static bool
revoke_check_right(const struct post *post, const struct cert_row *row,
    const struct cert *cert, struct err *err)
{
	bool covers;

	if (!post->has_account) {
		if (key_is_the_certificate_s(post, cert))
			return true;
		return fail(err, ERR_UNAUTHORIZED,
		    "the JWS is not signed with the certificate's key");
	}
	if (row->account_id != NULL &&
	    strcmp(row->account_id, post->account.id) == 0)
		return true;
	if (!account_covers(post, cert, &covers, err))
		return false;
	if (!covers)
		return fail(err, ERR_UNAUTHORIZED,
		    "the account neither requested this certificate nor holds "
		    "authorizations for all of its names");
	return true;
}

/* dehydrated looks for these words (rule 15). */
static bool
fail_already(struct err *err)
{
	return fail(err, ERR_ALREADY_REVOKED, "Certificate already revoked");
}

static bool
revoke_serve(struct post *post, struct err *err)
{
	struct err why = { 0 };
	struct cert_row row;
	struct cert cert;
	struct bytes der;
	bool by_key = !post->has_account, proved;
	const char *by;
	int reason;
	json_t *o;

	if (!post_payload(post, &o, err) ||
	    !certificate_read(post, o, &der, err))
		return false;
	if (!ca_find_cert(
		post->acme->deps.ca, der, post->arena, &row, &cert, err) ||
	    !revoke_check_right(post, &row, &cert, err))
		return false;
	post->req->log_object = row.id;
	if (row.status == CERT_REVOKED && !by_key)
		return fail_already(err);
	if (!reason_read(o, &reason, err))
		return false;
	by = by_key ? "certificate key"
		    : arena_printf(post->arena, "account %s", post->account.id);
	/* Only who has the key proves that it is compromised; that is news of
	 * a certificate that was revoked for another reason, too. */
	proved = by_key && reason == REASON_KEY_COMPROMISE;
	if (ca_revoke(post->acme->deps.ca, &row, reason, by, proved, &why))
		return true;
	if (why.kind == ERR_ALREADY_REVOKED)
		return fail_already(err);
	*err = why;
	return false;
}

void
acme_post_revoke(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	/* certbot wants exactly 200 (rule 33). */
	if (!post_read(acme, req, POST_BY_EITHER, &post, &err) ||
	    !revoke_serve(&post, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
	else
		reply_start(acme, req, resp, 200);
}
