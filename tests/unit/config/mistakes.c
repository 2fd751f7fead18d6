#include "support/unit.h"
#include "config/config.h"

#define URLS                                                                   \
	"base_url: https://ca.test:8443\n"                                     \
	"http_base_url: http://ca.test:8080\n"

/* Loads what must fail; the mistakes as text, owned by the caller's buf. */
static size_t
mistakes_of(struct bytes text, struct buf *out)
{
	struct config_mistakes m = { 0 };
	struct config *untouched = (struct config *)&m, *c = untouched;
	size_t n;

	out->n = 0;
	assert_false(config_load("t.yaml", text, &c, &m));
	assert_ptr_equal(c, untouched);
	assert_true(m.n > 0);
	for (size_t i = 0; i < m.n; i++) {
		assert_true(m.v[i].line > 0 && m.v[i].column > 0);
		assert_true(i == 0 || m.v[i].line >= m.v[i - 1].line);
		assert_true(m.v[i].found[0] != '\0');
		assert_true(m.v[i].expected[0] != '\0');
		assert_true(m.v[i].mend[0] != '\0');
		config_mistake_print("t.yaml", &m.v[i], out);
	}
	(void)buf_cstr(out);
	n = m.n;
	config_mistakes_free(&m);
	return n;
}

static void
test_ten_planted_mistakes_give_ten_lines(void **state)
{
	static const char text[] =
	    "base_url: https://ca.test:8443/\n"
	    "http_base_url: http://ca.test:8080\n"
	    "listen:\n"
	    "  - {kind: https, address: localhost}\n"
	    "wrokers: 4\n"
	    "validation:\n"
	    "  dnssec: of\n"
	    "  timeout: 10\n"
	    "  http_port: 70000\n"
	    "  timeout: 5s\n"
	    "cas:\n"
	    "  issuing: {key: k, certificate: c, max_lifetime: 60d}\n"
	    "profiles:\n"
	    "  default: {ca: isuing}\n"
	    "  long: {ca: issuing, lifetime: 90d}\n"
	    "acme:\n"
	    "  admin_password: hunter2\n";
	static const char *const lines[] = {
		"t.yaml:1:11: found https://ca.test:8443/; expected "
		"https://HOST or https://HOST:PORT, nothing after it; mend: "
		"remove the slash at the end\n",
		"t.yaml:4:28: found localhost; expected ADDRESS:PORT in "
		"numbers; ",
		"t.yaml:5:1: found unknown key \"wrokers\"; expected a known "
		"key; "
		"mend: write workers\n",
		"t.yaml:7:11: found of; expected one of off, check, require; "
		"mend: write off\n",
		"t.yaml:8:12: found 10; expected a duration from 1s to 5m; "
		"mend: write a number and its unit (s m h d w y), such as the "
		"default 10s\n",
		"t.yaml:9:14: found 70000; expected a number from 1 to 65535; ",
		"t.yaml:10:3: found timeout a second time (first in line 8); ",
		"t.yaml:14:17: found the unknown CA isuing; expected one of "
		"the CAs with a key: issuing; ",
		"t.yaml:15:33: found a lifetime of 90d; expected at most 60d, "
		"the max_lifetime of the CA issuing; ",
		"t.yaml:17:3: found a secret in clear, admin_password; ",
	};
	AUTO_BUF b = { 0 };
	const char *s;

	(void)state;
	assert_int_equal(mistakes_of(bytes_str(text), &b), 10);
	s = buf_cstr(&b);
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		if (strncmp(s, lines[i], strlen(lines[i])) != 0)
			fail_msg("line %zu is %s", i, s);
		s = strchr(s, '\n') + 1;
	}
	assert_int_equal(*s, '\0');
	assert_null(strstr(buf_cstr(&b), "hunter2"));
}

