#include "crypto/digest.h"
#include "crypto/merkle.h"

void
merkle_leaf(struct bytes entry, struct merkle_hash *out)
{
	AUTO_BUF b = { 0 };
	uint8_t small[2048];
	uint8_t *p = small;

	if (entry.n >= sizeof(small)) {
		buf_reserve(&b, entry.n + 1);
		p = b.p;
	}
	p[0] = 0x00;
	if (entry.n > 0)
		memcpy(p + 1, entry.p, entry.n);
	digest_sha256(bytes_of(p, entry.n + 1), out->v);
}

void
merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
    struct merkle_hash *out)
{
	uint8_t in[1 + 2 * MERKLE_HASH];

	in[0] = 0x01;
	memcpy(in + 1, left->v, MERKLE_HASH);
	memcpy(in + 1 + MERKLE_HASH, right->v, MERKLE_HASH);
	digest_sha256(bytes_of(in, sizeof(in)), out->v);
}

void
merkle_append(struct merkle *m, const struct merkle_hash *leaf)
{
	struct merkle_hash h = *leaf;
	unsigned height = 0;

	/* As a binary counter carries. */
	for (; (m->size >> height & 1) != 0; height++)
		merkle_node(&m->peak[height], &h, &h);
	m->peak[height] = h;
	m->size++;
}

void
merkle_fold(const struct merkle_hash *v, size_t n, struct merkle_hash *out)
{
	struct merkle_hash h = v[n - 1];

	while (--n > 0)
		merkle_node(&v[n - 1], &h, &h);
	*out = h;
}

void
merkle_root(const struct merkle *m, struct merkle_hash *out)
{
	struct merkle_hash v[MERKLE_HEIGHT];
	size_t n = 0;

	if (m->size == 0) {
		digest_sha256(BYTES_NONE, out->v);
		return;
	}
	for (unsigned h = MERKLE_HEIGHT; h-- > 0;)
		if ((m->size >> h & 1) != 0)
			v[n++] = m->peak[h];
	merkle_fold(v, n, out);
}

unsigned
merkle_peaks(uint64_t size)
{
	return (unsigned)__builtin_popcountll(size);
}

void
merkle_peaks_put(const struct merkle *m, struct buf *out)
{
	for (unsigned h = MERKLE_HEIGHT; h-- > 0;)
		if ((m->size >> h & 1) != 0)
			buf_add(out, m->peak[h].v, MERKLE_HASH);
}

bool
merkle_from_peaks(uint64_t size, struct bytes peaks, struct merkle *out)
{
	const uint8_t *p = peaks.p;

	if (size > MERKLE_SIZE_MAX ||
	    peaks.n != (size_t)merkle_peaks(size) * MERKLE_HASH)
		return false;
	memset(out, 0, sizeof(*out));
	out->size = size;
	for (unsigned h = MERKLE_HEIGHT; h-- > 0;)
		if ((size >> h & 1) != 0) {
			memcpy(out->peak[h].v, p, MERKLE_HASH);
			p += MERKLE_HASH;
		}
	return true;
}

/* ---- plans of proofs ---- */

/* RFC 6962 section 2.1: the largest power of two smaller than n > 1. */
static uint64_t
split_point(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void
reverse(struct merkle_range *v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct merkle_range r = v[i];

		v[i] = v[n - 1 - i];
		v[n - 1 - i] = r;
	}
}

size_t
merkle_inclusion(
    uint64_t index, uint64_t size, struct merkle_range out[MERKLE_PROOF_MAX])
{
	uint64_t from = 0, to = size;
	size_t n = 0;

	/* From the root down; the proof is told from the leaf up. */
	while (to - from > 1) {
		uint64_t middle = from + split_point(to - from);

		if (index < middle) {
			out[n++] = (struct merkle_range){ middle, to };
			to = middle;
		} else {
			out[n++] = (struct merkle_range){ from, middle };
			from = middle;
		}
	}
	reverse(out, n);
	return n;
}

size_t
merkle_consistency(
    uint64_t old, uint64_t size, struct merkle_range out[MERKLE_PROOF_MAX])
{
	uint64_t from = 0, to = size;
	bool whole = true; /* the old tree is all that is left of it */
	size_t n = 0;

	while (old != to) {
		uint64_t middle = from + split_point(to - from);

		if (old <= middle) {
			out[n++] = (struct merkle_range){ middle, to };
			to = middle;
		} else {
			out[n++] = (struct merkle_range){ from, middle };
			from = middle;
			whole = false;
		}
	}
	/* Its root is known to whoever asks. */
	if (!whole)
		out[n++] = (struct merkle_range){ from, to };
	reverse(out, n);
	return n;
}

size_t
merkle_split(
    struct merkle_range range, struct merkle_subtree out[MERKLE_PROOF_MAX])
{
	uint64_t from = range.from, left = range.to - range.from;
	size_t n = 0;

	for (unsigned h = MERKLE_HEIGHT; h-- > 0;)
		if ((left >> h & 1) != 0) {
			out[n++] = (struct merkle_subtree){ h, from >> h };
			from += UINT64_C(1) << h;
		}
	return n;
}

/* ---- checking ---- */

bool
merkle_check_inclusion(uint64_t index, uint64_t size,
    const struct merkle_hash *leaf, const struct merkle_hash *proof, size_t n,
    const struct merkle_hash *root)
{
	struct merkle_hash h = *leaf;
	uint64_t fn = index, sn = size - 1;

	/* RFC 9162 section 2.1.3.2, step by step. */
	if (index >= size)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(&proof[i], &h, &h);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(&h, &proof[i], &h);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && merkle_equal(&h, root);
}

bool
merkle_check_consistency(uint64_t old, uint64_t size,
    const struct merkle_hash *old_root, const struct merkle_hash *proof,
    size_t n, const struct merkle_hash *root)
{
	struct merkle_hash fr, sr;
	uint64_t fn = old - 1, sn = size - 1;
	size_t i = 0;

	if (old == 0 || old > size)
		return false;
	if (old == size)
		return n == 0 && merkle_equal(old_root, root);
	/* RFC 9162 section 2.1.4.2, step by step. */
	if ((old & (old - 1)) == 0) {
		fr = *old_root;
	} else {
		if (n == 0)
			return false;
		fr = proof[i++];
	}
	sr = fr;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	for (; i < n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(&proof[i], &fr, &fr);
			merkle_node(&proof[i], &sr, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(&sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && merkle_equal(&fr, old_root) &&
	    merkle_equal(&sr, root);
}
