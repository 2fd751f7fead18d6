#include "ca/own_names.h"
#include "util/text.h"

/* The host of an URL that the configuration has checked. */
static const char *
url_host(const char *url, struct arena *a)
{
	const char *p = strstr(url, "://"), *end;

	p = p == NULL ? url : p + 3;
	if (*p == '[') {
		end = strchr(++p, ']');
		return arena_str(a,
		    bytes_of(p, end == NULL ? strlen(p) : (size_t)(end - p)));
	}
	return arena_str(a, bytes_of(p, strcspn(p, ":/")));
}

bool
ca_own_names(
    const struct config *c, struct arena *a, struct names *out, struct err *err)
{
	const char *urls[] = { c->base_url, c->http_base_url };
	struct name *v = arena_array(a, COUNT_OF(urls), sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		const char *host = url_host(urls[i], a);
		uint8_t ip[16];
		enum name_type type =
		    name_ip_octets(host, ip) > 0 ? NAME_IP : NAME_DNS;

		if (!name_parse(type, bytes_str(host), a, &v[n], err))
			return false;
		if (n == 0 || !name_equal(&v[0], &v[n]))
			n++;
	}
	*out = (struct names){ v, n };
	return true;
}
