#include "cli/finding.h"

void
finding_add(struct findings *f, const struct finding *new)
{
	if (f->n == f->cap) {
		size_t cap = f->cap == 0 ? 16 : 2 * f->cap;
		struct finding *v = arena_array(f->arena, cap, sizeof(*v));

		if (f->n > 0)
			memcpy(v, f->v, f->n * sizeof(*v));
		f->v = v;
		f->cap = cap;
	}
	f->v[f->n++] = *new;
}

void
findings_add_mistakes(
    struct findings *f, const char *path, const struct config_mistakes *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct finding new = { .kind = FINDING_MISTAKE,
			.where = path,
			.line = m->v[i].line,
			.column = m->v[i].column,
			.found = arena_strdup(f->arena, m->v[i].found),
			.expected = arena_strdup(f->arena, m->v[i].expected),
			.mend = arena_strdup(f->arena, m->v[i].mend) };

		finding_add(f, &new);
	}
}

size_t
findings_count(const struct findings *f, enum finding_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].kind == kind;
	return n;
}

static const char *const kind_names[] = {
	[FINDING_NOTE] = "note",
	[FINDING_WARNING] = "warning",
	[FINDING_MISTAKE] = "mistake",
};

/* Mistakes of the configuration look as everywhere: FILE:LINE:COL: found … */
static void
print_one(const struct finding *v)
{
	fputs(v->where, stdout);
	if (v->line > 0)
		printf(":%u:%u", v->line, v->column);
	if (v->kind != FINDING_MISTAKE)
		printf(": %s", kind_names[v->kind]);
	printf(": found %s", v->found);
	if (v->expected != NULL)
		printf("; expected %s", v->expected);
	if (v->mend != NULL)
		printf("; mend: %s", v->mend);
	putchar('\n');
}

void
findings_print(const struct findings *f, bool quiet)
{
	for (int kind = FINDING_MISTAKE; kind >= FINDING_NOTE; kind--)
		for (size_t i = 0; i < f->n; i++)
			if ((int)f->v[i].kind == kind &&
			    (!quiet || kind == FINDING_MISTAKE))
				print_one(&f->v[i]);
}

json_t *
findings_json(const struct findings *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct finding *v = &f->v[i];
		json_t *o = json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "kind",
		    kind_names[v->kind], "where", v->where, "found", v->found,
		    "expected", v->expected, "mend", v->mend);

		if (v->line > 0) {
			json_object_set_new(o, "line", json_integer(v->line));
			json_object_set_new(
			    o, "column", json_integer(v->column));
		}
		json_array_append_new(list, o);
	}
	return list;
}
