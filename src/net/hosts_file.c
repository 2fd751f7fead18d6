#include <stdlib.h>
#include "net/hosts_file.h"
#include "util/text.h"

#define HOSTS_MAX_NAME 255u

struct host {
	const char *name;
	struct probe_address address;
	size_t line; /* keeps the file's order within a name */
};

struct hosts {
	struct host *v; /* sorted by name, then by line */
	size_t n;
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The next word of the line; empty at its end. */
static struct bytes
word_next(struct bytes *line)
{
	struct bytes w;

	while (line->n > 0 && is_blank(line->p[0]))
		*line = bytes_of(line->p + 1, line->n - 1);
	w = bytes_of(line->p, 0);
	while (w.n < line->n && !is_blank(line->p[w.n]))
		w.n++;
	*line = bytes_of(line->p + w.n, line->n - w.n);
	return w;
}

/* One line without its comment; the text is not NUL-terminated. */
static struct bytes
line_next(struct bytes *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	size_t n = end == NULL ? text->n : (size_t)(end - text->p);
	struct bytes line = bytes_of(text->p, n);
	const uint8_t *hash;

	*text = bytes_of(text->p + n, text->n - n);
	if (text->n > 0)
		*text = bytes_of(text->p + 1, text->n - 1);
	hash = line.n == 0 ? NULL : memchr(line.p, '#', line.n);
	if (hash != NULL)
		line.n = (size_t)(hash - line.p);
	return line;
}

static bool
address_word(struct bytes w, struct probe_address *out)
{
	char text[PROBE_ADDRESS_TEXT];

	if (w.n == 0 || w.n >= sizeof(text) || memchr(w.p, 0, w.n) != NULL)
		return false;
	memcpy(text, w.p, w.n);
	text[w.n] = '\0';
	return probe_address_parse(text, out);
}

static int
host_compare(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : (x->line > y->line) - (x->line < y->line);
}

/* Fills v (or only counts when it is NULL); how many entries. */
static size_t
hosts_walk(struct bytes text, struct arena *a, struct host *v)
{
	size_t n = 0, number = 0;

	while (text.n > 0) {
		struct bytes line = line_next(&text), w = word_next(&line);
		struct probe_address address;

		number++;
		if (!address_word(w, &address))
			continue;
		for (w = word_next(&line); w.n > 0; w = word_next(&line)) {
			char *name;

			if (w.n > HOSTS_MAX_NAME || memchr(w.p, 0, w.n) != NULL)
				continue;
			if (v != NULL) {
				name = arena_str(a, w);
				text_lower(name);
				v[n] = (struct host){ name, address, number };
			}
			n++;
		}
	}
	return n;
}

struct hosts *
hosts_parse(struct bytes text, struct arena *a)
{
	struct hosts *h = arena_alloc(a, sizeof(*h));

	if (text.n > HOSTS_MAX_FILE)
		text.n = HOSTS_MAX_FILE;
	h->n = hosts_walk(text, a, NULL);
	h->v = arena_array(a, h->n + 1, sizeof(*h->v));
	(void)hosts_walk(text, a, h->v);
	qsort(h->v, h->n, sizeof(*h->v), host_compare);
	return h;
}

size_t
hosts_find(const struct hosts *h, const char *name, struct probe_address *out,
    size_t max)
{
	char key[HOSTS_MAX_NAME + 1];
	size_t low = 0, high = h->n, n = 0, len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len > HOSTS_MAX_NAME)
		return 0;
	memcpy(key, name, len);
	key[len] = '\0';
	text_lower(key);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(h->v[mid].name, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < h->n && n < max && strcmp(h->v[low].name, key) == 0; low++)
		out[n++] = h->v[low].address;
	return n;
}

size_t
hosts_count(const struct hosts *h)
{
	return h->n;
}
