#include "codec/proof.h"
#include "util/text.h"

static const char inclusion_first[] = "c2sp.org/tlog-proof@v1";
static const char consistency_first[] = "chancery/tlog-consistency@v1";

/* ---- writing ---- */

static void
put_hash(const struct merkle_hash *h, struct buf *out)
{
	base64_encode(bytes_of(h->v, MERKLE_HASH), 0, out);
	buf_add_byte(out, '\n');
}

void
proof_print(const struct proof *p, struct bytes checkpoint, struct buf *out)
{
	if (p->kind == PROOF_INCLUSION) {
		buf_printf(out, "%s\nextra ", inclusion_first);
		base64_encode(p->entry, 0, out);
		buf_printf(out, "\nindex %llu\n", (unsigned long long)p->index);
	} else {
		buf_printf(out, "%s\nold %llu ", consistency_first,
		    (unsigned long long)p->old_size);
		put_hash(&p->old_root, out);
	}
	for (size_t i = 0; i < p->hashes_n; i++)
		put_hash(&p->hashes[i], out);
	buf_add_byte(out, '\n');
	buf_add_bytes(out, checkpoint);
}

/* ---- reading ---- */

/* The next line as text of the arena; NULL when there is none that ends. */
static const char *
line_take(struct bytes *left, struct arena *a)
{
	const uint8_t *end =
	    left->n == 0 ? NULL : memchr(left->p, '\n', left->n);
	struct bytes line;

	if (end == NULL)
		return NULL;
	line = bytes_of(left->p, (size_t)(end - left->p));
	*left = bytes_of(end + 1, left->n - line.n - 1);
	if (memchr(line.p, 0, line.n) != NULL)
		return NULL;
	return arena_str(a, line);
}

static bool
octets_parse(const char *s, struct arena *a, struct bytes *out)
{
	struct err ignored = { 0 };
	AUTO_BUF again = { 0 };

	if (!base64_decode(bytes_str(s), a, out, &ignored))
		return false;
	base64_encode(*out, 0, &again);
	return bytes_is(buf_bytes(&again), s);
}

static bool
hash_parse(const char *s, struct arena *a, struct merkle_hash *out)
{
	struct bytes octets;

	if (!octets_parse(s, a, &octets) || octets.n != MERKLE_HASH)
		return false;
	memcpy(out->v, octets.p, MERKLE_HASH);
	return true;
}

/* Digits up to the end or a space. */
static bool
number_parse(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	if (n == 0 || n > 19 || (n > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = 10 * v + (uint64_t)(s[i] - '0');
	}
	*out = v;
	return v <= MERKLE_SIZE_MAX;
}

static bool
inclusion_parse(struct bytes *left, struct arena *a, struct proof *p)
{
	const char *extra = line_take(left, a);
	const char *index = line_take(left, a);

	return extra != NULL && strncmp(extra, "extra ", 6) == 0 &&
	    octets_parse(extra + 6, a, &p->entry) && p->entry.n > 0 &&
	    index != NULL && strncmp(index, "index ", 6) == 0 &&
	    number_parse(index + 6, strlen(index + 6), &p->index);
}

static bool
consistency_parse(struct bytes *left, struct arena *a, struct proof *p)
{
	const char *old = line_take(left, a);
	size_t n;

	if (old == NULL || strncmp(old, "old ", 4) != 0)
		return false;
	old += 4;
	n = strcspn(old, " ");
	return old[n] == ' ' && number_parse(old, n, &p->old_size) &&
	    p->old_size > 0 && hash_parse(old + n + 1, a, &p->old_root);
}

static bool
hashes_parse(struct bytes *left, struct arena *a, struct proof *p)
{
	const char *line;

	while ((line = line_take(left, a)) != NULL && line[0] != '\0') {
		if (p->hashes_n == MERKLE_PROOF_MAX ||
		    !hash_parse(line, a, &p->hashes[p->hashes_n]))
			return false;
		p->hashes_n++;
	}
	return line != NULL;
}

bool
proof_parse(
    struct bytes text, struct arena *a, struct proof *out, struct err *err)
{
	struct proof p = { 0 };
	const char *first;
	bool ok;

	if (text.n > PROOF_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "a proof of %zu octets, at most %u", text.n, PROOF_MAX);
	first = line_take(&text, a);
	if (first != NULL && strcmp(first, inclusion_first) == 0) {
		p.kind = PROOF_INCLUSION;
		ok = inclusion_parse(&text, a, &p);
	} else if (first != NULL && strcmp(first, consistency_first) == 0) {
		p.kind = PROOF_CONSISTENCY;
		ok = consistency_parse(&text, a, &p);
	} else {
		return fail(err, ERR_MALFORMED,
		    "not a proof: expected the first line %s or %s",
		    inclusion_first, consistency_first);
	}
	if (!ok)
		return fail(err, ERR_MALFORMED,
		    p.kind == PROOF_INCLUSION
			? "the proof has not its lines \"extra ENTRY\" and "
			  "\"index NUMBER\""
			: "the proof has not its line \"old SIZE ROOT\"");
	if (!hashes_parse(&text, a, &p))
		return fail(err, ERR_MALFORMED,
		    "the proof's hashes are not base64 of 32 octets each, up "
		    "to an empty line");
	if (!checkpoint_parse(text, a, &p.checkpoint, err))
		return false;
	*out = p;
	return true;
}

bool
proof_check(struct lane *lane, const struct proof *p,
    const struct note_key *key, struct err *err)
{
	const struct checkpoint *c = &p->checkpoint;
	struct merkle_hash leaf;

	if (!checkpoint_verify(lane, c, key, err))
		return false;
	if (p->kind == PROOF_CONSISTENCY)
		return merkle_check_consistency(p->old_size, c->size,
			   &p->old_root, p->hashes, p->hashes_n, &c->root) ||
		    fail(err, ERR_BAD_SIGNATURE,
			"the log of %llu entries does not begin with the one "
			"of %llu",
			(unsigned long long)c->size,
			(unsigned long long)p->old_size);
	merkle_leaf(p->entry, &leaf);
	return merkle_check_inclusion(p->index, c->size, &leaf, p->hashes,
		   p->hashes_n, &c->root) ||
	    fail(err, ERR_BAD_SIGNATURE,
		"the entry is not at position %llu of the log of %llu entries",
		(unsigned long long)p->index + 1, (unsigned long long)c->size);
}
