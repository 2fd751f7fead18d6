#include "store/replay_state.h"
#include "util/text.h"

/* What canonical_put_string has escaped. */
const char *
replay_text(struct replaying *r, const char *name)
{
	struct bytes v = canonical_get(&r->m, name);
	struct err ignored = { 0 };
	AUTO_BUF b = { 0 };

	if (v.p == NULL)
		return NULL;
	for (size_t i = 0; i < v.n; i++) {
		static const char from[] = "btnfr", to[] = "\b\t\n\f\r";
		const char *short_form;
		struct bytes octet;

		if (v.p[i] != '\\') {
			buf_add_byte(&b, v.p[i]);
			continue;
		}
		i++;
		short_form = strchr(from, v.p[i]);
		if (short_form != NULL) {
			buf_add_byte(&b, (uint8_t)to[short_form - from]);
		} else if (v.p[i] == 'u' &&
		    hex_decode(arena_str(r->a, bytes_of(v.p + i + 3, 2)), r->a,
			&octet, &ignored)) {
			buf_add_byte(&b, octet.p[0]);
			i += 4;
		} else {
			buf_add_byte(&b, v.p[i]);
		}
	}
	return arena_str(r->a, buf_bytes(&b));
}

void
replay_bind_text(struct query *q, struct replaying *r, const char *name)
{
	bind_text(q, replay_text(r, name));
}

void
replay_bind_int(struct query *q, struct replaying *r, const char *name)
{
	int64_t v = 0;

	(void)!canonical_get_int(&r->m, name, &v);
	bind_int(q, v);
}

void
replay_bind_hex(
    struct query *q, struct replaying *r, const char *name, size_t n)
{
	uint8_t *p = arena_alloc(r->a, n);

	(void)!canonical_get_hex(&r->m, name, p, n);
	bind_bytes(q, bytes_of(p, n));
}

void
replay_bind_base64(struct query *q, struct replaying *r, const char *name)
{
	struct bytes v = canonical_get(&r->m, name), octets = BYTES_NONE;
	struct err ignored = { 0 };

	if (v.p != NULL && !base64_decode(v, r->a, &octets, &ignored))
		octets = BYTES_NONE;
	bind_bytes(q, octets);
}
