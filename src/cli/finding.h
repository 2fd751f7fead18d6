/*
 * What `check` has to say: where, what was found, what was expected, the mend.
 * Texts lie in the arena.
 */
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli/cli.h"

enum finding_kind {
	FINDING_NOTE, /* good to know */
	FINDING_WARNING, /* it works, and should be changed */
	FINDING_MISTAKE /* it does not work, or is not safe */
};

struct finding {
	enum finding_kind kind;
	const char *where; /* a file or an address */
	unsigned line, column; /* 0: none */
	const char *found, *expected, *mend;
};

struct findings {
	struct arena *arena;
	struct finding *v;
	size_t n, cap;
};

/* Texts must live as long as the arena. */
void finding_add(struct findings *f, const struct finding *new);
/* All mistakes of the configuration file. */
void findings_add_mistakes(
    struct findings *f, const char *path, const struct config_mistakes *m);
size_t findings_count(const struct findings *f, enum finding_kind kind);
/* One line each; with quiet only the mistakes. */
void findings_print(const struct findings *f, bool quiet);
json_t *findings_json(const struct findings *f);

#endif
