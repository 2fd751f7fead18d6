#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "refusals.h"
#include "crypto/digest.h"
#include "signer/core.h"
#include "signer/journal.h"
#include "util/fault.h"

static size_t
journal_length(const struct world *w)
{
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	return (size_t)st.st_size / JOURNAL_SLOT;
}

static void
test_signs_what_holds(void **state)
{
	struct world w;
	struct signer_core *core;
	struct cert_spec leaf, responder;
	struct crl_spec crl;
	struct signer_request req;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, NULL);
	responder = world_responder(&w);
	req = world_request(&w, SIGN_RESPONDER, world_tbs(&w, &responder));
	world_assert(&w, core, &req, NULL);
	crl = world_crl(&w);
	req = world_request(&w, SIGN_CRL, world_crl_tbs(&w, &crl));
	world_assert(&w, core, &req, NULL);
	crl.number++;
	req = world_request(&w, SIGN_CRL, world_crl_tbs(&w, &crl));
	world_assert(&w, core, &req, NULL);
	assert_int_equal(signer_core_syncs(core), 4);
	assert_int_equal(journal_length(&w), 5);
	signer_core_free(core);
	world_free(&w);
}

/* Each forbidden structure is refused for its own reason, and leaves nothing
 * in the journal. */
static void
test_refusals(void **state)
{
	struct world w;
	struct signer_core *core;
	struct signer_request req;

	(void)state;
	world_make(&w);
	refusals_prepare(&w);
	core = world_core(&w);
	req = world_request(&w, SIGN_LEAF, refusals_first_leaf(&w));
	world_assert(&w, core, &req, NULL);
	req = world_request(&w, SIGN_CRL, refusals_first_crl(&w));
	world_assert(&w, core, &req, NULL);
	for (size_t i = 0; i < refusals_n; i++) {
		uint64_t next = w.position + 1;
		struct bytes tbs = refusals[i].make(&w);

		req = world_request(&w, refusals[i].kind, tbs);
		w.position = next;
		print_message("%s\n", refusals[i].name);
		world_assert(&w, core, &req, refusals[i].says);
	}
	assert_int_equal(journal_length(&w), 3);
	signer_core_free(core);
	world_free(&w);
}

/* Answers are signed by the responder's key, for each CA with limits; nothing
 * of them is in the journal, and none waits for it. */
static void
test_ocsp_answers(void **state)
{
	struct world w;
	struct signer_core *core;
	struct ocsp_data d;
	struct signer_request req;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	d = world_ocsp(&w);
	req = world_request(&w, SIGN_OCSP, world_ocsp_tbs(&w, &d));
	for (int i = 0; i < 3; i++)
		world_assert(&w, core, &req, NULL);
	d.nonce = bytes_str("0123456789abcdef0123456789abcdef");
	/* What was never issued, RFC 6960 section 4.4.8. */
	d.singles[1].revoked_at = 0;
	d.singles[1].reason = REASON_HOLD;
	d.extended_revoke = true;
	req = world_request(&w, SIGN_OCSP, world_ocsp_tbs(&w, &d));
	world_assert(&w, core, &req, NULL);
	for (size_t i = 0; i < ocsp_refusals_n; i++) {
		struct bytes tbs = ocsp_refusals[i].make(&w);

		req = world_request(&w, SIGN_OCSP, tbs);
		print_message("%s\n", ocsp_refusals[i].name);
		world_assert(&w, core, &req, ocsp_refusals[i].says);
	}
	d = world_ocsp(&w);
	req = world_request(&w, SIGN_OCSP, world_ocsp_tbs(&w, &d));
	req.position = 1;
	world_assert(&w, core, &req, "with a log position");
	req.position = 0;
	memcpy(req.issuer, "another key, 32 octets long.....", 32);
	world_assert(&w, core, &req, "signs for no such CA");
	assert_int_equal(journal_length(&w), 1);
	assert_int_equal(signer_core_syncs(core), 0);
	signer_core_free(core);
	world_free(&w);
}

/* Roles do not mix: a CA whose limits are gone is no responder, and a
 * responder's key gets no limits. */
