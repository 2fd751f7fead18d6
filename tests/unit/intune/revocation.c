/* Rounds of revocations: asked for, carried out, told. */
#include "world.h"
#include "codec/json.h"
#include "util/text.h"

#define DOWNLOAD                                                               \
	WORLD_PKI "/CertificateAuthorityRequests/downloadRevocationRequests"
#define UPLOAD WORLD_PKI "/CertificateAuthorityRequests/uploadRevocationResults"

static struct ca_issued
issue_by(struct world *w, const char *requester, const char *profile)
{
	const char *names[] = { "dns:device.example.net" };
	struct test_ca *t = w->t;
	const struct ca_request req = {
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(
		    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = requester,
		.scep_profile = profile,
		.scep_transaction = profile,
	};
	struct ca_issued out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	return out;
}

static struct ca_issued
issue(struct world *w, const char *requester)
{
	return issue_by(w, requester, NULL);
}

static void
run(struct world *w)
{
	assert_ok(w->t, intune_run(w->in, &w->t->err));
}

/* Asks, and answers up to the request itself. */
static struct sent *
ask(struct world *w)
{
	run(w);
	while (strncmp(world_next(w, NULL)->url, WORLD_PKI,
		   strlen(WORLD_PKI)) != 0) {
		if (strcmp(w->sent->url, WORLD_GRAPH) == 0)
			world_answer(w, 200, WORLD_ENDPOINTS);
		else
			world_answer(w, 200, WORLD_TOKEN("t"));
	}
	return world_next(w, DOWNLOAD);
}

static const char *
serial_of(struct world *w, const struct ca_issued *c)
{
	return hex_arena(w->t->a, bytes_of(c->serial, SERIAL_SIZE));
}

static const char *
item(struct world *w, const char *context, const char *serial,
    const char *issuer)
{
	return arena_printf(w->t->a,
	    "{\"requestContext\":\"%s\",\"serialNumber\":\"%s\","
	    "\"issuerName\":%s,\"caConfiguration\":null}",
	    context, serial, issuer);
}

/* The result of this context in the body that waits. */
static const json_t *
result(struct world *w, const char *context)
{
	json_t *o, *v;
	size_t i;

	assert_ok(w->t,
	    json_parse_object(bytes_str(world_next(w, UPLOAD)->body), w->t->a,
		&o, &w->t->err));
	json_array_foreach (json_object_get(o, "results"), i, v)
		if (strcmp(
			json_string_value(json_object_get(v, "requestContext")),
			context) == 0)
			return v;
	fail_msg("no result of %s", context);
	return NULL;
}

static void
check_result(struct world *w, const char *context, const char *error)
{
	const json_t *r = result(w, context);
	bool done = strcmp(error, "None") == 0;

	assert_int_equal(json_object_size(r), 4);
	assert_int_equal(json_is_true(json_object_get(r, "succeeded")), done);
	assert_string_equal(
	    json_string_value(json_object_get(r, "errorCode")), error);
	assert_int_equal(
	    json_is_null(json_object_get(r, "errorMessage")), done);
}

static void
test_round(void **state)
{
	struct world *w = *state;
	struct ca_issued c = issue(w, "scep");
	struct cert_row row;
	struct sent *s = ask(w);

	assert_string_equal(s->body,
	    "{\"downloadParameters\":{\"maxRequests\":100,"
	    "\"issuerName\":null}}");
	assert_string_equal(s->version, "5019-05-05");
	assert_string_equal(s->authorization, "Bearer t");
	world_answer(w, 200,
	    arena_printf(w->t->a, "{\"value\":[%s]}",
		item(w, "ctx", serial_of(w, &c), "null")));
	/* Nothing is revoked on the loop: that waits for the store. */
	assert_int_equal(test_ca_row(w->t, c.id).status, CERT_ISSUED);
	assert_null(w->sent);
	run(w);
	row = test_ca_row(w->t, c.id);
	assert_int_equal(row.status, CERT_REVOKED);
	assert_int_equal(row.reason, 0);
	assert_string_equal(world_next(w, UPLOAD)->version, "5019-05-05");
	check_result(w, "ctx", "None");
	world_answer(w, 200, "{\"value\":true}");
	/* Not again before the period is over. */
	w->t->now += 299;
	run(w);
	assert_null(w->sent);
	w->t->now += 1;
	ask(w);
	world_answer(w, 200, "{\"value\":[]}");
	run(w);
	assert_null(w->sent);
}

/* Serials in Intune's ways; what is not ours, or not SCEP's, stays. */
static void
test_which(void **state)
{
	struct world *w = *state;
	struct ca_issued upper = issue(w, "scep"), acme = issue(w, "acme"),
			 colons = issue(w, "scep"), named = issue(w, "scep"),
			 other = issue(w, "scep"),
			 own = issue_by(w, "scep", "mine"),
			 foreign = issue_by(w, "scep", "theirs");
	const struct ca_view *view = ca_view_find(w->t->ca, "issuing");
	AUTO_BUF list = { 0 }, text = { 0 };
	char *big = arena_strdup(w->t->a, serial_of(w, &upper));
	const char *hex = serial_of(w, &colons);

	for (char *p = big; *p != '\0'; p++)
		if (*p >= 'a')
			*p = (char)(*p - 'a' + 'A');
	for (size_t i = 0; i < 2 * SERIAL_SIZE; i += 2)
		buf_printf(&text, "%s%.2s", i == 0 ? "" : ":", hex + i);
	buf_printf(&list, "{\"value\":[%s,",
	    item(w, "upper", arena_printf(w->t->a, "0000%s", big),
		"\"ISSUING\""));
	buf_printf(&list, "%s,", item(w, "colons", buf_cstr(&text), "\"\""));
	buf_printf(&list, "%s,",
	    item(w, "named", serial_of(w, &named),
		arena_printf(w->t->a, "\"%s\"",
		    subject_text(w->t->a, view->cert.subject))));
	buf_printf(&list, "%s,",
	    item(w, "other", serial_of(w, &other), "\"CN=Another CA\""));
	buf_printf(&list, "%s,", item(w, "acme", serial_of(w, &acme), "null"));
	buf_printf(&list, "%s,", item(w, "own", serial_of(w, &own), "null"));
	buf_printf(
	    &list, "%s,", item(w, "foreign", serial_of(w, &foreign), "null"));
	buf_add_str(&list, "{},{\"requestContext\":\"bare\"},");
	buf_printf(&list, "%s,", item(w, "short", "1234567890", "null"));
	buf_printf(&list, "%s]}", item(w, "words", "serial", "null"));
	ask(w);
	world_answer(w, 200, buf_cstr(&list));
	run(w);
	check_result(w, "upper", "None");
	check_result(w, "colons", "None");
	check_result(w, "named", "None");
	check_result(w, "other", "CertificateNotFoundError");
	check_result(w, "acme", "CertificateNotFoundError");
	check_result(w, "own", "None");
	check_result(w, "foreign", "CertificateNotFoundError");
	check_result(w, "bare", "ParameterDataInvalidError");
	check_result(w, "short", "CertificateNotFoundError");
	check_result(w, "words", "ParameterDataInvalidError");
	assert_int_equal(test_ca_row(w->t, upper.id).status, CERT_REVOKED);
	assert_int_equal(test_ca_row(w->t, colons.id).status, CERT_REVOKED);
	assert_int_equal(test_ca_row(w->t, named.id).status, CERT_REVOKED);
	assert_int_equal(test_ca_row(w->t, other.id).status, CERT_ISSUED);
	assert_int_equal(test_ca_row(w->t, own.id).status, CERT_REVOKED);
	assert_int_equal(test_ca_row(w->t, foreign.id).status, CERT_ISSUED);
	assert_int_equal(test_ca_row(w->t, acme.id).status, CERT_ISSUED);
}

/* A receipt that does not come, or says no: the next round finds the
 * certificate revoked, and that is a success. */
static void
test_again(void **state)
{
	static const char *const receipts[] = { "{\"value\":false}", "",
		"{\"value\":true}" };
	struct world *w = *state;
	struct ca_issued c = issue(w, "scep");
	const char *list = arena_printf(w->t->a, "{\"value\":[%s]}",
	    item(w, "ctx", serial_of(w, &c), "null"));
	int64_t revoked_at = 0;

	for (size_t i = 0; i < COUNT_OF(receipts); i++) {
		ask(w);
		world_answer(w, 200, list);
		run(w);
		check_result(w, "ctx", "None");
		world_answer(
		    w, receipts[i][0] == '\0' ? 500 : 200, receipts[i]);
		assert_null(w->sent);
		if (i == 0)
			revoked_at = test_ca_row(w->t, c.id).revoked_at;
		w->t->now += 300;
	}
	/* It was revoked once. */
	assert_int_equal(test_ca_row(w->t, c.id).revoked_at, revoked_at);
}

/* Lists that cannot be read, and no list at all: later. */
static void
test_bad_lists(void **state)
{
	static const struct {
		int status;
		const char *body;
	} rows[] = {
		{ 200, "" },
		{ 200, "{\"value\":null}" },
		{ 200, "{\"value\":[{}]}" },
		{ 500, "{\"value\":[]}" },
	};
	struct world *w = *state;
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ask(w);
		world_answer(w, rows[i].status, rows[i].body);
		run(w);
		assert_null(w->sent);
		w->t->now += 300;
	}
	ask(w);
	world_lose(w);
	run(w);
	assert_null(w->sent);
	w->t->now += 300;
	/* More than could be asked for. */
	buf_add_str(&b, "{\"value\":[");
	for (unsigned i = 0; i <= 500; i++)
		buf_printf(
		    &b, "%s%s", i == 0 ? "" : ",", item(w, "c", "01", "null"));
	buf_add_str(&b, "]}");
	ask(w);
	world_answer(w, 200, buf_cstr(&b));
	run(w);
	assert_null(w->sent);
	/* A port that takes nothing is told once, not at each look. */
	w->t->now += 300;
	w->busy = true;
	assert_fails(w->t, intune_run(w->in, &w->t->err), ERR_BUSY);
	run(w);
	w->t->now += 300;
	w->busy = false;
	ask(w);
}

