#include "support/unit.h"
#include "config/config.h"

#define URLS                                                                   \
	"base_url: https://ca.test:8443\n"                                     \
	"http_base_url: http://ca.test:8080\n"

static struct config *
must_load(const char *text)
{
	struct config_mistakes m = { 0 };
	struct config *c = NULL;
	AUTO_BUF b = { 0 };

	if (config_load("t.yaml", bytes_str(text), &c, &m))
		return c;
	for (size_t i = 0; i < m.n; i++)
		config_mistake_print("t.yaml", &m.v[i], &b);
	config_mistakes_free(&m);
	fail_msg("%s", buf_cstr(&b));
	return NULL;
}

static void
test_defaults(void **state)
{
	struct config *c = must_load(URLS);
	const struct config_profile *p = config_profile_find(c, "default");

	(void)state;
	assert_string_equal(c->base_url, "https://ca.test:8443");
	assert_int_equal(c->listen_n, 4);
	assert_int_equal(c->listen[0].kind, LISTENER_HTTPS);
	assert_int_equal(c->listen[0].tls_min, 0x0304);
	assert_int_equal(c->listen[1].tls_min, 0x0303);
	assert_int_equal(c->listen[2].tls_min, 0);
	assert_string_equal(c->control_socket, "run/control.sock");
	assert_int_equal(c->cas_n, 1);
	assert_string_equal(
	    config_ca_find(c, "issuing")->key, "keys/issuing.key");
	assert_int_equal(c->cas[0].max_lifetime, 398 * 86400);
	assert_null(c->cas[0].chain);
	assert_null(config_ca_find(c, "root"));
	assert_non_null(p);
	assert_string_equal(p->ca, "issuing");
	assert_int_equal(p->lifetime, 90 * 86400);
	assert_int_equal(p->max_lifetime, p->lifetime);
	assert_int_equal(p->keys.n, 4);
	assert_true(p->dns && p->wildcards && p->ip);
	assert_false(p->email || p->uri || p->baseline);
	assert_int_equal(p->must_staple, MUST_STAPLE_REQUESTED);
	assert_int_equal(c->validation.permit_networks.n, 4);
	assert_int_equal(c->validation.dnssec, DNSSEC_OFF);
	assert_int_equal(c->ocsp.unissued, UNISSUED_UNAUTHORIZED);
	assert_int_equal(c->crl.validity, 7 * 86400);
	assert_int_equal(c->limits.held_replies, 1000);
	assert_int_equal(c->log.level, LOG_INFO);
	assert_string_equal(c->tls.profile, "default");
	assert_string_equal(c->signer_user, "chancery-signer");
	config_free(c);
}

static void
test_everything_given(void **state)
{
	struct config *c = must_load(URLS
	    "listen: [{kind: https, address: '127.0.0.1:0', tls_min: 1.2}]\n"
	    "trusted_proxies: [10.1.0.0/16, \"::1\"]\n"
	    "cas:\n"
	    "  root: {certificate: certs/root.pem}\n"
	    "  issuing: {key: k, certificate: c, max_lifetime: 1y, "
	    "chain: chain.pem}\n"
	    "profiles:\n"
	    "  web: {ca: issuing, lifetime: 10d, max_lifetime: 20d, "
	    "keys: [rsa], dns_allow: [.Example.COM], must_staple: always, "
	    "extended_key_usage: [serverAuth, 1.3.6.1.4.1.311.20.2.2], "
	    "subject_country: SE, dns: yes, ip: Off}\n"
	    "default_profile: web\n"
	    "validation: {resolvers: ['127.0.0.1:5353', '::1'], "
	    "dnssec: off, caa: check, hosts_file: /etc/hosts, timeout: 3s}\n"
	    "acme: {terms_of_service: https://ca.test/terms}\n"
	    "est: {labels: {}}\nscep:\n"
	    "testing: {clock_offset: -1h30m}\n"
	    "log: {format: text, level: error}\n"
	    "workers: 4\n");

	(void)state;
	assert_int_equal(c->listen_n, 1);
	assert_int_equal(c->listen[0].tls_min, 0x0303);
	assert_int_equal(c->listen[0].line, 3);
	assert_int_equal(c->trusted_proxies.n, 2);
	assert_null(config_ca_find(c, "root")->key);
	assert_int_equal(config_ca_find(c, "root")->line, 6);
	assert_string_equal(c->profiles[0].dns_allow.v[0], ".example.com");
	assert_int_equal(c->profiles[0].must_staple, MUST_STAPLE_ALWAYS);
	assert_true(c->profiles[0].dns);
	assert_false(c->profiles[0].ip);
	assert_string_equal(
	    c->profiles[0].extended_key_usage.v[1], "1.3.6.1.4.1.311.20.2.2");
	assert_string_equal(c->validation.resolvers.v[1], "[::1]:53");
	assert_int_equal(c->validation.dnssec, DNSSEC_OFF);
	assert_int_equal(c->validation.caa, CAA_CHECK);
	assert_int_equal(c->testing.clock_offset, -5400);
	assert_int_equal(c->log.format, LOG_TEXT);
	assert_string_equal(c->tls.profile, "web");
	/* The default of 30 days is cut to what the profile allows. */
	assert_int_equal(c->tls.lifetime, 20 * 86400);
	config_free(c);
}

static void
test_json_is_yaml(void **state)
{
	struct config *c = must_load("{\"base_url\": \"https://ca.test\",\n"
				     "\t\"http_base_url\": \"http://[::1]\",\n"
				     "\t\"workers\": 7, \"validation\": "
				     "{\"hosts_file\": null, "
				     "\"timeout\": \"2s\"},\n"
				     "\t\"acme\": "
				     "{\"external_account_required\": true}}");

	(void)state;
	assert_int_equal(c->workers, 7);
	assert_int_equal(c->validation.timeout, 2);
	assert_null(c->validation.hosts_file);
	assert_true(c->acme.external_account_required);
	config_free(c);
}

static void
test_intune(void **state)
{
	struct config *c = must_load(
	    URLS "intune:\n"
		 "  contoso: {tenant: contoso.onmicrosoft.com,\n"
		 "    client_id: 2b4c, client_secret_file: keys/s}\n"
		 "  fabrikam: {client_id: 2b4d, client_secret_file: keys/t,\n"
		 "    tenant: 72f988bf-86f1-41af-91ab-2d7cd011db47,\n"
		 "    authority: \"https://login.microsoftonline.us/\",\n"
		 "    withhold: false, revocation: false, issuer_name: CA}\n");
	const struct config_intune *t = config_intune_find(c, "contoso");

	(void)state;
	assert_int_equal(c->intune_n, 2);
	assert_null(config_intune_find(c, "other"));
	assert_string_equal(t->authority, "https://login.microsoftonline.com/");
	assert_string_equal(t->graph_url, "https://graph.microsoft.com/");
	assert_string_equal(
	    t->resource_url, "https://api.manage.microsoft.com/");
	assert_true(t->withhold && t->revocation);
	assert_int_equal(t->timeout, 15);
	assert_int_equal(t->revocation_period, 300);
	assert_null(t->issuer_name);
	assert_null(t->anchors_file);
	t = config_intune_find(c, "fabrikam");
	assert_string_equal(t->authority, "https://login.microsoftonline.us/");
	assert_false(t->withhold || t->revocation);
	assert_string_equal(t->issuer_name, "CA");
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything_given),
		cmocka_unit_test(test_json_is_yaml),
		cmocka_unit_test(test_intune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
