#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "util/fault.h"
#include "util/text.h"

#ifdef CHANCERY_FAULTS

/* One row per point; tests/lint holds them against the uses in src. */
static const char *const fault_points[] = {
	"issue.intent.before",
	"issue.intent.after",
	"issue.sign.before",
	"issue.sign.after",
	"issue.issued.before",
	"issue.issued.after",
	"issue.reply.before",
	"responder.issue.before",
	"responder.issue.after",
	"ra.issue.before",
	"ra.issue.after",
	"ra.rotate.next",
	"ra.rotate.previous",
	"ra.rotate.key",
	"revoke.before",
	"revoke.after",
	"compromise.block.before",
	"compromise.block.after",
	"bulk.begin.before",
	"bulk.begin.after",
	"bulk.step.before",
	"bulk.step.after",
	"crl.sign.before",
	"crl.sign.after",
	"crl.publish.before",
	"crl.publish.after",
	"log.sign.before",
	"log.sign.after",
	"log.store.before",
	"log.store.after",
	"order.insert.before",
	"order.insert.after",
	"account.insert.before",
	"account.insert.after",
	"challenge.start.after",
	"validation.finish.before",
	"validation.finish.after",
	"approval.submit.before",
	"approval.submit.after",
	"approval.decide.before",
	"approval.decide.after",
	"inquiry.open.before",
	"inquiry.open.after",
	"inquiry.move.before",
	"inquiry.move.after",
	"token.insert.before",
	"token.insert.after",
	"writer.commit.before",
	"writer.commit.after",
	"journal.append.before",
	"journal.append.after",
	"journal.sync.before",
	"journal.sync.after",
	"signer.reply.before",
	"vfs.write",
	"vfs.sync",
	"vfs.truncate",
	"vfs.room",
	"tls.renew.before",
	"tls.renew.after",
	"ceremony.key.after",
	"ceremony.cert.after",
	"ceremony.record.after",
	"ceremony.config.before",
	"ceremony.config.after",
	"ceremony.crl.before",
	"ceremony.crl.after",
	NULL,
};

enum fault_action { FAULT_NONE, FAULT_KILL, FAULT_EIO, FAULT_ENOSPC };

/*
 * Written by fault_init before threads start (and by tests between runs); the
 * count alone changes while threads run.
 */
struct fault {
	const char *point;
	enum fault_action action;
	unsigned long nth;
	bool every; /* the nth passage and all later ones */
};
/* Tests arm again while threads pass points: each arming has a row of its own,
 * which nobody writes any more once it is armed. */
static struct fault fault_rows[256];
static unsigned fault_rows_n;
static _Atomic(const struct fault *) fault_armed;
static atomic_ulong fault_count;

static void
fault_tell(const char *point)
{
	char line[96];
	int n = snprintf(line, sizeof(line), "fault %s reached\n", point);

	/* Nothing can be done if standard error is gone. */
	if (n > 0 && write(2, line, (size_t)n) < 0)
		return;
}

int
fault_pass(const char *point)
{
	const struct fault *f = atomic_load(&fault_armed);
	unsigned long count;

	if (f == NULL || strcmp(point, f->point) != 0)
		return 0;
	count = atomic_fetch_add(&fault_count, 1) + 1;
	if (count < f->nth || (count > f->nth && !f->every))
		return 0;
	if (count == f->nth)
		fault_tell(point);
	switch (f->action) {
	case FAULT_KILL:
		kill(getpid(), SIGKILL);
		/* The signal is pending for a moment: go no further. */
		for (;;)
			pause();
	case FAULT_EIO:
		return EIO;
	case FAULT_ENOSPC:
		return ENOSPC;
	case FAULT_NONE:
		break;
	}
	return 0;
}

static const char *
fault_point_find(const char *name, size_t n)
{
	for (size_t i = 0; fault_points[i] != NULL; i++)
		if (strlen(fault_points[i]) == n &&
		    memcmp(fault_points[i], name, n) == 0)
			return fault_points[i];
	return NULL;
}

/* "12" or "12+", up to the colon. */
static bool
fault_count_parse(const char *s, size_t n, unsigned long *nth, bool *every)
{
	char digits[12];
	struct err err = { 0 };
	int64_t v;

	*every = n > 0 && s[n - 1] == '+';
	if (*every)
		n--;
	if (n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (!text_parse_int(digits, 1, 1000000000, &v, &err))
		return false;
	*nth = (unsigned long)v;
	return true;
}

bool
fault_init_from(const char *value)
{
	const char *count, *act, *point;
	enum fault_action action;
	unsigned long nth;
	bool every;

	atomic_store(&fault_armed, NULL);
	atomic_store(&fault_count, 0);
	if (value == NULL || value[0] == '\0')
		return true;
	count = strchr(value, ':');
	act = count == NULL ? NULL : strchr(count + 1, ':');
	if (act == NULL)
		return false;
	if (strcmp(act + 1, "kill") == 0)
		action = FAULT_KILL;
	else if (strcmp(act + 1, "eio") == 0)
		action = FAULT_EIO;
	else if (strcmp(act + 1, "enospc") == 0)
		action = FAULT_ENOSPC;
	else
		return false;
	point = fault_point_find(value, (size_t)(count - value));
	if (point == NULL ||
	    !fault_count_parse(
		count + 1, (size_t)(act - count - 1), &nth, &every))
		return false;
	if (fault_rows_n == COUNT_OF(fault_rows))
		return false;
	fault_rows[fault_rows_n] = (struct fault){ point, action, nth, every };
	atomic_store(&fault_armed, &fault_rows[fault_rows_n++]);
	return true;
}

#else

static const char *const fault_points[] = { NULL };

/* A build without fault points must not look as if it had acted on one. */
bool
fault_init_from(const char *value)
{
	return value == NULL || value[0] == '\0';
}

#endif

bool
fault_init(void)
{
	return fault_init_from(getenv("CHANCERY_FAULT"));
}

const char *const *
fault_list(void)
{
	return fault_points;
}
