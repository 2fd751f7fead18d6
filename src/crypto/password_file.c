#include <stdlib.h>

#include "crypto/password.h"
#include "crypto/password_file.h"

#define LINE_MAX_OCTETS 4096u
#define NAME_MAX_OCTETS 128u
#define PATTERNS_MAX 64u

static int
by_name(const void *x, const void *y)
{
	const struct password_user *a = x, *b = y;

	return strcmp(a->name, b->name);
}

/* Cuts s at the first c; NULL if there is none. */
static char *
cut(char *s, char c)
{
	char *at = strchr(s, c);

	if (at != NULL)
		*at++ = '\0';
	return at;
}

static bool
patterns_parse(char *s, struct arena *a, struct password_user *out)
{
	const char **v = arena_array(a, PATTERNS_MAX, sizeof(*v));
	size_t n = 0;

	while (s != NULL) {
		char *next = cut(s, ',');

		if (n == PATTERNS_MAX || strchr(s, ':') == NULL)
			return false;
		v[n++] = s;
		s = next;
	}
	out->patterns = v;
	out->patterns_n = n;
	return true;
}

static bool
line_parse(char *line, struct arena *a, struct password_user *out)
{
	char *hash = cut(line, ':'), *patterns;

	if (hash == NULL || *line == '\0' || strlen(line) > NAME_MAX_OCTETS)
		return false;
	patterns = cut(hash, ':');
	*out = (struct password_user){ .name = line, .hash = hash };
	if (patterns != NULL && *patterns != '\0' &&
	    !patterns_parse(patterns, a, out))
		return false;
	return password_hash_is_good(hash);
}

static bool
sort(struct password_file *u, const char *path, struct err *err)
{
	if (u->n > 0)
		qsort(u->v, u->n, sizeof(*u->v), by_name);
	for (size_t i = 1; i < u->n; i++)
		if (strcmp(u->v[i - 1].name, u->v[i].name) == 0)
			return fail(err, ERR_CONFIG, "%s has user %s twice",
			    path, u->v[i].name);
	return true;
}

bool
password_file_parse(struct bytes text, const char *path, struct arena *a,
    struct password_file *out, struct err *err)
{
	struct password_file u = { 0 };
	size_t lines = 1, number = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (lines > PASSWORD_FILE_MAX)
		return fail(err, ERR_CONFIG, "%s has %zu lines, at most %u",
		    path, lines, PASSWORD_FILE_MAX);
	u.v = arena_array(a, lines, sizeof(*u.v));
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);
		char *line = arena_str(a, bytes_of(text.p, n));

		number++;
		text.p += end == NULL ? n : n + 1;
		text.n -= end == NULL ? n : n + 1;
		if (n > 0 && line[n - 1] == '\r')
			line[n - 1] = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		/* Nothing of the line is shown: it may hold a password. */
		if (n > LINE_MAX_OCTETS || !line_parse(line, a, &u.v[u.n]))
			return fail(err, ERR_CONFIG,
			    "%s:%zu is not NAME:HASH or NAME:HASH:PATTERNS "
			    "with a hash of openssl passwd -6, mkpasswd or "
			    "htpasswd -B",
			    path, number);
		u.n++;
	}
	if (!sort(&u, path, err))
		return false;
	*out = u;
	return true;
}

const struct password_user *
password_file_find(const struct password_file *u, const char *name)
{
	const struct password_user key = { .name = name };

	return u->n == 0 ? NULL
			 : bsearch(&key, u->v, u->n, sizeof(*u->v), by_name);
}
