/*
 * Answers of Intune's services; the first octet, a digit, says which is read.
 * Asserts: only the code Success is a yes; a token can stand in a header line,
 * and an endpoint is of https; lists are within their caps; a serial is read
 * again from what it is written as; a refusal has a reason.
 */
#undef NDEBUG
#include <assert.h>
#include "codec/json.h"
#include "intune/answer.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_visible(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static bool
token(struct bytes body, struct arena *a, struct err *err)
{
	/* What is read of it is wiped in the tree, not in the body. */
	AUTO_SECRET *secret = NULL;
	int64_t lifetime;

	if (!answer_token_parse(body, a, &secret, &lifetime, err)) {
		assert(secret == NULL);
		return false;
	}
	struct bytes text = secret_reveal(secret);
	assert(text.n > 0 && text.n <= TOKEN_MAX);
	assert(is_visible(arena_str(a, text)));
	assert(lifetime >= 1 && lifetime <= 86400);
	return true;
}

static bool
endpoints(struct bytes body, struct arena *a, struct err *err)
{
	struct endpoints e;

	if (!answer_endpoints_parse(body, a, &e, err))
		return false;
	for (size_t i = 0; i < SERVICES; i++) {
		if (e.uri[i] == NULL)
			continue;
		assert(strncmp(e.uri[i], "https://", 8) == 0);
		assert(strlen(e.uri[i]) > 8 && is_visible(e.uri[i]));
		assert(!text_has_suffix(e.uri[i], "/"));
	}
	return true;
}

static bool
verdict(struct bytes body, struct arena *a, struct err *err)
{
	struct err ignored = { 0 };
	struct verdict v;
	json_t *o;

	if (!answer_verdict_parse(body, a, &v, err))
		return false;
	assert(json_parse_object(body, a, &o, &ignored));
	const char *code = json_string_value(json_object_get(o, "code"));
	assert((v.verdict == INTUNE_YES) == (strcmp(code, "Success") == 0));
	assert(v.verdict == INTUNE_YES || v.verdict == INTUNE_NO);
	assert(v.code[0] != '\0' && strlen(v.code) <= 64);
	assert(v.description == NULL || strlen(v.description) <= 200);
	return true;
}

static void
serial(const char *text, struct arena *a)
{
	uint8_t once[SERIAL_SIZE], again[SERIAL_SIZE];
	struct err err = { 0 };

	if (!answer_serial_parse(text, once, &err)) {
		assert(err.kind != ERR_NONE && err.shown[0] != '\0');
		return;
	}
	assert(answer_serial_parse(
	    hex_arena(a, bytes_of(once, sizeof(once))), again, &err));
	assert(memcmp(once, again, sizeof(once)) == 0);
}

static bool
revocations(struct bytes body, struct arena *a, struct err *err)
{
	struct revocation *list;
	size_t n, left_out;

	if (!answer_revocations_parse(
		body, REVOCATIONS_MAX, a, &list, &n, &left_out, err))
		return false;
	assert(n + left_out <= REVOCATIONS_MAX);
	for (size_t i = 0; i < n; i++) {
		assert(list[i].context[0] != '\0');
		assert(list[i].issuer == NULL || list[i].issuer[0] != '\0');
		serial(list[i].serial, a);
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool (*const read[])(
	    struct bytes body, struct arena * a, struct err * err) = { token,
		endpoints, verdict, revocations, answer_receipt_check };
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes body;

	if (size == 0)
		return 0;
	body = bytes_of(data + 1, size - 1);
	if (!read[(uint8_t)(data[0] - '0') % COUNT_OF(read)](body, a, &err))
		assert(err.kind != ERR_NONE && err.shown[0] != '\0');
	assert(strlen(answer_cause(body, a)) <= 64 + 2 + 200);
	serial(arena_str(a, body), a);
	return 0;
}
