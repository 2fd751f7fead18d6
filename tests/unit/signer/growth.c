/* SIGN_LOG: what the signer agrees to of a log, over its own journal. */
#include "signer/growth.h"
#include "codec/note.h"
#include "crypto/digest.h"
#include "world.h"

#define LEAVES 600u
#define ORIGIN "ca.example/log"

struct log {
	struct world w;
	struct privkey *key;
	struct merkle_hash leaves[LEAVES];
	struct merkle trees[LEAVES + 1]; /* by size */
};

static int
setup(void **state)
{
	struct log *l = mem_alloc(sizeof(*l));
	struct err err = { 0 };

	world_make(&l->w);
	assert_true(privkey_generate(KEY_ED25519, 0, &l->key, &err));
	for (unsigned i = 0; i < LEAVES; i++) {
		merkle_leaf(bytes_of(&i, sizeof(i)), &l->leaves[i]);
		l->trees[i + 1] = l->trees[i];
		merkle_append(&l->trees[i + 1], &l->leaves[i]);
	}
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct log *l = *state;

	privkey_free(l->key);
	world_free(&l->w);
	free(l);
	return 0;
}

static struct signer_core *
core_new(struct log *l)
{
	struct signer_core *core = world_core(&l->w);
	struct err err = { 0 };

	assert_true(signer_core_set_log(core, world_key(l->key), ORIGIN, &err));
	return core;
}

/* Growth from one size to another, by these leaves. */
static struct signer_request
request_by(struct log *l, const struct merkle *old,
    const struct merkle_hash *leaves, uint64_t size)
{
	struct signer_request req = { .kind = SIGN_LOG, .position = size };
	AUTO_BUF b = { 0 };

	growth_put(old,
	    bytes_of(leaves[old->size].v, (size - old->size) * MERKLE_HASH),
	    &b);
	req.tbs = arena_take_buf(l->w.arena, &b);
	return req;
}

static struct signer_request
request(struct log *l, uint64_t from, uint64_t to)
{
	return request_by(l, &l->trees[from], l->leaves, to);
}

/* NULL: signed, and the signature holds; else refused so. */
static void
assert_signs(struct log *l, struct signer_core *core,
    const struct signer_request *req, const char *says)
{
	AUTO_BUF out = { 0 };
	AUTO_BUF text = { 0 };
	AUTO_BUF note = { 0 };
	struct merkle_hash root;
	struct checkpoint c;
	struct note_key key;
	struct lane *lane;
	struct err err = { 0 };

	signer_core_sign(core, req, 1, &out, &err);
	if (says != NULL) {
		assert_int_equal(err.kind, ERR_SIGNER_REFUSED);
		if (strstr(err.shown, says) == NULL)
			fail_msg("\"%s\" without \"%s\"", err.shown, says);
		return;
	}
	if (err.kind != ERR_NONE)
		fail_msg("%s", err.shown);
	assert_int_equal(out.n, NOTE_KEY + NOTE_SIGNATURE + strlen(ORIGIN));
	assert_memory_equal(
	    out.p + NOTE_KEY + NOTE_SIGNATURE, ORIGIN, strlen(ORIGIN));
	merkle_root(&l->trees[req->position], &root);
	checkpoint_text(ORIGIN, req->position, &root, &text);
	note_key_make(ORIGIN, out.p, &key);
	checkpoint_note(buf_bytes(&text), &key, out.p + NOTE_KEY, &note);
	assert_true(checkpoint_parse(buf_bytes(&note), l->w.arena, &c, &err));
	lane = lane_new();
	assert_true(checkpoint_verify(lane, &c, &key, &err));
	lane_free(lane);
}

static void
test_grows(void **state)
{
	struct log *l = *state;
	struct signer_core *core = core_new(l);
	static const uint64_t sizes[] = { 1, 1, 2, 7, 8, 300, 300, LEAVES };
	uint64_t last = 0;

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct signer_request req = request(l, last, sizes[i]);

		assert_signs(l, core, &req, NULL);
		last = sizes[i];
	}
	/* One record for each size: the same is signed again without one. */
	assert_int_equal(signer_core_syncs(core), 6);
	signer_core_free(core);
}

