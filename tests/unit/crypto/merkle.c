#include "crypto/merkle.h"
#include "support/unit.h"
#include "util/text.h"

/*
 * The tree of the reference implementation of RFC 6962: entries, the root at
 * each size, and some of its proofs.
 */
static const char *const entries[] = { "", "00", "10", "2021", "3031",
	"40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" };
static const char *const roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
};

static struct merkle_hash
from_hex(const char *hex)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct merkle_hash h;
	struct bytes b;

	assert_true(hex_decode(hex, a, &b, &err));
	assert_int_equal(b.n, MERKLE_HASH);
	memcpy(h.v, b.p, MERKLE_HASH);
	return h;
}

static void
leaves_get(struct merkle_hash *out)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };

	for (size_t i = 0; i < COUNT_OF(entries); i++) {
		struct bytes b = BYTES_NONE;

		if (entries[i][0] != '\0')
			assert_true(hex_decode(entries[i], a, &b, &err));
		merkle_leaf(b, &out[i]);
	}
}

static void
test_roots(void **state)
{
	struct merkle_hash leaves[COUNT_OF(entries)], root, expected;
	struct merkle m = { 0 };

	(void)state;
	leaves_get(leaves);
	for (size_t n = 0; n <= COUNT_OF(entries); n++) {
		expected = from_hex(roots[n]);
		merkle_root(&m, &root);
		assert_memory_equal(root.v, expected.v, MERKLE_HASH);
		assert_int_equal(m.size, n);
		if (n < COUNT_OF(entries))
			merkle_append(&m, &leaves[n]);
	}
}

/* Straight from the definition: MTH of a range of leaves. */
static struct merkle_hash
mth(const struct merkle_hash *v, size_t n)
{
	struct merkle_hash left, right, out;
	size_t k = 1;

	if (n == 1)
		return v[0];
	while (2 * k < n)
		k *= 2;
	left = mth(v, k);
	right = mth(v + k, n - k);
	merkle_node(&left, &right, &out);
	return out;
}

/* The hash of a range by its subtrees, as a holder of tiles finds it. */
static struct merkle_hash
range_hash(const struct merkle_hash *leaves, struct merkle_range r)
{
	struct merkle_subtree trees[MERKLE_PROOF_MAX];
	struct merkle_hash v[MERKLE_PROOF_MAX], out;
	size_t n = merkle_split(r, trees);

	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		v[i] = mth(leaves + (trees[i].index << trees[i].height),
		    (size_t)1 << trees[i].height);
	merkle_fold(v, n, &out);
	return out;
}

static void
check_proof(const struct merkle_hash *leaves, const struct merkle_range *plan,
    size_t n, const char *const *expected, size_t expected_n)
{
	assert_int_equal(n, expected_n);
	for (size_t i = 0; i < n; i++) {
		struct merkle_hash h = range_hash(leaves, plan[i]);
		struct merkle_hash e = from_hex(expected[i]);

		assert_memory_equal(h.v, e.v, MERKLE_HASH);
	}
}

static void
test_known_proofs(void **state)
{
	static const char *const first_of_8[] = {
		"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09"
		"cfc7",
		"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3"
		"031e",
		"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39b"
		"f6e4"
	};
	static const char *const from_6_to_8[] = {
		"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558"
		"ef6a",
		"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a"
		"0ae0",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd952096"
		"14b7"
	};
	struct merkle_hash leaves[COUNT_OF(entries)];
	struct merkle_range plan[MERKLE_PROOF_MAX];

	(void)state;
	leaves_get(leaves);
	check_proof(leaves, plan, merkle_inclusion(0, 8, plan), first_of_8, 3);
	check_proof(
	    leaves, plan, merkle_consistency(6, 8, plan), from_6_to_8, 3);
}

#define MOST 70u

static void
some_leaves(struct merkle_hash *leaves)
{
	for (unsigned i = 0; i < MOST; i++)
		merkle_leaf(bytes_of(&i, sizeof(i)), &leaves[i]);
}

