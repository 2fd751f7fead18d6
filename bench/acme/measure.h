/* What is read from outside the flow: CPU time, counters, the file system. */
#ifndef BENCH_ACME_MEASURE_H
#define BENCH_ACME_MEASURE_H

#include "util/bytes.h"

/* Adds the descendants of the given processes; how many there are then. */
size_t measure_descendants(int *pids, size_t n, size_t max);
/* User and system seconds of the processes so far; -1 if one is gone. */
double measure_cpu(const int *pids, size_t n);

struct measure_counters {
	bool known;
	double commits, syncs; /* chancery_store_commits_total,
				  chancery_journal_syncs_total */
};
struct measure_counters measure_counters(const char *metrics_url);

/*
 * Whether fsync means something there: false for tmpfs and its like, and for
 * what cannot be looked at; why is a sentence then.
 */
bool measure_is_durable(const char *dir, char *why, size_t why_n);

/* Sorts; p in 0…100; 0 for none. */
double measure_percentile(double *v, size_t n, double p);

#endif
