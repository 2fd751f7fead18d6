/*
 * What the parts of a replay share: the event that is applied, as values of
 * columns, and the list of differences.  Inside the store; one thread.
 */
#ifndef STORE_REPLAY_STATE_H
#define STORE_REPLAY_STATE_H

#include "store/canonical_read.h"
#include "store/db.h"
#include "store/replay.h"

struct replaying {
	struct db *db; /* main: the scratch, live: what is looked at */
	struct arena *keep; /* of what is told */
	struct arena *a; /* of an event */
	struct replay out;
	const char **differences;
	/* the event that is applied */
	uint64_t position;
	int64_t at;
	struct canonical_members m;
};

/* ---- members of the event (replay_member.c) ---- */

/* As it was before it was escaped; NULL: it was left out. */
const char *replay_text(struct replaying *r, const char *name);
void replay_bind_text(struct query *q, struct replaying *r, const char *name);
void replay_bind_int(struct query *q, struct replaying *r, const char *name);
/* n octets in hex; a member that was left out stands for zeros. */
void replay_bind_hex(
    struct query *q, struct replaying *r, const char *name, size_t n);
void replay_bind_base64(struct query *q, struct replaying *r, const char *name);

/* Every row of text that the query gives is a difference. */
bool replay_differences(
    struct replaying *r, const char *sql, struct err *err) MUST_CHECK;

/* ---- operators, tokens and approvals (replay_enrolment.c) ---- */

extern const char replay_enrolment_schema[];

bool replay_operator_added(struct replaying *r, struct err *err) MUST_CHECK;
bool replay_operator_removed(struct replaying *r, struct err *err) MUST_CHECK;
bool replay_token(struct replaying *r, struct err *err) MUST_CHECK;
bool replay_token_revoked(struct replaying *r, struct err *err) MUST_CHECK;
bool replay_approval(struct replaying *r, struct err *err) MUST_CHECK;
/* Of an intent: the token or approval that it takes. */
bool replay_enrolled(struct replaying *r, struct err *err) MUST_CHECK;
bool replay_enrolment_compare(struct replaying *r, struct err *err) MUST_CHECK;

#endif