/* Each text is one mistake; the words must stand in its line. */
static void
test_single_mistakes(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ URLS "- a\n", "1:1: found text" },
		{ "http_base_url: http://a\n", "1:1: found no base_url" },
		{ "base_url: http://a\nhttp_base_url: http://a\n",
		    "found http://a; expected https://HOST" },
		{ "base_url: https://a/acme\nhttp_base_url: http://a\n",
		    "scheme, host and port alone" },
		{ "base_url: https://a\nhttp_base_url: http://a:65536\n",
		    "found http://a:65536" },
		{ URLS "workers: \"4\"\n", "the text \"4\"" },
		{ URLS "workers: 0\n", "from 1 to 1024" },
		{ URLS "workers:\n", "found nothing" },
		{ URLS "workers: [1]\n", "found a list" },
		{ URLS "dnssec: off\n", "write it as validation.dnssec" },
		{ URLS "validation: off\n", "expected a map of options" },
		{ URLS "validation: {dnssec: false}\n", "found false" },
		{ URLS "validation: {dnssec: check}\n",
		    "without validation.trust_anchor_file" },
		{ URLS "validation: {resolvers: 127.0.0.1}\n",
		    "put it in brackets" },
		{ URLS "validation: {resolvers: [dns.test]}\n", "in numbers" },
		{ URLS "validation: {permit_networks: [10.0.0.1/8]}\n",
		    "10.0.0.1/8" },
		{ URLS "validation:\n  permit_networks:\n", "write []" },
		{ URLS "acme: {external_account_required: \"true\"}\n",
		    "unquoted" },
		{ URLS "acme: {external_account_required: maybe}\n", "maybe" },
		{ URLS "acme: {website: ftp://a}\n", "a URL of http" },
		{ URLS "est: {labels: []}\n", "a map of names" },
		{ URLS "est: {labels: {a: {}}}\n", "found no profile" },
		{ URLS "est: {labels: {cacerts: {profile: default, "
		       "authentication: [users], users_file: u}}}\n",
		    "no operation of EST" },
		{ URLS "est: {labels: {a: {profile: b}}}\n",
		    "found the profile b" },
		/* The usage of default is serverAuth alone. */
		{ URLS "est: {labels: {a: {profile: default}}}\n",
		    "whose certificates are no client certificates" },
		{ URLS "est: {labels: {a: {profile: default, "
		       "authentication: [users]}}}\n",
		    "found users, but no users_file" },
		{ URLS "est: {labels: {a: {profile: default, authentication: "
		       "[users], users_file: u, names: [a.example]}}}\n",
		    "dns:, ip:, email:, uri: or upn:" },
		{ URLS "intune: {a: {tenant: t.example, client_id: x}}\n",
		    "found no client_secret_file" },
		{ URLS "intune: {a: {tenant: t.example, client_id: x, "
		       "client_secret_file: z, client_secret: y}}\n",
		    "found a secret in clear, client_secret" },
		{ URLS "intune: {a: {tenant: t.example, client_id: x, "
		       "client_secret_file: y, "
		       "authority: \"http://login.example/\"}}\n",
		    "expected a URL of https" },
		{ URLS "intune: {a: {tenant: ../b, client_id: x, "
		       "client_secret_file: y}}\n",
		    "found ../b" },
		{ URLS "scep: {profiles: {a: {}}}\n", "found no profile" },
		{ URLS "scep: {profiles: {a: {profile: b}}}\n",
		    "found the profile b" },
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "authentication: [challenge], names: [\"dns:*\"]}}}\n",
		    "challenge, but no challenge_file" },
		/* A password that all share is for some names, never for any.
		 */
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "authentication: [challenge], challenge_file: c}}}\n",
		    "found challenge without names" },
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "challenge_file: c}}}\n",
		    "a challenge_file that is not used" },
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "authentication: [signed]}}}\n",
		    "signed, but no signed_keys_file" },
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "signed_keys_file: k}}}\n",
		    "a signed_keys_file that is not used" },
		{ URLS "scep: {profiles: {a: {profile: default, names: "
		       "[\"dns:*\"], challenge_clients_file: m}}}\n",
		    "a challenge_clients_file without tokens" },
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "authentication: [tokens], challenge_clients_file: "
		       "m}}}\n",
		    "challenge_clients_file without names" },
		{ URLS "scep: {profiles: {challenge: {profile: default}}}\n",
		    "found a profile challenge" },
		{ URLS "scep: {profiles: {a: {profile: default, "
		       "legacy_des: true}}}\n",
		    "legacy_des without legacy_des3" },
		{ URLS "ocsp: {key: p265}\n", "write p256" },
		{ URLS "crl: {period: 7d}\n", "at least three times" },
		{ URLS "crl: {period: 1d, validity: 71h}\n",
		    "at least three times" },
		{ URLS "crl: {delta: 13h}\n", "half of crl.period" },
		{ URLS "crl: {delta: 5s}\n", "0s, or 10s" },
		{ URLS "crl: {shards: 257}\n", "256" },
		{ URLS "listen: []\n", "between 1 and 64" },
		{ URLS "listen: [{kind: http, address: '[::]:1', tls_min: "
		       "1.3}]\n",
		    "found tls_min" },
		{ URLS "listen: [{kind: http}]\n", "without address" },
		{ URLS "listen: [{address: '[::]:1'}]\n", "without kind" },
		{ URLS "listen: [{kind: http, address: '[::]:1', x: 1}]\n",
		    "kind, address or tls_min" },
		{ URLS "listen: [{kind: http, address: '[::]:1'}, {kind: ops, "
		       "address: '[::]:1'}]\n",
		    "[::]:1 a second time" },
		{ URLS "cas: {}\n", "name at least one" },
		{ URLS "cas: {issuing: {key: a}}\n", "no certificate" },
		{ URLS "cas: {acme: {key: a, certificate: b}, issuing: {key: "
		       "a, certificate: b}}\n",
		    "the name acme" },
		{ URLS "cas: {Root: {certificate: b}, issuing: {key: a, "
		       "certificate: b}}\n",
		    "the name Root" },
		{ URLS "cas: {issuing: {certificate: b}}\n",
		    "the offline CA issuing" },
		{ URLS "profiles: {web: {ca: issuing}}\n",
		    "no profile default" },
		{ URLS "default_profile: other\n", "no profile other" },
		{ URLS "tls: {profile: other}\n", "no profile other" },
		{ URLS "tls: {lifetime: 91d}\n", "at most 90d" },
		{ URLS "profiles: {default: {}}\n", "found no ca" },
		{ URLS "profiles: {default: {ca: issuing, lifetime: 30d, "
		       "max_lifetime: 20d}}\n",
		    "at most max_lifetime, 20d" },
		{ URLS "profiles: {default: {ca: issuing, backdate: 3d}}\n",
		    "max_backdate" },
		{ URLS "profiles: {default: {ca: issuing, must_staple: always, "
		       "ocsp_pointer: false}}\n",
		    "must be stapled" },
		{ URLS "profiles: {default: {ca: issuing, ocsp_pointer: "
		       "false}}\n",
		    "must_staple: never" },
		{ URLS "profiles: {default: {ca: issuing, keys: [dsa]}}\n",
		    "found dsa" },
		{ URLS "profiles: {default: {ca: issuing, keys: []}}\n",
		    "allows no key" },
		{ URLS "profiles: {default: {ca: issuing, dns: no, ip: no}}\n",
		    "no type of name" },
		{ URLS "profiles: {default: {ca: issuing, rsa_min_bits: 4096, "
		       "rsa_max_bits: 3072}}\n",
		    "found 4096" },
		{ URLS "profiles: {default: {ca: issuing, key_usage: "
		       "[keyCertSign]}}\n",
		    "found keyCertSign" },
		{ URLS "profiles: {default: {ca: issuing, extended_key_usage: "
		       "[2.5.29.37.0]}}\n",
		    "no leaf may have" },
		{ URLS "profiles: {default: {ca: issuing, policies: [1.40.1]}}"
		       "\n",
		    "object identifier" },
		{ URLS "profiles: {default: {ca: issuing, subject_country: "
		       "se}}\n",
		    "two capital letters" },
		{ URLS "profiles: {default: {ca: issuing, liftime: 90d}}\n",
		    "write lifetime" },
		{ URLS "user: &u chancery\n", "an anchor" },
		{ URLS "workers: !!int 4\n", "a tag" },
		{ URLS "---\nworkers: 4\n", "a second document" },
		{ URLS "workers: [\n", "expected YAML or JSON" },
		{ URLS "? [a]\n: b\n", "not a word" },
		{ URLS "user: \"a\\nb\"\n", "a control character" },
		{ URLS "\xff: 1\n", "expected YAML or JSON" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF b = { 0 };
		size_t n = mistakes_of(bytes_str(rows[i].text), &b);

		if (i > 0 && n != 1)
			fail_msg("row %zu gives %s", i, buf_cstr(&b));
		if (i > 0 && strstr(buf_cstr(&b), rows[i].words) == NULL)
			fail_msg("row %zu gives %s", i, buf_cstr(&b));
	}
}

