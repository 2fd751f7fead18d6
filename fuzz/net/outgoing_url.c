/*
 * A URL that a service or the operator gave: whatever is called is https in
 * printable characters, without user information or fragment, and its host is
 * a name that can be asked or an address; libcurl means the same host.
 */
#undef NDEBUG
#include <assert.h>
#include <curl/curl.h>
#include "net/outgoing_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(const char *url, const struct outgoing_host *host)
{
	CURLU *u = curl_url();
	char *name = NULL, *port = NULL;
	size_t skip;

	assert(curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
	assert(curl_url_get(u, CURLUPART_HOST, &name, 0) == CURLUE_OK);
	assert(curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK);
	skip = name[0] == '[';
	assert(strncmp(name + skip, host->name, strlen(host->name)) == 0);
	assert(strspn(name + skip + strlen(host->name), "].") ==
	    strlen(name + skip + strlen(host->name)));
	assert(strtoul(port, NULL, 10) == host->port);
	curl_free(name);
	curl_free(port);
	curl_url_cleanup(u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *arena = arena_new();
	const char *url = arena_str(arena, bytes_of(data, size));
	struct probe_address address;
	struct outgoing_host host;
	struct err err = { 0 };

	if (!outgoing_url_parse(url, "https", 443, arena, &host, &err)) {
		assert(err.kind == ERR_MALFORMED);
		return 0;
	}
	assert(strlen(url) <= OUTGOING_MAX_URL);
	assert(strncasecmp(url, "https://", 8) == 0 && url[8] != '/');
	assert(strchr(url, '#') == NULL);
	for (const char *p = url; *p != '\0'; p++)
		assert(*p > 0x20 && *p < 0x7f);
	assert(host.port >= 1 && host.port <= 65535);
	assert(host.is_ip == probe_address_parse(host.name, &address));
	assert(host.is_ip || dns_name_check(host.name, &err));
	compare(url, &host);
	return 0;
}
