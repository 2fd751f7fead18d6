/* Downloading a certificate, RFC 8555 section 7.4.2. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"
#include "acme/certificate.h"

struct fixture {
	struct world *w;
	struct acme_client *c;
	const char *url;
};

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	EVP_PKEY *key = acme_key_new("ES256");

	f->w = world_new(NULL);
	f->c = world_client(f->w, "ES256");
	f->url = world_issue(f->w, f->c, key, "dns:a.test");
	EVP_PKEY_free(key);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	world_free(f->w);
	free(f);
	return 0;
}

static struct reply *
download(struct fixture *f, const char *accept)
{
	struct acme_jws j = { .url = f->url, .nonce = world_nonce(f->w) };
	AUTO_STR *body = acme_jws(f->c, &j);

	return world_serve(f->w,
	    &(struct world_request){ .method = HTTP_POST,
		.path = f->url + strlen(WORLD_BASE),
		.accept = accept,
		.body = bytes_str(arena_strdup(world_arena(f->w), body)) });
}

/* Rule 31, held against Proxmox's strict pattern. */
static void
test_proxmox_pem_pattern(void **state)
{
	struct fixture *f = *state;
	struct reply *r = download(f, NULL);
	AUTO_STR *pem =
	    mem_printf("%.*s", (int)r->body.n, (const char *)r->body.p);
	unsigned blocks = 0;
	char *save = NULL;
	bool inside = false;
	size_t last = 0;

	assert_status(r, 200);
	assert_string_equal(reply_header(r, "Content-Type", 0),
	    "application/pem-certificate-chain");
	assert_int_equal(pem[strlen(pem) - 1], '\n');
	assert_null(strstr(pem, "\n\n"));
	assert_null(strchr(pem, '\r'));
	for (char *line = strtok_r(pem, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strcmp(line, "-----BEGIN CERTIFICATE-----") == 0) {
			assert_false(inside);
			inside = true;
			last = 64;
			blocks++;
		} else if (strcmp(line, "-----END CERTIFICATE-----") == 0) {
			assert_true(inside);
			inside = false;
		} else {
			/* Only the last line is shorter. */
			assert_true(inside && last == 64);
			last = strlen(line);
			assert_true(last <= 64);
		}
	}
	assert_false(inside);
	/* Leaf and issuing CA; no root. */
	assert_int_equal(blocks, 2);
}

/* Rule 4: never a Link "up", which acmez and mod_md would follow. */
static void
test_acmez_and_mod_md_find_no_up_link(void **state)
{
	struct fixture *f = *state;

	assert_false(reply_has_link(download(f, NULL), "up"));
	assert_false(
	    reply_has_link(download(f, "application/pkix-cert"), "up"));
	assert_true(reply_has_link(download(f, NULL), "index"));
}

/* Rule 30. */
static void
test_certbot_odd_accept_headers(void **state)
{
	static const struct {
		const char *accept;
		enum cert_format format;
	} rows[] = {
		{ NULL, CERT_FORMAT_PEM },
		{ "", CERT_FORMAT_PEM },
		{ "*/*", CERT_FORMAT_PEM },
		{ "text/html", CERT_FORMAT_PEM },
		{ "application/json", CERT_FORMAT_PEM },
		{ "application/pkix-cert", CERT_FORMAT_DER },
		{ "Application/PKIX-Cert;q=0.5", CERT_FORMAT_DER },
		{ "application/pkcs7-mime", CERT_FORMAT_PKCS7 },
		{ "application/pkcs7-mime, application/pkix-cert",
		    CERT_FORMAT_PKCS7 },
		{ "application/pkix-cert, */*;q=0.1", CERT_FORMAT_PEM },
		{ "application/pkix-cert,application/pem-certificate-chain",
		    CERT_FORMAT_PEM },
		{ "application/*", CERT_FORMAT_PEM },
		{ " , ,application/pkix-cert", CERT_FORMAT_DER },
		{ "application/pkix-certificate", CERT_FORMAT_PEM },
	};
	struct fixture *f = *state;
	struct reply *r;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (cert_format_of(rows[i].accept) != rows[i].format)
			fail_msg("row %zu", i);
	r = download(f, "application/pkix-cert");
	assert_string_equal(
	    reply_header(r, "Content-Type", 0), "application/pkix-cert");
	assert_int_equal(r->body.p[0], 0x30);
	r = download(f, "application/pkcs7-mime");
	assert_int_equal(r->body.p[0], 0x30);
	r = download(f, "text/plain");
	assert_int_equal(r->body.p[0], '-');
}

static void
test_others_do_not_see_it(void **state)
{
	struct fixture *f = *state;
	struct acme_client *other = world_client(f->w, "ES256");

	assert_problem(
	    world_post(f->w, other, f->url, NULL), 403, "unauthorized");
	assert_problem(world_post(f->w, f->c, f->url, "{}"), 400, "malformed");
	assert_problem(
	    world_post(f->w, f->c, "/acme/cert/AAAAAAAAAAAAAAAAAAAAAA", NULL),
	    404, "malformed");
}

/* Rule 33. */
static void
test_node_acme_client_revoked_download_fails(void **state)
{
	struct fixture *f = *state;
	AUTO_STR *payload = mem_printf(
	    "{\"certificate\":\"%s\"}", world_leaf(f->w, download(f, NULL)));

	assert_status(
	    world_post(f->w, f->c, "/acme/revoke-cert", payload), 200);
	assert_problem(world_post(f->w, f->c, f->url, NULL), 404, "malformed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_proxmox_pem_pattern, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acmez_and_mod_md_find_no_up_link, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_certbot_odd_accept_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_others_do_not_see_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_node_acme_client_revoked_download_fails, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
