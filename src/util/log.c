#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "util/log.h"
#include "util/text.h"
#include "util/times.h"

/*
 * A line is never longer than PIPE_BUF, so that lines of the three processes
 * do not mix in a pipe; what does not fit is cut.
 */
#define LOG_LINE 4096
#define LOG_ROOM 64 /* for the end of a value and of the line */

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

static enum log_format log_format_now = LOG_TEXT;
static atomic_int log_level_now = LOG_INFO;
static char log_process[16] = "chancery";

struct line {
	size_t n;
	char s[LOG_LINE];
};

void
log_init(enum log_format format, enum log_level level, const char *process)
{
	log_format_now = format;
	atomic_store(&log_level_now, (int)level);
	snprintf(log_process, sizeof(log_process), "%s", process);
}

void
log_set_level(enum log_level level)
{
	atomic_store(&log_level_now, (int)level);
}

bool
log_enabled(enum log_level level)
{
	return (int)level >=
	    atomic_load_explicit(&log_level_now, memory_order_relaxed);
}

/* False if that would leave no room for the end. */
static bool
line_add(struct line *l, const char *s, size_t n)
{
	if (l->n + n > LOG_LINE - LOG_ROOM)
		return false;
	memcpy(l->s + l->n, s, n);
	l->n += n;
	return true;
}

static bool
line_add_str(struct line *l, const char *s)
{
	return line_add(l, s, strlen(s));
}

/* The octets of the UTF-8 sequence at s, or 0. */
static size_t
utf8_length(const char *s)
{
	for (size_t n = 2; n <= 4 && s[n - 1] != '\0'; n++)
		if (text_is_utf8(bytes_of(s, n)))
			return n;
	return 0;
}

/* A JSON string; what is not UTF-8 becomes U+FFFD (RFC 8259 section 8.1). */
static void
line_add_quoted(struct line *l, const char *s)
{
	(void)line_add(l, "\"", 1);
	while (*s != '\0') {
		unsigned char c = (unsigned char)*s;
		size_t n = c < 0x80 ? 1 : utf8_length(s);
		char esc[8];
		bool fits;

		if (c == '"' || c == '\\') {
			snprintf(esc, sizeof(esc), "\\%c", c);
			fits = line_add_str(l, esc);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(esc, sizeof(esc), "\\u%04x", c);
			fits = line_add_str(l, esc);
		} else if (n == 0) {
			fits = line_add_str(l, "\\ufffd");
			n = 1;
		} else {
			fits = line_add(l, s, n);
		}
		if (!fits)
			break;
		s += n;
	}
	/* The room is kept for this. */
	l->s[l->n++] = '"';
}

static bool
text_is_bare(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == '=' ||
		    *s == '\\')
			return false;
	return true;
}

static void
line_add_value(struct line *l, const struct log_field *f)
{
	char number[24];

	switch (f->type) {
	case LOG_STR:
		if (log_format_now == LOG_TEXT && text_is_bare(f->s) &&
		    line_add_str(l, f->s))
			return;
		line_add_quoted(l, f->s);
		return;
	case LOG_INT:
		snprintf(number, sizeof(number), "%lld", (long long)f->i);
		(void)line_add_str(l, number);
		return;
	case LOG_BOOL:
		(void)line_add_str(l, f->i != 0 ? "true" : "false");
		return;
	case LOG_RAW_JSON:
		if (!line_add_str(l, f->s))
			(void)line_add_str(l, "null");
		return;
	}
}

static void
line_add_field(struct line *l, const struct log_field *f)
{
	bool text = log_format_now == LOG_TEXT;

	if ((f->type == LOG_STR || f->type == LOG_RAW_JSON) && f->s == NULL)
		return;
	/* The key, its quotes and the longest number must fit, or nothing. */
	if (l->n + strlen(f->key) + 32 > LOG_LINE - LOG_ROOM)
		return;
	(void)line_add_str(l, text ? " " : ",\"");
	(void)line_add_str(l, f->key);
	(void)line_add_str(l, text ? "=" : "\":");
	line_add_value(l, f);
}

static void
line_begin(struct line *l, enum log_level level, const char *event)
{
	char when[TIME_RFC3339_SIZE];
	struct timespec ts;
	int n;

	clock_gettime(CLOCK_REALTIME, &ts);
	time_format_rfc3339((int64_t)ts.tv_sec, when);
	when[19] = '\0'; /* the fraction stands before the Z */
	n = snprintf(l->s, LOG_LINE - LOG_ROOM,
	    log_format_now == LOG_TEXT
		? "%s.%03ldZ %s %s[%ld] %.128s"
		: "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"process\":\"%s\","
		  "\"pid\":%ld,\"event\":\"%.128s\"",
	    when, ts.tv_nsec / 1000000, level_names[level], log_process,
	    (long)getpid(), event);
	l->n = n < 0 ? 0 : (size_t)n;
}

void
log_write(enum log_level level, const char *event,
    const struct log_field *fields, size_t n)
{
	struct line l;
	int saved = errno;

	if (!log_enabled(level))
		return;
	line_begin(&l, level, event);
	for (size_t i = 0; i < n; i++)
		line_add_field(&l, &fields[i]);
	if (log_format_now == LOG_JSON)
		l.s[l.n++] = '}';
	l.s[l.n++] = '\n';
	/* A log that cannot be written must not stop the service. */
	while (write(2, l.s, l.n) < 0 && errno == EINTR)
		continue;
	errno = saved;
}

void
log_err(enum log_level level, const char *event, const struct err *err)
{
	log_event(level, event, LF_STR("kind", err_kind_name(err->kind)),
	    LF_STR("shown", err->shown),
	    LF_STR("detail", err->detail[0] == '\0' ? NULL : err->detail));
}