/* A full list is followed by the next at once, but not for ever. */
static void
test_many(void **state)
{
	struct world *w = *state;
	unsigned rounds = 0;
	AUTO_BUF b = { 0 };

	buf_add_str(&b, "{\"value\":[");
	for (unsigned i = 0; i < 100; i++)
		buf_printf(
		    &b, "%s%s", i == 0 ? "" : ",", item(w, "c", "01", "null"));
	buf_add_str(&b, "]}");
	ask(w);
	while (w->sent != NULL && rounds < 1000) {
		rounds++;
		world_next(w, DOWNLOAD);
		world_answer(w, 200, buf_cstr(&b));
		while (w->sent == NULL)
			run(w);
		world_next(w, UPLOAD);
		world_answer(w, 200, "{\"value\":true}");
		run(w);
	}
	assert_int_equal(rounds, 21);
	w->t->now += 300;
	ask(w);
}

/* The store fails: Intune is asked to come again with it. */
static void
test_store_fails(void **state)
{
	struct world *w = *state;
	struct ca_issued c = issue(w, "scep");

	ask(w);
	world_answer(w, 200,
	    arena_printf(w->t->a, "{\"value\":[%s]}",
		item(w, "ctx", serial_of(w, &c), "null")));
	store_set_status_only(w->t->store, true);
	run(w);
	check_result(w, "ctx", "RetryableServiceException");
	store_set_status_only(w->t->store, false);
	assert_int_equal(test_ca_row(w->t, c.id).status, CERT_ISSUED);
}

/* A tenant that is gone after a reload ends its round by itself. */
static void
test_reload(void **state)
{
	struct world *w = *state;
	struct ca_issued c = issue(w, "scep");
	const char *list = arena_printf(w->t->a, "{\"value\":[%s]}",
	    item(w, "ctx", serial_of(w, &c), "null"));

	ask(w);
	assert_ok(w->t, intune_reload(w->in, w->t->config, &w->t->err));
	world_answer(w, 200, list);
	/* The new set begins at once, with a round of its own. */
	ask(w);
	world_answer(w, 200, list);
	run(w);
	check_result(w, "ctx", "None");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_round),
		TEST(test_which),
		TEST(test_again),
		TEST(test_bad_lists),
		TEST(test_many),
		TEST(test_store_fails),
		TEST(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
