#include "ocsp/problem.h"

/*
 * RFC 6960 section 2.3: unauthorized is said when there is no authority for
 * the answer; load, a dead signer or a failing store are tryLater, for a client
 * must not take them for a statement (Let's Encrypt 2016-10: overload became
 * unauthorized).  What is not listed is a bug of ours: internalError.
 */
static const struct {
	enum err_kind kind;
	enum ocsp_response_status status;
} rows[] = {
	{ ERR_MALFORMED, OCSP_MALFORMED_REQUEST },
	{ ERR_TOO_LARGE, OCSP_MALFORMED_REQUEST },
	{ ERR_UNSUPPORTED, OCSP_MALFORMED_REQUEST },
	{ ERR_UNAUTHORIZED, OCSP_UNAUTHORIZED },
	{ ERR_NOT_FOUND, OCSP_UNAUTHORIZED },
	{ ERR_BUSY, OCSP_TRY_LATER },
	{ ERR_CONFLICT, OCSP_TRY_LATER },
	{ ERR_RATE_LIMITED, OCSP_TRY_LATER },
	{ ERR_STORE, OCSP_TRY_LATER },
	{ ERR_STORE_FULL, OCSP_TRY_LATER },
	{ ERR_SIGNER, OCSP_TRY_LATER },
	{ ERR_SYSTEM, OCSP_TRY_LATER },
};

enum ocsp_response_status
ocsp_problem_status(enum err_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].kind == kind)
			return rows[i].status;
	return OCSP_INTERNAL_ERROR;
}

enum ocsp_outcome
ocsp_problem_outcome(enum ocsp_response_status status)
{
	switch (status) {
	case OCSP_MALFORMED_REQUEST:
		return OCSP_DID_MALFORMED;
	case OCSP_TRY_LATER:
		return OCSP_DID_TRY_LATER;
	case OCSP_UNAUTHORIZED:
	case OCSP_SIG_REQUIRED:
		return OCSP_DID_UNAUTHORIZED;
	case OCSP_SUCCESSFUL:
	case OCSP_INTERNAL_ERROR:
		break;
	}
	return OCSP_DID_INTERNAL_ERROR;
}

const char *
ocsp_outcome_name(enum ocsp_outcome outcome)
{
	static const char *const names[OCSP_OUTCOMES] = {
		[OCSP_DID_GOOD] = "good",
		[OCSP_DID_REVOKED] = "revoked",
		[OCSP_DID_UNKNOWN] = "unknown",
		[OCSP_DID_MALFORMED] = "malformedRequest",
		[OCSP_DID_INTERNAL_ERROR] = "internalError",
		[OCSP_DID_TRY_LATER] = "tryLater",
		[OCSP_DID_UNAUTHORIZED] = "unauthorized",
	};

	return names[outcome];
}
