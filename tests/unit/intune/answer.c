/* What the services answer: each rule of answer.h. */
#include "support/unit.h"
#include "intune/answer.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static bool
token(const char *body, const char *expected, int64_t lifetime)
{
	AUTO_SECRET *secret = NULL;
	struct err err = { 0 };
	int64_t seconds = 0;
	char *copy = arena_strdup(arena, body);

	if (!answer_token_parse(
		bytes_str(copy), arena, &secret, &seconds, &err)) {
		assert_int_equal(err.kind, ERR_MALFORMED);
		assert_null(secret);
		return false;
	}
	assert_true(bytes_is(secret_reveal(secret), expected));
	assert_int_equal(seconds, lifetime);
	return true;
}

static void
test_tokens(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"token_type\":\"Bearer\",\"expires_in\":3599}",
		"{\"token_type\":\"Bearer\",\"access_token\":\"a\"}",
		"{\"expires_in\":3599,\"access_token\":\"a\"}",
		"{\"token_type\":\"mac\",\"expires_in\":1,"
		"\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":0,"
		"\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":-1,"
		"\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":\"soon\","
		"\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":9,"
		"\"access_token\":\"\"}",
		/* It would end the header line. */
		"{\"token_type\":\"Bearer\",\"expires_in\":9,"
		"\"access_token\":\"a\\r\\nX: y\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":9,"
		"\"access_token\":\"a b\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":9,"
		"\"access_token\":\"a\"} x",
		"{\"token_type\":\"Bearer\",\"expires_in\":9,"
		"\"access_token\":\"a\",\"access_token\":\"b\"}",
	};
	AUTO_BUF b = { 0 };

	(void)state;
	assert_true(token("{\"token_type\":\"Bearer\",\"expires_in\":3599,"
			  "\"ext_expires_in\":3599,\"access_token\":\"e.y\"}",
	    "e.y", 3599));
	assert_true(token("{\"token_type\":\"bearer\",\"expires_in\":\"60\","
			  "\"access_token\":\"t\"}",
	    "t", 60));
	/* A day at most, whatever it says. */
	assert_true(token("{\"token_type\":\"Bearer\",\"expires_in\":9999999,"
			  "\"access_token\":\"t\"}",
	    "t", 86400));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (token(bad[i], NULL, 0))
			fail_msg("taken: %s", bad[i]);
	buf_add_str(&b,
	    "{\"token_type\":\"Bearer\",\"expires_in\":9,"
	    "\"access_token\":\"");
	for (unsigned i = 0; i <= TOKEN_MAX; i++)
		buf_add_byte(&b, 'a');
	buf_add_str(&b, "\"}");
	assert_false(token(buf_cstr(&b), NULL, 0));
}

static bool
endpoints(const char *body, struct endpoints *out)
{
	struct err err = { 0 };

	if (answer_endpoints_parse(bytes_str(body), arena, out, &err))
		return true;
	assert_int_equal(err.kind, ERR_MALFORMED);
	return false;
}

#define SCEP "\"providerName\":\"ScepRequestValidationFEService\""

static void
test_endpoints(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"value\":{}}",
		"{\"value\":[1]}",
		"{\"value\":[{" SCEP "}]}",
		"{\"value\":[{" SCEP ",\"uri\":1}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"http://a.example/\"}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"https://\"}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"https:///x\"}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"https://a/ b\"}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"https://u@a/\"}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"https://a/?q\"}]}",
		"{\"value\":[{" SCEP ",\"uri\":\"ftp://a/\"}]}",
		"{\"value\":[]}}",
	};
	struct endpoints e;
	AUTO_BUF b = { 0 };

	(void)state;
	/* Case of the name does not matter, the host is as given, a name that
	 * is not ours may be anywhere. */
	assert_true(
	    endpoints("{\"value\":["
		      "{\"providerName\":\"sceprequestVALIDATIONfeservice\","
		      "\"uri\":\"https://Fef.Example:444/a/B//\"},"
		      "{\"providerName\":null,"
		      "\"serviceName\":\"PkiConnectorFEService\","
		      "\"uri\":\"https://p.example\"},"
		      "{\"providerName\":\"x\",\"uri\":\"http://x\"},{}]}",
		&e));
	assert_string_equal(e.uri[SERVICE_SCEP], "https://Fef.Example:444/a/B");
	assert_string_equal(e.uri[SERVICE_REVOCATION], "https://p.example");
	assert_true(endpoints("{\"value\":[]}", &e));
	assert_null(e.uri[SERVICE_SCEP]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (endpoints(bad[i], &e))
			fail_msg("taken: %s", bad[i]);
	buf_add_str(&b, "{\"value\":[{}");
	for (unsigned i = 0; i < ENDPOINTS_MAX; i++)
		buf_add_str(&b, ",{}");
	buf_add_str(&b, "]}");
	assert_false(endpoints(buf_cstr(&b), &e));
}

