#include <curl/curl.h>
#include "net/dns_message.h"
#include "net/probe_address.h"
#include "net/probe_redirect.h"
#include "util/text.h"

OWN_DEFINE(CURLU, curl_url_cleanup)

static void
own_free_curl_text(char **p)
{
	curl_free(*p);
}
#define AUTO_CURL_TEXT __attribute__((cleanup(own_free_curl_text))) char

static bool
has_part(CURLU *u, CURLUPart part)
{
	AUTO_CURL_TEXT *text = NULL;

	return curl_url_get(u, part, &text, 0) == CURLUE_OK;
}

static const char *
get_part(CURLU *u, CURLUPart part, unsigned flags, struct arena *a)
{
	AUTO_CURL_TEXT *text = NULL;

	if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
		return NULL;
	return arena_strdup(a, text);
}

static bool
port_allowed(unsigned port, const struct probe_redirect_rules *rules)
{
	if (port == 80 || port == 443)
		return true;
	for (size_t i = 0; i < COUNT_OF(rules->ports); i++)
		if (rules->ports[i] != 0 && rules->ports[i] == port)
			return true;
	return false;
}

/*
 * No top-level domain is a number (RFC 3696 section 2), but some resolvers
 * read such a name as an IPv4 address.
 */
static bool
ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot == NULL ? host : dot + 1;

	return last[strspn(last, "0123456789")] == '\0' ||
	    strncasecmp(last, "0x", 2) == 0;
}

/* The host, judged: a name that can be asked, or a permitted literal. */
static bool
host_check(struct probe_url *url, const struct probe_redirect_rules *rules,
    struct arena *a, struct err *err)
{
	struct probe_address address;
	struct err why = { 0 };
	size_t n = strlen(url->host);
	char *host = arena_strdup(a, url->host);

	if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		host++;
	} else if (n > 1 && host[n - 1] == '.') {
		host[n - 1] = '\0';
	}
	url->host = host;
	url->host_is_ip = probe_address_parse(host, &address);
	if (url->host_is_ip && !rules->ip_allowed)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to the address %s, expected a name", host);
	if (!url->host_is_ip && ends_in_number(host))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a host that ends in a number, expected "
		    "a name");
	if (!url->host_is_ip && !dns_name_check(host, &why))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a host that is no name: %s", why.shown);
	return true;
}

static bool
scheme_check(CURLU *u, struct arena *a, struct probe_url *url, struct err *err)
{
	const char *scheme = get_part(u, CURLUPART_SCHEME, 0, a);

	if (scheme == NULL ||
	    (!text_equal_nocase(scheme, "http") &&
		!text_equal_nocase(scheme, "https")))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to the scheme %s, expected http or https",
		    scheme == NULL ? "(none)" : scheme);
	url->tls = text_equal_nocase(scheme, "https");
	return true;
}

static bool
parts_check(CURLU *u, const struct probe_redirect_rules *rules, struct arena *a,
    struct probe_url *url, struct err *err)
{
	struct err why = { 0 };
	const char *port;
	int64_t number;

	if (!scheme_check(u, a, url, err))
		return false;
	if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a URL with user information");
	port = get_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, a);
	if (port == NULL || !text_parse_int(port, 1, 65535, &number, &why))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a URL whose port is no number");
	url->port = (unsigned)number;
	if (!port_allowed(url->port, rules))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to port %u, expected 80 or 443", url->port);
	url->host = get_part(u, CURLUPART_HOST, 0, a);
	if (url->host == NULL)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a URL without a host");
	return host_check(url, rules, a, err);
}

bool
probe_redirect_resolve(const char *base, struct bytes location,
    const struct probe_redirect_rules *rules, struct arena *a,
    struct probe_url *out, struct err *err)
{
	AUTO(CURLU) *u = curl_url();
	struct probe_url url = { 0 };

	if (u == NULL)
		return fail(err, ERR_INTERNAL, "curl_url failed");
	if (location.n == 0 || location.n > PROBE_MAX_URL)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a URL of %zu octets, expected 1 to %u",
		    location.n, PROBE_MAX_URL);
	if (!text_is_ascii_printable(location))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a URL with unprintable octets");
	if (curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, arena_str(a, location),
		CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to what is no URL");
	if (!parts_check(u, rules, a, &url, err))
		return false;
	url.text = get_part(u, CURLUPART_URL, 0, a);
	if (url.text == NULL || strlen(url.text) > PROBE_MAX_URL)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "it redirects to a URL of more than %u octets",
		    PROBE_MAX_URL);
	*out = url;
	return true;
}
