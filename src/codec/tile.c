#include "codec/tile.h"

#define LEVEL_MAX 63u
/* Seven groups of three digits hold any 64-bit number. */
#define GROUPS_MAX 7u

/* A decimal number without leading zeros, of at most max; *end is behind it. */
static bool
number_parse(const char *s, unsigned max, const char **end, unsigned *out)
{
	unsigned v = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9' && p - s < 4; p++)
		v = 10 * v + (unsigned)(*p - '0');
	*end = p;
	*out = v;
	return p > s && (p - s == 1 || s[0] != '0') && v <= max;
}

static bool
group_parse(const char *s, unsigned *out)
{
	unsigned v = 0;

	for (int i = 0; i < 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = 10 * v + (unsigned)(s[i] - '0');
	}
	*out = v;
	return true;
}

bool
tile_path_parse(const char *level, const char *rest, struct tile *out)
{
	struct tile t = { .width = TILE_WIDTH };
	unsigned group, groups = 0;
	const char *end;

	if (!number_parse(level, LEVEL_MAX, &end, &t.level) || *end != '\0')
		return false;
	for (; *rest == 'x'; rest += 5) {
		if (++groups == GROUPS_MAX || !group_parse(rest + 1, &group) ||
		    rest[4] != '/' || (t.n == 0 && group == 0))
			return false;
		t.n = 1000 * t.n + group;
	}
	if (t.n > UINT64_MAX / 1000 - 1 || !group_parse(rest, &group))
		return false;
	t.n = 1000 * t.n + group;
	rest += 3;
	if (strncmp(rest, ".p/", 3) == 0) {
		if (!number_parse(rest + 3, TILE_WIDTH - 1, &end, &t.width) ||
		    t.width == 0)
			return false;
		rest = end;
	}
	if (*rest != '\0')
		return false;
	*out = t;
	return true;
}

void
tile_path_print(const struct tile *t, struct buf *out)
{
	unsigned groups[GROUPS_MAX];
	uint64_t n = t->n;
	size_t count = 0;

	do {
		groups[count++] = (unsigned)(n % 1000);
		n /= 1000;
	} while (n > 0);
	buf_printf(out, "%u", t->level);
	while (count-- > 0)
		buf_printf(out, count > 0 ? "/x%03u" : "/%03u", groups[count]);
	if (t->width != TILE_WIDTH)
		buf_printf(out, ".p/%u", t->width);
}
