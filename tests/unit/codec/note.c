/* Notes, checkpoints, tile paths and proof files. */
#include "codec/note.h"
#include "codec/proof.h"
#include "codec/tile.h"
#include "support/unit.h"

/*
 * The first example of golang.org/x/mod/sumdb/note (a public test key), and the
 * note of the same documentation.
 */
static const char go_key[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static void
test_key(void **state)
{
	static const char *const bad[] = { "", "PeterNeumann",
		"PeterNeumann+c74f20a3",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumann+c74f20a3+AQ==",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW\n",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW" };
	AUTO_ARENA *a = arena_new();
	AUTO_BUF again = { 0 };
	AUTO_BUF spki = { 0 };
	struct err err = { 0 };
	struct note_key k;
	uint8_t key[NOTE_KEY];

	(void)state;
	assert_true(note_key_parse(go_key, a, &k, &err));
	assert_string_equal(k.name, "PeterNeumann");
	note_key_print(&k, &again);
	assert_string_equal(buf_cstr(&again), go_key);
	note_key_spki(k.key, &spki);
	assert_true(note_key_from_spki(buf_bytes(&spki), key, &err));
	assert_memory_equal(key, k.key, NOTE_KEY);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err why = { 0 };

		assert_false(note_key_parse(bad[i], a, &k, &why));
		assert_int_equal(why.kind, ERR_MALFORMED);
	}
}

static void
test_origin(void **state)
{
	AUTO_ARENA *a = arena_new();

	(void)state;
	assert_string_equal(
	    note_origin("http://ca.example:8080", a), "ca.example:8080/log");
	assert_string_equal(
	    note_origin("http://ca.example/", a), "ca.example/log");
	assert_string_equal(
	    note_origin("http://ca.example:0", a), "ca.example/log");
}

/* A log of three entries, its key and its note. */
struct made {
	struct arena *a;
	struct lane *lane;
	struct note_key key;
	struct merkle_hash leaves[3], root;
	struct buf note;
};

static const char *const three[] = { "one", "two", "three" };

static void
made_init(struct made *m)
{
	AUTO_PRIVKEY *key = NULL;
	AUTO_BUF text = { 0 };
	AUTO_BUF signature = { 0 };
	struct merkle tree = { 0 };
	struct err err = { 0 };
	uint8_t octets[NOTE_KEY];

	memset(m, 0, sizeof(*m));
	m->a = arena_new();
	m->lane = lane_new();
	assert_true(privkey_generate(KEY_ED25519, 0, &key, &err));
	assert_true(note_key_from_spki(privkey_spki(key), octets, &err));
	note_key_make("ca.example/log", octets, &m->key);
	for (size_t i = 0; i < 3; i++) {
		merkle_leaf(bytes_str(three[i]), &m->leaves[i]);
		merkle_append(&tree, &m->leaves[i]);
	}
	merkle_root(&tree, &m->root);
	checkpoint_text("ca.example/log", 3, &m->root, &text);
	assert_true(privkey_sign(key, buf_bytes(&text), &signature, &err));
	assert_int_equal(signature.n, NOTE_SIGNATURE);
	checkpoint_note(buf_bytes(&text), &m->key, signature.p, &m->note);
}

static void
made_done(struct made *m)
{
	buf_free(&m->note);
	lane_free(m->lane);
	arena_free(m->a);
}

static void
test_checkpoint(void **state)
{
	struct err err = { 0 };
	struct checkpoint c;
	struct note_key other;
	struct made m;

	(void)state;
	made_init(&m);
	assert_true(checkpoint_parse(buf_bytes(&m.note), m.a, &c, &err));
	assert_string_equal(c.origin, "ca.example/log");
	assert_int_equal(c.size, 3);
	assert_true(merkle_equal(&c.root, &m.root));
	assert_true(checkpoint_verify(m.lane, &c, &m.key, &err));
	/* A signature of somebody else is passed over. */
	buf_add_str(&m.note, "\xe2\x80\x94 witness.example AAAAAAAA\n");
	assert_true(checkpoint_parse(buf_bytes(&m.note), m.a, &c, &err));
	assert_int_equal(c.signatures_n, 2);
	assert_true(checkpoint_verify(m.lane, &c, &m.key, &err));
	/* Another key, another name, another text. */
	other = m.key;
	other.key[0] ^= 1;
	assert_false(checkpoint_verify(m.lane, &c, &other, &err));
	note_key_make("other.example/log", m.key.key, &other);
	err_clear(&err);
	assert_false(checkpoint_verify(m.lane, &c, &other, &err));
	m.note.p[15] = '4';
	err_clear(&err);
	assert_true(checkpoint_parse(buf_bytes(&m.note), m.a, &c, &err));
	assert_int_equal(c.size, 4);
	assert_false(checkpoint_verify(m.lane, &c, &m.key, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	made_done(&m);
}

#define HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define SIGNED "\n\xe2\x80\x94 a AAAAAAA=\n"

static void
test_bad_checkpoints(void **state)
{
	static const char *const bad[] = {
		"",
		"a\n1\n" HASH "\n",
		"a\n1\n" HASH "\n\n",
		"\n1\n" HASH "\n" SIGNED,
		"a\n01\n" HASH "\n" SIGNED,
		"a\n-1\n" HASH "\n" SIGNED,
		"a\n99999999999999999999\n" HASH "\n" SIGNED,
		"a\n1\nAAAA\n" SIGNED,
		"a\n1\n " HASH "\n" SIGNED,
		"a\n1\n" HASH "\n\n" SIGNED,
		"a\n1\n" HASH "\r\n" SIGNED,
		"a\n1\n" HASH "\n" SIGNED "x",
		"a\n1\n" HASH "\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
		"a\n1\n" HASH "\n\n\xe2\x80\x94 a AAAAAA==\n",
		"a\n1\n" HASH "\n\n- a AAAAAAA=\n",
		"\xff\n1\n" HASH "\n" SIGNED,
	};
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct checkpoint c;

	(void)state;
	assert_true(checkpoint_parse(
	    bytes_str("a\n1\n" HASH "\nmore\n" SIGNED), a, &c, &err));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		err_clear(&err);
		if (checkpoint_parse(bytes_str(bad[i]), a, &c, &err))
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

/* ---- proof files ---- */

static void
test_inclusion(void **state)
{
	struct proof p = { .kind = PROOF_INCLUSION, .index = 1 }, again;
	AUTO_BUF text = { 0 };
	struct err err = { 0 };
	struct made m;

	(void)state;
	made_init(&m);
	p.entry = bytes_str("two");
	p.hashes[0] = m.leaves[0];
	p.hashes[1] = m.leaves[2];
	p.hashes_n = 2;
	proof_print(&p, buf_bytes(&m.note), &text);
	assert_true(proof_parse(buf_bytes(&text), m.a, &again, &err));
	assert_true(bytes_is(again.entry, "two"));
	assert_true(proof_check(m.lane, &again, &m.key, &err));
	again.index = 0;
	assert_false(proof_check(m.lane, &again, &m.key, &err));
	again.index = 1;
	again.entry = bytes_str("too");
	err_clear(&err);
	assert_false(proof_check(m.lane, &again, &m.key, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	/* Nothing of it may be cut off. */
	for (size_t n = 0; n < text.n; n++) {
		err_clear(&err);
		if (proof_parse(bytes_of(text.p, n), m.a, &again, &err))
			fail_msg("%zu of %zu octets were taken", n, text.n);
	}
	made_done(&m);
}

static void
test_consistency(void **state)
{
	struct proof p = { .kind = PROOF_CONSISTENCY, .old_size = 2 }, again;
	AUTO_BUF text = { 0 };
	struct err err = { 0 };
	struct made m;

	(void)state;
	made_init(&m);
	merkle_node(&m.leaves[0], &m.leaves[1], &p.old_root);
	p.hashes[0] = m.leaves[2];
	p.hashes_n = 1;
	proof_print(&p, buf_bytes(&m.note), &text);
	assert_true(proof_parse(buf_bytes(&text), m.a, &again, &err));
	assert_true(proof_check(m.lane, &again, &m.key, &err));
	again.old_root.v[3] ^= 1;
	assert_false(proof_check(m.lane, &again, &m.key, &err));
	made_done(&m);
}

/* ---- tiles ---- */

static void
test_tiles(void **state)
{
	static const struct {
		const char *level, *rest;
		struct tile tile;
	} good[] = {
		{ "0", "000", { 0, 0, 256 } },
		{ "63", "067", { 63, 67, 256 } },
		{ "1", "x001/x234/067", { 1, 1234067, 256 } },
		{ "0", "x001/000.p/1", { 0, 1000, 1 } },
		{ "2", "999.p/255", { 2, 999, 255 } },
	};
	static const struct {
		const char *level, *rest;
	} bad[] = {
		{ "00", "000" },
		{ "64", "000" },
		{ "-1", "000" },
		{ "", "000" },
		{ "0", "" },
		{ "0", "0" },
		{ "0", "0000" },
		{ "0", "x000/001" },
		{ "0", "001/000" },
		{ "0", "x001/" },
		{ "0", "x001" },
		{ "0", "x1/000" },
		{ "0", "000.p/" },
		{ "0", "000.p/0" },
		{ "0", "000.p/01" },
		{ "0", "000.p/256" },
		{ "0", "000.p/1/" },
		{ "0", "000/1" },
		{ "entries", "000" },
		{ "0", "x001/x000/x000/x000/x000/x000/x000/000" },
		{ "0", "x999/x999/x999/x999/x999/x999/999" },
	};
	struct tile t;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		AUTO_BUF path = { 0 };
		AUTO_BUF expected = { 0 };

		assert_true(tile_path_parse(good[i].level, good[i].rest, &t));
		assert_int_equal(t.level, good[i].tile.level);
		assert_int_equal(t.n, good[i].tile.n);
		assert_int_equal(t.width, good[i].tile.width);
		tile_path_print(&t, &path);
		buf_printf(&expected, "%s/%s", good[i].level, good[i].rest);
		assert_string_equal(buf_cstr(&path), buf_cstr(&expected));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (tile_path_parse(bad[i].level, bad[i].rest, &t))
			fail_msg("%s/%s was taken", bad[i].level, bad[i].rest);
	/* The example of the specification: a tree of 70 000. */
	assert_int_equal(tile_hashes(0, 70000), 273 * 256 + 112);
	assert_int_equal(tile_hashes(1, 70000), 256 + 17);
	assert_int_equal(tile_hashes(2, 70000), 1);
	assert_int_equal(tile_hashes(3, 70000), 0);
	assert_int_equal(tile_hashes(63, 70000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_bad_checkpoints),
		cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_tiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
