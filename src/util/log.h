/*
 * Structured logs: one line per event on standard error, JSON or text.  Any
 * thread may log; a line is written with one write(2).  No secret is ever a
 * value.  Only the edges log: one line per request, one per job, one per fault.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include "util/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

struct log_field {
	const char *key;
	enum { LOG_STR, LOG_INT, LOG_BOOL, LOG_RAW_JSON } type;
	const char *s;
	int64_t i;
};

#define LF_STR(k, v) ((struct log_field){ (k), LOG_STR, (v), 0 })
#define LF_INT(k, v) ((struct log_field){ (k), LOG_INT, NULL, (int64_t)(v) })
#define LF_BOOL(k, v) ((struct log_field){ (k), LOG_BOOL, NULL, (v) })

/* Once, before threads start; process is "server", "signer", "supervisor". */
void log_init(
    enum log_format format, enum log_level level, const char *process);
/* Called again after a reload. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/*
 * log_event(LOG_INFO, "request", LF_STR("path", p), LF_INT("status", 200));
 * A NULL string value leaves the field out.
 */
#define log_event(level, event, ...)                                           \
	log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) /                \
		sizeof(struct log_field))
void log_write(enum log_level level, const char *event,
    const struct log_field *fields, size_t n);
/* An event that is an error: kind, shown and detail as fields. */
void log_err(enum log_level level, const char *event, const struct err *err);

#endif
