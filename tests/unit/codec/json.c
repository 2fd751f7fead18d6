#include "support/unit.h"
#include "codec/json.h"
#include "codec/json_out.h"

static struct arena *arena;

static void
test_what_is_refused(void **state)
{
	static const char *const rows[] = { "", " ", "[]", "1", "\"a\"", "null",
		"{", "{}x", "{}{}", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}",
		"{\"a\\u0000\":1}", "{\"a\":\"\xff\"}",
		"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\\ud800\"}", "{'a':1}",
		"{\"a\":1,}", "{\"a\":01}", "{\"a\":NaN}", "{\"a\":1e999}",
		"\xef\xbb\xbf{}", "{\"a\":99999999999999999999}", "// x\n{}",
		"{\"a\":[[[[[[[[1]]]]]]]]}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		json_t *o = NULL;

		if (json_parse_object(bytes_str(rows[i]), arena, &o, &err))
			fail_msg("%s", rows[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
		assert_null(o);
	}
	{
		json_t *o;

		assert_false(
		    json_parse_object(bytes_of("{}\0", 3), arena, &o, NULL));
		assert_false(json_parse_object(
		    bytes_of("{\"a\":\"\0\"}", 9), arena, &o, NULL));
	}
}

static void
test_depth_and_size(void **state)
{
	struct err err = { 0 };
	AUTO_BUF b = { 0 };
	json_t *o;

	(void)state;
	/* Eight levels; brackets in strings do not count. */
	assert_true(json_parse_object(
	    bytes_str("{\"[[[[[[[[[\\\"[\":[[[[[[[\"{{{{\"]]]]]]]}"), arena, &o,
	    &err));
	/* What would exhaust a recursive parser is seen before it. */
	buf_add_str(&b, "{\"a\":");
	for (unsigned i = 0; i < 500000; i++)
		buf_add_byte(&b, '[');
	assert_false(json_parse_object(buf_bytes(&b), arena, &o, &err));
	assert_non_null(strstr(err.shown, "levels"));
	b.n = 0;
	for (unsigned i = 0; i < (1u << 20) + 1; i++)
		buf_add_byte(&b, ' ');
	err_clear(&err);
	assert_false(json_parse_object(buf_bytes(&b), arena, &o, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

static void
test_members(void **state)
{
	const char *s = "untouched";
	struct err err = { 0 };
	json_t *o;

	(void)state;
	assert_true(json_parse_object(
	    bytes_str("{\"s\":\"x\",\"n\":1,\"z\":null}"), arena, &o, &err));
	assert_true(json_get_string(o, "s", &s, &err));
	assert_string_equal(s, "x");
	assert_false(json_get_string(o, "n", &s, NULL));
	assert_false(json_get_string(o, "z", &s, NULL));
	assert_false(json_get_string(o, "q", &s, &err));
	assert_string_equal(err.shown, "member \"q\" is missing");
	assert_string_equal(s, "x");
	assert_true(json_get_string_optional(o, "q", &s, NULL));
	assert_null(s);
	assert_true(json_get_string_optional(o, "z", &s, NULL));
	assert_null(s);
	assert_false(json_get_string_optional(o, "n", &s, NULL));
}

static void
test_printing(void **state)
{
	AUTO(json_t) *o =
	    json_pack("{s:s,s:[s,s],s:{}}", "z", "/é", "a", "b", "c", "m");
	struct bytes text;

	(void)state;
	/* Reference rule 18: one member per line, in order (getssl greps). */
	text = json_print(o, arena);
	assert_string_equal((const char *)text.p,
	    "{\n  \"z\": \"/é\",\n  \"a\": [\n    \"b\",\n    \"c\"\n  ],\n"
	    "  \"m\": {}\n}\n");
	text = json_print_compact(o, arena);
	assert_string_equal((const char *)text.p,
	    "{\"z\":\"/é\",\"a\":[\"b\",\"c\"],\"m\":{}}");
}

/* With a tree and without one the same is read, and the same is refused. */
static void
test_members_without_a_tree(void **state)
{
	static const char *const rows[] = { "{\"a\":\"b\"}",
		" { \"a\" : \"b\" ,\t\"c\":\"\" }\r\n", "{}", "{\"a\":1}",
		"{\"a\":null,\"b\":\"c\"}", "{\"a\":\"\\n\"}",
		"{\"a\":\"\xc3\xa9\"}", "{\"a\":\"b\",\"a\":\"c\"}",
		"{\"a\":\"b\",}", "{\"a\":\"b\"", "{\"a\":\"b}", "{\"a\"}",
		"{\"a\":\"b\"}x", "{\"a\":\"b\"}{}", "{,}", "", "{\"a\" \"b\"}",
		("{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\","
		 "\"6\":\"\",\"7\":\"\",\"8\":\"\",\"9\":\"x\"}") };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 }, tree_err = { 0 };
		struct json_members m, tree;
		json_t *o;
		bool ok =
		    json_parse_members(bytes_str(rows[i]), arena, &m, &err);

		assert_int_equal(ok,
		    json_parse_object(
			bytes_str(rows[i]), arena, &o, &tree_err));
		assert_int_equal(err.kind, tree_err.kind);
		if (!ok)
			continue;
		json_members_of(o, arena, &tree);
		assert_int_equal(m.n, tree.n);
		for (size_t j = 0; j < m.n; j++) {
			const char *text = json_member_text(&tree, m.v[j].name);

			if (text == NULL)
				assert_null(m.v[j].text);
			else
				assert_string_equal(m.v[j].text, text);
		}
	}
	{
		struct json_members m;

		assert_false(json_parse_members(
		    bytes_of("{\"a\":\"b\"}\0", 10), arena, &m, NULL));
	}
}

/* What is written without a tree is what a tree prints. */
static void
test_writing(void **state)
{
	AUTO(json_t) *tree =
	    json_pack("{s:s,s:[s,i,{s:b}],s:{},s:[],s:[{s:s}]}", "z",
		"/\xc3\xa9 \"\\{[,:", "a", "b", 7, "t", 1, "m", "e", "r", "k",
		"}\\\"");
	struct json_out o = { 0 };
	struct bytes text;

	(void)state;
	for (int pretty = 0; pretty < 2; pretty++) {
		json_out_open(&o, NULL, '{');
		json_out_text(&o, "z", "/\xc3\xa9 \"\\{[,:");
		json_out_open(&o, "a", '[');
		json_out_text(&o, NULL, "b");
		json_out_int(&o, NULL, 7);
		json_out_open(&o, NULL, '{');
		json_out_bool(&o, "t", true);
		json_out_close(&o, '}');
		json_out_close(&o, ']');
		json_out_open(&o, "m", '{');
		json_out_close(&o, '}');
		json_out_tree(&o, "e", json_object_get(tree, "e"));
		json_out_raw(&o, "r", "[{\"k\":\"}\\\\\\\"\"}]");
		/* Left out. */
		json_out_text(&o, "no", NULL);
		json_out_text(&o, "no", "\xff");
		json_out_raw(&o, "no", NULL);
		json_out_close(&o, '}');
		text = pretty ? json_out_pretty(&o, arena)
			      : json_out_compact(&o, arena);
		assert_true(bytes_equal(text,
		    pretty ? json_print(tree, arena)
			   : json_print_compact(tree, arena)));
	}
	json_out_open(&o, NULL, '{');
	json_out_text(&o, "c", "\n\x01");
	json_out_close(&o, '}');
	text = json_out_compact(&o, arena);
	assert_true(bytes_is(text, "{\"c\":\"\\u000a\\u0001\"}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_depth_and_size),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_printing),
		cmocka_unit_test(test_members_without_a_tree),
		cmocka_unit_test(test_writing),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
