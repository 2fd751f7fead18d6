#include "http/message.h"
#include "scep/query.h"
#include "util/text.h"

static bool
operation_parse(struct bytes text, enum scep_operation *out)
{
	static const struct {
		const char *name;
		enum scep_operation operation;
	} rows[] = {
		{ "GetCACaps", SCEP_GET_CA_CAPS },
		{ "GetCACert", SCEP_GET_CA_CERT },
		{ "GetNextCACert", SCEP_GET_NEXT_CA_CERT },
		{ "PKIOperation", SCEP_PKI_OPERATION },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (bytes_is(text, rows[i].name)) {
			*out = rows[i].operation;
			return true;
		}
	return false;
}

/* "name=value" off the front. */
static bool
parameter_next(struct bytes *rest, struct bytes *name, struct bytes *value)
{
	const uint8_t *end, *equal;
	struct bytes one;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, '&', rest->n);
	one =
	    bytes_of(rest->p, end == NULL ? rest->n : (size_t)(end - rest->p));
	*rest =
	    end == NULL ? BYTES_NONE : bytes_of(end + 1, rest->n - one.n - 1);
	equal = one.n == 0 ? NULL : memchr(one.p, '=', one.n);
	if (equal == NULL) {
		*name = one;
		*value = BYTES_NONE;
	} else {
		*name = bytes_of(one.p, (size_t)(equal - one.p));
		*value = bytes_of(equal + 1, one.n - name->n - 1);
	}
	return true;
}

bool
scep_query_parse(
    const char *query, struct arena *a, struct scep_query *out, struct err *err)
{
	struct bytes rest = query == NULL ? BYTES_NONE : bytes_str(query);
	struct bytes name, value, text;
	struct scep_query q = { 0 };
	bool has_operation = false;

	while (parameter_next(&rest, &name, &value)) {
		if (bytes_is(name, "operation")) {
			if (has_operation)
				return fail(err, ERR_MALFORMED,
				    "the query has more than one operation");
			has_operation = true;
			if (!http_percent_decode(value, a, &text, err))
				return false;
			if (!operation_parse(text, &q.operation))
				return fail(err, ERR_MALFORMED,
				    "the operation is none of GetCACaps, "
				    "GetCACert, GetNextCACert and "
				    "PKIOperation");
		} else if (bytes_is(name, "message")) {
			if (q.has_message)
				return fail(err, ERR_MALFORMED,
				    "the query has more than one message");
			q.has_message = true;
			q.message = value;
		}
	}
	*out = q;
	return true;
}

bool
scep_query_decode(
    struct bytes message, struct arena *a, struct bytes *out, struct err *err)
{
	struct bytes text, der;
	struct err why = { 0 };
	char *clean;
	size_t n = 0;

	if (!http_percent_decode(message, a, &text, err))
		return false;
	clean = arena_alloc(a, text.n + 4);
	for (size_t i = 0; i < text.n; i++) {
		char c = (char)text.p[i];

		if (c == ' ')
			c = '+';
		if (c != '\r' && c != '\n' && c != '\t')
			clean[n++] = c;
	}
	while (n > 0 && clean[n - 1] == '=')
		n--;
	while (n % 4 != 0)
		clean[n++] = '=';
	if (n == 0 || !base64_decode(bytes_of(clean, n), a, &der, &why))
		return fail(err, ERR_MALFORMED, "the message is not base64");
	*out = der;
	return true;
}
