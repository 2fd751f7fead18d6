/* The three requests of SCEP: their bodies, and what their answers mean. */
#include "world.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "util/text.h"

static const json_t *
body_of(struct world *w, const char *url)
{
	json_t *o;

	assert_ok(w->t,
	    json_parse_object(
		bytes_str(world_next(w, url)->body), w->t->a, &o, &w->t->err));
	return o;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (text == NULL)
		fail_msg("there is no text %s", key);
	return text;
}

/* Members that all have; the CSR in base64, in one line. */
static void
check_request(const json_t *o)
{
	assert_string_equal(text_of(o, "transactionId"), "4F1C");
	assert_string_equal(text_of(o, "certificateRequest"), "MAMCAQc=");
	assert_int_equal(strncmp(text_of(o, "callerInfo"), "Chancery/", 9), 0);
}

static void
test_validate(void **state)
{
	struct world *w = *state;
	const json_t *o, *r;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	o = body_of(w, WORLD_SCEP "/ScepActions/validateRequest");
	r = json_object_get(o, "request");
	assert_int_equal(json_object_size(o), 1);
	assert_int_equal(json_object_size(r), 3);
	check_request(r);
}

/* Each answer is a yes, a no or silence; the code Success alone is a yes. */
static void
test_answers(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum intune_verdict verdict;
		const char *code;
	} rows[] = {
		{ 200, "{\"code\":\"Success\",\"errorDescription\":\"\"}",
		    INTUNE_YES, "Success" },
		{ 200, "{\"code\":\"SubjectNameMismatch\"}", INTUNE_NO,
		    "SubjectNameMismatch" },
		{ 200, "{\"code\":\"Unheard\"}", INTUNE_NO, "Unheard" },
		{ 200, "", INTUNE_SILENT, NULL },
		{ 200, "<html>Success</html>", INTUNE_SILENT, NULL },
		{ 200, "{\"value\":\"Success\"}", INTUNE_SILENT, NULL },
		{ 200, "{\"code\":\"Success\"} trailing", INTUNE_SILENT, NULL },
		/* A body counts for nothing with another status. */
		{ 201, "{\"code\":\"Success\"}", INTUNE_SILENT, NULL },
		{ 204, "", INTUNE_SILENT, NULL },
		{ 302, "{\"code\":\"Success\"}", INTUNE_SILENT, NULL },
		{ 400, "{\"code\":\"Success\"}", INTUNE_SILENT, NULL },
		{ 400, "{\"code\":\"ChallengeExpired\"}", INTUNE_SILENT, NULL },
		{ 403, "", INTUNE_SILENT, NULL },
		{ 404, "", INTUNE_SILENT, NULL },
		{ 429, "", INTUNE_SILENT, NULL },
		{ 500, "{\"code\":\"Success\"}", INTUNE_SILENT, NULL },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_ok(w->t, world_validate(w));
		while (strstr(world_next(w, NULL)->url, "validate") == NULL) {
			if (strcmp(w->sent->url, WORLD_GRAPH) == 0)
				world_answer(w, 200, WORLD_ENDPOINTS);
			else
				world_answer(w, 200, WORLD_TOKEN("t"));
		}
		world_answer(w, rows[i].status, rows[i].body);
		if (w->answer.verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, w->answer.text);
		if (rows[i].code == NULL)
			assert_null(w->answer.code);
		else
			assert_string_equal(w->answer.code, rows[i].code);
		assert_int_equal(w->answers, i + 1);
	}
}

static struct ca_issued
issue(struct world *w)
{
	return test_ca_issue(w->t, "default", "device.example.net");
}

static const json_t *
notified(struct world *w, const char *tenant, const struct ca_issued *issued)
{
	struct intune_request req = world_request;

	req.tenant = tenant;
	assert_ok(w->t,
	    intune_notify_success(
		w->in, &req, issued->der, world_done, w, &w->t->err));
	while (strstr(world_next(w, NULL)->url, "Notification") == NULL) {
		if (strcmp(w->sent->url, WORLD_GRAPH) == 0)
			world_answer(w, 200, WORLD_ENDPOINTS);
		else
			world_answer(w, 200, WORLD_TOKEN("t"));
	}
	return json_object_get(
	    body_of(w, WORLD_SCEP "/ScepActions/successNotification"),
	    "notification");
}

