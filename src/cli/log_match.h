/*
 * Holds the signer's journal against the log: what one has and the other has
 * not, or has otherwise.  Both are read side by side, so only what has not met
 * its counterpart yet is kept.  One thread.
 */
#ifndef CLI_LOG_MATCH_H
#define CLI_LOG_MATCH_H

#include "signer/signer.h"

struct log_match;

struct log_match *log_match_new(void);
void log_match_free(struct log_match *m);

/* What the log says will be signed at a position; tbs NULL: it does not say. */
struct log_intent {
	uint64_t position;
	bool crl;
	uint8_t issuer[32], serial[SERIAL_SIZE];
	const uint8_t *tbs_sha256;
	uint64_t id; /* a hash of what its outcome names */
};
enum log_difference {
	LOG_SAME,
	LOG_OTHER_TBS, /* the to-be-signed bytes are not those */
	LOG_OTHER_ISSUER,
	LOG_OTHER_NUMBER, /* serial or CRL number */
	LOG_OTHER_KIND
};

/* Each returns how a pair that has met differs. */
enum log_difference log_match_intent(
    struct log_match *m, const struct log_intent *i);
enum log_difference log_match_record(
    struct log_match *m, const struct journal_record *r);
/* The outcome: it was signed. */
void log_match_signed(struct log_match *m, uint64_t id);

/* What is left: calls of next until it is false. */
struct log_unmatched {
	uint64_t position;
	bool in_journal; /* there alone; else in the log alone, as signed */
	bool crl;
};
bool log_match_next(struct log_match *m, size_t *at, struct log_unmatched *out);

#endif
