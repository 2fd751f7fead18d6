#include <stdio.h>
#include <stdlib.h>
#include "config/config.h"
#include "util/text.h"

/* A file of nothing but mistakes must not fill the memory or the screen. */
#define MISTAKES_MAX 200u

/* Mistakes quote the file, and are shown on terminals. */
static void
copy_printable(char *out, size_t size, const char *s)
{
	snprintf(out, size, "%s", s);
	text_make_printable(out);
}

void
config_mistake_add(struct config_mistakes *m, unsigned line, unsigned column,
    const char *found, const char *expected, const char *mend)
{
	struct config_mistake *new;

	if (m->n > MISTAKES_MAX)
		return;
	m->v = mem_grow(m->v, m->n + 1, sizeof(*m->v));
	new = &m->v[m->n++];
	*new = (struct config_mistake){ .line = line, .column = column };
	if (m->n > MISTAKES_MAX) {
		found = "more mistakes than are shown";
		expected = "a configuration";
		mend = "mend those above first";
	}
	copy_printable(new->found, sizeof(new->found), found);
	copy_printable(new->expected, sizeof(new->expected), expected);
	copy_printable(new->mend, sizeof(new->mend), mend);
}

void
config_mistakes_free(struct config_mistakes *m)
{
	free(m->v);
	*m = (struct config_mistakes){ 0 };
}

void
config_mistake_print(
    const char *path, const struct config_mistake *m, struct buf *out)
{
	buf_printf(out, "%s:%u:%u: found %s; expected %s; mend: %s\n", path,
	    m->line, m->column, m->found, m->expected, m->mend);
}
