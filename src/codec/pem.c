#include "codec/pem.h"
#include "util/text.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define LINE 64u

void
pem_put(struct buf *b, const char *label, struct bytes der)
{
	buf_reserve(b, der.n / 3 * 4 + der.n / 48 + 128);
	buf_printf(b, BEGIN "%s" DASHES "\n", label);
	if (der.n != 0) {
		base64_encode(der, LINE, b);
		if (b->p[b->n - 1] != '\n')
			buf_add_byte(b, '\n');
	}
	buf_printf(b, END "%s" DASHES "\n", label);
}

/* Takes a line without its end (LF or CRLF); false at the end of the text. */
static bool
line_next(struct bytes *rest, struct bytes *line)
{
	const uint8_t *lf;

	if (rest->n == 0)
		return false;
	lf = memchr(rest->p, '\n', rest->n);
	*line =
	    bytes_of(rest->p, lf != NULL ? (size_t)(lf - rest->p) : rest->n);
	rest->p += line->n + (lf != NULL);
	rest->n -= line->n + (lf != NULL);
	/* Trailing white space is nobody's meaning, RFC 7468 section 2. */
	while (line->n > 0 &&
	    (line->p[line->n - 1] == '\r' || line->p[line->n - 1] == ' ' ||
		line->p[line->n - 1] == '\t'))
		line->n--;
	return true;
}

/* Is it "-----BEGIN label-----" or "-----END label-----"? */
static bool
is_boundary(struct bytes line, const char *head, struct bytes *label)
{
	size_t n = strlen(head), dashes = strlen(DASHES);

	if (line.n < n + dashes || memcmp(line.p, head, n) != 0 ||
	    memcmp(line.p + line.n - dashes, DASHES, dashes) != 0)
		return false;
	*label = bytes_of(line.p + n, line.n - n - dashes);
	return true;
}

/* Reads up to the END line of a block; *body is the text before it. */
static bool
block_read(
    struct bytes *rest, struct bytes label, struct bytes *body, struct err *err)
{
	const uint8_t *start = rest->p, *before = rest->p;
	struct bytes line, end;

	for (; line_next(rest, &line); before = rest->p) {
		if (is_boundary(line, END, &end)) {
			if (!bytes_equal(end, label))
				break;
			*body = bytes_of(start, (size_t)(before - start));
			return true;
		}
		if (is_boundary(line, BEGIN, &end))
			break;
	}
	return fail(err, ERR_MALFORMED, "PEM block \"%.*s\" does not end",
	    (int)MIN_OF(label.n, (size_t)64), (const char *)label.p);
}

bool
pem_next(struct bytes *rest, const char *label, struct arena *a, bool *found,
    struct bytes *der, struct err *err)
{
	struct bytes at = *rest, line, body, decoded, name;

	while (line_next(&at, &line)) {
		if (!is_boundary(line, BEGIN, &name))
			continue;
		if (!block_read(&at, name, &body, err))
			return false;
		if (!bytes_is(name, label))
			continue;
		/* RFC 7468 section 2: no headers inside, which the alphabet
		 * sees to. */
		if (!base64_decode(body, a, &decoded, NULL) || decoded.n == 0)
			return fail(err, ERR_MALFORMED,
			    "PEM block \"%s\" is not base64", label);
		*rest = at;
		*der = decoded;
		*found = true;
		return true;
	}
	*rest = at;
	*found = false;
	return true;
}