static void
test_responders_2020_a_ca_is_none(void **state)
{
	struct world w;
	struct signer_core *core;
	struct ocsp_data d;
	struct signer_request req;
	struct signer_limits limits;
	struct err err = { 0 };

	(void)state;
	world_make(&w);
	core = world_core(&w);
	limits = w.limits;
	digest_sha256(w.responder_spki, limits.issuer);
	signer_core_add_key(core, world_key(w.responder));
	assert_false(signer_core_set_limits(core, &limits, 1, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.shown, "OCSP responder's, too"));
	/* Limits of another CA alone: the first has none any more. */
	signer_core_add_key(core, world_key(w.leaf));
	limits = w.limits;
	digest_sha256(w.leaf_spki, limits.issuer);
	err_clear(&err);
	assert_true(signer_core_set_limits(core, &limits, 1, &err));
	d = world_ocsp(&w);
	{
		struct pubkey key;
		uint8_t hash[20];

		assert_true(spki_parse(w.ca_spki, &key, &err));
		ocsp_key_hash(&key, hash);
		d.key_hash = bytes_of(hash, 20);
		req = world_request(&w, SIGN_OCSP, world_ocsp_tbs(&w, &d));
		digest_sha256(w.leaf_spki, req.issuer);
		world_assert(&w, core, &req, "no responder key of ours");
	}
	assert_true(bytes_equal(signer_core_responder(core), w.responder_spki));
	signer_core_free(core);
	world_free(&w);
}

static void
test_lifetime_ends_with_the_ca(void **state)
{
	struct world w;
	struct signer_core *core;
	struct cert_spec leaf;
	struct signer_request req;

	(void)state;
	world_make(&w);
	w.limits.ca_not_after = world_now(&w) + 10 * WORLD_DAY;
	core = world_core(&w);
	leaf = world_leaf(&w);
	leaf.not_after = w.limits.ca_not_after + 1;
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, "behind that of CA test");
	leaf.not_after = w.limits.ca_not_after;
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, NULL);
	signer_core_free(core);
	world_free(&w);
}

/* Design section 4: the same bytes again, other bytes never; also after a
 * restart, and although the serial's time is long past. */
static void
test_gts_2025_07_a_position_is_used_once(void **state)
{
	struct world w;
	struct signer_core *core;
	struct cert_spec leaf, other;
	struct signer_request req, again;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	for (int i = 0; i < 3; i++)
		world_assert(&w, core, &req, NULL);
	assert_int_equal(journal_length(&w), 2);
	assert_int_equal(signer_core_syncs(core), 1);
	other = world_leaf(&w);
	again = req;
	again.tbs = world_tbs(&w, &other);
	world_assert(&w, core, &again, "was used for other bytes");
	again = req;
	again.kind = SIGN_RESPONDER;
	world_assert(&w, core, &again, "was used for other bytes");
	signer_core_free(core);

	w.now_us += INT64_C(3000000000);
	core = world_core(&w);
	world_assert(&w, core, &req, NULL);
	again = req;
	again.tbs = world_tbs(&w, &other);
	world_assert(&w, core, &again, "was used for other bytes");
	/* The same bytes at another position: their time is over. */
	again = req;
	again.position = w.position++;
	world_assert(&w, core, &again, "serial carries a time");
	assert_int_equal(journal_length(&w), 2);
	signer_core_free(core);
	world_free(&w);
}

static void
test_serials_and_numbers_survive_a_restart(void **state)
{
	struct world w;
	struct signer_core *core;
	struct cert_spec leaf;
	struct crl_spec crl;
	struct signer_request req;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, NULL);
	crl = world_crl(&w);
	req = world_request(&w, SIGN_CRL, world_crl_tbs(&w, &crl));
	world_assert(&w, core, &req, NULL);
	signer_core_free(core);
	core = world_core(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, "serial was used before");
	req = world_request(&w, SIGN_CRL, world_crl_tbs(&w, &crl));
	world_assert(&w, core, &req, "CRL number is");
	signer_core_free(core);
	world_free(&w);
}

static void
test_budget(void **state)
{
	struct world w;
	struct signer_core *core;
	struct signer_request req;
	struct cert_spec leaf;

	(void)state;
	world_make(&w);
	w.limits.hourly_budget = 3;
	core = world_core(&w);
	for (int i = 0; i < 3; i++) {
		w.now_us += INT64_C(60000000);
		leaf = world_leaf(&w);
		req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
		world_assert(&w, core, &req, NULL);
	}
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, "within the hour");
	/* A restart is no way around it. */
	signer_core_free(core);
	core = world_core(&w);
	world_assert(&w, core, &req, "within the hour");
	/* An hour after the first one there is room for one. */
	w.now_us += INT64_C(58 * 60000000);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, NULL);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, "within the hour");
	signer_core_free(core);
	world_free(&w);
}

