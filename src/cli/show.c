#include "cli/show.h"

const char *
show_fingerprint(const struct cli *cli, const char *hex)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; hex[i] != '\0'; i++) {
		char c = hex[i];

		if (i > 0 && i % 2 == 0)
			buf_add_byte(&b, ':');
		buf_add_byte(
		    &b, (uint8_t)(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c));
	}
	return arena_str(cli->arena, buf_bytes(&b));
}

static const char *
value_text(const struct cli *cli, const json_t *v)
{
	AUTO_BUF b = { 0 };
	size_t i;
	json_t *item;

	switch (v == NULL ? JSON_NULL : json_typeof(v)) {
	case JSON_STRING:
		return json_string_length(v) == 0 ? "-" : json_string_value(v);
	case JSON_INTEGER:
		return arena_printf(
		    cli->arena, "%lld", (long long)json_integer_value(v));
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_ARRAY:
		json_array_foreach ((json_t *)(uintptr_t)v, i, item)
			buf_printf(&b, "%s%s", i == 0 ? "" : " ",
			    value_text(cli, item));
		return b.n == 0 ? "-" : arena_str(cli->arena, buf_bytes(&b));
	case JSON_OBJECT:
		return (const char *)json_print_compact(v, cli->arena).p;
	default:
		return "-";
	}
}

const char *
show_member(const struct cli *cli, const json_t *o, const char *key)
{
	return value_text(cli, json_object_get(o, key));
}

/* Columns of a terminal, near enough: octets that begin a character. */
static int
width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((uint8_t)*s & 0xc0) != 0x80;
	return n;
}

static void
print_cell(const char *s, int to, bool last)
{
	fputs(s, stdout);
	if (last)
		putchar('\n');
	else
		printf("%*s", to - width(s) + 2, "");
}

#define COLUMNS_MAX 16u

void
show_table(const struct cli *cli, const json_t *rows,
    const struct show_column *columns, size_t n)
{
	int widths[COLUMNS_MAX] = { 0 };
	size_t i;
	json_t *row;

	for (size_t c = 0; c < n; c++)
		widths[c] = width(columns[c].title);
	json_array_foreach ((json_t *)(uintptr_t)rows, i, row)
		for (size_t c = 0; c < n; c++)
			widths[c] = MAX_OF(widths[c],
			    width(show_member(cli, row, columns[c].key)));
	for (size_t c = 0; c < n; c++)
		print_cell(columns[c].title, widths[c], c + 1 == n);
	json_array_foreach ((json_t *)(uintptr_t)rows, i, row)
		for (size_t c = 0; c < n; c++)
			print_cell(show_member(cli, row, columns[c].key),
			    widths[c], c + 1 == n);
}

/* "not_after" to "not after". */
static void
print_key(const char *key, int indent)
{
	printf("%*s", indent, "");
	for (; *key != '\0'; key++)
		putchar(*key == '_' ? ' ' : *key);
	putchar(':');
}

static bool
is_deep(const json_t *v)
{
	return json_is_object(v) ||
	    (json_is_array(v) && json_array_size(v) > 0);
}

static void
print_array(const struct cli *cli, const json_t *list, int indent)
{
	size_t i;
	json_t *item;

	json_array_foreach ((json_t *)(uintptr_t)list, i, item) {
		if (json_is_object(item)) {
			printf("%*s-\n", indent, "");
			show_object(cli, item, indent + 2);
		} else {
			printf("%*s%s\n", indent, "", value_text(cli, item));
		}
	}
}

void
show_object(const struct cli *cli, const json_t *o, int indent)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)o, key, v) {
		if (json_is_null(v))
			continue;
		print_key(key, indent);
		if (!is_deep(v)) {
			printf(" %s\n", value_text(cli, v));
			continue;
		}
		putchar('\n');
		if (json_is_object(v))
			show_object(cli, v, indent + 2);
		else
			print_array(cli, v, indent + 2);
	}
}