/* Each proof of each size holds, and no longer with a bit or a line changed. */
static void
test_every_inclusion(void **state)
{
	struct merkle_hash leaves[MOST], proof[MERKLE_PROOF_MAX], root;
	struct merkle_range plan[MERKLE_PROOF_MAX];

	(void)state;
	some_leaves(leaves);
	for (uint64_t size = 1; size <= MOST; size++)
		for (uint64_t i = 0; i < size; i++) {
			size_t n = merkle_inclusion(i, size, plan);

			for (size_t k = 0; k < n; k++)
				proof[k] = range_hash(leaves, plan[k]);
			root = mth(leaves, size);
			assert_true(merkle_check_inclusion(
			    i, size, &leaves[i], proof, n, &root));
			assert_false(merkle_check_inclusion(
			    i, size, &leaves[(i + 1) % MOST], proof, n, &root));
			assert_false(merkle_check_inclusion(
			    i, size, &leaves[i], proof, n + 1, &root));
			if (n == 0)
				continue;
			assert_false(merkle_check_inclusion(
			    i, size, &leaves[i], proof, n - 1, &root));
			proof[n - 1].v[0] ^= 1;
			assert_false(merkle_check_inclusion(
			    i, size, &leaves[i], proof, n, &root));
		}
	assert_false(
	    merkle_check_inclusion(1, 1, &leaves[0], proof, 0, &leaves[0]));
}

static void
test_every_consistency(void **state)
{
	struct merkle_hash leaves[MOST], proof[MERKLE_PROOF_MAX], a, b;
	struct merkle_range plan[MERKLE_PROOF_MAX];

	(void)state;
	some_leaves(leaves);
	for (uint64_t size = 1; size <= MOST; size++)
		for (uint64_t old = 1; old <= size; old++) {
			size_t n = merkle_consistency(old, size, plan);

			for (size_t k = 0; k < n; k++)
				proof[k] = range_hash(leaves, plan[k]);
			a = mth(leaves, old);
			b = mth(leaves, size);
			assert_true(merkle_check_consistency(
			    old, size, &a, proof, n, &b));
			assert_false(merkle_check_consistency(
			    old, size, &a, proof, n + 1, &b));
			if (n > 0) {
				proof[0].v[31] ^= 0x80;
				assert_false(merkle_check_consistency(
				    old, size, &a, proof, n, &b));
				proof[0].v[31] ^= 0x80;
			}
			a.v[7] ^= 2;
			assert_false(merkle_check_consistency(
			    old, size, &a, proof, n, &b));
		}
	assert_false(merkle_check_consistency(0, 1, &a, proof, 0, &b));
	assert_false(merkle_check_consistency(2, 1, &a, proof, 0, &b));
}

/* A tree from its peaks goes on as the one that they are of. */
static void
test_peaks(void **state)
{
	struct merkle_hash leaves[MOST], a, b;
	struct merkle m = { 0 }, again;

	(void)state;
	some_leaves(leaves);
	for (unsigned i = 0; i < MOST; i++) {
		AUTO_BUF peaks = { 0 };

		merkle_peaks_put(&m, &peaks);
		assert_int_equal(peaks.n, merkle_peaks(i) * MERKLE_HASH);
		assert_true(merkle_from_peaks(i, buf_bytes(&peaks), &again));
		assert_false(
		    merkle_from_peaks(i ^ 1, buf_bytes(&peaks), &again));
		assert_true(merkle_from_peaks(i, buf_bytes(&peaks), &again));
		merkle_append(&m, &leaves[i]);
		merkle_append(&again, &leaves[i]);
		merkle_root(&m, &a);
		merkle_root(&again, &b);
		assert_true(merkle_equal(&a, &b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_known_proofs),
		cmocka_unit_test(test_every_inclusion),
		cmocka_unit_test(test_every_consistency),
		cmocka_unit_test(test_peaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
