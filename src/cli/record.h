/*
 * What an operator did, as a leaf of the issuance log (design section 5):
 * through the running server, which is the one writer, or into the store where
 * there is none.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "cli/cli.h"

/* kind: "key" or "operator".  event: an object of texts with an "act"; who did
 * it is added here, or by the server. */
bool cli_record(struct cli *cli, const char *kind, json_t *event, int64_t now,
    struct err *err) MUST_CHECK;

#endif
