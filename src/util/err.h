/*
 * Errors: bool f(…, struct err *err) MUST_CHECK, left with
 *	return fail(err, ERR_KIND, "what was found, what was expected");
 *
 * The first cause wins; nobody rewrites it.  `shown` may go to a client,
 * `detail` only to the log.  A kind exists only where somebody acts on it; each
 * protocol has one table from kind to its own answer.  A struct err starts as
 * {0} (ERR_NONE) and is owned by the caller; it holds no pointers.
 */
#ifndef UTIL_ERR_H
#define UTIL_ERR_H

#include <stdarg.h>
#include "util/mem.h"

enum err_kind {
	ERR_NONE,
	/* of any protocol */
	ERR_MALFORMED, /* cannot be parsed or breaks the form */
	ERR_REJECTED, /* well formed, refused by policy */
	ERR_UNAUTHORIZED, /* not allowed to, or not theirs */
	ERR_NOT_FOUND,
	ERR_CONFLICT, /* the object's state does not allow it */
	ERR_TOO_LARGE, /* over a cap */
	ERR_UNSUPPORTED, /* a form that we do not do */
	ERR_BUSY, /* bounded queue full, or draining */
	ERR_RATE_LIMITED,
	ERR_STORE, /* the store failed; see ERR_STORE_FULL */
	ERR_STORE_FULL, /* disk full: rolled back, try again */
	ERR_SIGNER, /* signer not reachable or failed */
	ERR_SIGNER_REFUSED, /* signer refused: limits */
	ERR_SYSTEM, /* a system call failed */
	ERR_CONFIG, /* the operator's configuration */
	ERR_USAGE, /* the command line */
	ERR_INTERNAL, /* a bug or a broken invariant of ours */
	/* RFC 8555 section 6.7 where no kind above says it */
	ERR_BAD_NONCE,
	ERR_BAD_SIGNATURE, /* a JWS or CSR signature does not hold */
	ERR_BAD_SIGNATURE_ALG,
	ERR_BAD_PUBLIC_KEY,
	ERR_BAD_CSR,
	ERR_ACCOUNT_UNKNOWN,
	ERR_ACCOUNT_DEACTIVATED,
	ERR_ORDER_NOT_READY,
	ERR_IDENTIFIER_REJECTED,
	ERR_IDENTIFIER_UNSUPPORTED,
	ERR_CONTACT_INVALID,
	ERR_CONTACT_UNSUPPORTED,
	ERR_PROFILE_INVALID,
	ERR_EXTERNAL_ACCOUNT,
	ERR_USER_ACTION,
	ERR_ALREADY_REVOKED,
	ERR_ALREADY_REPLACED,
	ERR_BAD_REASON,
	ERR_CAA,
	/* why a validation failed (RFC 8555 section 6.7) */
	ERR_DNS,
	ERR_CONNECTION,
	ERR_TLS,
	ERR_INCORRECT_RESPONSE,
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	char shown[640];
	char detail[640];
};

/* Records the first cause and returns false, always. */
bool fail(struct err *err, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
/* As fail, with a detail for the log only. */
bool fail_detail(struct err *err, enum err_kind kind, const char *shown,
    const char *fmt, ...) PRINTF(4, 5);
/* As fail, with strerror(errno) in the detail. */
bool fail_errno(struct err *err, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
/*
 * The compiler is told what they return, so that it sees that an output which
 * is left untouched on failure is not read.
 */
#define fail(...)                                                              \
	({                                                                     \
		(void)fail(__VA_ARGS__);                                       \
		false;                                                         \
	})
#define fail_detail(...)                                                       \
	({                                                                     \
		(void)fail_detail(__VA_ARGS__);                                \
		false;                                                         \
	})
#define fail_errno(...)                                                        \
	({                                                                     \
		(void)fail_errno(__VA_ARGS__);                                 \
		false;                                                         \
	})
/* "malformed", "store-full", …: for logs and tests. */
const char *err_kind_name(enum err_kind kind);
/* Forgets a cause that was dealt with. */
static inline void
err_clear(struct err *err)
{
	err->kind = ERR_NONE;
	err->shown[0] = '\0';
	err->detail[0] = '\0';
}

#endif
