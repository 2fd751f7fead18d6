/*
 * A state directory with a CA in it (support/test_ca.h), and commands run in
 * this process with what they print.
 */
#ifndef UNIT_CLI_WORLD_H
#define UNIT_CLI_WORLD_H

#include "support/unit.h"
#include "support/test_ca.h"
#include "cli/cli.h"

#define WORLD_PASSPHRASE "correct horse"

struct world {
	struct test_ca *t;
	const char *dir;
	int status; /* of the last command */
	char *out, *err; /* what it printed */
};

/* The configuration, as written to chancery.yaml. */
extern const char world_yaml[];

int world_setup(void **state);
int world_teardown(void **state);
/* Runs a command line, words apart by blanks; "@" stands for the directory and
 * --state @ is added. */
int world_run(struct world *w, const char *line);
/* The same without --state. */
int world_run_bare(struct world *w, const char *line);
/* What the last command printed, as JSON. */
json_t *world_json(struct world *w);
const char *world_path(struct world *w, const char *name);
void world_write(
    struct world *w, const char *name, const char *text, unsigned mode);
const char *world_read(struct world *w, const char *name);

#define assert_has(text, part)                                                 \
	do {                                                                   \
		if (strstr((text), (part)) == NULL)                            \
			fail_msg("no \"%s\" in: %s", (part), (text));          \
	} while (0)
#define assert_has_not(text, part)                                             \
	do {                                                                   \
		if (strstr((text), (part)) != NULL)                            \
			fail_msg("\"%s\" in: %s", (part), (text));             \
	} while (0)

#endif