static void
test_verdicts(void **state)
{
	static const struct {
		const char *body;
		enum intune_verdict verdict; /* 0: it is none */
		const char *code, *description;
		bool known;
	} rows[] = {
		{ "{\"code\":\"Success\",\"errorDescription\":\"\"}",
		    INTUNE_YES, "Success", NULL, true },
		{ "{\"code\":\"Success\"}", INTUNE_YES, "Success", NULL, true },
		{ "{\"code\":\"ChallengeExpired\",\"errorDescription\":\"a\\n"
		  "b\"}",
		    INTUNE_NO, "ChallengeExpired", "a?b", true },
		{ "{\"code\":\"BadUserIdInChallenge\"}", INTUNE_NO,
		    "BadUserIdInChallenge", NULL, true },
		/* What nobody knows is a no, and so is another spelling. */
		{ "{\"code\":\"NewInVersion7\"}", INTUNE_NO, "NewInVersion7",
		    NULL, false },
		{ "{\"code\":\"success\"}", INTUNE_NO, "success", NULL, false },
		{ "{\"code\":\"Success \"}", INTUNE_NO, "Success ", NULL,
		    false },
		/* .NET would read this as the enum's second. */
		{ "{\"code\":\"1\"}", INTUNE_NO, "1", NULL, false },
		{ "{\"code\":1}", 0, NULL, NULL, false },
		{ "{\"code\":\"\"}", 0, NULL, NULL, false },
		{ "{\"code\":null}", 0, NULL, NULL, false },
		{ "{\"Code\":\"Success\"}", 0, NULL, NULL, false },
		{ "{\"code\":\"Success\",\"code\":\"x\"}", 0, NULL, NULL,
		    false },
		{ "{\"code\":\"Success\"}{}", 0, NULL, NULL, false },
		{ "[{\"code\":\"Success\"}]", 0, NULL, NULL, false },
		{ "Success", 0, NULL, NULL, false },
		{ "", 0, NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct verdict v = { 0 };
		struct err err = { 0 };

		if (!answer_verdict_parse(
			bytes_str(rows[i].body), arena, &v, &err)) {
			assert_int_equal(rows[i].verdict, 0);
			assert_int_equal(err.kind, ERR_MALFORMED);
			continue;
		}
		if (v.verdict != rows[i].verdict || v.known != rows[i].known)
			fail_msg(
			    "verdict %d: %s", (int)v.verdict, rows[i].body);
		assert_string_equal(v.code, rows[i].code);
		if (rows[i].description == NULL)
			assert_null(v.description);
		else
			assert_string_equal(v.description, rows[i].description);
	}
}

/* Before one that is as it should be. */
static bool
revocations_with(const char *item, struct revocation **list, size_t *n)
{
	struct err err = { 0 };
	size_t left_out;

	return answer_revocations_parse(
		   bytes_str(arena_printf(arena,
		       "{\"value\":[%s,{\"requestContext\":\"good\","
		       "\"serialNumber\":\"0A\"}]}",
		       item)),
		   2, arena, list, n, &left_out, &err) &&
	    *n + left_out == 2;
}

static void
test_revocations(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"value\":\"text\"}",
		"{\"value\":[{\"serialNumber\":\"1\",\"requestContext\":\"a\"},"
		"{\"serialNumber\":\"1\",\"requestContext\":\"a\"},"
		"{\"serialNumber\":\"1\",\"requestContext\":\"a\"}]}",
	};
	/* Without a context, and with no serial or issuer that can be read. */
	static const char *const contextless[] = { "1", "null",
		"{\"serialNumber\":\"a\"}",
		"{\"serialNumber\":\"1\",\"requestContext\":\"\"}",
		"{\"serialNumber\":\"1\",\"requestContext\":1}" };
	static const char *const nameless[] = { "{\"requestContext\":\"a\"}",
		"{\"serialNumber\":1,\"requestContext\":\"a\"}",
		"{\"serialNumber\":\"1\",\"requestContext\":\"a\","
		"\"issuerName\":1}" };
	struct revocation *list;
	struct err err = { 0 };
	size_t n, left_out;

	(void)state;
	assert_true(answer_revocations_parse(
	    bytes_str("{\"@odata.context\":\"x\",\"value\":["
		      "{\"requestContext\":\"c1\",\"serialNumber\":\"0A\","
		      "\"issuerName\":\"CN=a\",\"caConfiguration\":null},"
		      "{\"requestContext\":\"c2\",\"serialNumber\":\"0b\","
		      "\"issuerName\":null}]}"),
	    2, arena, &list, &n, &left_out, &err));
	assert_int_equal(n, 2);
	assert_int_equal(left_out, 0);
	assert_string_equal(list[0].context, "c1");
	assert_string_equal(list[0].serial, "0A");
	assert_string_equal(list[0].issuer, "CN=a");
	assert_null(list[1].issuer);
	assert_true(answer_revocations_parse(
	    bytes_str("{\"value\":[]}"), 2, arena, &list, &n, &left_out, &err));
	assert_int_equal(n, 0);
	for (size_t i = 0; i < COUNT_OF(contextless); i++) {
		assert_true(revocations_with(contextless[i], &list, &n));
		assert_int_equal(n, 1);
		assert_string_equal(list[0].context, "good");
	}
	for (size_t i = 0; i < COUNT_OF(nameless); i++) {
		assert_true(revocations_with(nameless[i], &list, &n));
		assert_int_equal(n, 2);
		assert_string_equal(list[0].serial, "");
		assert_string_equal(list[1].serial, "0A");
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		err_clear(&err);
		if (answer_revocations_parse(bytes_str(bad[i]), 2, arena, &list,
			&n, &left_out, &err))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void
test_receipts(void **state)
{
	static const char *const good[] = { "{\"value\":true}",
		"{\"value\":\"True\"}" };
	static const char *const bad[] = { "{\"value\":false}", "{}",
		"{\"value\":1}", "{\"value\":\"yes\"}", "true", "" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(
		    answer_receipt_check(bytes_str(good[i]), arena, &err));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(
		    answer_receipt_check(bytes_str(bad[i]), arena, &err));
}

static void
test_serials(void **state)
{
	static const char wanted[] = "010203040506070809"
				     "0a0b0c0d0e0f1011121314";
	static const struct {
		const char *text;
		enum err_kind kind;
	} rows[] = {
		{ wanted, ERR_NONE },
		{ "0102030405060708090A0B0C0D0E0F1011121314", ERR_NONE },
		{ "102030405060708090a0b0c0d0e0f1011121314", ERR_NONE },
		{ "00 00 0102030405060708090a0b0c0d0e0f1011121314", ERR_NONE },
		{ "01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14",
		    ERR_NONE },
		{ "", ERR_MALFORMED },
		{ ": :", ERR_MALFORMED },
		{ "0x01", ERR_MALFORMED },
		{ "01-02", ERR_MALFORMED },
		{ "010102030405060708090a0b0c0d0e0f1011121314", ERR_TOO_LARGE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t serial[SERIAL_SIZE] = { 0 };
		struct err err = { 0 };

		assert_int_equal(
		    answer_serial_parse(rows[i].text, serial, &err),
		    rows[i].kind == ERR_NONE);
		assert_int_equal(err.kind, rows[i].kind);
		for (unsigned k = 0; k < SERIAL_SIZE; k++)
			assert_int_equal(
			    serial[k], rows[i].kind == ERR_NONE ? k + 1 : 0);
	}
}

static void
test_causes(void **state)
{
	(void)state;
	assert_string_equal(
	    answer_cause(bytes_str("{\"error\":\"invalid_client\","
				   "\"error_description\":\"AADSTS7000215: "
				   "wrong\\r\\nTrace\"}"),
		arena),
	    "invalid_client: AADSTS7000215: wrong??Trace");
	assert_string_equal(
	    answer_cause(bytes_str("{\"error\":{\"code\":"
				   "\"Authorization_RequestDenied\","
				   "\"message\":\"no\"}}"),
		arena),
	    "Authorization_RequestDenied: no");
	assert_string_equal(answer_cause(bytes_str("<html>"), arena), "");
	assert_string_equal(answer_cause(bytes_str("{}"), arena), "");
	assert_string_equal(
	    answer_cause(bytes_str("{\"error\":1}"), arena), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_revocations),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_causes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
