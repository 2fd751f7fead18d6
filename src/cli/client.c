#include <curl/curl.h>
#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/files.h"

#define ANSWER_MAX (64u << 20)
/* Longer than the server ever holds a request. */
#define TIMEOUT_SECONDS 60L
/* As many as the server gives at once. */
#define CLIENT_PAGE 500
#define SOCKET_DEFAULT "run/control.sock"

OWN_DEFINE(CURL, curl_easy_cleanup)

static void
free_headers(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* Where the socket is; a configuration that is being mended must not keep the
 * operator from the server that runs. */
static const char *
socket_path(const struct cli *cli)
{
	struct config_mistakes mistakes = { 0 };
	const char *path = SOCKET_DEFAULT;
	struct config *config = NULL;
	struct err ignored = { 0 };
	struct bytes text;

	if (file_read(cli->config_path, CONFIG_FILE_MAX, cli->arena, &text,
		&ignored) &&
	    config_load(cli->config_path, text, &config, &mistakes))
		path = arena_strdup(cli->arena, config->control_socket);
	config_free(config);
	config_mistakes_free(&mistakes);
	return state_path(cli, path);
}

/*
 * The system's limit of 107 octets is on the name that is used, so a long one
 * goes by a descriptor of its folder.
 */
static const char *
short_path(const struct cli *cli, const char *path, int *fd)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL ||
	    strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path))
		return path;
	*fd =
	    open(arena_str(cli->arena, bytes_of(path, (size_t)(slash - path))),
		O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0
	    ? path
	    : arena_printf(cli->arena, "/proc/self/fd/%d%s", *fd, slash);
}

static size_t
take_answer(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *b = ctx;

	if (b->n + size * n > ANSWER_MAX)
		return 0;
	buf_add(b, p, size * n);
	return size * n;
}

static enum err_kind
kind_by_name(const char *name)
{
	for (int k = ERR_NONE + 1; k < ERR_KINDS; k++)
		if (strcmp(err_kind_name((enum err_kind)k), name) == 0 &&
		    k != ERR_CONNECTION && k != ERR_USAGE)
			return (enum err_kind)k;
	return ERR_REJECTED;
}

/* The server's own sentence, from problem+json. */
static bool
fail_refused(const json_t *answer, long status, struct err *err)
{
	const char *detail =
		       json_string_value(json_object_get(answer, "detail")),
		   *type = json_string_value(json_object_get(answer, "type"));

	if (detail == NULL)
		return fail(err, ERR_REJECTED,
		    "the server answered with status %ld", status);
	return fail(err, kind_by_name(type == NULL ? "" : type), "%s", detail);
}

static bool
read_answer(const struct cli *cli, struct bytes text, long status, json_t **out,
    struct err *err)
{
	json_error_t why;
	json_t *answer = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &why);

	if (answer != NULL)
		arena_adopt(cli->arena, json_t, answer);
	if (status < 200 || status > 299)
		return fail_refused(answer, status, err);
	if (answer == NULL)
		return fail(err, ERR_INTERNAL,
		    "the server's answer is not JSON: %s", why.text);
	*out = answer;
	return true;
}

static bool
perform(CURL *curl, const char *path, struct err *err)
{
	CURLcode rc = curl_easy_perform(curl);

	switch (rc) {
	case CURLE_OK:
		return true;
	case CURLE_WRITE_ERROR:
		return fail(err, ERR_TOO_LARGE,
		    "the server's answer has more than %u octets", ANSWER_MAX);
	default:
		return fail(err, ERR_CONNECTION,
		    "no server answers on %s: %s; is chancery serve running "
		    "with this state directory?",
		    path, curl_easy_strerror(rc));
	}
}

static void
set_options(CURL *curl, const char *socket, const char *url, struct buf *to)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, to);
}

bool
client_call(const struct cli *cli, const char *path, json_t *body, json_t **out,
    struct err *err)
{
	__attribute__((cleanup(free_headers))) struct curl_slist *headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	AUTO(CURL) *curl = curl_easy_init();
	const char *socket = socket_path(cli);
	AUTO_BUF answer = { 0 };
	AUTO_FD folder = -1;
	long status = 0;

	if (body != NULL)
		arena_adopt(cli->arena, json_t, body);
	if (curl == NULL)
		return fail(err, ERR_SYSTEM, "libcurl did not start");
	set_options(curl, short_path(cli, socket, &folder),
	    arena_printf(cli->arena, "http://localhost/control/v1%s", path),
	    &answer);
	if (body != NULL) {
		struct bytes text = json_print_compact(body, cli->arena);

		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)text.n);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text.p);
	}
	if (!perform(curl, socket, err))
		return false;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return read_answer(cli, buf_bytes(&answer), status, out, err);
}

const char *
client_escape(const struct cli *cli, const char *s)
{
	AUTO_BUF b = { 0 };

	for (; *s != '\0'; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') ||
		    (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
		    strchr("-._~", *s) != NULL;

		if (plain)
			buf_add_byte(&b, (uint8_t)*s);
		else
			buf_printf(&b, "%%%02X", (uint8_t)*s);
	}
	return arena_str(cli->arena, buf_bytes(&b));
}

const char *
client_query(const struct cli *cli, const char *path, const char *name,
    const char *value)
{
	size_t n = strlen(path);

	if (value == NULL)
		return path;
	return arena_printf(cli->arena, "%s%s%s=%s", path,
	    path[n - 1] == '?' ? "" : "&", name, client_escape(cli, value));
}

bool
client_list(const struct cli *cli, const char *path, const char *member,
    int64_t limit, json_t **out, struct err *err)
{
	json_t *all = arena_adopt(cli->arena, json_t, json_array());
	const char *after = NULL;

	do {
		int64_t page =
		    MIN_OF(limit - (int64_t)json_array_size(all), CLIENT_PAGE);
		const char *url = client_query(cli, path, "after", after);
		json_t *answer;

		url = client_query(cli, url, "limit",
		    arena_printf(cli->arena, "%lld", (long long)page));
		if (!client_call(cli, url, NULL, &answer, err))
			return false;
		json_array_extend(all, json_object_get(answer, member));
		after = json_string_value(json_object_get(answer, "next"));
	} while (after != NULL && (int64_t)json_array_size(all) < limit);
	*out = all;
	return true;
}
