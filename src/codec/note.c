#include "codec/note.h"
#include "codec/spki.h"
#include "crypto/digest.h"
#include "util/text.h"

#define ED25519_NOTE_TYPE 0x01
#define DASH "\xe2\x80\x94 " /* U+2014 and a space begin a signature's line */
#define SIZE_DIGITS 19u

/* ---- keys ---- */

bool
note_name_is_valid(struct bytes name)
{
	if (name.n == 0 || name.n > NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == '+')
			return false;
	return true;
}

void
note_key_make(
    const char *name, const uint8_t key[NOTE_KEY], struct note_key *out)
{
	AUTO_BUF in = { 0 };
	uint8_t digest[32];

	buf_add_str(&in, name);
	buf_add_byte(&in, '\n');
	buf_add_byte(&in, ED25519_NOTE_TYPE);
	buf_add(&in, key, NOTE_KEY);
	digest_sha256(buf_bytes(&in), digest);
	out->name = name;
	memcpy(out->id, digest, NOTE_KEY_ID);
	memcpy(out->key, key, NOTE_KEY);
}

void
note_key_print(const struct note_key *k, struct buf *out)
{
	uint8_t typed[1 + NOTE_KEY] = { ED25519_NOTE_TYPE };
	char id[2 * NOTE_KEY_ID + 1];

	memcpy(typed + 1, k->key, NOTE_KEY);
	hex_encode(bytes_of(k->id, NOTE_KEY_ID), id);
	buf_printf(out, "%s+%s+", k->name, id);
	base64_encode(bytes_of(typed, sizeof(typed)), 0, out);
}

/* Decodes what base64_encode would have written, and nothing else. */
static bool
base64_exact(struct bytes text, struct arena *a, struct bytes *out)
{
	struct err ignored = { 0 };
	AUTO_BUF again = { 0 };

	if (!base64_decode(text, a, out, &ignored))
		return false;
	base64_encode(*out, 0, &again);
	return bytes_equal(buf_bytes(&again), text);
}

bool
note_key_parse(
    const char *line, struct arena *a, struct note_key *out, struct err *err)
{
	const char *id = strchr(line, '+');
	const char *key = id == NULL ? NULL : strchr(id + 1, '+');
	struct note_key made;
	struct bytes octets;
	char hex[2 * NOTE_KEY_ID + 1];

	if (key == NULL ||
	    !note_name_is_valid(bytes_of(line, (size_t)(id - line))) ||
	    !base64_exact(bytes_str(key + 1), a, &octets) ||
	    octets.n != 1 + NOTE_KEY || octets.p[0] != ED25519_NOTE_TYPE)
		return fail(err, ERR_MALFORMED,
		    "not a verifier key: expected name+hash+key of an Ed25519 "
		    "key, as `chancery log checkpoint` prints it");
	note_key_make(arena_str(a, bytes_of(line, (size_t)(id - line))),
	    octets.p + 1, &made);
	hex_encode(bytes_of(made.id, NOTE_KEY_ID), hex);
	if ((size_t)(key - id - 1) != strlen(hex) ||
	    memcmp(id + 1, hex, strlen(hex)) != 0)
		return fail(err, ERR_MALFORMED,
		    "the verifier key's hash is not that of its name and key, "
		    "which is %s",
		    hex);
	*out = made;
	return true;
}

bool
note_key_from_spki(struct bytes spki, uint8_t key[NOTE_KEY], struct err *err)
{
	struct pubkey k;

	if (!spki_parse(spki, &k, err))
		return false;
	if (k.alg != KEY_ED25519 || k.point.n != NOTE_KEY)
		return fail(err, ERR_UNSUPPORTED,
		    "a log key of kind %s, expected ed25519",
		    key_alg_name(k.alg));
	memcpy(key, k.point.p, NOTE_KEY);
	return true;
}

void
note_key_spki(const uint8_t key[NOTE_KEY], struct buf *out)
{
	const struct pubkey k = { .alg = KEY_ED25519,
		.bits = 256,
		.point = bytes_of(key, NOTE_KEY) };

	spki_put(out, &k);
}

const char *
note_origin(const char *url, struct arena *a)
{
	const char *host = strstr(url, "://");
	size_t n;

	host = host == NULL ? url : host + 3;
	n = strlen(host);
	while (n > 0 && host[n - 1] == '/')
		n--;
	if (n > 2 && memcmp(host + n - 2, ":0", 2) == 0)
		n -= 2;
	return arena_printf(a, "%.*s/log", (int)n, host);
}

/* ---- writing ---- */

void
checkpoint_text(const char *origin, uint64_t size,
    const struct merkle_hash *root, struct buf *out)
{
	buf_printf(out, "%s\n%llu\n", origin, (unsigned long long)size);
	base64_encode(bytes_of(root->v, MERKLE_HASH), 0, out);
	buf_add_byte(out, '\n');
}

void
checkpoint_note(struct bytes text, const struct note_key *key,
    const uint8_t signature[NOTE_SIGNATURE], struct buf *out)
{
	uint8_t octets[NOTE_KEY_ID + NOTE_SIGNATURE];

	memcpy(octets, key->id, NOTE_KEY_ID);
	memcpy(octets + NOTE_KEY_ID, signature, NOTE_SIGNATURE);
	buf_add_bytes(out, text);
	buf_printf(out, "\n" DASH "%s ", key->name);
	base64_encode(bytes_of(octets, sizeof(octets)), 0, out);
	buf_add_byte(out, '\n');
}

/* ---- reading ---- */

