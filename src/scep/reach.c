#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "scep/reach.h"
#include "util/log.h"

/* More than a configuration has, after some reloads, too. */
#define ROWS_MAX 64u
#define NAME_SIZE 64u
/* In a row, without any answer. */
#define OUTAGE_AFTER 3u

struct row {
	enum inquiry_service service;
	char name[NAME_SIZE];
	uint64_t verdicts[VERDICT_NONE + 1];
	unsigned silent; /* times in a row */
	int64_t since; /* the first of them */
};

struct reach {
	pthread_mutex_t lock;
	struct row rows[ROWS_MAX];
	size_t n;
};

struct reach *
reach_new(void)
{
	struct reach *r = mem_alloc(sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void
reach_free(struct reach *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* NULL: there are too many. */
static struct row *
row_find(struct reach *r, enum inquiry_service service, const char *name)
{
	struct row *row;

	for (size_t i = 0; i < r->n; i++)
		if (r->rows[i].service == service &&
		    strcmp(r->rows[i].name, name) == 0)
			return &r->rows[i];
	if (r->n == ROWS_MAX || strlen(name) >= NAME_SIZE)
		return NULL;
	row = &r->rows[r->n++];
	row->service = service;
	memcpy(row->name, name, strlen(name) + 1);
	return row;
}

void
reach_note(struct reach *r, enum inquiry_service service, const char *name,
    const struct service_answer *answer, int64_t now)
{
	bool lost = false, back = false;
	int64_t since = now;
	struct row *row;

	pthread_mutex_lock(&r->lock);
	row = row_find(r, service, name);
	if (row != NULL) {
		row->verdicts[answer->verdict]++;
		if (answer->verdict != VERDICT_NONE) {
			back = row->silent >= OUTAGE_AFTER;
			since = row->since;
			row->silent = 0;
		} else {
			if (row->silent++ == 0)
				row->since = now;
			lost = row->silent == OUTAGE_AFTER;
			since = row->since;
		}
	}
	pthread_mutex_unlock(&r->lock);
	if (lost)
		log_event(LOG_ERROR, "service-does-not-answer",
		    LF_STR("service", service_kind(service)),
		    LF_STR("name", name), LF_STR("why", answer->text),
		    LF_STR("means", "its requests of SCEP wait, then fail"));
	if (back)
		log_event(LOG_INFO, "service-answers-again",
		    LF_STR("service", service_kind(service)),
		    LF_STR("name", name), LF_INT("silent_s", now - since));
}

void
reach_metrics(struct reach *r, struct buf *out)
{
	static const char answers[] = "chancery_scep_service_answers_total",
			  up[] = "chancery_scep_service_up";
	static const char *const words[] = { [VERDICT_YES] = "yes",
		[VERDICT_NO] = "no",
		[VERDICT_NONE] = "none" };

	pthread_mutex_lock(&r->lock);
	buf_printf(out,
	    "# HELP %s What webhooks and Intune said; none: no answer.\n"
	    "# TYPE %s counter\n",
	    answers, answers);
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = VERDICT_YES; k < COUNT_OF(words); k++)
			buf_printf(out,
			    "%s{service=\"%s\",name=\"%s\",verdict=\"%s\"} "
			    "%" PRIu64 "\n",
			    answers, service_kind(r->rows[i].service),
			    r->rows[i].name, words[k], r->rows[i].verdicts[k]);
	buf_printf(out,
	    "# HELP %s 0 when it was silent %u times in a row.\n"
	    "# TYPE %s gauge\n",
	    up, OUTAGE_AFTER, up);
	for (size_t i = 0; i < r->n; i++)
		buf_printf(out, "%s{service=\"%s\",name=\"%s\"} %d\n", up,
		    service_kind(r->rows[i].service), r->rows[i].name,
		    r->rows[i].silent < OUTAGE_AFTER);
	pthread_mutex_unlock(&r->lock);
}
