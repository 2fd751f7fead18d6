#include "codec/jose.h"
#include "util/text.h"

/*
 * RFC 7515 section 4: what the header may not say here.  A key that comes with
 * the message proves nothing, wherever it is; what is critical must be
 * understood (section 4.1.11), and no extension is; enc and zip are JWE's.
 * Others are hints and passed over, as section 4 has it.
 */
static const char *const refused[] = { "jwk", "jku", "x5c", "x5u", "crit",
	"b64", "enc", "zip" };

/* One of three parts off the front of *rest, up to its dot. */
static bool
part_next(struct bytes *rest, bool last, struct bytes *out)
{
	const uint8_t *dot =
	    rest->n == 0 ? NULL : memchr(rest->p, '.', rest->n);

	if ((dot == NULL) != last)
		return false;
	*out = last ? *rest : bytes_of(rest->p, (size_t)(dot - rest->p));
	*rest = last ? BYTES_NONE : bytes_of(dot + 1, rest->n - out->n - 1);
	return out->n != 0;
}

static bool
header_read(
    struct bytes text, struct arena *a, struct jws *out, struct err *err)
{
	struct json_members header;

	if (!json_parse_members(text, a, &header, err))
		return false;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (json_member_find(&header, refused[i]) != NULL)
			return fail(err, ERR_MALFORMED,
			    "JWS has \"%s\" in its header", refused[i]);
	if (!json_member_get(&header, "alg", &out->alg_name, err))
		return false;
	return json_member_find(&header, "kid") == NULL ||
	    json_member_get(&header, "kid", &out->kid, err);
}

bool
jws_parse_compact(
    struct bytes text, struct arena *a, struct jws *out, struct err *err)
{
	struct bytes rest = text, parts[3], header;
	struct jws jws = { 0 };

	if (text.n > JWS_COMPACT_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "JWS has %zu octets, at most %u are read", text.n,
		    JWS_COMPACT_MAX);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (!part_next(&rest, i == 2, &parts[i]))
			return fail(err, ERR_MALFORMED,
			    "JWS is not three parts with dots between");
	if (!base64url_decode(parts[0], a, &header, NULL) ||
	    !base64url_decode(parts[1], a, &jws.payload, NULL) ||
	    !base64url_decode(parts[2], a, &jws.signature, NULL))
		return fail(err, ERR_MALFORMED,
		    "JWS has a part that is not base64url without padding");
	if (!header_read(header, a, &jws, err))
		return false;
	jws.signing_input = bytes_of(text.p, parts[0].n + 1 + parts[1].n);
	*out = jws;
	return true;
}
