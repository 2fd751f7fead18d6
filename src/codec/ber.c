#include "codec/ber.h"

#define TAG_NUMBER 0x1f
#define CONSTRUCTED 0x20
#define OCTETS_CONSTRUCTED (DER_OCTET_STRING | CONSTRUCTED)
#define LENGTH_OCTETS_MAX 4u

/* A constructed element that is open. */
struct frame {
	const uint8_t *end; /* NULL: until the end-of-contents octets */
	size_t mark; /* of der_open; unused for a piece of a string */
	enum { FRAME_PLAIN, FRAME_STRING, FRAME_PIECE } kind;
};

struct ber {
	const uint8_t *p, *end;
	struct frame frames[BER_DEPTH_MAX];
	size_t depth;
	struct buf *out;
};

struct header {
	int tag;
	bool indefinite;
	size_t n;
};

static const uint8_t *
limit(const struct ber *b)
{
	for (size_t i = b->depth; i > 0; i--)
		if (b->frames[i - 1].end != NULL)
			return b->frames[i - 1].end;
	return b->end;
}

static bool
header_read(struct ber *b, struct header *h)
{
	size_t left = (size_t)(limit(b) - b->p), octets;
	const uint8_t *p = b->p;

	if (left < 2 || (p[0] & TAG_NUMBER) == TAG_NUMBER)
		return false;
	h->tag = p[0];
	h->indefinite = p[1] == 0x80;
	h->n = p[1];
	b->p += 2;
	left -= 2;
	if (p[1] <= 0x80)
		return h->indefinite || h->n <= left;
	octets = p[1] & 0x7fu;
	if (octets > LENGTH_OCTETS_MAX || octets > left)
		return false;
	h->n = 0;
	for (size_t i = 0; i < octets; i++)
		h->n = h->n << 8 | p[2 + i];
	b->p += octets;
	return h->n <= left - octets;
}

static bool
in_string(const struct ber *b)
{
	return b->depth > 0 && b->frames[b->depth - 1].kind != FRAME_PLAIN;
}

/* A constructed element begins. */
static bool
push(struct ber *b, const struct header *h)
{
	struct frame *f = &b->frames[b->depth];

	if (b->depth == BER_DEPTH_MAX)
		return false;
	f->end = h->indefinite ? NULL : b->p + h->n;
	if (h->tag == OCTETS_CONSTRUCTED) {
		f->kind = in_string(b) ? FRAME_PIECE : FRAME_STRING;
		if (f->kind == FRAME_STRING)
			f->mark = der_open(b->out, DER_OCTET_STRING);
	} else {
		/* Universal ones other than SEQUENCE and SET are strings in
		 * pieces, which nobody sends. */
		if (in_string(b) ||
		    (h->tag < 0x40 && h->tag != DER_SEQUENCE &&
			h->tag != DER_SET))
			return false;
		f->kind = FRAME_PLAIN;
		f->mark = der_open(b->out, h->tag);
	}
	b->depth++;
	return true;
}

static void
pop(struct ber *b)
{
	const struct frame *f = &b->frames[--b->depth];

	if (f->kind != FRAME_PIECE)
		der_close(b->out, f->mark);
}

/* Ends what ends here. */
static void
pop_ended(struct ber *b)
{
	while (b->depth > 0 && b->frames[b->depth - 1].end == b->p)
		pop(b);
}

static bool
step(struct ber *b)
{
	struct header h;

	if (!header_read(b, &h))
		return false;
	if (h.tag == 0) {
		/* X.690 section 8.1.5: end of contents. */
		if (h.n != 0 || h.indefinite || b->depth == 0 ||
		    b->frames[b->depth - 1].end != NULL)
			return false;
		pop(b);
		return true;
	}
	if ((h.tag & CONSTRUCTED) != 0)
		return push(b, &h);
	if (h.indefinite || (in_string(b) && h.tag != DER_OCTET_STRING))
		return false;
	if (in_string(b))
		buf_add(b->out, b->p, h.n);
	else
		der_put(b->out, h.tag, bytes_of(b->p, h.n));
	b->p += h.n;
	return true;
}

bool
ber_to_der(struct bytes ber, struct buf *out, struct err *err)
{
	struct ber b = { .p = ber.p, .end = ber.p + ber.n, .out = out };
	size_t before = out->n;
	bool ok = ber.n > 0;

	while (ok) {
		ok = step(&b);
		if (ok)
			pop_ended(&b);
		if (b.depth == 0)
			break;
	}
	if (ok && b.depth == 0 && b.p == b.end)
		return true;
	out->n = before;
	return fail(err, ERR_MALFORMED,
	    "not BER at octet %zu of %zu, expected one element and nothing "
	    "behind it",
	    (size_t)(b.p - ber.p), ber.n);
}
