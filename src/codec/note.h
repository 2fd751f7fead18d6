/*
 * Signed notes and the checkpoints of a log (C2SP signed-note and
 * tlog-checkpoint): text, then lines of signatures.  Only Ed25519 keys
 * (signature type 0x01).  What a checkpoint says must not be used before
 * checkpoint_verify has said yes.
 *
 * Parsed values borrow the note, which lies in the arena.
 */
#ifndef CODEC_NOTE_H
#define CODEC_NOTE_H

#include "crypto/key.h"
#include "crypto/merkle.h"

/* C2SP signed-note: at least 16 signatures are taken; a large one is 5 kB. */
#define NOTE_MAX 131072u
#define NOTE_SIGNATURES_MAX 32u
#define NOTE_NAME_MAX 255u
#define NOTE_KEY_ID 4u
#define NOTE_KEY 32u /* an Ed25519 public key, RFC 8032 */
#define NOTE_SIGNATURE 64u

/* Whose signatures are believed: "name+hash+key" as a line of text. */
struct note_key {
	const char *name;
	uint8_t id[NOTE_KEY_ID];
	uint8_t key[NOTE_KEY];
};

/* Neither empty nor with spaces or plus; printable ASCII is all we write. */
bool note_name_is_valid(struct bytes name);
/* Fills the id: the first octets of SHA-256(name || LF || 0x01 || key). */
void note_key_make(
    const char *name, const uint8_t key[NOTE_KEY], struct note_key *out);
void note_key_print(const struct note_key *k, struct buf *out);
/* ERR_MALFORMED. */
bool note_key_parse(const char *line, struct arena *a, struct note_key *out,
    struct err *err) MUST_CHECK;
/* SubjectPublicKeyInfo (RFC 8410) of the key, and back. */
bool note_key_from_spki(
    struct bytes spki, uint8_t key[NOTE_KEY], struct err *err) MUST_CHECK;
void note_key_spki(const uint8_t key[NOTE_KEY], struct buf *out);

/* The origin of the log of a CA that is reached at this URL: without scheme,
 * port 0 and trailing slashes, with "/log". */
const char *note_origin(const char *url, struct arena *a);

struct note_signature {
	struct bytes name;
	uint8_t id[NOTE_KEY_ID];
	struct bytes signature;
};

struct checkpoint {
	struct bytes text; /* what is signed */
	const char *origin;
	uint64_t size;
	struct merkle_hash root;
	struct note_signature signatures[NOTE_SIGNATURES_MAX];
	size_t signatures_n;
};

/* The three lines that are signed. */
void checkpoint_text(const char *origin, uint64_t size,
    const struct merkle_hash *root, struct buf *out);
/* The note: the text, an empty line, the signature's line. */
void checkpoint_note(struct bytes text, const struct note_key *key,
    const uint8_t signature[NOTE_SIGNATURE], struct buf *out);
/* Extension lines are passed over.  ERR_MALFORMED. */
bool checkpoint_parse(struct bytes note, struct arena *a,
    struct checkpoint *out, struct err *err) MUST_CHECK;
/*
 * Is it signed by the key, and is its origin the key's name?
 * ERR_BAD_SIGNATURE; signatures of other keys are passed over.
 */
bool checkpoint_verify(struct lane *lane, const struct checkpoint *c,
    const struct note_key *key, struct err *err) MUST_CHECK;

#endif
