/*
 * A name's normal form is its own normal form, and comes out of a certificate
 * as it went in.  The first octet says what the rest is.
 */
#include "codec/cert.h"
#include "require.h"

static void
one_name(enum name_type type, struct bytes text, struct arena *a)
{
	struct name n, again, tagged, read;
	struct names names;
	AUTO_BUF b = { 0 };

	if (!name_parse(type, text, a, &n, NULL))
		return;
	REQUIRE(n.type == type);
	REQUIRE(name_parse(type, bytes_str(n.text), a, &again, NULL));
	REQUIRE(name_equal(&n, &again));
	REQUIRE(name_parse_tagged(
	    arena_printf(a, "%s:%s", name_type_tag(type), n.text), a, &tagged,
	    NULL));
	REQUIRE(name_equal(&n, &tagged));
	name_put_general(&b, &n);
	REQUIRE(names_read(buf_bytes(&b), NAMES_NORMAL, a, &names, NULL, NULL));
	REQUIRE(names.n == 1);
	read = names.v[0];
	REQUIRE(name_equal(&n, &read));
	REQUIRE(!name_is_wildcard(&n) || type == NAME_DNS);
}

static void
several_names(struct bytes content, struct arena *a)
{
	struct names strict, tolerant, sorted;
	bool others;

	if (!names_read_general(content, a, &strict, NULL))
		return;
	REQUIRE(strict.n > 0 && strict.n <= NAMES_MAX);
	REQUIRE(
	    names_read(content, NAMES_TOLERANT, a, &tolerant, &others, NULL));
	REQUIRE(!others && tolerant.n == strict.n);
	sorted = names_sorted(a, strict);
	REQUIRE(sorted.n <= strict.n);
	for (size_t i = 1; i < sorted.n; i++)
		REQUIRE(name_compare(&sorted.v[i - 1], &sorted.v[i]) < 0);
	REQUIRE(names_equal_sets(a, strict, sorted));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct bytes rest;

	if (size == 0 || size > 4096)
		return 0;
	rest = bytes_of(data + 1, size - 1);
	switch (data[0]) {
	case 'd':
		one_name(NAME_DNS, rest, a);
		break;
	case 'i':
		one_name(NAME_IP, rest, a);
		break;
	case 'e':
		one_name(NAME_EMAIL, rest, a);
		break;
	case 'u':
		one_name(NAME_URI, rest, a);
		break;
	case 'g':
		several_names(rest, a);
		break;
	case 's':
		REQUIRE(subject_text(a, rest) != NULL);
		(void)subject_common_name(a, rest);
		break;
	}
	return 0;
}