static void
test_survives_a_restart(void **state)
{
	struct log *l = *state;
	struct signer_core *core = core_new(l);
	struct signer_request req = request(l, 0, 100);

	assert_signs(l, core, &req, NULL);
	signer_core_free(core);
	core = core_new(l);
	/* The server had not learnt of it, and the log has grown. */
	req = request(l, 0, 120);
	assert_signs(l, core, &req, NULL);
	/* It knows of an older one, or of this one alone. */
	req = request(l, 50, 120);
	assert_signs(l, core, &req, NULL);
	req = request(l, 120, 121);
	assert_signs(l, core, &req, NULL);
	signer_core_free(core);
}

static void
test_refuses(void **state)
{
	struct log *l = *state;
	struct signer_core *core = core_new(l);
	struct merkle_hash changed[LEAVES];
	struct merkle other;
	struct signer_request req = request(l, 0, 0);

	assert_signs(l, core, &req, "from 0 to 0");
	req = request(l, 5, 9);
	assert_signs(l, core, &req, "the journal is older than the database");
	req = request(l, 0, 100);
	assert_signs(l, core, &req, NULL);
	req = request(l, 0, 99);
	assert_signs(l, core, &req, "the database is older");
	req = request(l, 101, 102);
	assert_signs(l, core, &req, "the journal is older than the database");
	/* An entry that was signed for, changed. */
	memcpy(changed, l->leaves, sizeof(changed));
	changed[99].v[0] ^= 1;
	req = request_by(l, &l->trees[0], changed, 100);
	assert_signs(l, core, &req, "the first 100 entries of the log are not");
	req = request_by(l, &l->trees[98], changed, 200);
	assert_signs(l, core, &req, "the first 100 entries of the log are not");
	/* Another tree of the size that was signed. */
	other = l->trees[100];
	other.peak[2].v[9] ^= 1;
	req = request_by(l, &other, l->leaves, 130);
	assert_signs(l, core, &req, "the first 100 entries of the log are not");
	/* Nor a form that is none. */
	req = request(l, 100, 101);
	req.tbs.n--;
	assert_signs(l, core, &req, "octets");
	req.tbs.n = 3;
	assert_signs(l, core, &req, "3 octets");
	req = request(l, 100, 101);
	req.position = 102;
	assert_signs(l, core, &req, "octets");
	/* What holds is still signed. */
	req = request(l, 100, 101);
	assert_signs(l, core, &req, NULL);
	signer_core_free(core);
}

/* Checkpoints are numbered by sizes, certificates by positions. */
static void
test_positions_apart(void **state)
{
	struct log *l = *state;
	struct signer_core *core = core_new(l);
	struct cert_spec leaf = world_leaf(&l->w);
	struct signer_request reqs[3];
	struct buf out[3] = { { 0 } };
	struct err errs[3] = { { 0 } };

	l->w.position = 4;
	reqs[0] = request(l, 0, 4);
	reqs[1] = world_request(&l->w, SIGN_LEAF, world_tbs(&l->w, &leaf));
	reqs[2] = request(l, 0, 4);
	assert_int_equal(reqs[1].position, 4);
	signer_core_sign(core, reqs, 3, out, errs);
	for (size_t i = 0; i < 3; i++) {
		if (errs[i].kind != ERR_NONE)
			fail_msg("%zu: %s", i, errs[i].shown);
		buf_free(&out[i]);
	}
	/* Two steps in one batch: the second one is asked for again. */
	reqs[0] = request(l, 4, 5);
	reqs[1] = request(l, 4, 6);
	signer_core_sign(core, reqs, 2, out, errs);
	assert_int_equal(errs[0].kind, ERR_NONE);
	assert_int_equal(errs[1].kind, ERR_SIGNER);
	buf_free(&out[0]);
	assert_signs(l, core, &reqs[1], NULL);
	signer_core_free(core);
	core = core_new(l);
	reqs[0] = request(l, 6, 7);
	assert_signs(l, core, &reqs[0], NULL);
	signer_core_free(core);
}

static void
test_key_and_origin(void **state)
{
	struct log *l = *state;
	struct signer_core *core = world_core(&l->w);
	struct signer_request req = request(l, 0, 1);
	struct privkey *wrong = world_key(l->w.leaf);
	struct privkey *right = world_key(l->key);
	struct err err = { 0 };

	assert_signs(l, core, &req, "holds no log key");
	assert_false(signer_core_set_log(core, wrong, ORIGIN, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	privkey_free(wrong);
	err_clear(&err);
	assert_false(signer_core_set_log(core, right, "a b/log", &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	privkey_free(right);
	signer_core_free(core);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_survives_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_positions_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_key_and_origin, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
