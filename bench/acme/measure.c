#include <ctype.h>
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "bench/acme/measure.h"

#define MAX_METRICS (4u << 20)

/* Parent and CPU ticks of a process, from /proc/PID/stat. */
static bool
stat_read(int pid, int *parent, unsigned long long *ticks)
{
	char path[64], line[1024];
	unsigned long long user, system;
	const char *p;
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	ok = fgets(line, sizeof(line), f) != NULL;
	fclose(f);
	/* The name may have blanks and parentheses: behind the last one. */
	p = ok ? strrchr(line, ')') : NULL;
	if (p == NULL ||
	    sscanf(p + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", parent,
		&user, &system) != 3)
		return false;
	*ticks = user + system;
	return true;
}

static bool
has_pid(const int *pids, size_t n, int pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

size_t
measure_descendants(int *pids, size_t n, size_t max)
{
	size_t before;

	do {
		DIR *dir = opendir("/proc");
		struct dirent *e;

		before = n;
		while (dir != NULL && (e = readdir(dir)) != NULL) {
			int pid = atoi(e->d_name), parent;
			unsigned long long ticks;

			if (pid > 0 && n < max && !has_pid(pids, n, pid) &&
			    stat_read(pid, &parent, &ticks) &&
			    has_pid(pids, n, parent))
				pids[n++] = pid;
		}
		if (dir != NULL)
			closedir(dir);
	} while (n > before);
	return n;
}

double
measure_cpu(const int *pids, size_t n)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned long long ticks;
		int parent;

		if (!stat_read(pids[i], &parent, &ticks))
			return -1;
		sum += ticks;
	}
	return (double)sum / (double)sysconf(_SC_CLK_TCK);
}

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	if (b->n + size * n > MAX_METRICS)
		return CURL_WRITEFUNC_ERROR;
	buf_add(b, p, size * n);
	return size * n;
}

/* The sum over all label sets; false if there is no such line. */
static bool
metric_sum(const char *text, const char *name, double *out)
{
	size_t n = strlen(name);
	bool found = false;

	*out = 0;
	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		const char *value = p + strspn(p, "\n");

		p = value;
		if (*p == '\0')
			break;
		if (strncmp(value, name, n) != 0 ||
		    (value[n] != ' ' && value[n] != '{'))
			continue;
		value += n;
		if (*value == '{')
			value = strchr(value, '}');
		if (value == NULL)
			break;
		*out += strtod(value + (*value == '}'), NULL);
		found = true;
	}
	return found;
}

struct measure_counters
measure_counters(const char *metrics_url)
{
	struct measure_counters c = { 0 };
	AUTO_BUF body = { 0 };
	CURL *e;

	if (metrics_url == NULL)
		return c;
	e = curl_easy_init();
	curl_easy_setopt(e, CURLOPT_URL, metrics_url);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, &body);
	if (curl_easy_perform(e) == CURLE_OK) {
		const char *text = buf_cstr(&body);
		bool commits = metric_sum(
		    text, "chancery_store_commits_total", &c.commits);
		bool syncs =
		    metric_sum(text, "chancery_journal_syncs_total", &c.syncs);

		c.known = commits && syncs;
	}
	curl_easy_cleanup(e);
	return c;
}

bool
measure_is_durable(const char *dir, char *why, size_t why_n)
{
	struct statfs fs;

	if (dir == NULL) {
		snprintf(why, why_n, "no --state directory was given");
		return false;
	}
	if (statfs(dir, &fs) != 0) {
		snprintf(why, why_n, "%s: %s", dir, strerror(errno));
		return false;
	}
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC) {
		snprintf(why, why_n, "%s is on tmpfs, where fsync does nothing",
		    dir);
		return false;
	}
	return true;
}

static int
double_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
measure_percentile(double *v, size_t n, double p)
{
	size_t at;

	if (n == 0)
		return 0;
	qsort(v, n, sizeof(*v), double_compare);
	at = (size_t)((double)(n - 1) * p / 100.0 + 0.5);
	return v[MIN_OF(at, n - 1)];
}
