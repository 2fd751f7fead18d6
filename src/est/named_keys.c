#include "est/named_keys.h"
#include "util/secret.h"
#include "util/text.h"

static bool
line_parse(char *line, struct arena *a, struct named_key *out)
{
	char *hex = strchr(line, ':');
	struct err why = { 0 };

	if (hex == NULL || hex == line || hex - line > 64)
		return false;
	*hex++ = '\0';
	out->id = bytes_str(line);
	return hex_decode(hex, a, &out->key, &why) &&
	    (out->key.n == 16 || out->key.n == 24 || out->key.n == 32);
}

bool
est_named_keys_parse(struct bytes text, const char *path, struct arena *a,
    struct named_keys *out, struct err *err)
{
	struct named_keys k = { 0 };
	size_t lines = 1, number = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (lines > NAMED_KEYS_MAX)
		return fail(err, ERR_CONFIG, "%s has %zu lines, at most %u",
		    path, lines, NAMED_KEYS_MAX);
	k.v = arena_array(a, lines, sizeof(*k.v));
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);
		char *line = arena_str(a, bytes_of(text.p, n));
		bool good;

		number++;
		text.p += end == NULL ? n : n + 1;
		text.n -= end == NULL ? n : n + 1;
		if (*line == '\0' || *line == '#')
			continue;
		good = line_parse(line, a, &k.v[k.n]) &&
		    est_named_keys_find(&k, k.v[k.n].id) == NULL;
		if (!good)
			return fail(err, ERR_CONFIG,
			    "%s:%zu is not NAME:HEX with a name that no other "
			    "line has and 16, 24 or 32 octets",
			    path, number);
		k.n++;
	}
	*out = k;
	return true;
}

const struct named_key *
est_named_keys_find(const struct named_keys *k, struct bytes id)
{
	for (size_t i = 0; i < k->n; i++)
		if (bytes_equal(k->v[i].id, id))
			return &k->v[i];
	return NULL;
}

void
est_named_keys_wipe(struct named_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		secret_wipe((uint8_t *)(uintptr_t)k->v[i].key.p, k->v[i].key.n);
	k->n = 0;
}
