/* The signer's journal as offline commands look at it: to its end, once. */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include "signer/signer.h"

struct journal_summary {
	uint64_t records;
	uint64_t last_position; /* the highest; 0 without records */
	uint64_t log_size; /* of the last checkpoint; 0: none */
	uint64_t size; /* octets that hold together */
};

/* ERR_MALFORMED when it is damaged; a torn tail is none. */
bool journal_summarize(
    const char *path, struct journal_summary *out, struct err *err) MUST_CHECK;

#endif
