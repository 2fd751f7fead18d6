#include "http/authorization.h"
#include "util/text.h"

const char *
http_after_scheme(const char *s, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncasecmp(s, scheme, n) != 0 || s[n] != ' ')
		return NULL;
	s += n;
	return s + strspn(s, " ");
}

bool
http_basic_decode(const char *text, struct arena *a, struct bytes *whole,
    const char **name, struct bytes *password, struct err *err)
{
	struct err why = { 0 };
	const uint8_t *colon;

	if (!base64_decode(bytes_str(text), a, whole, &why))
		return fail(err, ERR_MALFORMED,
		    "the Authorization field is not base64 behind Basic");
	/* RFC 7617 section 2: neither has control characters. */
	for (size_t i = 0; i < whole->n; i++)
		if (whole->p[i] < 0x20 || whole->p[i] == 0x7f)
			return fail(err, ERR_MALFORMED,
			    "the Authorization field has a control character "
			    "in user or password");
	colon = whole->n == 0 ? NULL : memchr(whole->p, ':', whole->n);
	if (colon == NULL)
		return fail(err, ERR_MALFORMED,
		    "the Authorization field has no colon between user and "
		    "password");
	*name = arena_str(a, bytes_of(whole->p, (size_t)(colon - whole->p)));
	*password =
	    bytes_of(colon + 1, whole->n - (size_t)(colon + 1 - whole->p));
	return true;
}
