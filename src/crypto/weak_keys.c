#include <ctype.h>
#include <stdlib.h>
#include "crypto/digest.h"
#include "crypto/key_check.h"
#include "crypto/weak_keys_list.h"
#include "util/text.h"

/*
 * Debian's openssl-blacklist: per line the last 80 bits of SHA-1 over
 * "Modulus=…\n", in hex, as `openssl rsa -modulus` prints it.
 */
#define LISTED 10u
#define LISTED_HEX (2 * LISTED)
#define LIST_TEXT_MAX (64u << 20)
#define MODULUS_MAX 2048u

/* Set once before threads start, then only read. */
static uint8_t (*listed)[LISTED];
static size_t listed_n;

static bool
line_decode(struct bytes line, uint8_t out[LISTED])
{
	if (line.n != LISTED_HEX)
		return false;
	for (size_t i = 0; i < LISTED; i++) {
		int high = hex_digit(line.p[2 * i]);
		int low = hex_digit(line.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int
listed_compare(const void *a, const void *b)
{
	return memcmp(a, b, LISTED);
}

/* Cuts the next line off *rest, without what surrounds its text. */
static struct bytes
next_line(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->n);
	struct bytes line = { rest->p,
		end == NULL ? rest->n : (size_t)(end - rest->p) };
	size_t used = end == NULL ? line.n : line.n + 1;

	rest->p += used;
	rest->n -= used;
	while (line.n > 0 && isspace(line.p[line.n - 1]))
		line.n--;
	return line;
}

bool
key_blocklist_load(struct bytes text, struct err *err)
{
	uint8_t(*v)[LISTED] = mem_array(text.n / LISTED_HEX + 1, LISTED);
	size_t n = 0, number = 0;

	if (text.n > LIST_TEXT_MAX) {
		free(v);
		return fail(err, ERR_TOO_LARGE,
		    "list of weak keys has %zu octets, at most %u", text.n,
		    LIST_TEXT_MAX);
	}
	while (text.n > 0) {
		struct bytes line = next_line(&text);

		number++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (line_decode(line, v[n])) {
			n++;
			continue;
		}
		free(v);
		return fail(err, ERR_MALFORMED,
		    "list of weak keys: line %zu is not %u hexadecimal "
		    "digits",
		    number, LISTED_HEX);
	}
	listed = mem_grow(listed, listed_n + n, LISTED);
	memcpy(listed + listed_n, v, n * LISTED);
	free(v);
	listed_n += n;
	qsort(listed, listed_n, LISTED, listed_compare);
	return true;
}

static bool
is_listed(struct lane *lane, struct bytes modulus)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[sizeof("Modulus=\n") + 2 * MODULUS_MAX] = "Modulus=";
	size_t n = strlen(text);
	uint8_t sha1[20];

	if (listed_n == 0 || modulus.n > MODULUS_MAX)
		return false;
	for (size_t i = 0; i < modulus.n; i++) {
		text[n++] = digits[modulus.p[i] >> 4];
		text[n++] = digits[modulus.p[i] & 15];
	}
	text[n++] = '\n';
	digest_compute(lane, DIGEST_SHA1, bytes_of(text, n), sha1);
	return bsearch(sha1 + sizeof(sha1) - LISTED, listed, listed_n, LISTED,
		   listed_compare) != NULL;
}

static bool
is_public(uint64_t fingerprint)
{
	size_t low = 0, high = COUNT_OF(weak_keys_list);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (weak_keys_list[middle] == fingerprint)
			return true;
		if (weak_keys_list[middle] < fingerprint)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool
key_is_blocked(struct lane *lane, const struct pubkey *key)
{
	struct bytes raw = key->alg == KEY_RSA ? key->n : key->point;
	uint8_t id[32];

	digest_compute(lane, DIGEST_SHA256, raw, id);
	return is_public(bytes_get_be(id, 8)) ||
	    (key->alg == KEY_RSA && is_listed(lane, raw));
}
