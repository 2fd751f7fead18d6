#include "acme/problem.h"
#include "acme/reply.h"
#include "codec/jose.h"

static const struct problem_row {
	enum err_kind kind;
	int status;
	const char *type;
} rows[] = {
	{ ERR_MALFORMED, 400, "malformed" },
	{ ERR_REJECTED, 400, "badCSR" },
	{ ERR_UNAUTHORIZED, 403, "unauthorized" },
	{ ERR_NOT_FOUND, 404, "malformed" },
	/* Never 409: certbot takes each for a key conflict (rule 36). */
	{ ERR_CONFLICT, 400, "malformed" },
	{ ERR_TOO_LARGE, 413, "malformed" },
	{ ERR_UNSUPPORTED, 400, "malformed" },
	{ ERR_BUSY, 503, "serverInternal" },
	{ ERR_RATE_LIMITED, 429, "rateLimited" },
	{ ERR_STORE, 500, "serverInternal" },
	{ ERR_STORE_FULL, 503, "serverInternal" },
	{ ERR_SIGNER, 503, "serverInternal" },
	{ ERR_SIGNER_REFUSED, 500, "serverInternal" },
	{ ERR_BAD_NONCE, 400, "badNonce" },
	{ ERR_BAD_SIGNATURE, 400, "malformed" },
	{ ERR_BAD_SIGNATURE_ALG, 400, "badSignatureAlgorithm" },
	{ ERR_BAD_PUBLIC_KEY, 400, "badPublicKey" },
	{ ERR_BAD_CSR, 400, "badCSR" },
	{ ERR_ACCOUNT_UNKNOWN, 400, "accountDoesNotExist" },
	/* RFC 8555 section 7.3.6: 401 it is. */
	{ ERR_ACCOUNT_DEACTIVATED, 401, "unauthorized" },
	{ ERR_ORDER_NOT_READY, 403, "orderNotReady" },
	{ ERR_IDENTIFIER_REJECTED, 403, "rejectedIdentifier" },
	{ ERR_IDENTIFIER_UNSUPPORTED, 400, "unsupportedIdentifier" },
	{ ERR_CONTACT_INVALID, 400, "invalidContact" },
	{ ERR_CONTACT_UNSUPPORTED, 400, "unsupportedContact" },
	{ ERR_PROFILE_INVALID, 400, "invalidProfile" },
	{ ERR_EXTERNAL_ACCOUNT, 403, "externalAccountRequired" },
	{ ERR_USER_ACTION, 403, "userActionRequired" },
	{ ERR_ALREADY_REVOKED, 400, "alreadyRevoked" },
	{ ERR_ALREADY_REPLACED, 409, "alreadyReplaced" },
	{ ERR_BAD_REASON, 400, "badRevocationReason" },
	{ ERR_CAA, 403, "caa" },
	{ ERR_DNS, 400, "dns" },
	{ ERR_CONNECTION, 400, "connection" },
	{ ERR_TLS, 400, "tls" },
	{ ERR_INCORRECT_RESPONSE, 403, "incorrectResponse" },
}, validation_rows[] = {
	{ ERR_CAA, 403, "caa" },
	{ ERR_DNS, 400, "dns" },
	{ ERR_CONNECTION, 400, "connection" },
	{ ERR_TLS, 400, "tls" },
	{ ERR_INCORRECT_RESPONSE, 403, "incorrectResponse" },
	{ ERR_UNAUTHORIZED, 403, "unauthorized" },
	{ ERR_REJECTED, 400, "connection" },
	{ ERR_TOO_LARGE, 403, "incorrectResponse" },
	{ ERR_MALFORMED, 403, "incorrectResponse" },
	{ ERR_UNSUPPORTED, 400, "connection" },
};

static const struct problem_row unknown = { ERR_INTERNAL, 500,
	"serverInternal" };

static const struct problem_row *
row_find(const struct problem_row *v, size_t n, enum err_kind kind)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == kind)
			return &v[i];
	return &unknown;
}

const char *
problem_type(enum err_kind kind)
{
	return row_find(rows, COUNT_OF(rows), kind)->type;
}

int
problem_status(enum err_kind kind)
{
	return row_find(rows, COUNT_OF(rows), kind)->status;
}

