#include "cli/log_files.h"
#include "cli/log_walk_state.h"

void
walk_tell_difference(
    struct walking *s, uint64_t position, enum log_difference difference)
{
	static const char *const what[] = {
		[LOG_OTHER_TBS] = "other to-be-signed bytes",
		[LOG_OTHER_ISSUER] = "another issuer",
		[LOG_OTHER_NUMBER] = "another serial or CRL number",
		[LOG_OTHER_KIND] = "another kind of object",
	};

	if (difference != LOG_SAME)
		log_finding(s->w,
		    "position %llu: the signer's journal has %s signed than "
		    "the log says",
		    LLU(position), what[difference]);
}

void
walk_root_check(
    struct walking *s, const uint8_t expected[32], const char *whose)
{
	struct merkle_hash root;

	merkle_root(&s->w->tree, &root);
	if (memcmp(root.v, expected, MERKLE_HASH) != 0)
		log_finding(s->w,
		    "the first %llu rows are not those of %s of that size: "
		    "their root is another",
		    LLU(s->w->tree.size), whose);
}

/* The next record of a certificate or CRL. */
static bool
record_next(struct walking *s, struct err *err)
{
	struct err why = { 0 };
	bool end = false;

	while (!s->has_record && !s->journal_done) {
		if (!journal_reader_next(&s->journal, &s->record, &end, &why)) {
			if (why.kind != ERR_MALFORMED)
				return fail(err, why.kind, "%s", why.shown);
			/* One finding; the rest of the log is looked at all
			 * the same. */
			log_finding(s->w, "%s", why.shown);
			s->journal_damaged = end = true;
		}
		s->journal_done = end;
		s->w->records += !end;
		s->has_record = !end && s->record.kind != SIGN_LOG;
	}
	return true;
}

/* The next checkpoint; where the journal is damaged, the other one tells. */
static bool
head_next(struct walking *s, struct err *err)
{
	struct err why = { 0 };
	bool end = false;

	while (!s->has_head && !s->heads_done) {
		if (!journal_reader_next(&s->heads, &s->head, &end, &why)) {
			if (why.kind != ERR_MALFORMED)
				return fail(err, why.kind, "%s", why.shown);
			end = true;
		}
		s->heads_done = end;
		s->has_head = !end && s->head.kind == SIGN_LOG;
	}
	return true;
}

/* The signer's checkpoints of the size that is reached. */
static bool
heads_check(struct walking *s, struct err *err)
{
	uint64_t size = s->w->tree.size;

	for (;;) {
		if (!head_next(s, err))
			return false;
		if (!s->has_head || s->head.position > size)
			return true;
		s->w->signed_checkpoints++;
		memcpy(s->log_key, s->head.issuer, sizeof(s->log_key));
		if (s->head.position == size)
			walk_root_check(
			    s, s->head.tbs_sha256, "the signer's checkpoint");
		else
			log_finding(s->w,
			    "the signer's journal has a checkpoint of %llu "
			    "entries that does not rise",
			    LLU(s->head.position));
		s->has_head = false;
	}
}

static void
record_meet(struct walking *s)
{
	/* A position of no row has no counterpart to meet. */
	if (s->record.position == 0)
		log_finding(s->w,
		    "the signer has signed an object at position 0, where no "
		    "row can be");
	else
		walk_tell_difference(s, s->record.position,
		    log_match_record(s->match, &s->record));
}

/* Records up to the row that was just read. */
bool
walk_journal_follow(struct walking *s, struct err *err)
{
	uint64_t position = s->w->tree.size;

	if (!heads_check(s, err))
		return false;
	for (;;) {
		if (!record_next(s, err))
			return false;
		if (!s->has_record || s->record.position > position)
			return true;
		record_meet(s);
		s->has_record = false;
	}
}

/* ---- behind the last row ---- */

static void
behind_add(struct walking *s, const struct journal_record *r)
{
	if (s->behind_n == s->behind_cap) {
		s->behind_cap = MAX_OF(2 * s->behind_cap, (size_t)64);
		s->behind =
		    mem_grow(s->behind, s->behind_cap, sizeof(*s->behind));
	}
	s->behind[s->behind_n++] =
	    (struct walk_behind){ .position = r->position,
		    .head = r->kind == SIGN_LOG };
}

/* Is there such a row, and one that announces what was signed? */
static bool
row_is_there(struct log_view *now, const struct walk_behind *b, bool *there,
    struct err *err)
{
	struct log_row row;

	*there = false;
	if (b->position > INT64_MAX)
		return true;
	if (!log_view_seek(now, b->position, b->position, err) ||
	    !log_view_next(now, &row, there, err))
		return false;
	*there = *there &&
	    (b->head || strcmp(row.kind, "cert-intent") == 0 ||
		strcmp(row.kind, "crl-intent") == 0);
	return true;
}

/*
 * A server that runs appends faster than we look.  A row is durable before what
 * it announces is signed, so one of each record that was read must be in a
 * snapshot that is taken now, whether a server says that it runs or not.
 */
static bool
behind_check(struct walking *s, struct err *err)
{
	AUTO_LOG_VIEW *now = NULL;
	uint64_t missing = 0, size = s->w->tree.size;

	if (s->behind_n == 0)
		return true;
	if (!log_open(s->w->cli, &now, err))
		return false;
	for (size_t i = 0; i < s->behind_n; i++) {
		const struct walk_behind *b = &s->behind[i];
		bool there;

		if (!row_is_there(now, b, &there, err))
			return false;
		if (there)
			continue;
		if (b->head)
			log_finding(s->w,
			    "the signer has signed a checkpoint of %llu "
			    "entries, the log has %llu: its end is missing",
			    LLU(b->position), LLU(size));
		else
			missing++;
	}
	if (missing > 0)
		log_finding(s->w,
		    "the signer has signed %llu objects at positions behind "
		    "the last row %llu: the log's end is missing",
		    LLU(missing), LLU(size));
	return true;
}

/* What was signed for rows that the log has not. */
bool
walk_journal_rest(struct walking *s, struct err *err)
{
	for (;;) {
		if (!record_next(s, err))
			return false;
		if (!s->has_record)
			break;
		s->has_record = false;
		if (s->record.position <= s->w->tree.size)
			record_meet(s);
		else
			behind_add(s, &s->record);
	}
	for (;;) {
		if (!head_next(s, err))
			return false;
		if (!s->has_head)
			break;
		s->has_head = false;
		behind_add(s, &s->head);
	}
	return behind_check(s, err);
}

void
walk_unmatched(struct walking *s)
{
	struct log_unmatched u;
	size_t at = 0;

	while (log_match_next(s->match, &at, &u)) {
		const char *what = u.crl ? "CRL" : "certificate";

		if (!u.in_journal && s->journal_damaged)
			continue;
		if (u.in_journal)
			log_finding(s->w,
			    "position %llu: the signer has signed a %s, the "
			    "log has none there",
			    LLU(u.position), what);
		else
			log_finding(s->w,
			    "position %llu: the log has a signed %s, the "
			    "signer's journal does not know of it",
			    LLU(u.position), what);
	}
}