static void
test_aliases_are_refused(void **state)
{
	AUTO_BUF b = { 0 };

	(void)state;
	assert_int_equal(
	    mistakes_of(
		bytes_str(URLS "user: &u chancery\nsigner_user: *u\n"), &b),
	    2);
	assert_non_null(strstr(buf_cstr(&b), "an alias"));
}

static void
test_caps(void **state)
{
	AUTO_BUF text = { 0 };
	AUTO_BUF b = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_add_str(&text, "[");
	assert_int_equal(mistakes_of(buf_bytes(&text), &b), 1);
	assert_non_null(strstr(buf_cstr(&b), "16 levels"));
	buf_free(&text);
	buf_reserve(&text, (1 << 20) + 1);
	memset(text.p, '#', (1 << 20) + 1);
	text.n = (1 << 20) + 1;
	assert_int_equal(mistakes_of(buf_bytes(&text), &b), 1);
	assert_non_null(strstr(buf_cstr(&b), "1048577 octets"));
	text.n = 0;
	for (int i = 0; i < 900; i++)
		buf_printf(&text, "unknown%d: 1\n", i);
	assert_int_equal(mistakes_of(buf_bytes(&text), &b), 201);
	assert_non_null(strstr(buf_cstr(&b), "more mistakes"));
	text.n = 0;
	for (int i = 0; i < 1001; i++)
		buf_printf(&text, "k%d: 1\n", i);
	assert_int_equal(mistakes_of(buf_bytes(&text), &b), 1);
	assert_non_null(strstr(buf_cstr(&b), "1000 keys"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_planted_mistakes_give_ten_lines),
		cmocka_unit_test(test_single_mistakes),
		cmocka_unit_test(test_aliases_are_refused),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
