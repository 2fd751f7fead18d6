#include "codec/pem.h"
#include "est/body.h"
#include "util/text.h"

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes
trim(struct bytes b)
{
	while (b.n > 0 && is_space(b.p[0])) {
		b.p++;
		b.n--;
	}
	while (b.n > 0 && is_space(b.p[b.n - 1]))
		b.n--;
	return b;
}

static bool
begins_with(struct bytes b, const char *s)
{
	size_t n = strlen(s);

	return b.n >= n && memcmp(b.p, s, n) == 0;
}

/* One block, and nothing else. */
static bool
armour_open(
    struct bytes body, struct arena *a, struct bytes *der, struct err *err)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST",
		"NEW CERTIFICATE REQUEST" };

	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		struct bytes rest = body;
		bool found;

		if (!begins_with(
			body, arena_printf(a, "-----BEGIN %s-----", labels[i])))
			continue;
		if (!pem_next(&rest, labels[i], a, &found, der, err))
			return false;
		if (!found || trim(rest).n > 0)
			return fail(err, ERR_MALFORMED,
			    "the body has something behind its PEM block");
		return true;
	}
	return fail(err, ERR_MALFORMED,
	    "the body is PEM of something other than a certificate request");
}

bool
est_body_decode(struct bytes body, struct arena *a, struct bytes *der,
    bool *wrapped, struct err *err)
{
	struct bytes text = trim(body);
	struct err why = { 0 };
	bool lines = text.n > 0 && memchr(text.p, '\n', text.n) != NULL;

	if (text.n == 0)
		return fail(err, ERR_MALFORMED,
		    "the body is empty, expected a PKCS#10 request in base64");
	if (text.n > BODY_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "the body has %zu octets, at most %u are read", text.n,
		    BODY_MAX);
	if (text.p[0] == 0x30 && text.n > 1 && text.p[1] >= 0x80)
		return fail(err, ERR_MALFORMED,
		    "the body is DER, expected base64 of it (RFC 8951)");
	if (text.p[0] == '-') {
		if (!armour_open(text, a, der, &why))
			return fail(err, ERR_MALFORMED, "%s", why.shown);
	} else if (!base64_decode(text, a, der, &why)) {
		return fail(err, ERR_MALFORMED, "the body is not base64: %s",
		    why.shown);
	}
	*wrapped = lines;
	return true;
}

void
est_body_encode(struct bytes der, bool wrapped, struct buf *out)
{
	base64_encode(der, wrapped ? 64 : 0, out);
}
