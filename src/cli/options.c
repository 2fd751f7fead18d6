#include "cli/options.h"
#include "util/text.h"
#include "util/times.h"

static const struct option_row *
find(const struct option_row *rows, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(rows[i].name) == len &&
		    memcmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

static bool
fail_unknown(
    const struct option_row *rows, size_t n, const char *name, struct err *err)
{
	const struct option_row *near = NULL;
	unsigned best = 4;

	for (size_t i = 0; i < n; i++) {
		unsigned d = text_distance(name, rows[i].name);

		if (d < best) {
			best = d;
			near = &rows[i];
		}
	}
	if (near == NULL)
		return fail(err, ERR_USAGE, "unknown option --%s", name);
	return fail(err, ERR_USAGE, "unknown option --%s; did you mean --%s?",
	    name, near->name);
}

static void
list_add(struct arena *a, struct config_strings *list, const char *value)
{
	const char **v = arena_array(a, list->n + 1, sizeof(*v));

	if (list->n > 0)
		memcpy(v, list->v, list->n * sizeof(*v));
	v[list->n] = value;
	list->v = v;
	list->n++;
}

static bool
store(const struct cli *cli, const struct option_row *row, const char *value,
    struct err *err)
{
	struct err why = { 0 };
	bool ok = true;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)row->to = true;
		break;
	case OPTION_TEXT:
		*(const char **)row->to = value;
		break;
	case OPTION_LIST:
		list_add(cli->arena, row->to, value);
		break;
	case OPTION_INT:
		ok = text_parse_int(value, row->min, row->max, row->to, &why);
		break;
	case OPTION_DURATION:
		ok = duration_parse(value, row->to, &why);
		break;
	}
	return ok ||
	    fail(err, ERR_USAGE, "--%s %s: %s", row->name, value, why.shown);
}

/* One option at argv[*i]; moves *i over its value. */
static bool
take(const struct cli *cli, const struct option_row *rows, size_t n, int *i,
    struct err *err)
{
	const char *name = cli->argv[*i] + 2, *value = strchr(name, '=');
	size_t len = value == NULL ? strlen(name) : (size_t)(value - name);
	const struct option_row *row = find(rows, n, name, len);

	if (row == NULL)
		return fail_unknown(
		    rows, n, arena_str(cli->arena, bytes_of(name, len)), err);
	if (row->kind == OPTION_FLAG && value != NULL)
		return fail(err, ERR_USAGE, "--%s takes no value", row->name);
	if (row->kind == OPTION_FLAG)
		return store(cli, row, NULL, err);
	if (value != NULL)
		return store(cli, row, value + 1, err);
	if (*i + 1 >= cli->argc)
		return fail(err, ERR_USAGE, "--%s wants a value", row->name);
	return store(cli, row, cli->argv[++*i], err);
}

bool
options_parse(const struct cli *cli, const struct option_row *rows, size_t n,
    const char **positional, size_t max, size_t *positional_n, struct err *err)
{
	bool options = true;

	*positional_n = 0;
	for (int i = 0; i < cli->argc; i++) {
		const char *arg = cli->argv[i];

		if (options && strcmp(arg, "--") == 0) {
			options = false;
		} else if (options && strncmp(arg, "--", 2) == 0) {
			if (!take(cli, rows, n, &i, err))
				return false;
		} else if (*positional_n == max) {
			return fail(
			    err, ERR_USAGE, "unexpected argument %s", arg);
		} else {
			positional[(*positional_n)++] = arg;
		}
	}
	return true;
}
