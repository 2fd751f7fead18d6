#include "support/unit.h"
#include "config/rows.h"
#include "util/text.h"

static struct config *
must_load(struct bytes text)
{
	struct config_mistakes m = { 0 };
	struct config *c = NULL;
	AUTO_BUF b = { 0 };

	if (config_load("t.yaml", text, &c, &m))
		return c;
	for (size_t i = 0; i < m.n; i++)
		config_mistake_print("t.yaml", &m.v[i], &b);
	config_mistakes_free(&m);
	fail_msg("%s", buf_cstr(&b));
	return NULL;
}

static void
test_the_commented_file_loads_back_as_the_defaults(void **state)
{
	struct config *given, *defaults;
	AUTO_BUF b = { 0 };

	(void)state;
	config_print_commented(&b);
	given = must_load(buf_bytes(&b));
	defaults =
	    must_load(bytes_str("base_url: https://ca.example.com:8443\n"
				"http_base_url: http://ca.example.com:8080\n"));
	assert_string_equal(given->base_url, defaults->base_url);
	assert_memory_equal(
	    &given->limits, &defaults->limits, sizeof(given->limits));
	assert_memory_equal(&given->crl, &defaults->crl, sizeof(given->crl));
	assert_int_equal(given->profiles_n, 1);
	assert_int_equal(
	    given->profiles[0].max_lifetime, given->profiles[0].lifetime);
	assert_int_equal(given->listen_n, defaults->listen_n);
	config_free(given);
	config_free(defaults);
}

/* Whether a line, or a comment, begins with this key at any indentation. */
static bool
has_line(const char *text, const char *key)
{
	size_t n = strlen(key);

	while (*text != '\0') {
		const char *s = text + strspn(text, " #");

		if (strncmp(s, key, n) == 0 && s[n] == ':')
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

static void
check_rows(const struct config_table *t, const char *prefix,
    const char *commented, const char *markdown, const char *man)
{
	for (size_t i = 0; i < config_rows_n(t); i++) {
		const struct config_row *row = config_row_at(t, i);
		const struct config_table *inner = config_row_table(row);
		const char *dot = strrchr(row->key, '.');
		AUTO_STR *key = mem_printf("%s%s", prefix, row->key);
		AUTO_STR *cell = mem_printf("| `%s` |", key);
		AUTO_STR *bold = mem_printf(".B %s\n", key);

		assert_non_null(row->text);
		assert_true(text_has_suffix(row->text, "."));
		assert_false(row->required && row->def != NULL);
		if (!has_line(commented, dot == NULL ? row->key : dot + 1))
			fail_msg("%s is not in the commented file", key);
		if (inner != NULL) {
			AUTO_STR *below = mem_printf("%s.NAME.", row->key);

			check_rows(inner, below, commented, markdown, man);
			continue;
		}
		if (strstr(markdown, cell) == NULL)
			fail_msg("%s is not in docs/config.md", key);
		if (strstr(man, bold) == NULL)
			fail_msg("%s is not in the man page", key);
	}
}

static void
test_every_row_is_documented(void **state)
{
	AUTO_BUF commented = { 0 };
	AUTO_BUF markdown = { 0 };
	AUTO_BUF man = { 0 };

	(void)state;
	config_print_commented(&commented);
	config_print_markdown(&markdown);
	config_print_man(&man);
	check_rows(&config_root_table, "", buf_cstr(&commented),
	    buf_cstr(&markdown), buf_cstr(&man));
	for (size_t i = 0; i < config_sections_n; i++)
		assert_true(
		    has_line(buf_cstr(&commented), config_sections[i].key));
}

static void
test_settings_replace_defaults(void **state)
{
	static const struct config_setting set[] = {
		{ "base_url", "https://localhost:1443" },
		{ "http_base_url", "http://localhost:1080" },
		{ "listen",
		    "- {kind: https, address: \"[::]:1443\"}\n"
		    "- {kind: http, address: \"[::]:1080\"}" },
		{ "validation.permit_networks", "[127.0.0.0/8, \"::1/128\"]" },
		{ "cas.issuing.max_lifetime", "90d" },
		{ "cas.root.certificate", "certs/root.pem" },
		{ "profiles.clients.ca", "issuing" },
		{ "profiles.clients.extended_key_usage", "[clientAuth]" },
	};
	AUTO_BUF b = { 0 };
	struct config *c;

	(void)state;
	config_print_settings(set, COUNT_OF(set), &b);
	c = must_load(buf_bytes(&b));
	assert_string_equal(c->base_url, "https://localhost:1443");
	assert_int_equal(c->listen_n, 2);
	assert_int_equal(c->validation.permit_networks.n, 2);
	assert_int_equal(config_ca_find(c, "issuing")->max_lifetime, 7776000);
	assert_null(config_ca_find(c, "root")->key);
	assert_string_equal(
	    config_profile_find(c, "clients")->extended_key_usage.v[0],
	    "clientAuth");
	assert_non_null(strstr(buf_cstr(&b), "default 398d"));
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_the_commented_file_loads_back_as_the_defaults),
		cmocka_unit_test(test_every_row_is_documented),
		cmocka_unit_test(test_settings_replace_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