const char *
problem_validation_type(enum err_kind kind)
{
	return row_find(validation_rows, COUNT_OF(validation_rows), kind)->type;
}

int
problem_validation_status(enum err_kind kind)
{
	return row_find(validation_rows, COUNT_OF(validation_rows), kind)
	    ->status;
}

/* Details repeat what came in, cut anywhere; JSON takes UTF-8 only. */
static json_t *
detail_json(const char *detail)
{
	json_t *text = json_string(detail);
	AUTO_STR *ascii = NULL;

	if (text != NULL)
		return text;
	ascii = mem_strdup(detail);
	for (char *p = ascii; *p != '\0'; p++)
		if ((uint8_t)*p >= 0x80)
			*p = '?';
	return json_string(ascii);
}

json_t *
problem_json(const char *type, const char *detail, int status)
{
	json_t *o = json_object();

	json_object_set_new(
	    o, "type", json_sprintf("%s%s", PROBLEM_PREFIX, type));
	json_object_set_new(o, "detail", detail_json(detail));
	json_object_set_new(o, "status", json_integer(status));
	return o;
}

json_t *
problem_json_for(const char *type, const char *detail, int status,
    const char *name_type, const char *name)
{
	json_t *o = problem_json(type, detail, status);
	json_t *identifier = json_object();

	json_object_set_new(identifier, "type", detail_json(name_type));
	json_object_set_new(identifier, "value", detail_json(name));
	json_object_set_new(o, "identifier", identifier);
	return o;
}

/* RFC 8555 section 6.2: the supported algorithms must be listed. */
static json_t *
algorithms_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; jws_algorithms[i] != NULL; i++)
		json_array_append_new(list, json_string(jws_algorithms[i]));
	return list;
}

static void
reply_problem_headers(struct acme *acme, struct http_req *req,
    struct http_resp *resp, enum err_kind kind,
    const struct problem_extra *extra)
{
	const struct acme_state *state = acme_state(acme);

	switch (kind) {
	case ERR_RATE_LIMITED:
		/* Digits alone: acme.sh reads no date (rule 17). */
		reply_retry_after(req, resp, 60);
		reply_link(req, resp,
		    state->config->acme.website != NULL
			? state->config->acme.website
			: state->config->base_url,
		    "help");
		break;
	case ERR_STORE_FULL:
		reply_retry_after(req, resp, 30);
		break;
	case ERR_BUSY:
	case ERR_SIGNER:
		reply_retry_after(req, resp, 5);
		break;
	default:
		break;
	}
	if (extra->terms != NULL)
		reply_link(req, resp, extra->terms, "terms-of-service");
}

void
problem_reply(struct acme *acme, struct http_req *req, struct http_resp *resp,
    const struct err *err, const struct problem_extra *extra)
{
	static const struct problem_extra none = { 0 };
	const struct problem_row *row =
	    row_find(rows, COUNT_OF(rows), err->kind);
	AUTO(json_t) *o = NULL;

	if (extra == NULL)
		extra = &none;
	o = problem_json(extra->type != NULL ? extra->type : row->type,
	    err->shown, row->status);
	if (err->kind == ERR_BAD_NONCE)
		atomic_fetch_add(&acme->nonces_refused, 1);
	if (err->kind == ERR_BAD_SIGNATURE_ALG)
		json_object_set_new(o, "algorithms", algorithms_json());
	/* RFC 8555 section 7.3.3: where a person can read and agree. */
	if (extra->terms != NULL)
		json_object_set_new(o, "instance", json_string(extra->terms));
	if (extra->subproblems != NULL)
		json_object_set(o, "subproblems", extra->subproblems);
	req->log_note =
	    arena_printf(req->arena, "%s: %s%s%s", err_kind_name(err->kind),
		err->shown, err->detail[0] != '\0' ? ": " : "", err->detail);
	reply_json_as(
	    acme, req, resp, row->status, "application/problem+json", o);
	reply_problem_headers(acme, req, resp, err->kind, extra);
}

void
acme_refuse(void *ctx, struct http_req *req, struct http_resp *resp, int status,
    const char *why)
{
	struct acme *acme = ctx;
	AUTO(json_t) *o = problem_json(
	    status >= 500 ? "serverInternal" : "malformed", why, status);

	reply_json_as(acme, req, resp, status, "application/problem+json", o);
}
