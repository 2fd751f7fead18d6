/*
 * bench_store [--dir DIR] [--seconds N] [--callers N]…
 *
 * Durable changes per second through the group-committing writer, as JSON: an
 * event (one row of 700 octets, the yardstick of a plain insert) and an
 * issuance (intent and issued: two changes, six rows).  Each caller waits for
 * its change as a worker does.  Prints commits and fsyncs, so that a rate can
 * be held against the disk; refuses a file system in memory, which has none.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>
#include "store/store.h"
#include "util/text.h"

#define CALLERS_MAX 256u
#define BUCKETS 64u /* of waits: powers of the square root of two us */
#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6

struct run;
typedef bool step_fn(
    struct run *r, uint64_t n, struct arena *a, struct err *err);

struct run {
	struct store *s;
	step_fn *step;
	atomic_uint_fast64_t next, done, failed, worst_us;
	atomic_uint_fast64_t waits[BUCKETS];
	int64_t end_us;
};

/* ---- what is measured ---- */

static bool
step_event(struct run *r, uint64_t n, struct arena *a, struct err *err)
{
	char *json = arena_printf(
	    a, "{\"n\":%llu,\"x\":\"%0650d\"}", (unsigned long long)n, 0);

	return store_event_append(r->s, "bench", json, 1, NULL, err);
}

static bool
step_issue(struct run *r, uint64_t n, struct arena *a, struct err *err)
{
	uint8_t tbs[700] = { 0x30 }, signature[71] = { 0x30 };
	struct cert_row row = { .ca = "issuing",
		.not_before = 1,
		.not_after = 7776001,
		.created_at = 1,
		.profile = "default",
		.requester = "operator",
		.sig_alg = 1 };
	uint64_t position;

	/* As real ones: node, then a rising time, then what differs. */
	row.serial[0] = 1;
	for (unsigned i = 0; i < 8; i++)
		row.serial[1 + i] = (uint8_t)(n >> (56 - 8 * i));
	row.id = hex_arena(a, bytes_of(row.serial, sizeof(row.serial)));
	row.names =
	    arena_printf(a, "dns:h%llu.bench.example", (unsigned long long)n);
	row.tbs = bytes_of(tbs, sizeof(tbs));
	memcpy(row.spki_sha256, &n, sizeof(n));
	return store_cert_intent(r->s, &row, NULL, &position, err) &&
	    store_cert_issued(
		r->s, row.id, bytes_of(signature, sizeof(signature)), 1, err);
}

/* ---- callers ---- */

static void
wait_note(struct run *r, uint64_t us)
{
	uint64_t worst = atomic_load(&r->worst_us);
	unsigned i = 0;
	double top = 1;

	while (i < BUCKETS - 1 && (double)us > top) {
		top *= 1.4142135623730951;
		i++;
	}
	atomic_fetch_add(&r->waits[i], 1);
	while (us > worst &&
	    !atomic_compare_exchange_weak(&r->worst_us, &worst, us))
		continue;
}

static void *
caller_main(void *arg)
{
	struct run *r = arg;
	AUTO_ARENA *a = arena_new();
	int64_t start, now = clock_monotonic_us();

	while (now < r->end_us) {
		struct err err = { 0 };
		uint64_t n = atomic_fetch_add(&r->next, 1);

		start = now;
		if (r->step(r, n, a, &err))
			atomic_fetch_add(&r->done, 1);
		else if (atomic_fetch_add(&r->failed, 1) == 0)
			fprintf(stderr, "bench_store: %s (%s)\n", err.shown,
			    err.detail);
		arena_reset(a);
		now = clock_monotonic_us();
		wait_note(r, (uint64_t)(now - start));
	}
	return NULL;
}

static uint64_t
percentile(struct run *r, double share)
{
	uint64_t all = 0, seen = 0;
	double top = 1;

	for (unsigned i = 0; i < BUCKETS; i++)
		all += atomic_load(&r->waits[i]);
	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += atomic_load(&r->waits[i]);
		if ((double)seen >= share * (double)all)
			return (uint64_t)top;
		top *= 1.4142135623730951;
	}
	return (uint64_t)top;
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
report(const char *name, unsigned callers, struct run *r, double wall,
    double cpu, const struct store_counters *before,
    const struct store_counters *after, bool first)
{
	double done = (double)atomic_load(&r->done);
	double changes = (double)(after->changes - before->changes);
	double commits = (double)(after->commits - before->commits);

	printf("%s\n  {\"workload\": \"%s\", \"callers\": %u, \"seconds\": "
	       "%.2f, \"operations_per_s\": %.0f, \"changes_per_s\": %.0f, "
	       "\"changes\": %.0f, \"failed\": %llu, \"commits\": %.0f, "
	       "\"fsyncs\": %llu, \"changes_per_commit\": %.1f, "
	       "\"cpu_us_per_change\": %.1f, \"wait_p50_us\": %llu, "
	       "\"wait_p99_us\": %llu, \"wait_worst_us\": %llu}",
	    first ? "" : ",", name, callers, wall, done / wall, changes / wall,
	    changes, (unsigned long long)atomic_load(&r->failed), commits,
	    (unsigned long long)(after->fsyncs - before->fsyncs),
	    commits > 0 ? changes / commits : 0,
	    changes > 0 ? cpu * 1e6 / changes : 0,
	    (unsigned long long)percentile(r, 0.5),
	    (unsigned long long)percentile(r, 0.99),
	    (unsigned long long)atomic_load(&r->worst_us));
	fflush(stdout);
}

