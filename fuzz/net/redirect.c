/*
 * A Location: whatever is followed is http or https, has no user information,
 * a permitted port, and a host that is a name or (if allowed) an address; and
 * following it from itself leads to the same place.
 */
#undef NDEBUG
#include <assert.h>
#include "net/dns_message.h"
#include "net/probe_address.h"
#include "net/probe_redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct probe_url *url, bool ip)
{
	struct probe_address address;
	struct err err = { 0 };

	assert(strncmp(url->text, url->tls ? "https://" : "http://",
		   url->tls ? 8 : 7) == 0);
	assert(strlen(url->text) <= PROBE_MAX_URL);
	assert(strchr(url->text, '#') == NULL);
	assert(url->port == 80 || url->port == 443 || url->port == 8402);
	assert(url->host_is_ip == probe_address_parse(url->host, &address));
	assert(!url->host_is_ip || ip);
	assert(url->host_is_ip || dns_name_check(url->host, &err));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int ip = 0; ip < 2; ip++) {
		AUTO_ARENA *arena = arena_new();
		struct probe_redirect_rules rules = { ip == 1, { 8402 } };
		struct probe_url url, again;
		struct err err = { 0 };

		if (!probe_redirect_resolve("http://x.test/a/b",
			bytes_of(data, size), &rules, arena, &url, &err)) {
			assert(err.kind == ERR_INCORRECT_RESPONSE);
			continue;
		}
		check(&url, ip == 1);
		if (!probe_redirect_resolve(url.text, bytes_str(url.text),
			&rules, arena, &again, &err))
			continue;
		assert(strcmp(url.host, again.host) == 0);
		assert(url.port == again.port && url.tls == again.tls);
	}
	return 0;
}
