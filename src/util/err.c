#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "util/err.h"
#include "util/text.h"

/* Defined here as the functions that they are. */
#undef fail
#undef fail_detail
#undef fail_errno

static const char *const kind_names[ERR_KINDS] = {
	[ERR_NONE] = "none",
	[ERR_MALFORMED] = "malformed",
	[ERR_REJECTED] = "rejected",
	[ERR_UNAUTHORIZED] = "unauthorized",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_CONFLICT] = "conflict",
	[ERR_TOO_LARGE] = "too-large",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_BUSY] = "busy",
	[ERR_RATE_LIMITED] = "rate-limited",
	[ERR_STORE] = "store",
	[ERR_STORE_FULL] = "store-full",
	[ERR_SIGNER] = "signer",
	[ERR_SIGNER_REFUSED] = "signer-refused",
	[ERR_SYSTEM] = "system",
	[ERR_CONFIG] = "config",
	[ERR_USAGE] = "usage",
	[ERR_INTERNAL] = "internal",
	[ERR_BAD_NONCE] = "bad-nonce",
	[ERR_BAD_SIGNATURE] = "bad-signature",
	[ERR_BAD_SIGNATURE_ALG] = "bad-signature-alg",
	[ERR_BAD_PUBLIC_KEY] = "bad-public-key",
	[ERR_BAD_CSR] = "bad-csr",
	[ERR_ACCOUNT_UNKNOWN] = "account-unknown",
	[ERR_ACCOUNT_DEACTIVATED] = "account-deactivated",
	[ERR_ORDER_NOT_READY] = "order-not-ready",
	[ERR_IDENTIFIER_REJECTED] = "identifier-rejected",
	[ERR_IDENTIFIER_UNSUPPORTED] = "identifier-unsupported",
	[ERR_CONTACT_INVALID] = "contact-invalid",
	[ERR_CONTACT_UNSUPPORTED] = "contact-unsupported",
	[ERR_PROFILE_INVALID] = "profile-invalid",
	[ERR_EXTERNAL_ACCOUNT] = "external-account",
	[ERR_USER_ACTION] = "user-action",
	[ERR_ALREADY_REVOKED] = "already-revoked",
	[ERR_ALREADY_REPLACED] = "already-replaced",
	[ERR_BAD_REASON] = "bad-reason",
	[ERR_CAA] = "caa",
	[ERR_DNS] = "dns",
	[ERR_CONNECTION] = "connection",
	[ERR_TLS] = "tls",
	[ERR_INCORRECT_RESPONSE] = "incorrect-response",
};

const char *
err_kind_name(enum err_kind kind)
{
	if ((unsigned)kind >= ERR_KINDS || kind_names[kind] == NULL)
		return "unknown";
	return kind_names[kind];
}

/*
 * Messages quote what clients sent and end up in JSON, so both texts are made
 * printable.
 */
static bool PRINTF(3, 0)
    err_begin(struct err *err, enum err_kind kind, const char *fmt, va_list ap)
{
	/* The first cause wins. */
	if (err == NULL || err->kind != ERR_NONE)
		return false;
	err->kind = kind == ERR_NONE ? ERR_INTERNAL : kind;
	vsnprintf(err->shown, sizeof(err->shown), fmt, ap);
	text_make_printable(err->shown);
	err->detail[0] = '\0';
	return true;
}

bool
fail(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)err_begin(err, kind, fmt, ap);
	va_end(ap);
	return false;
}

bool
fail_detail(struct err *err, enum err_kind kind, const char *shown,
    const char *fmt, ...)
{
	va_list ap;

	if (err == NULL || err->kind != ERR_NONE)
		return false;
	(void)fail(err, kind, "%s", shown);
	va_start(ap, fmt);
	vsnprintf(err->detail, sizeof(err->detail), fmt, ap);
	va_end(ap);
	text_make_printable(err->detail);
	return false;
}

bool
fail_errno(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	int saved = errno;
	const char *name = strerrorname_np(saved);
	const char *desc = strerrordesc_np(saved);
	va_list ap;

	va_start(ap, fmt);
	if (err_begin(err, kind, fmt, ap))
		snprintf(err->detail, sizeof(err->detail), "%s (%s)",
		    desc != NULL ? desc : "unknown error",
		    name != NULL ? name : "?");
	va_end(ap);
	errno = saved;
	return false;
}
