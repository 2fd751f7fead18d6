/*
 * Enrolment secrets as rows (ca/token.h says what they are for).  A use is
 * taken in the transaction of a certificate's intent (cert_row.token_id) and
 * given back in the one that voids it.
 */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "store/store.h"

struct token_row {
	const char *id;
	uint8_t secret_sha256[32];
	const char *profile;
	const char *names; /* as cert_row.names; "": any */
	int64_t uses, uses_left;
	int64_t used_at; /* the last time; 0: never */
	int64_t expires_at, created_at;
	const char *created_by;
	int64_t revoked_at; /* 0: not */
	const char *device; /* for which; NULL or "": not said */
	const char *service; /* where alone; NULL or "": anywhere */
};

bool store_token_insert(
    struct store *s, const struct token_row *row, struct err *err) MUST_CHECK;
/*
 * The same of a secret that was made elsewhere, when it is shown: nothing
 * happens if it is there already.  ERR_UNAUTHORIZED: the id is there with
 * another secret.  ERR_RATE_LIMITED: the device has had max tokens of this
 * profile since then.
 */
bool store_token_ensure(struct store *s, const struct token_row *row,
    int64_t max, int64_t since, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool store_token_get(struct store *s, const char *id, struct arena *a,
    struct token_row *out, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool store_token_get_by_secret(struct store *s, const uint8_t sha256[32],
    struct arena *a, struct token_row *out, struct err *err) MUST_CHECK;
/* Newest first; `after` is the last id of the page, or NULL. */
bool store_token_list(struct store *s, const char *after, unsigned limit,
    struct arena *a, struct token_row **out, size_t *n,
    struct err *err) MUST_CHECK;
/* A second time changes nothing.  ERR_NOT_FOUND. */
bool store_token_revoke(struct store *s, const char *id, int64_t now,
    const char *by, struct err *err) MUST_CHECK;
/*
 * The newest certificate of this profile, with its DER, that took a use of this
 * token after `since` for a request of exactly these octets, and is neither
 * void nor revoked: an intent or issued.  ERR_NOT_FOUND; also if the token is
 * revoked.
 */
bool store_token_use_find(struct store *s, const char *id,
    const uint8_t csr_sha256[32], const char *profile, int64_t since,
    struct arena *a, struct cert_row *out, struct err *err) MUST_CHECK;

#endif
