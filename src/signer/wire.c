#include "signer/wire.h"
#include "util/text.h"

static const uint8_t mark[3] = { 'C', 'S', 1 };

struct cursor {
	const uint8_t *p, *end;
};

static void
put_be64(struct buf *out, uint64_t v)
{
	uint8_t octets[8];

	bytes_put_be(octets, sizeof(octets), v);
	buf_add(out, octets, sizeof(octets));
}

static bool
take(struct cursor *c, size_t n, const uint8_t **out)
{
	if ((size_t)(c->end - c->p) < n)
		return false;
	*out = c->p;
	c->p += n;
	return true;
}

static bool
take_be64(struct cursor *c, uint64_t *out)
{
	const uint8_t *p;

	if (!take(c, 8, &p))
		return false;
	*out = bytes_get_be(p, 8);
	return true;
}

/* All that is left, of a length in bounds. */
static bool
take_rest(struct cursor *c, size_t min, size_t max, struct bytes *out)
{
	*out = bytes_of(c->p, (size_t)(c->end - c->p));
	c->p = c->end;
	return out->n >= min && out->n <= max;
}

static void
put_request(const struct wire_message *m, struct buf *out)
{
	buf_add_byte(out, (uint8_t)m->request.kind);
	buf_add(out, m->request.issuer, sizeof(m->request.issuer));
	put_be64(out, m->request.position);
	if (m->type == WIRE_SIGN)
		buf_add_bytes(out, m->request.tbs);
	else
		put_be64(out, m->memfd_size);
}

void
wire_encode(const struct wire_message *m, struct buf *out)
{
	buf_add(out, mark, sizeof(mark));
	buf_add_byte(out, (uint8_t)m->type);
	put_be64(out, m->id);
	switch (m->type) {
	case WIRE_SIGN:
	case WIRE_SIGN_MEMFD:
		put_request(m, out);
		break;
	case WIRE_SIGNED:
		buf_add_bytes(out, m->signature);
		break;
	case WIRE_REFUSED:
	case WIRE_FAILED:
	case WIRE_LIMITS_REFUSED:
		buf_add_bytes(out, m->text);
		break;
	case WIRE_PONG:
		put_be64(out, m->syncs);
		buf_add_bytes(out, m->issuers);
		break;
	case WIRE_RESPONDER_KEY:
		buf_add_bytes(out, m->spki);
		break;
	case WIRE_PING:
	case WIRE_RESPONDER:
	case WIRE_HELLO:
	case WIRE_LIMITS:
	case WIRE_LIMITS_SET:
		break;
	}
}

static bool
get_request(struct cursor *c, struct wire_message *m)
{
	const uint8_t *p;

	if (!take(c, 1, &p) || !signer_kind_is(*p))
		return false;
	m->request.kind = (enum signer_kind) * p;
	if (!take(c, sizeof(m->request.issuer), &p))
		return false;
	memcpy(m->request.issuer, p, sizeof(m->request.issuer));
	if (!take_be64(c, &m->request.position))
		return false;
	if (m->type == WIRE_SIGN)
		return take_rest(c, 1, WIRE_INLINE_MAX, &m->request.tbs);
	return take_be64(c, &m->memfd_size) && m->memfd_size > 0 &&
	    m->memfd_size <= WIRE_MEMFD_MAX;
}

static bool
get_body(struct cursor *c, struct wire_message *m)
{
	switch (m->type) {
	case WIRE_SIGN:
	case WIRE_SIGN_MEMFD:
		return get_request(c, m);
	case WIRE_SIGNED:
		return take_rest(c, 1, WIRE_SIGNATURE_MAX, &m->signature);
	case WIRE_REFUSED:
	case WIRE_FAILED:
	case WIRE_LIMITS_REFUSED:
		return take_rest(c, 0, WIRE_TEXT_MAX, &m->text) &&
		    text_is_utf8(m->text) &&
		    memchr(m->text.p, 0, m->text.n) == NULL;
	case WIRE_PONG:
		return take_be64(c, &m->syncs) &&
		    take_rest(c, 0, 32 * WIRE_ISSUERS_MAX, &m->issuers) &&
		    m->issuers.n % 32 == 0;
	case WIRE_RESPONDER_KEY:
		return take_rest(c, 0, WIRE_SPKI_MAX, &m->spki);
	case WIRE_HELLO:
		return m->id == 0;
	case WIRE_PING:
	case WIRE_RESPONDER:
	case WIRE_LIMITS:
	case WIRE_LIMITS_SET:
		return true;
	}
	return false;
}

bool
wire_decode(struct bytes packet, struct wire_message *out, struct err *err)
{
	struct cursor c = { packet.p, packet.p + packet.n };
	struct wire_message m = { 0 };
	const uint8_t *p;

	if (!take(&c, WIRE_HEADER, &p) || memcmp(p, mark, sizeof(mark)) != 0)
		return fail(err, ERR_MALFORMED,
		    "signer message of %zu octets does not begin as one",
		    packet.n);
	m.type = (enum wire_type)p[3];
	m.id = bytes_get_be(p + 4, 8);
	if (!get_body(&c, &m) || c.p != c.end)
		return fail(err, ERR_MALFORMED,
		    "signer message of type 0x%02x and %zu octets is "
		    "malformed",
		    p[3], packet.n);
	*out = m;
	return true;
}

bool
wire_has_memfd(enum wire_type type)
{
	return type == WIRE_SIGN_MEMFD || type == WIRE_LIMITS;
}

uint64_t
wire_id(struct bytes packet)
{
	if (packet.n < WIRE_HEADER || memcmp(packet.p, mark, sizeof(mark)) != 0)
		return 0;
	return bytes_get_be(packet.p + 4, 8);
}
