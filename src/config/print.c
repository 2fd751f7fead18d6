#include "config/rows.h"

#define WIDTH 78u

/* "# " lines of at most WIDTH columns. */
static void
print_comment(const char *text, unsigned indent, struct buf *out)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column == 0 || column + 1 + n > WIDTH) {
			buf_printf(out, "%s%*s#", column == 0 ? "" : "\n",
			    (int)indent, "");
			column = indent + 1;
		}
		buf_add_str(out, " ");
		buf_add(out, text, n);
		column += 1 + n;
		text += n;
		text += strspn(text, " ");
	}
	if (column != 0)
		buf_add_byte(out, '\n');
}

/* The value that the printer was told to print for a key, or NULL. */
static const char *
setting(const struct config_setting *set, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(set[i].key, key) == 0)
			return set[i].value;
	return NULL;
}

/* "key: value", or a block of list entries below the key. */
static void
print_value(
    const char *key, const char *value, unsigned indent, struct buf *out)
{
	buf_printf(out, "%*s%s:", (int)indent, "", key);
	if (value[0] != '-' || value[1] != ' ') {
		buf_printf(out, " %s\n", value);
		return;
	}
	buf_add_byte(out, '\n');
	while (*value != '\0') {
		size_t n = strcspn(value, "\n");

		buf_printf(
		    out, "%*s%.*s\n", (int)indent + 2, "", (int)n, value);
		value += n;
		value += strspn(value, "\n");
	}
}

static void
print_option(const struct config_row *row, const char *key, const char *value,
    unsigned indent, struct buf *out)
{
	AUTO_BUF text = { 0 };

	buf_printf(&text, "%s (", row->text);
	config_row_expected(row, &text);
	if (value != NULL && row->def != NULL && strcmp(value, row->def) != 0 &&
	    row->def[0] != '-')
		buf_printf(&text, "; default %s", row->def);
	buf_add_str(&text, ")");
	print_comment(buf_cstr(&text), indent, out);
	if (value == NULL)
		value = row->def != NULL ? row->def : row->sample;
	print_value(key, value != NULL ? value : "null", indent, out);
}

/* Of a map that is empty: an entry with the defaults, as a comment. */
static void
print_sample_entry(
    const struct config_table *t, unsigned indent, struct buf *out)
{
	buf_printf(out, "%*s#   NAME:\n", (int)indent, "");
	for (size_t i = 0; i < config_rows_n(t); i++) {
		const struct config_row *row = config_row_at(t, i);
		const char *value = row->def != NULL ? row->def : row->sample;

		buf_printf(out, "%*s#     %s: %s\n", (int)indent, "", row->key,
		    value != NULL ? value : "null");
	}
}

/* The part of "cas.NAME.option" that is the name, if it begins with map. */
static size_t
entry_name(const char *key, const char *map, const char **name)
{
	size_t n = strlen(map);

	if (strncmp(key, map, n) != 0 || key[n] != '.')
		return 0;
	*name = key + n + 1;
	return strcspn(*name, ".");
}

/* All options of an entry, with what they are for. */
static void
print_entry(const struct config_row *map, const char *name,
    const struct config_setting *set, size_t n, struct buf *out)
{
	const struct config_table *t = config_row_table(map);

	buf_printf(out, "  %s:\n", name);
	for (size_t i = 0; i < config_rows_n(t); i++) {
		const struct config_row *row = config_row_at(t, i);
		AUTO_BUF key = { 0 };

		buf_printf(&key, "%s.%s.%s", map->key, name, row->key);
		print_option(
		    row, row->key, setting(set, n, buf_cstr(&key)), 4, out);
	}
}

/* The entries that only the settings name: their settings alone. */
static void
print_more_entries(const struct config_row *map, const char *first,
    const struct config_setting *set, size_t n, struct buf *out)
{
	const char *last = first, *name;
	size_t last_n = strlen(first);

	for (size_t i = 0; i < n; i++) {
		size_t name_n = entry_name(set[i].key, map->key, &name);

		if (name_n == 0 || name[name_n] != '.' ||
		    (name_n == strlen(first) &&
			memcmp(name, first, name_n) == 0))
			continue;
		if (name_n != last_n || memcmp(name, last, name_n) != 0)
			buf_printf(out, "  %.*s:\n", (int)name_n, name);
		last = name;
		last_n = name_n;
		print_value(name + name_n + 1, set[i].value, 4, out);
	}
}

static void
print_map(const struct config_row *row, const struct config_setting *set,
    size_t n, struct buf *out)
{
	const char *first = row->type == CONFIG_CAS ? "issuing" : "default";

	buf_add_byte(out, '\n');
	print_comment(config_section_text(row->key, strlen(row->key)), 0, out);
	if (strcmp(row->def, "{}") == 0) {
		print_option(row, row->key, setting(set, n, row->key), 0, out);
		print_sample_entry(config_row_table(row), 0, out);
		return;
	}
	buf_printf(out, "%s:\n", row->key);
	print_entry(row, first, set, n, out);
	print_more_entries(row, first, set, n, out);
}

void
config_print_settings(
    const struct config_setting *set, size_t n, struct buf *out)
{
	const struct config_table *t = &config_root_table;
	const char *section = "";
	size_t section_n = 0;

	print_comment("The configuration of chancery. Every option stands "
		      "here; its value is the default unless the comment "
		      "says another. Paths are relative to the state "
		      "directory.",
	    0, out);
	for (size_t i = 0; i < config_rows_n(t); i++) {
		const struct config_row *row = config_row_at(t, i);
		const char *dot = strchr(row->key, '.');
		size_t m = dot == NULL ? 0 : (size_t)(dot - row->key);

		/* est.labels lies in its section and is empty. */
		if (config_row_table(row) != NULL && dot == NULL) {
			print_map(row, set, n, out);
			continue;
		}
		if (m != section_n || memcmp(section, row->key, m) != 0) {
			section = row->key;
			section_n = m;
			buf_add_byte(out, '\n');
			print_comment(config_section_text(section, m), 0, out);
			buf_printf(out, "%.*s:\n", (int)m, section);
		} else if (m == 0) {
			buf_add_byte(out, '\n');
		}
		print_option(row, dot == NULL ? row->key : dot + 1,
		    setting(set, n, row->key), m == 0 ? 0 : 2, out);
		if (config_row_table(row) != NULL)
			print_sample_entry(config_row_table(row), 2, out);
	}
}

void
config_print_commented(struct buf *out)
{
	config_print_settings(NULL, 0, out);
}
