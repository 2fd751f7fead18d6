#include "codec/pem.h"
#include "scep/handlers.h"

/* RFC 8894 section 3.2.1.4.4, by what was wrong. */
static const struct {
	enum err_kind kind;
	enum scep_fail_info info;
} rows[] = {
	{ ERR_MALFORMED, SCEP_BAD_REQUEST },
	{ ERR_BAD_CSR, SCEP_BAD_REQUEST },
	{ ERR_BAD_SIGNATURE, SCEP_BAD_MESSAGE_CHECK },
	{ ERR_BAD_SIGNATURE_ALG, SCEP_BAD_ALG },
	{ ERR_BAD_PUBLIC_KEY, SCEP_BAD_ALG },
	{ ERR_UNSUPPORTED, SCEP_BAD_ALG },
	{ ERR_REJECTED, SCEP_BAD_REQUEST },
	{ ERR_IDENTIFIER_REJECTED, SCEP_BAD_REQUEST },
	{ ERR_IDENTIFIER_UNSUPPORTED, SCEP_BAD_REQUEST },
	{ ERR_UNAUTHORIZED, SCEP_BAD_REQUEST },
	{ ERR_CONFLICT, SCEP_BAD_REQUEST },
	{ ERR_TOO_LARGE, SCEP_BAD_REQUEST },
	{ ERR_NOT_FOUND, SCEP_BAD_CERT_ID },
};

void
scep_answer_certs(struct scep_call *call, const struct bytes *certs, size_t n,
    struct scep_answer *out)
{
	AUTO_BUF bag = { 0 };

	pkcs7_certs_put(&bag, certs, n);
	*out = (struct scep_answer){ .status = SCEP_SUCCESS,
		.payload = arena_take_buf(call->a, &bag) };
}

void
scep_answer_fail(struct scep_call *call, enum scep_fail_info info,
    const char *text, struct scep_answer *out)
{
	*out = (struct scep_answer){
		.status = SCEP_FAILURE, .fail_info = info, .text = text
	};
	call->req->log_note = text;
}

bool
scep_answer_err(struct scep_call *call, const struct err *why,
    struct scep_answer *out, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].kind != why->kind)
			continue;
		scep_answer_fail(
		    call, rows[i].info, arena_strdup(call->a, why->shown), out);
		call->req->log_note = arena_printf(call->a, "%s: %s%s%s",
		    err_kind_name(why->kind), why->shown,
		    why->detail[0] != '\0' ? ": " : "", why->detail);
		return true;
	}
	return fail_detail(err, why->kind, why->shown, "%s", why->detail);
}
