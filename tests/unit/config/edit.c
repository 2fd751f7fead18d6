#include "support/unit.h"
#include "config/config.h"
#include "config/edit.h"

static const char *const files[] = { "a.pem", "b c.pem" };
static const struct config_strings list = { (const char **)(uintptr_t)files,
	2 };

static void
edits_to(const char *before, const struct config_edit *e, size_t n,
    const char *after)
{
	AUTO_BUF out = { 0 };
	struct err err = { 0 };

	if (!config_edit(bytes_str(before), e, n, &out, &err))
		fail_msg("%s\nof\n%s", err.shown, before);
	assert_string_equal(buf_cstr(&out), after);
}

static void
edit_to(
    const char *before, const char *path, const char *text, const char *after)
{
	const struct config_edit e = { .path = path, .text = text };

	edits_to(before, &e, 1, after);
}

static void
edit_is_refused(const char *before, const char *path, const char *text)
{
	const struct config_edit e = { .path = path, .text = text };
	AUTO_BUF out = { 0 };
	struct err err = { 0 };

	if (config_edit(bytes_str(before), &e, 1, &out, &err))
		fail_msg(
		    "not refused:\n%s\nbecame\n%s", before, buf_cstr(&out));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(out.n, 0);
}

static void
test_a_value_is_replaced_where_it_stands(void **state)
{
	(void)state;
	edit_to("a: 1\nprofiles:\n  default:\n    # which\n    ca: issuing   "
		"# the first\n    lifetime: 90d\n",
	    "profiles.default.ca", "issuing-2",
	    "a: 1\nprofiles:\n  default:\n    # which\n    ca: issuing-2   "
	    "# the first\n    lifetime: 90d\n");
	edit_to("p: {d: {ca: \"x: {\", l: 1}}\n", "p.d.ca", "new",
	    "p: {d: {ca: \"new\", l: 1}}\n");
	edit_to("p:\n  k:\n  l: 1\n", "p.k", "v", "p:\n  k: v\n  l: 1\n");
	edit_to("p: 'it''s'\n", "p", "on", "p: \"on\"\n");
	edit_to("\xc3\xa9\xc3\xa9: {k: a}\n", "\xc3\xa9\xc3\xa9.k", "b",
	    "\xc3\xa9\xc3\xa9: {k: \"b\"}\n");
}

static void
test_null_and_lists_are_values(void **state)
{
	const struct config_edit none = { .path = "cas.i.key" };
	const struct config_edit cross = { .path = "cas.i.cross",
		.list = &list };

	(void)state;
	edits_to("cas:\n  i:\n    key: k # old\n", &none, 1,
	    "cas:\n  i:\n    key: null # old\n");
	edits_to("cas:\n  i:\n    key: k\n", &cross, 1,
	    "cas:\n  i:\n    key: k\n    cross: [a.pem, \"b c.pem\"]\n");
	edits_to("cas:\n  i:\n    cross: []\n    key: k\n", &cross, 1,
	    "cas:\n  i:\n    cross: [a.pem, \"b c.pem\"]\n    key: k\n");
	edits_to("cas:\n  i:\n    cross:\n      - x\n      - y\n    key: k\n",
	    &cross, 1,
	    "cas:\n  i:\n    cross:\n      [a.pem, \"b c.pem\"]\n"
	    "    key: k\n");
}

static void
test_a_new_entry_stands_behind_the_last_one(void **state)
{
	const struct config_edit e[] = {
		{ .path = "cas.new.key", .text = "keys/new.key" },
		{ .path = "cas.new.certificate", .text = "certs/new.pem" },
	};

	(void)state;
	edits_to("cas:\n  issuing:\n    key: k\n    # deep comment\n"
		 "  # of the next section?\n\nprofiles: {}\n",
	    e, 2,
	    "cas:\n  issuing:\n    key: k\n    # deep comment\n"
	    "  new:\n    key: keys/new.key\n    certificate: "
	    "certs/new.pem\n"
	    "  # of the next section?\n\nprofiles: {}\n");
	/* Without a newline at the end; with other indentation; with CRLF. */
	edits_to("cas:\n   issuing:\n      key: k", e, 1,
	    "cas:\n   issuing:\n      key: k\n   new:\n     key: "
	    "keys/new.key\n");
	edits_to("cas:\r\n  issuing:\r\n    key: k\r\nx: 1\r\n", e, 1,
	    "cas:\r\n  issuing:\r\n    key: k\r\n  new:\r\n    key: "
	    "keys/new.key\r\nx: 1\r\n");
	/* What is long, folded or in several lines stays whole. */
	edits_to("cas:\n  i:\n    key: >-\n      keys/i.key\nx: 1\n", e, 1,
	    "cas:\n  i:\n    key: >-\n      keys/i.key\n  new:\n    key: "
	    "keys/new.key\nx: 1\n");
	edits_to("cas:\n  i: {key: k,\n      certificate: c}\nx: 1\n", e, 1,
	    "cas:\n  i: {key: k,\n      certificate: c}\n  new:\n    key: "
	    "keys/new.key\nx: 1\n");
}