static void
run_one(struct store *s, const char *name, step_fn *step, unsigned callers,
    unsigned seconds, bool first)
{
	static atomic_uint_fast64_t rows;
	struct run *r = mem_alloc(sizeof(*r));
	struct store_counters before, after;
	pthread_t threads[CALLERS_MAX];
	double cpu = cpu_seconds();
	int64_t start = clock_monotonic_us();

	r->s = s;
	r->step = step;
	r->end_us = start + seconds * INT64_C(1000000);
	atomic_store(&r->next, atomic_load(&rows));
	store_counters_get(s, &before);
	for (unsigned i = 0; i < callers; i++)
		if (pthread_create(&threads[i], NULL, caller_main, r) != 0)
			abort();
	for (unsigned i = 0; i < callers; i++)
		pthread_join(threads[i], NULL);
	store_counters_get(s, &after);
	report(name, callers, r, (double)(clock_monotonic_us() - start) / 1e6,
	    cpu_seconds() - cpu, &before, &after, first);
	atomic_store(&rows, atomic_load(&r->next));
	free(r);
}

/* ---- the folder ---- */

static bool
folder_make(const char *base, char *out, size_t n)
{
	struct statfs fs;

	if (statfs(base, &fs) != 0) {
		fprintf(stderr, "bench_store: %s: %s\n", base, strerror(errno));
		return false;
	}
	if (fs.f_type == TMPFS_MAGIC ||
	    (unsigned long)fs.f_type == RAMFS_MAGIC) {
		fprintf(stderr,
		    "bench_store: %s lies in memory, where nothing is "
		    "durable: choose a folder on a disk by --dir\n",
		    base);
		return false;
	}
	snprintf(out, n, "%s/bench-store-XXXXXX", base);
	return mkdtemp(out) != NULL;
}

static void
folder_remove(const char *dir, const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[600];

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	rmdir(dir);
}

static bool
bench(const char *base, const unsigned *callers, size_t n, unsigned seconds)
{
	char dir[512], path[560];
	struct store_options o = { .path = path, .create = true };
	struct err err = { 0 };
	struct store *s;

	if (!folder_make(base, dir, sizeof(dir)))
		return false;
	snprintf(path, sizeof(path), "%s/chancery.db", dir);
	if (!store_open(&o, &s, &err)) {
		fprintf(stderr, "bench_store: %s\n", err.shown);
		return false;
	}
	printf("{\"benchmark\": \"store\", \"runs\": [");
	for (size_t i = 0; i < n; i++) {
		run_one(s, "event", step_event, callers[i], seconds, i == 0);
		run_one(s, "issue", step_issue, callers[i], seconds, false);
	}
	printf("\n]}\n");
	store_close(s);
	folder_remove(dir, path);
	return true;
}

static bool
number(const char *s, int64_t max, unsigned *out)
{
	struct err err = { 0 };
	int64_t v;

	if (!text_parse_int(s, 1, max, &v, &err))
		return false;
	*out = (unsigned)v;
	return true;
}

int
main(int argc, char **argv)
{
	unsigned callers[16] = { 16, 32 }, given = 0, seconds = 5;
	const char *base = ".";

	for (int i = 1; i < argc; i += 2) {
		bool ok = i + 1 < argc;

		if (ok && strcmp(argv[i], "--dir") == 0)
			base = argv[i + 1];
		else if (ok && strcmp(argv[i], "--seconds") == 0)
			ok = number(argv[i + 1], 3600, &seconds);
		else if (ok && strcmp(argv[i], "--callers") == 0)
			ok = given < COUNT_OF(callers) &&
			    number(argv[i + 1], CALLERS_MAX, &callers[given++]);
		else
			ok = false;
		if (!ok) {
			fprintf(stderr,
			    "usage: bench_store [--dir DIR] [--seconds N] "
			    "[--callers N]...\n");
			return 2;
		}
	}
	return bench(base, callers, given == 0 ? 2 : given, seconds) ? 0 : 1;
}
