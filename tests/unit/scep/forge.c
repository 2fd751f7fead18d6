#include "codec/oid.h"
#include "forge.h"

#define SCEP_OID "\x60\x86\x48\x01\x86\xf8\x45\x01\x09"

struct bytes
forge_value(struct world *w, int tag, struct bytes value)
{
	struct buf b = { 0 };

	der_put(&b, tag, value);
	return arena_take_buf(w->a, &b);
}

struct bytes
forge_join(struct world *w, struct bytes a, struct bytes b)
{
	struct buf out = { 0 };

	buf_add_bytes(&out, a);
	buf_add_bytes(&out, b);
	return arena_take_buf(w->a, &out);
}

static void
add(struct world *w, struct forge *f, struct bytes oid, int tag,
    struct bytes value)
{
	assert_true(f->n < FORGE_ATTRIBUTES);
	f->at[f->n++] =
	    (struct forge_attribute){ oid, forge_value(w, tag, value) };
}

struct forge
forge_usual(struct world *w, struct bytes content)
{
	static unsigned number;
	struct forge f = { .content = content };
	uint8_t digest[32];

	digest_sha256(content, digest);
	add(w, &f, OID(CONTENT_TYPE), DER_OID, OID(DATA));
	add(w, &f, OID(MESSAGE_DIGEST), DER_OCTET_STRING,
	    arena_bytes(w->a, bytes_of(digest, sizeof(digest))));
	add(w, &f, bytes_of(SCEP_OID "\x02", 10), DER_PRINTABLE_STRING,
	    bytes_str("19"));
	add(w, &f, bytes_of(SCEP_OID "\x05", 10), DER_OCTET_STRING,
	    bytes_str("sixteen octets.."));
	add(w, &f, bytes_of(SCEP_OID "\x07", 10), DER_PRINTABLE_STRING,
	    bytes_str(arena_printf(w->a, "F%u", ++number)));
	return f;
}

static struct bytes
attributes_of(struct world *w, const struct forge *f)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		size_t at = der_open(&b, DER_SEQUENCE);

		oid_put(&b, f->at[i].oid);
		der_put(&b, DER_SET, f->at[i].values);
		der_close(&b, at);
	}
	return arena_take_buf(w->a, &b);
}

static void
put_algorithm(struct buf *b, struct bytes oid)
{
	size_t at = der_open(b, DER_SEQUENCE);

	oid_put(b, oid);
	der_put(b, DER_NULL, BYTES_NONE);
	der_close(b, at);
}

static struct bytes
info_of(struct world *w, const struct client *by, struct bytes attributes)
{
	struct bytes set = forge_value(w, DER_SET, attributes);
	AUTO_BUF signature = { 0 };
	struct buf b = { 0 };
	struct cert cert;
	size_t at;

	assert_ok(w->t, privkey_sign(by->key, set, &signature, &w->t->err));
	at = der_open(&b, DER_SEQUENCE);
	der_put_small(&b, 1);
	/* Who could not be parsed is named by nothing that is looked at. */
	if (cert_parse(by->der, w->a, &cert, NULL)) {
		cms_id_put(&b, &cert);
	} else {
		size_t id = der_open(&b, DER_SEQUENCE);

		der_put(&b, DER_SEQUENCE, BYTES_NONE);
		der_put_small(&b, 1);
		der_close(&b, id);
	}
	put_algorithm(&b, OID(SHA256));
	der_put(&b, DER_CONTEXT_CONSTRUCTED(0), attributes);
	put_algorithm(&b, OID(RSA));
	der_put(&b, DER_OCTET_STRING, buf_bytes(&signature));
	der_close(&b, at);
	return arena_take_buf(w->a, &b);
}

struct bytes
forge_write(struct world *w, const struct forge *f)
{
	const struct client *by = f->by == NULL ? &w->one : f->by;
	struct bytes info = info_of(w, by, attributes_of(w, f));
	size_t outer, wrapper, data, part, inner;
	struct buf b = { 0 };

	outer = der_open(&b, DER_SEQUENCE);
	oid_put(&b, OID(SIGNED_DATA));
	wrapper = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(&b, DER_SEQUENCE);
	der_put_small(&b, 1);
	part = der_open(&b, DER_SET);
	put_algorithm(&b, OID(SHA256));
	der_close(&b, part);
	part = der_open(&b, DER_SEQUENCE);
	oid_put(&b, OID(DATA));
	inner = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
	der_put(&b, DER_OCTET_STRING, f->content);
	der_close(&b, inner);
	der_close(&b, part);
	der_put(&b, DER_CONTEXT_CONSTRUCTED(0),
	    f->certs.n > 0 ? f->certs : by->der);
	part = der_open(&b, DER_SET);
	for (size_t i = 0; i < MAX_OF(f->signers, 1u); i++)
		der_put_raw(&b, info);
	der_close(&b, part);
	der_close(&b, data);
	der_close(&b, wrapper);
	der_close(&b, outer);
	return arena_take_buf(w->a, &b);
}

struct answer
forge_ask(struct world *w, struct bytes message)
{
	static unsigned number;
	const struct letter l = { .peer = arena_printf(w->a, "198.18.%u.%u",
				      number / 250, 1 + number % 250),
		.any_transaction = true };

	number++;
	return world_send(w, &l, message);
}

struct answer
forge_send(struct world *w, const struct forge *f)
{
	return forge_ask(w, forge_write(w, f));
}

/* ---- more than there should be ---- */

static void
copy(struct buf *out, struct bytes der, size_t *nth)
{
	struct der d = der_of(der);
	struct bytes content, whole;
	int tag;

	while (!der_at_end(&d)) {
		bool longer;
		size_t at;

		assert_true(der_read_any(&d, &tag, &content, &whole));
		if ((tag & 0x20) == 0) {
			buf_add_bytes(out, whole);
			continue;
		}
		longer = (*nth)-- == 0;
		at = der_open(out, tag);
		copy(out, content, nth);
		if (longer)
			der_put(out, DER_NULL, BYTES_NONE);
		der_close(out, at);
	}
}

struct bytes
forge_longer(struct world *w, struct bytes der, size_t nth)
{
	struct buf out = { 0 };
	struct bytes made;

	copy(&out, der, &nth);
	made = arena_take_buf(w->a, &out);
	return made.n == der.n ? BYTES_NONE : made;
}
