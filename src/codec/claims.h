/*
 * The claims of a signed challenge (RFC 7519): what the one who manages a
 * device vouches for, as the payload of a JWS.  Whoever reads them has verified
 * the signature before.
 *
 *   aud    for whom: a text, or an array with ours in it
 *   exp    until when; iat and nbf may be there
 *   jti    which: 1 to 128 characters, never used twice by a key
 *   sub    the device
 *   names  all that the certificate shall have, and it alone: "dns:a.example"
 *   subject  the common name of the request, if it is there
 *
 * Any other is passed over (RFC 7519 section 4).  Pure; any thread; what is
 * parsed lies in the caller's arena.
 */
#ifndef CODEC_CLAIMS_H
#define CODEC_CLAIMS_H

#include "codec/json.h"
#include "codec/name.h"

#define CLAIMS_ID_MAX 128u
#define CLAIMS_TEXT_MAX 255u
#define CLAIMS_AUDIENCES_MAX 16u
#define CLAIMS_NAMES_MAX 100u
/* Seconds that another's clock may be ahead of ours. */
#define CLAIMS_SKEW 60

struct claims {
	const char *audience[CLAIMS_AUDIENCES_MAX];
	size_t audience_n;
	int64_t expires_at;
	int64_t issued_at, not_before; /* 0: not said */
	const char *id;
	const char *device;
	struct names names; /* normalised, as they stood */
	const char *subject; /* NULL: not said */
};

/* ERR_MALFORMED, ERR_TOO_LARGE. */
bool claims_parse(struct bytes json, struct arena *a, struct claims *out,
    struct err *err) MUST_CHECK;
/* Are they for one of these, now, and for no longer than that many seconds?
 * ERR_UNAUTHORIZED. */
bool claims_check(const struct claims *c, const char *const *audience,
    size_t audience_n, int64_t max_lifetime, int64_t now,
    struct err *err) MUST_CHECK;
/* Do they vouch for these names, no more and no less, and this common name
 * (NULL: none)?  ERR_UNAUTHORIZED. */
bool claims_check_request(const struct claims *c, struct names names,
    const char *common_name, struct arena *a, struct err *err) MUST_CHECK;

#endif
