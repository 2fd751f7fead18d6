#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "support/unit.h"
#include "util/log.h"

static char captured[16384];
static int pipe_in = -1, saved_stderr = -1;

static void
capture_begin(void)
{
	int fds[2];

	assert_return_code(pipe(fds), errno);
	saved_stderr = dup(2);
	dup2(fds[1], 2);
	close(fds[1]);
	pipe_in = fds[0];
}

static const char *
capture_end(void)
{
	ssize_t n;
	size_t total = 0;

	dup2(saved_stderr, 2);
	close(saved_stderr);
	while ((n = read(pipe_in, captured + total,
		    sizeof(captured) - 1 - total)) > 0)
		total += (size_t)n;
	captured[total] = '\0';
	close(pipe_in);
	return captured;
}

static void
test_json(void **state)
{
	const char *line;
	char pid[32];

	(void)state;
	log_init(LOG_JSON, LOG_INFO, "server");
	capture_begin();
	log_event(LOG_INFO, "request", LF_STR("path", "/a\"b\n\xff\xc3\xa9"),
	    LF_INT("status", 200), LF_BOOL("tls", true), LF_STR("none", NULL));
	line = capture_end();
	/* {"time":"2026-01-02T03:04:05.678Z", */
	assert_memory_equal(line, "{\"time\":\"20", 11);
	assert_memory_equal(line + 28, ".", 1);
	assert_memory_equal(line + 32, "Z\",", 3);
	snprintf(pid, sizeof(pid), "\"pid\":%ld,", (long)getpid());
	assert_non_null(
	    strstr(line, "\"level\":\"info\",\"process\":\"server\","));
	assert_non_null(strstr(line, pid));
	assert_non_null(strstr(line,
	    "\"event\":\"request\",\"path\":\"/a\\\"b\\u000a\\ufffd\xc3\xa9\","
	    "\"status\":200,\"tls\":true}\n"));
	assert_null(strstr(line, "none"));
}

static void
test_text_and_level(void **state)
{
	struct err err = { 0 };
	const char *line;

	(void)state;
	log_init(LOG_TEXT, LOG_WARN, "signer");
	assert_false(log_enabled(LOG_INFO));
	assert_true(log_enabled(LOG_ERROR));
	assert_false(fail_detail(&err, ERR_STORE, "no", "row 1"));
	capture_begin();
	log_event(LOG_INFO, "silent");
	log_event(LOG_WARN, "bare");
	log_set_level(LOG_INFO);
	log_err(LOG_ERROR, "broken", &err);
	line = capture_end();
	assert_null(strstr(line, "silent"));
	assert_non_null(strstr(line, "Z warn signer["));
	assert_non_null(strstr(line, "] bare\n"));
	assert_non_null(
	    strstr(line, "] broken kind=store shown=no detail=\"row 1\"\n"));
}

static void
test_a_long_line_is_cut_and_stays_json(void **state)
{
	static char big[9000];
	const char *line;
	size_t n;

	(void)state;
	memset(big, '"', sizeof(big) - 1);
	log_init(LOG_JSON, LOG_INFO, "server");
	capture_begin();
	log_event(LOG_INFO, "e", LF_STR("a", big), LF_STR("b", big),
	    ((struct log_field){ "c", LOG_RAW_JSON, big, 0 }), LF_INT("d", 4));
	line = capture_end();
	n = strlen(line);
	assert_true(n <= 4096);
	assert_string_equal(line + n - 5, "\\\"\"}\n");
	assert_ptr_equal(strchr(line, '\n'), line + n - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_text_and_level),
		cmocka_unit_test(test_a_long_line_is_cut_and_stays_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