/* The next line without its end; false when there is none that ends. */
static bool
line_take(struct bytes *left, struct bytes *line)
{
	const uint8_t *end =
	    left->n == 0 ? NULL : memchr(left->p, '\n', left->n);

	if (end == NULL)
		return false;
	*line = bytes_of(left->p, (size_t)(end - left->p));
	*left = bytes_of(end + 1, left->n - line->n - 1);
	return true;
}

static bool
size_parse(struct bytes line, uint64_t *out)
{
	uint64_t v = 0;

	if (line.n == 0 || line.n > SIZE_DIGITS ||
	    (line.n > 1 && line.p[0] == '0'))
		return false;
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return false;
		v = 10 * v + (uint64_t)(line.p[i] - '0');
	}
	*out = v;
	return v <= MERKLE_SIZE_MAX;
}

/* C2SP signed-note: the last empty line separates text and signatures. */
static bool
note_split(struct bytes note, struct bytes *text, struct bytes *signatures)
{
	for (size_t i = note.n; i-- > 1;)
		if (note.p[i] == '\n' && note.p[i - 1] == '\n') {
			*text = bytes_of(note.p, i);
			*signatures = bytes_of(note.p + i + 1, note.n - i - 1);
			return true;
		}
	return false;
}

static bool
signature_parse(struct bytes line, struct arena *a, struct note_signature *out)
{
	const size_t dash = sizeof(DASH) - 1;
	const uint8_t *space;
	struct bytes octets;

	if (line.n < dash || memcmp(line.p, DASH, dash) != 0)
		return false;
	line = bytes_of(line.p + dash, line.n - dash);
	space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
	if (space == NULL || space == line.p)
		return false;
	out->name = bytes_of(line.p, (size_t)(space - line.p));
	if (memchr(out->name.p, '+', out->name.n) != NULL ||
	    !base64_exact(
		bytes_of(space + 1, line.n - out->name.n - 1), a, &octets) ||
	    octets.n <= NOTE_KEY_ID)
		return false;
	memcpy(out->id, octets.p, NOTE_KEY_ID);
	out->signature =
	    bytes_of(octets.p + NOTE_KEY_ID, octets.n - NOTE_KEY_ID);
	return true;
}

static bool
text_parse(struct bytes text, struct arena *a, struct checkpoint *out)
{
	struct bytes origin, size, root, octets, more;

	if (!line_take(&text, &origin) || origin.n == 0 ||
	    !line_take(&text, &size) || !size_parse(size, &out->size) ||
	    !line_take(&text, &root) || !base64_exact(root, a, &octets) ||
	    octets.n != MERKLE_HASH)
		return false;
	/* Opaque, but never empty. */
	while (text.n > 0)
		if (!line_take(&text, &more) || more.n == 0)
			return false;
	out->origin = arena_str(a, origin);
	memcpy(out->root.v, octets.p, MERKLE_HASH);
	return true;
}

static bool
note_is_text(struct bytes note)
{
	for (size_t i = 0; i < note.n; i++)
		if (note.p[i] < ' ' && note.p[i] != '\n')
			return false;
	return text_is_utf8(note);
}

bool
checkpoint_parse(
    struct bytes note, struct arena *a, struct checkpoint *out, struct err *err)
{
	struct checkpoint c = { 0 };
	struct bytes signatures, line;

	if (note.n > NOTE_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "a checkpoint of %zu octets, at most %u", note.n, NOTE_MAX);
	if (!note_is_text(note) || !note_split(note, &c.text, &signatures) ||
	    !text_parse(c.text, a, &c))
		return fail(err, ERR_MALFORMED,
		    "not a checkpoint: expected origin, size and root, each a "
		    "line, an empty line and signatures");
	while (signatures.n > 0) {
		if (c.signatures_n == NOTE_SIGNATURES_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "a checkpoint of more than %u signatures",
			    NOTE_SIGNATURES_MAX);
		if (!line_take(&signatures, &line) ||
		    !signature_parse(line, a, &c.signatures[c.signatures_n]))
			return fail(err, ERR_MALFORMED,
			    "line %zu of the checkpoint's signatures is not "
			    "one",
			    c.signatures_n + 1);
		c.signatures_n++;
	}
	if (c.signatures_n == 0)
		return fail(
		    err, ERR_MALFORMED, "the checkpoint has no signature");
	*out = c;
	return true;
}

bool
checkpoint_verify(struct lane *lane, const struct checkpoint *c,
    const struct note_key *key, struct err *err)
{
	const struct pubkey k = { .alg = KEY_ED25519,
		.bits = 256,
		.point = bytes_of(key->key, NOTE_KEY) };
	bool any = false;

	if (strcmp(c->origin, key->name) != 0)
		return fail(err, ERR_BAD_SIGNATURE,
		    "the checkpoint is of log %.200s, the key is that of "
		    "%.200s",
		    c->origin, key->name);
	for (size_t i = 0; i < c->signatures_n; i++) {
		const struct note_signature *s = &c->signatures[i];

		/* Others are passed over, as the specification demands. */
		if (!bytes_is(s->name, key->name) ||
		    memcmp(s->id, key->id, NOTE_KEY_ID) != 0)
			continue;
		if (!pubkey_verify(
			lane, &k, SIG_ED25519, c->text, s->signature, err))
			return false;
		any = true;
	}
	if (!any)
		return fail(err, ERR_BAD_SIGNATURE,
		    "the checkpoint has no signature of %.200s with this key",
		    key->name);
	return true;
}
