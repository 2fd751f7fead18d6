#include "support/unit.h"
#include "cli/options.h"
#include "util/arena.h"

struct values {
	bool flag;
	const char *text;
	int64_t number, duration;
	struct config_strings list;
	const char *positional[2];
	size_t positional_n;
};

static bool
parse(struct arena *a, const char *line, struct values *v, struct err *err)
{
	const struct option_row rows[] = {
		{ "flag", OPTION_FLAG, &v->flag, 0, 0 },
		{ "text", OPTION_TEXT, &v->text, 0, 0 },
		{ "number", OPTION_INT, &v->number, 1, 10 },
		{ "duration", OPTION_DURATION, &v->duration, 0, 0 },
		{ "list", OPTION_LIST, &v->list, 0, 0 },
	};
	char *words[16], *copy = arena_strdup(a, line), *save = NULL;
	struct cli cli = { .arena = a, .argv = words };

	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		words[cli.argc++] = w;
	return options_parse(&cli, rows, COUNT_OF(rows), v->positional, 2,
	    &v->positional_n, err);
}

static void
values(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct values v = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(parse(a,
	    "one --flag --text=a=b --number 7 --list x --list=y two "
	    "--duration 2h",
	    &v, &err));
	assert_true(v.flag);
	assert_string_equal(v.text, "a=b");
	assert_int_equal(v.number, 7);
	assert_int_equal(v.duration, 7200);
	assert_int_equal(v.list.n, 2);
	assert_string_equal(v.list.v[1], "y");
	assert_int_equal(v.positional_n, 2);
	assert_string_equal(v.positional[1], "two");
}

static void
end_of_options(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct values v = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(parse(a, "-- --flag -", &v, &err));
	assert_false(v.flag);
	assert_string_equal(v.positional[0], "--flag");
	assert_string_equal(v.positional[1], "-");
}

static void
mistakes(void **state)
{
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ "--flga", "unknown option --flga; did you mean --flag?" },
		{ "--completely-other", "unknown option --completely-other" },
		{ "--text", "--text wants a value" },
		{ "--flag=yes", "--flag takes no value" },
		{ "--number 11", "--number 11: " },
		{ "--number x", "--number x: " },
		{ "--duration soon", "--duration soon: " },
		{ "one two three", "unexpected argument three" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct values v = { 0 };
		struct err err = { 0 };

		assert_false(parse(a, rows[i].line, &v, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		if (strncmp(err.shown, rows[i].said, strlen(rows[i].said)) != 0)
			fail_msg("%s: %s", rows[i].line, err.shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(end_of_options),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
