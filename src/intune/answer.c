#include "codec/json.h"
#include "intune/answer.h"
#include "util/text.h"

#define CODE_MAX 64u
#define TEXT_MAX 200u
#define LIFETIME_MAX (24 * 3600)
#define CONTEXT_MAX 4096u
#define SERIAL_TEXT_MAX 128u

const char *const intune_service_names[SERVICES] = {
	[SERVICE_SCEP] = "ScepRequestValidationFEService",
	[SERVICE_REVOCATION] = "PkiConnectorFEService",
};

/* For people and logs: cut, and without control characters. */
static const char *
printable(const char *s, size_t max, struct arena *a)
{
	size_t n = strlen(s);
	char *copy;

	if (n > max)
		n = max;
	/* Not in the middle of a character. */
	while (n < strlen(s) && n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	copy = arena_str(a, bytes_of(s, n));
	text_make_printable(copy);
	return copy;
}

/* ---- tokens ---- */

/* RFC 6749 appendix A.12 has VSCHAR, so it can go into a header line. */
static bool
is_token(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return true;
}

/* A number; some versions of the service write it as a string. */
static bool
lifetime_read(const json_t *v, int64_t *out)
{
	struct err ignored = { 0 };
	int64_t seconds;

	if (json_is_integer(v))
		seconds = json_integer_value(v);
	else if (!json_is_string(v) ||
	    !text_parse_int(
		json_string_value(v), 1, INT32_MAX, &seconds, &ignored))
		return false;
	if (seconds < 1)
		return false;
	*out = MIN_OF(seconds, LIFETIME_MAX);
	return true;
}

bool
answer_token_parse(struct bytes body, struct arena *a, struct secret **out,
    int64_t *lifetime, struct err *err)
{
	const char *token, *type;
	int64_t seconds;
	json_t *o;
	bool good;

	if (!json_parse_object(body, a, &o, err) ||
	    !json_get_string(o, "access_token", &token, err))
		return false;
	type = json_string_value(json_object_get(o, "token_type"));
	good = type != NULL && text_equal_nocase(type, "Bearer") &&
	    lifetime_read(json_object_get(o, "expires_in"), &seconds) &&
	    is_token(token);
	if (good) {
		*out = secret_new(token, strlen(token));
		*lifetime = seconds;
	}
	/* The tree is ours; what is left of it is not to have the token. */
	secret_wipe((void *)(uintptr_t)token, strlen(token));
	if (good)
		return true;
	return fail(err, ERR_MALFORMED,
	    "the answer has no token of type Bearer of at most %u octets with "
	    "its lifetime",
	    TOKEN_MAX);
}

/* ---- endpoints ---- */

/* The host is taken as it is given: it is Microsoft's to choose. */
static bool
is_endpoint(const char *uri)
{
	static const char scheme[] = "https://";
	size_t n = strlen(uri);

	if (n > ENDPOINT_MAX || n <= sizeof(scheme) - 1 ||
	    strncmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (uri[i] <= ' ' || uri[i] > '~' ||
		    strchr("\"<>\\^`{|}?#@", uri[i]) != NULL)
			return false;
	return uri[sizeof(scheme) - 1] != '/';
}

static bool
endpoint_read(
    const json_t *item, struct arena *a, struct endpoints *out, struct err *err)
{
	const json_t *name = json_object_get(item, "providerName");
	const char *uri = json_string_value(json_object_get(item, "uri"));
	size_t n;

	if (!json_is_string(name))
		name = json_object_get(item, "serviceName");
	if (!json_is_string(name))
		return true;
	for (size_t i = 0; i < SERVICES; i++) {
		if (!text_equal_nocase(
			json_string_value(name), intune_service_names[i]))
			continue;
		if (uri == NULL || !is_endpoint(uri))
			return fail(err, ERR_MALFORMED,
			    "the list of endpoints has %s at \"%s\", expected "
			    "a URL of https",
			    intune_service_names[i],
			    uri == NULL ? "" : printable(uri, TEXT_MAX, a));
		n = strlen(uri);
		while (uri[n - 1] == '/')
			n--;
		out->uri[i] = arena_str(a, bytes_of(uri, n));
	}
	return true;
}

bool
answer_endpoints_parse(
    struct bytes body, struct arena *a, struct endpoints *out, struct err *err)
{
	struct endpoints found = { 0 };
	json_t *o, *list, *item;
	size_t i;

	if (!json_parse_object(body, a, &o, err))
		return false;
	list = json_object_get(o, "value");
	if (!json_is_array(list) || json_array_size(list) > ENDPOINTS_MAX)
		return fail(err, ERR_MALFORMED,
		    "the answer has no list \"value\" of at most %u endpoints",
		    ENDPOINTS_MAX);
	json_array_foreach (list, i, item) {
		if (!json_is_object(item))
			return fail(err, ERR_MALFORMED,
			    "the list of endpoints has one that is no object");
		if (!endpoint_read(item, a, &found, err))
			return false;
	}
	*out = found;
	return true;
}

/* ---- codes ---- */

/* Those of IntuneScepServiceException besides Success. */
static const char *const refusals[] = {
	"Unknown",
	"CertificateRequestDecodingFailed",
	"ChallengePasswordMissing",
	"ChallengeDeserializationError",
	"ChallengeDecryptionError",
	"ChallengeDecodingError",
	"ChallengeInvalidTimestamp",
	"ChallengeExpired",
	"SubjectNameMissing",
	"SubjectNameMismatch",
	"SubjectAltNameMissing",
	"SubjectAltNameMismatch",
	"KeyUsageMismatch",
	"KeyLengthMismatch",
	"EnhancedKeyUsageMissing",
	"EnhancedKeyUsageMismatch",
	"AadKeyIdentifierListMissing",
	"RegisteredKeyMismatch",
	"SigningCertThumbprintMismatch",
	"ScepProfileNoLongerTargetedToTheClient",
	"SignatureValidationFailed",
	"BadCertificateRequestIdInChallenge",
	"BadDeviceIdInChallenge",
	"BadUserIdInChallenge",
};

bool
answer_verdict_parse(
    struct bytes body, struct arena *a, struct verdict *out, struct err *err)
{
	struct verdict v = { .verdict = INTUNE_NO };
	const char *code, *description;
	json_t *o;

	if (!json_parse_object(body, a, &o, err) ||
	    !json_get_string(o, "code", &code, err))
		return false;
	if (code[0] == '\0')
		return fail(err, ERR_MALFORMED, "the answer's code is empty");
	description = json_string_value(json_object_get(o, "errorDescription"));
	v.code = printable(code, CODE_MAX, a);
	if (description != NULL && description[0] != '\0')
		v.description = printable(description, TEXT_MAX, a);
	/* The word itself: a number that stands for it is none. */
	if (strcmp(code, "Success") == 0) {
		v.verdict = INTUNE_YES;
		v.known = true;
	}
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		v.known = v.known || strcmp(code, refusals[i]) == 0;
	*out = v;
	return true;
}

/* ---- revocations ---- */

/* False: nothing can be told about it.  What says no serial, or of no issuer
 * that can be read, has an empty serial, which is refused with its context. */
static bool
revocation_read(const json_t *item, struct revocation *out)
{
	const char *context =
	    json_string_value(json_object_get(item, "requestContext"));
	const char *serial =
	    json_string_value(json_object_get(item, "serialNumber"));
	const json_t *issuer = json_object_get(item, "issuerName");
	bool named = json_is_string(issuer);

	if (context == NULL || context[0] == '\0' ||
	    strlen(context) > CONTEXT_MAX)
		return false;
	if (serial == NULL || strlen(serial) > SERIAL_TEXT_MAX ||
	    (issuer != NULL && !json_is_null(issuer) && !named))
		serial = "";
	*out = (struct revocation){ .context = context, .serial = serial };
	if (named && json_string_value(issuer)[0] != '\0')
		out->issuer = json_string_value(issuer);
	return true;
}

bool
answer_revocations_parse(struct bytes body, size_t max, struct arena *a,
    struct revocation **out, size_t *n, size_t *left_out, struct err *err)
{
	struct revocation *made;
	json_t *o, *list, *item;
	size_t i, taken = 0;

	if (!json_parse_object(body, a, &o, err))
		return false;
	list = json_object_get(o, "value");
	if (!json_is_array(list) || json_array_size(list) > max)
		return fail(err, ERR_MALFORMED,
		    "the answer has no list \"value\" of at most %zu "
		    "revocations",
		    max);
	made = arena_array(a, json_array_size(list), sizeof(*made));
	json_array_foreach (list, i, item)
		if (revocation_read(item, &made[taken]))
			taken++;
	*out = made;
	*n = taken;
	*left_out = json_array_size(list) - taken;
	return true;
}

bool
answer_receipt_check(struct bytes body, struct arena *a, struct err *err)
{
	const char *text;
	json_t *o, *v;

	if (!json_parse_object(body, a, &o, err))
		return false;
	v = json_object_get(o, "value");
	text = json_string_value(v);
	if (json_is_true(v) ||
	    (text != NULL && text_equal_nocase(text, "true")))
		return true;
	return fail(err, ERR_MALFORMED,
	    "Intune did not take the results: expected \"value\": true");
}

bool
answer_serial_parse(const char *text, uint8_t out[SERIAL_SIZE], struct err *err)
{
	uint8_t serial[SERIAL_SIZE] = { 0 };
	size_t digits = 0;

	for (const char *p = text; *p != '\0'; p++) {
		int d = hex_digit(*p);

		if (*p == ':' || *p == ' ')
			continue;
		if (d < 0)
			return fail(err, ERR_MALFORMED,
			    "the serial is no number in hexadecimal");
		if ((serial[0] & 0xf0) != 0)
			return fail(err, ERR_TOO_LARGE,
			    "the serial has more than %u octets", SERIAL_SIZE);
		for (size_t i = 0; i + 1 < SERIAL_SIZE; i++)
			serial[i] =
			    (uint8_t)(serial[i] << 4 | serial[i + 1] >> 4);
		serial[SERIAL_SIZE - 1] =
		    (uint8_t)(serial[SERIAL_SIZE - 1] << 4 | d);
		digits++;
	}
	if (digits == 0)
		return fail(err, ERR_MALFORMED, "the serial is empty");
	memcpy(out, serial, sizeof(serial));
	return true;
}

/* ---- other statuses ---- */

const char *
answer_cause(struct bytes body, struct arena *a)
{
	struct err ignored = { 0 };
	const char *code, *text;
	json_t *o, *e;

	if (!json_parse_object(body, a, &o, &ignored))
		return "";
	/* RFC 6749 section 5.2; Graph and Intune have an object there. */
	e = json_object_get(o, "error");
	code = json_string_value(
	    json_is_object(e) ? json_object_get(e, "code") : e);
	text = json_string_value(json_is_object(e)
		? json_object_get(e, "message")
		: json_object_get(o, "error_description"));
	if (code == NULL)
		return "";
	return arena_printf(a, "%s%s%s", printable(code, CODE_MAX, a),
	    text == NULL ? "" : ": ",
	    text == NULL ? "" : printable(text, TEXT_MAX, a));
}
