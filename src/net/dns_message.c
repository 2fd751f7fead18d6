#include <ctype.h>
#include "net/dns_message.h"
#include "util/text.h"

#define DNS_HEADER 12u
#define DNS_RR_FIXED 10u

/* A name in wire form, lower-cased, so that names compare by memcmp. */
struct wire_name {
	uint8_t octets[DNS_MAX_NAME];
	size_t n;
};

struct record {
	struct wire_name owner;
	unsigned type, class;
	size_t rdata; /* offset */
	size_t rdata_n;
};

static unsigned
u16(struct bytes m, size_t at)
{
	return (unsigned)m.p[at] << 8 | m.p[at + 1];
}

/*
 * Reads the name at *at and moves *at behind it.  A pointer has to lead to
 * before the place that it was read from, so the walk ends.
 */
static bool
name_read(struct bytes m, size_t *at, struct wire_name *out)
{
	size_t pos = *at, limit = m.n;
	bool jumped = false;

	out->n = 0;
	while (pos < limit) {
		uint8_t len = m.p[pos];

		if ((len & 0xc0) == 0xc0) {
			size_t target;

			if (pos + 1 >= limit)
				return false;
			target = u16(m, pos) & 0x3fff;
			if (!jumped)
				*at = pos + 2;
			jumped = true;
			if (target >= pos)
				return false;
			limit = pos;
			pos = target;
			continue;
		}
		if (len > 63 || pos + 1 + len > limit ||
		    out->n + 1 + len > DNS_MAX_NAME)
			return false;
		out->octets[out->n++] = len;
		for (size_t i = 0; i < len; i++)
			out->octets[out->n++] =
			    (uint8_t)tolower(m.p[pos + 1 + i]);
		pos += 1u + len;
		if (len == 0) {
			if (!jumped)
				*at = pos;
			return true;
		}
	}
	return false;
}

static bool
name_equal(const struct wire_name *a, const struct wire_name *b)
{
	return a->n == b->n && memcmp(a->octets, b->octets, a->n) == 0;
}

static const char *
name_text(const struct wire_name *name, struct arena *a)
{
	char out[DNS_NAME_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < name->n && name->octets[i] != 0;) {
		size_t end = i + 1 + name->octets[i];

		if (n > 0)
			out[n++] = '.';
		for (i++; i < end; i++) {
			uint8_t c = name->octets[i];

			if (isalnum(c) || c == '-' || c == '_' || c == '*')
				out[n++] = (char)c;
			else
				n += (size_t)sprintf(out + n, "\\%03u", c);
		}
	}
	out[n] = '\0';
	return arena_strdup(a, n == 0 ? "." : out);
}

static bool
record_read(struct bytes m, size_t *at, struct record *out)
{
	if (!name_read(m, at, &out->owner) || *at + DNS_RR_FIXED > m.n)
		return false;
	out->type = u16(m, *at);
	out->class = u16(m, *at + 2);
	out->rdata_n = u16(m, *at + 8);
	out->rdata = *at + DNS_RR_FIXED;
	if (out->rdata + out->rdata_n > m.n)
		return false;
	*at = out->rdata + out->rdata_n;
	return true;
}

/* RFC 1035 section 3.3.14: one or more character strings, joined. */
static bool
txt_join(struct bytes in, struct arena *a, struct bytes *out)
{
	uint8_t *p = arena_alloc(a, in.n + 1);
	size_t n = 0;

	if (in.n == 0)
		return false;
	for (size_t i = 0; i < in.n;) {
		size_t len = in.p[i];

		if (i + 1 + len > in.n)
			return false;
		memcpy(p + n, in.p + i + 1, len);
		n += len;
		i += 1 + len;
	}
	*out = bytes_of(p, n);
	return true;
}

static bool
rdata_take(
    struct bytes rdata, enum dns_type type, struct arena *a, struct bytes *out)
{
	if (type == DNS_TXT)
		return txt_join(rdata, a, out);
	if ((type == DNS_A && rdata.n != 4) ||
	    (type == DNS_AAAA && rdata.n != 16))
		return false;
	*out = arena_bytes(a, rdata);
	return true;
}

struct walk {
	struct bytes m;
	size_t answers; /* offset of the answer section */
	unsigned answers_n;
	enum dns_type type;
	struct arena *arena;
};

/*
 * One pass over the answers for one owner: takes the wanted records, or the
 * alias if there is one.
 */
static bool
walk_owner(const struct walk *w, const struct wire_name *owner,
    struct dns_answer *out, struct wire_name *alias)
{
	size_t at = w->answers;

