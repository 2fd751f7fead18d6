/*
 * A call to the running server: HTTP over run/control.sock, JSON in and out
 * (src/api).  One thread; results lie in cli->arena.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/cli.h"

/*
 * body NULL: GET; else a POST of it, which takes the reference.  The path is
 * below /control/v1.  ERR_CONNECTION when no server answers there (exit status
 * 3); what the server refuses comes with its own kind and sentence.
 */
bool client_call(const struct cli *cli, const char *path, json_t *body,
    json_t **out, struct err *err) MUST_CHECK;
/*
 * A list, page by page: at most limit objects of the answers' member.  The path
 * has a query ("/certs?status=valid") or ends in "?".
 */
bool client_list(const struct cli *cli, const char *path, const char *member,
    int64_t limit, json_t **out, struct err *err) MUST_CHECK;
/* Adds name=value to a query when the value is not NULL. */
const char *client_query(const struct cli *cli, const char *path,
    const char *name, const char *value);
/* Percent-encodes what stands in a path or a query. */
const char *client_escape(const struct cli *cli, const char *s);

#endif