/* A taken server must not fill the disk with the records of its CRLs. */
static void
test_crl_budget(void **state)
{
	enum { ALL = 36000 };
	struct journal_record r = { .kind = SIGN_CRL };
	struct journal_record records[JOURNAL_BATCH];
	struct journal_reader *reader = mem_alloc(sizeof(*reader));
	struct journal journal;
	struct world w;
	struct signer_core *core;
	struct signer_request req;
	struct crl_spec crl;
	struct err err = { 0 };
	bool end;

	(void)state;
	world_make(&w);
	signer_core_free(world_core(&w));
	journal_reader_init(reader, world_journal(&w));
	assert_true(journal_reader_next(reader, &r, &end, &err) && end);
	assert_true(journal_open(reader, &journal, &err));
	r = (struct journal_record){ .kind = SIGN_CRL, .at_us = w.now_us };
	memcpy(r.issuer, w.issuer, sizeof(r.issuer));
	for (unsigned i = 0; i < ALL; i += JOURNAL_BATCH) {
		unsigned n = MIN_OF(JOURNAL_BATCH, ALL - i);

		for (unsigned k = 0; k < n; k++) {
			records[k] = r;
			records[k].position = w.position++;
		}
		assert_true(journal_append(&journal, records, n, &err));
	}
	close(journal.fd);
	free(reader);
	core = world_core(&w);
	crl = world_crl(&w);
	req = world_request(&w, SIGN_CRL, world_crl_tbs(&w, &crl));
	world_assert(&w, core, &req, "36000 CRLs within the hour");
	w.now_us += INT64_C(3660000000);
	crl = world_crl(&w);
	req = world_request(&w, SIGN_CRL, world_crl_tbs(&w, &crl));
	world_assert(&w, core, &req, NULL);
	signer_core_free(core);
	world_free(&w);
}

/* A batch: one sync, and what is repeated within it is seen. */
static void
test_batch(void **state)
{
	enum { N = 150 };
	struct world w;
	struct signer_core *core;
	struct signer_request reqs[N];
	struct buf sigs[N] = { 0 };
	struct err *errs = mem_array(N, sizeof(*errs));
	struct cert_spec leaf;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	for (size_t i = 0; i < N; i++) {
		leaf = world_leaf(&w);
		reqs[i] = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	}
	reqs[10] = reqs[3]; /* again */
	reqs[11].position = reqs[4].position; /* other bytes */
	reqs[12].tbs = reqs[5].tbs; /* other position */
	reqs[13].issuer[0] ^= 1;
	signer_core_sign(core, reqs, N, sigs, errs);
	for (size_t i = 0; i < N; i++) {
		bool good = i < 11 || i > 13;

		assert_int_equal(errs[i].kind == ERR_NONE, good);
		if (good)
			world_assert_signature(
			    &w, reqs[i].tbs, buf_bytes(&sigs[i]));
		buf_free(&sigs[i]);
	}
	assert_non_null(strstr(errs[11].shown, "other bytes"));
	assert_non_null(strstr(errs[12].shown, "serial was used"));
	assert_non_null(strstr(errs[13].shown, "no such key"));
	assert_int_equal(
	    signer_core_syncs(core), (N + SIGNER_BATCH - 1) / SIGNER_BATCH);
	assert_int_equal(journal_length(&w), 1 + N - 4);
	free(errs);
	signer_core_free(core);
	world_free(&w);
}

static void
test_key_without_limits_signs_nothing(void **state)
{
	struct world w;
	struct signer_core *core;
	struct signer_request req;
	struct cert_spec leaf;
	struct err err = { 0 };
	uint8_t issuers[4][32];

	(void)state;
	world_make(&w);
	core = world_core(&w);
	assert_int_equal(signer_core_issuers(core, issuers, 4), 1);
	assert_memory_equal(issuers[0], w.issuer, 32);
	assert_true(signer_core_set_limits(core, NULL, 0, &err));
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, "no limits");
	assert_true(signer_core_set_limits(core, &w.limits, 1, &err));
	world_assert(&w, core, &req, NULL);
	w.limits.issuer[3] ^= 1;
	assert_false(signer_core_set_limits(core, &w.limits, 1, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	/* The old ones stay. */
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &req, NULL);
	signer_core_free(core);
	world_free(&w);
}

static void
assert_fails(struct signer_core *core, const struct signer_request *req)
{
	AUTO_BUF sig = { 0 };
	struct err err;

	signer_core_sign(core, req, 1, &sig, &err);
	assert_int_equal(err.kind, ERR_SIGNER);
	assert_int_equal(sig.n, 0);
}

