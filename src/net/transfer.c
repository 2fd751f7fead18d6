#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "net/transfer.h"

/* The only dial decision: libcurl may connect where we said, nowhere else. */
static curl_socket_t
socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = arg;
	struct sockaddr_storage want;
	socklen_t n = probe_address_sockaddr(&t->address, t->port, &want);

	if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen != n ||
	    memcmp(&to->addr, &want, n) != 0)
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void
set_safety(CURL *e)
{
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	/* Else the environment would say. */
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* Else the system's roots are read, each time, for nothing. */
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
}

bool
transfer_begin(struct transfer *t, const struct probe_address *address,
    unsigned port, const struct transfer_sink *sink)
{
	CURL *e = curl_easy_init();

	*t = (struct transfer){ .address = *address, .port = port, .easy = e };
	if (e == NULL)
		return false;
	set_safety(e);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, sink->header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, sink->arg);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, sink->body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, sink->arg);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_PRIVATE, sink->arg);
	return true;
}

void
transfer_pin(struct transfer *t, struct arena *a)
{
	t->connect_to = curl_slist_append(NULL,
	    arena_printf(a,
		t->address.family == AF_INET6 ? "::[%s]:%u" : "::%s:%u",
		t->address.text, t->port));
	curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
}

void
transfer_end(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->connect_to);
	t->easy = NULL;
	t->connect_to = NULL;
}

bool
transfer_header(struct transfer *t, size_t n, size_t max)
{
	t->headers_n += n;
	t->headers_too_large = t->headers_n > max;
	return !t->headers_too_large;
}

bool
transfer_header_is(struct bytes line, const char *name, struct bytes *value)
{
	size_t n = strlen(name);

	if (line.n <= n || line.p[n] != ':' ||
	    strncasecmp((const char *)line.p, name, n) != 0)
		return false;
	line = bytes_of(line.p + n + 1, line.n - n - 1);
	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = bytes_of(line.p + 1, line.n - 1);
	while (line.n > 0 && strchr(" \t\r\n", line.p[line.n - 1]) != NULL)
		line.n--;
	*value = line;
	return true;
}

long
transfer_info(const struct transfer *t, CURLINFO what)
{
	long value = 0;

	curl_easy_getinfo(t->easy, what, &value);
	return value;
}

static const struct {
	CURLcode code;
	struct transfer_failure is;
} failures[] = {
	{ CURLE_GOT_NOTHING,
	    { ERR_CONNECTION, true,
		"the connection was closed without an answer" } },
	{ CURLE_RECV_ERROR, { ERR_CONNECTION, true, "the connection broke" } },
	{ CURLE_SEND_ERROR, { ERR_CONNECTION, true, "the connection broke" } },
	{ CURLE_PARTIAL_FILE,
	    { ERR_CONNECTION, true,
		"the connection was closed before the end of the answer" } },
	{ CURLE_OPERATION_TIMEDOUT, { ERR_CONNECTION, true, "no answer" } },
	{ CURLE_WEIRD_SERVER_REPLY,
	    { ERR_INCORRECT_RESPONSE, false, "the answer is not HTTP" } },
	{ CURLE_UNSUPPORTED_PROTOCOL,
	    { ERR_INCORRECT_RESPONSE, false, "the answer is not HTTP" } },
	{ CURLE_BAD_CONTENT_ENCODING,
	    { ERR_INCORRECT_RESPONSE, false,
		"the answer's encoding is broken" } },
	{ CURLE_SSL_CONNECT_ERROR, { ERR_TLS, false, NULL } },
	{ CURLE_SSL_CIPHER, { ERR_TLS, false, NULL } },
	{ CURLE_PEER_FAILED_VERIFICATION, { ERR_TLS, false, NULL } },
};

struct transfer_failure
transfer_failure(const struct transfer *t, CURLcode result, struct arena *a)
{
	struct transfer_failure f = { ERR_CONNECTION, true, NULL };
	int os = (int)transfer_info(t, CURLINFO_OS_ERRNO);

	for (size_t i = 0; i < COUNT_OF(failures); i++)
		if (failures[i].code == result)
			return failures[i].is;
	if (result == CURLE_COULDNT_CONNECT)
		f.text =
		    os == 0 ? "connection failed" : probe_address_reason(os, a);
	return f;
}