static void
test_braces_and_json_are_extended_in_braces(void **state)
{
	const struct config_edit e[] = {
		{ .path = "cas.new.key", .text = "keys/new.key" },
		{ .path = "cas.new.certificate", .text = "certs/new.pem" },
	};

	(void)state;
	edits_to("cas: {i: {key: k}}\n", e, 2,
	    "cas: {i: {key: k}, \"new\": {\"key\": \"keys/new.key\", "
	    "\"certificate\": \"certs/new.pem\"}}\n");
	edits_to("{\"cas\": {\"i\": {\"key\": \"k\"}},\n \"x\": 1}", e, 1,
	    "{\"cas\": {\"i\": {\"key\": \"k\"}, \"new\": {\"key\": "
	    "\"keys/new.key\"}},\n \"x\": 1}");
	edits_to(
	    "cas: {}\n", e, 1, "cas: {\"new\": {\"key\": \"keys/new.key\"}}\n");
	edits_to("cas: {i: {key: k},}\n", e, 1,
	    "cas: {i: {key: k}, \"new\": {\"key\": \"keys/new.key\"},}\n");
}

/* What looks like an option and is none must not be taken for it. */
static void
test_texts_that_look_like_options_stay(void **state)
{
	(void)state;
	edit_to("# cas: {i: x}\nd: \"cas: {i: x}\"\ncas:\n  i: {key: k}\n"
		"e: 'ca: issuing'\n",
	    "cas.i.key", "n",
	    "# cas: {i: x}\nd: \"cas: {i: x}\"\ncas:\n  i: {key: \"n\"}\n"
	    "e: 'ca: issuing'\n");
}

static void
test_what_cannot_be_changed_safely_is_refused(void **state)
{
	(void)state;
	/* Not YAML, two documents, a path through a value, anchors. */
	edit_is_refused("a: [\n", "a", "b");
	edit_is_refused("a: 1\n---\na: 2\n", "a", "b");
	edit_is_refused("cas: 1\n", "cas.new.key", "k");
	edit_is_refused("cas: [1]\n", "cas.new.key", "k");
	edit_is_refused("cas: &x {i: {}}\n", "cas.new.key", "k");
	edit_is_refused("", "cas.new.key", "k");
	edit_is_refused("a: 1\na: 2\n", "a", "b");
	/* A list whose dashes stand as far out as its key. */
	edit_is_refused("p:\n  cross:\n  - a\n  - b\n  q: 1\n", "p.cross", "x");
}

static void
test_what_is_shown_can_be_written_by_hand(void **state)
{
	const struct config_edit e[] = {
		{ .path = "cas.new.key", .text = "keys/new.key" },
		{ .path = "cas.new.cross", .list = &list },
		{ .path = "cas.old.key" },
	};
	AUTO_BUF out = { 0 };

	(void)state;
	config_edit_show(e, COUNT_OF(e), &out);
	assert_string_equal(buf_cstr(&out),
	    "cas.new.key: keys/new.key\ncas.new.cross: [a.pem, \"b c.pem\"]\n"
	    "cas.old.key: null\n");
}

/* The file that init writes takes a CA, and loads. */
static void
test_the_file_of_init_takes_another_ca(void **state)
{
	const struct config_edit e[] = {
		{ .path = "cas.issuing-2.key", .text = "keys/issuing-2.key" },
		{ .path = "cas.issuing-2.certificate",
		    .text = "certs/issuing-2.pem" },
		{ .path = "cas.issuing.successor", .text = "issuing-2" },
		{ .path = "profiles.default.ca", .text = "issuing-2" },
	};
	struct config_mistakes mistakes = { 0 };
	struct config *c;
	struct err err = { 0 };
	AUTO_BUF before = { 0 };
	AUTO_BUF after = { 0 };

	(void)state;
	config_print_commented(&before);
	assert_true(
	    config_edit(buf_bytes(&before), e, COUNT_OF(e), &after, &err));
	assert_true(config_load("f", buf_bytes(&after), &c, &mistakes));
	assert_string_equal(
	    config_ca_find(c, "issuing")->successor, "issuing-2");
	assert_string_equal(
	    config_ca_find(c, "issuing-2")->key, "keys/issuing-2.key");
	assert_string_equal(config_profile_find(c, "default")->ca, "issuing-2");
	/* Four lines more, two changed: every comment is where it was. */
	assert_true(after.n < before.n + 200);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_value_is_replaced_where_it_stands),
		cmocka_unit_test(test_null_and_lists_are_values),
		cmocka_unit_test(test_a_new_entry_stands_behind_the_last_one),
		cmocka_unit_test(test_braces_and_json_are_extended_in_braces),
		cmocka_unit_test(test_texts_that_look_like_options_stay),
		cmocka_unit_test(test_what_cannot_be_changed_safely_is_refused),
		cmocka_unit_test(test_what_is_shown_can_be_written_by_hand),
		cmocka_unit_test(test_the_file_of_init_takes_another_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