	alias->n = 0;
	for (unsigned i = 0; i < w->answers_n; i++) {
		struct record rr;

		if (!record_read(w->m, &at, &rr))
			return false;
		if (rr.class != 1 || !name_equal(&rr.owner, owner))
			continue;
		if (rr.type == DNS_CNAME) {
			size_t target = rr.rdata;

			if (!name_read(w->m, &target, alias) ||
			    target != rr.rdata + rr.rdata_n)
				return false;
		} else if (rr.type == (unsigned)w->type) {
			struct bytes in =
			    bytes_of(w->m.p + rr.rdata, rr.rdata_n);

			if (out->found++ < DNS_MAX_RECORDS &&
			    !rdata_take(in, w->type, w->arena,
				&out->rdata[out->rdata_n++]))
				return false;
		}
	}
	return true;
}

static bool
walk_chain(
    const struct walk *w, struct wire_name *owner, struct dns_answer *out)
{
	for (;;) {
		struct wire_name alias;

		if (!walk_owner(w, owner, out, &alias))
			return false;
		if (alias.n == 0 || out->found > 0)
			return true;
		if (out->chain_n == DNS_MAX_CHAIN)
			return false;
		out->chain[out->chain_n++] = name_text(&alias, w->arena);
		*owner = alias;
	}
}

bool
dns_answer_parse(struct bytes message, enum dns_type type, struct arena *a,
    struct dns_answer *out, struct err *err)
{
	struct walk w = { .m = message, .type = type, .arena = a };
	struct dns_answer found = { 0 };
	struct wire_name owner;
	size_t at = DNS_HEADER;

	if (message.n < DNS_HEADER || message.n > 65535)
		return fail(err, ERR_DNS,
		    "the DNS message has %zu octets, expected 12 to 65535",
		    message.n);
	found.rcode = message.p[3] & 0x0f;
	if (u16(message, 4) != 1 || !name_read(message, &at, &owner) ||
	    at + 4 > message.n)
		return fail(err, ERR_DNS,
		    "the DNS message does not repeat its question");
	w.answers = at + 4;
	w.answers_n = u16(message, 6);
	found.rdata = arena_array(a, DNS_MAX_RECORDS, sizeof(*found.rdata));
	found.chain = arena_array(a, DNS_MAX_CHAIN, sizeof(*found.chain));
	if (!walk_chain(&w, &owner, &found))
		return fail(err, ERR_DNS,
		    "the DNS message's answer section is malformed");
	*out = found;
	return true;
}

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	case DNS_CAA:
		return "CAA";
	}
	return "?";
}

const char *
dns_rcode_name(unsigned rcode, char out[16])
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED" };

	if (rcode < COUNT_OF(names))
		return names[rcode];
	snprintf(out, 16, "RCODE %u", rcode & 0xfff);
	return out;
}

const char *
dns_caa_text(struct bytes rdata, struct arena *a)
{
	struct bytes tag, value;

	if (rdata.n < 2 || rdata.p[1] == 0 || 2u + rdata.p[1] > rdata.n)
		return arena_printf(
		    a, "\\# %zu %s", rdata.n, hex_arena(a, rdata));
	tag = bytes_of(rdata.p + 2, rdata.p[1]);
	value = bytes_of(tag.p + tag.n, rdata.n - 2 - tag.n);
	if (!text_is_ascii_printable(tag) || !text_is_ascii_printable(value))
		return arena_printf(
		    a, "\\# %zu %s", rdata.n, hex_arena(a, rdata));
	return arena_printf(a, "%u %s \"%s\"", rdata.p[0], arena_str(a, tag),
	    arena_str(a, value));
}

bool
dns_name_check(const char *name, struct err *err)
{
	size_t n = strlen(name), label = 0;

	if (n > 0 && name[n - 1] == '.')
		n--;
	if (n == 0 || n > 253)
		return fail(err, ERR_DNS,
		    "the name has %zu characters, expected 1 to 253", n);
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (c == '.' && label == 0)
			return fail(
			    err, ERR_DNS, "the name has an empty label");
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return fail(err, ERR_DNS,
			    "the name has a label of more than 63 characters");
		if (c != '.' && !isalnum((unsigned char)c) && c != '-' &&
		    c != '_' && c != '*')
			return fail(err, ERR_DNS,
			    "the name has a character that is no letter, "
			    "digit, hyphen or underscore");
	}
	if (label == 0)
		return fail(err, ERR_DNS, "the name has an empty label");
	return true;
}