static void
test_success(void **state)
{
	struct world *w = *state;
	struct ca_issued issued = issue(w);
	const char *expires;
	uint8_t sha1[20];
	const json_t *n;
	char *hex;

	n = notified(w, "contoso", &issued);
	assert_int_equal(json_object_size(n), 9);
	check_request(n);
	digest_sha1(issued.der, sha1);
	hex = hex_arena(w->t->a, bytes_of(sha1, sizeof(sha1)));
	assert_true(
	    text_equal_nocase(text_of(n, "certificateThumbprint"), hex));
	assert_null(strpbrk(text_of(n, "certificateThumbprint"), "abcdef"));
	hex = hex_arena(w->t->a, bytes_of(issued.serial, SERIAL_SIZE));
	assert_true(
	    text_equal_nocase(text_of(n, "certificateSerialNumber"), hex));
	expires = text_of(n, "certificateExpirationDateUtc");
	assert_int_equal(strlen(expires), strlen("2026-09-29T12:00:00.000Z"));
	assert_string_equal(expires + 19, ".000Z");
	assert_int_equal(expires[10], 'T');
	/* As the certificate has it. */
	assert_non_null(
	    strstr(text_of(n, "issuingCertificateAuthority"), "CN="));
	assert_string_equal(text_of(n, "caConfiguration"), "contoso");
	world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_int_equal(w->answer.verdict, INTUNE_YES);

	n = notified(w, "named", &issued);
	assert_string_equal(
	    text_of(n, "issuingCertificateAuthority"), "Contoso CA");
	assert_string_equal(text_of(n, "certificateAuthority"), "Contoso CA");
}

static const json_t *
failure(struct world *w, const char *why)
{
	assert_ok(w->t,
	    intune_notify_failure(
		w->in, &world_request, why, world_done, w, &w->t->err));
	while (strstr(world_next(w, NULL)->url, "Notification") == NULL) {
		if (strcmp(w->sent->url, WORLD_GRAPH) == 0)
			world_answer(w, 200, WORLD_ENDPOINTS);
		else
			world_answer(w, 200, WORLD_TOKEN("t"));
	}
	return json_object_get(
	    body_of(w, WORLD_SCEP "/ScepActions/failureNotification"),
	    "notification");
}

static void
test_failure(void **state)
{
	struct world *w = *state;
	char why[400];
	const json_t *n;

	n = failure(w, "no such name\r\n");
	assert_int_equal(json_object_size(n), 5);
	check_request(n);
	/* 0xA0000001: an error, ours to define, in signed 32 bits. */
	assert_int_equal(
	    json_integer_value(json_object_get(n, "hResult")), -1610612735);
	assert_string_equal(text_of(n, "errorDescription"), "no such name??");
	world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_int_equal(w->answer.verdict, INTUNE_YES);

	/* At most 255 octets, and no half character at their end. */
	memset(why, 'a', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	memcpy(why + 254, "\xc3\xa4", 2);
	n = failure(w, why);
	assert_int_equal(strlen(text_of(n, "errorDescription")), 254);
	world_answer(w, 200, "{\"code\":\"Success\"}");
	n = failure(w, "");
	assert_string_equal(text_of(n, "errorDescription"), "not issued");
}

static void
test_refused(void **state)
{
	static const char *const transactions[] = { "", "a\nb", "\xff" };
	struct intune_request req = world_request;
	struct world *w = *state;

	req.tenant = "nobody";
	assert_fails(w->t,
	    intune_validate(w->in, &req, world_done, w, &w->t->err),
	    ERR_NOT_FOUND);
	req = world_request;
	for (size_t i = 0; i < COUNT_OF(transactions); i++) {
		req.transaction = transactions[i];
		assert_fails(w->t,
		    intune_validate(w->in, &req, world_done, w, &w->t->err),
		    ERR_MALFORMED);
	}
	assert_fails(w->t,
	    intune_notify_success(w->in, &world_request,
		bytes_str("no certificate"), world_done, w, &w->t->err),
	    ERR_MALFORMED);
	assert_int_equal(w->answers, 0);
	assert_int_equal(w->sent_n, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_validate),
		TEST(test_answers),
		TEST(test_success),
		TEST(test_failure),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