/* Invariant 7: a full disk passes; a failed sync is the end of this signer. */
static void
test_failing_disk(void **state)
{
	static const struct {
		const char *fault;
		bool ends;
	} rows[] = {
		{ "journal.append.before:1:enospc", false },
		{ "journal.append.after:1:enospc", false },
		{ "journal.append.before:1:eio", true },
		{ "journal.append.after:1:eio", true },
		{ "journal.sync.before:1:eio", true },
		{ "journal.sync.before:1:enospc", true },
		{ "journal.sync.after:1:eio", true },
	};

	(void)state;
#ifdef CHANCERY_FAULTS
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct world w;
		struct signer_core *core;
		struct signer_request req, next;
		struct cert_spec leaf;

		world_make(&w);
		core = world_core(&w);
		leaf = world_leaf(&w);
		req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
		leaf = world_leaf(&w);
		next = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
		world_assert(&w, core, &next, NULL);
		assert_true(fault_init_from(rows[i].fault));
		assert_fails(core, &req);
		assert_true(fault_init_from(NULL));
		/* Taken back: the file is as it was. */
		assert_int_equal(journal_length(&w), 2);
		assert_int_equal(signer_core_is_broken(core), rows[i].ends);
		if (rows[i].ends) {
			assert_fails(core, &req);
			signer_core_free(core);
			core = world_core(&w);
		}
		world_assert(&w, core, &req, NULL);
		world_assert(&w, core, &next, NULL);
		assert_int_equal(journal_length(&w), 3);
		signer_core_free(core);
		world_free(&w);
	}
#else
	(void)rows;
	(void)assert_fails;
#endif
}

/* `init` certifies a responder key that it wrote to a file. */
static void
test_known_responder_key(void **state)
{
	struct world w;
	struct signer_core *core;
	struct signer_request req;
	struct cert_spec s;
	struct err err = { 0 };

	(void)state;
	world_make(&w);
	assert_true(signer_core_new(world_journal(&w), w.clock, &core, &err));
	signer_core_add_key(core, world_key(w.ca));
	assert_true(signer_core_set_limits(core, &w.limits, 1, &err));
	s = world_responder(&w);
	req = world_request(&w, SIGN_RESPONDER, world_tbs(&w, &s));
	world_assert(&w, core, &req, "no responder key");
	signer_core_know_responder(core, w.responder_spki);
	world_assert(&w, core, &req, NULL);
	signer_core_free(core);
	world_free(&w);
}

/* Where no row of a log can be, a certificate would stay unrecorded. */
static void
test_positions_of_no_row(void **state)
{
	static const uint64_t none[] = { 0, (uint64_t)INT64_MAX + 1,
		UINT64_MAX };
	struct world w;
	struct signer_core *core;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		struct cert_spec leaf = world_leaf(&w);
		struct signer_request req =
		    world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));

		req.position = none[i];
		world_assert(&w, core, &req, "is no position of a log");
	}
	assert_int_equal(journal_length(&w), 1);
	signer_core_free(core);
	world_free(&w);
}

/* More positions than memory keeps: the file knows the old ones. */
static void
test_forgotten_positions(void **state)
{
	enum { N = 33000 };
	struct world w;
	struct signer_core *core;
	struct cert_spec leaf;
	struct signer_request old, other;
	struct buf sig = { 0 };
	struct err err;

	(void)state;
	world_make(&w);
	core = world_core(&w);
	leaf = world_leaf(&w);
	old = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	world_assert(&w, core, &old, NULL);
	signer_core_free(core);
	{
		/* Written as records: signing so many takes too long. */
		struct journal_reader *r = mem_alloc(sizeof(*r));
		struct journal_record rec = { .kind = SIGN_LEAF }, batch[50];
		struct journal j;
		bool end = false;

		memset(&err, 0, sizeof(err));
		journal_reader_init(r, world_journal(&w));
		while (!end)
			assert_true(journal_reader_next(r, &rec, &end, &err));
		assert_true(journal_open(r, &j, &err));
		w.position++;
		for (size_t i = 0; i < N; i += COUNT_OF(batch)) {
			for (size_t k = 0; k < COUNT_OF(batch); k++) {
				batch[k] = rec;
				batch[k].position = w.position++;
			}
			assert_true(
			    journal_append(&j, batch, COUNT_OF(batch), &err));
		}
		close(j.fd);
		free(r);
	}
	core = world_core(&w);
	world_assert(&w, core, &old, NULL);
	leaf = world_leaf(&w);
	other = old;
	other.tbs = world_tbs(&w, &leaf);
	world_assert(&w, core, &other, "was used for other bytes");
	/* Never used, and below those that were forgotten. */
	other.position = old.position + 1;
	signer_core_sign(core, &other, 1, &sig, &err);
	assert_int_equal(err.kind, ERR_NONE);
	buf_free(&sig);
	signer_core_free(core);
	world_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs_what_holds),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_ocsp_answers),
		cmocka_unit_test(test_responders_2020_a_ca_is_none),
		cmocka_unit_test(test_lifetime_ends_with_the_ca),
		cmocka_unit_test(test_gts_2025_07_a_position_is_used_once),
		cmocka_unit_test(test_serials_and_numbers_survive_a_restart),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_crl_budget),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_key_without_limits_signs_nothing),
		cmocka_unit_test(test_failing_disk),
		cmocka_unit_test(test_known_responder_key),
		cmocka_unit_test(test_positions_of_no_row),
		cmocka_unit_test(test_forgotten_positions),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
