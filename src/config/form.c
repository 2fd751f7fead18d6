#include "config/address.h"
#include "config/form.h"
#include "util/text.h"

static const char *const form_expected[FORMS] = {
	[FORM_TEXT] = "one line of text of at most 200 octets",
	[FORM_PATH] = "a path",
	[FORM_BASE_HTTPS] =
	    "https://HOST or https://HOST:PORT, nothing after it",
	[FORM_BASE_HTTP] = "http://HOST or http://HOST:PORT, nothing after it",
	[FORM_URL] = "a URL of http or https",
	[FORM_HTTPS_URL] = "a URL of https",
	[FORM_NAME] = "a name of at most 32 of a-z 0-9 - that is no word of a "
		      "protocol",
	[FORM_USER] = "a user name",
	[FORM_DOMAIN] = "a domain name",
	[FORM_SUFFIX] =
	    "a domain name, or .domain for the names below it alone",
	[FORM_URI_PREFIX] = "the beginning of a URI, with its scheme",
	[FORM_OID] = "a dotted object identifier",
	[FORM_RESOLVER] = "ADDRESS or ADDRESS:PORT in numbers",
	[FORM_LISTEN] = "ADDRESS:PORT in numbers",
	[FORM_COUNTRY] = "a country code of two capital letters",
	[FORM_ORGANIZATION] = "text of at most 64 octets",
	[FORM_LABEL] = "a name of at most 32 of a-z 0-9 - that is no word of "
		       "a protocol and no operation of EST",
	[FORM_NAME_PATTERN] =
	    "dns:, ip:, email:, uri: or upn: and a name, in which * stands for "
	    "any text and ? for any character",
};

const char *
config_form_expected(enum config_form form)
{
	return form_expected[form];
}

static bool
is_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

bool
config_name_is_good(const char *s)
{
	/* The first steps of our paths: /crl/<ca>.crl is not /crl/delta. */
	static const char *const words[] = { "acme", "est", "scep", "ocsp",
		"crl", "ca", "log", "directory", "roots", "delta", "healthz",
		"readyz", "metrics" };
	size_t n = strlen(s);

	if (n < 1 || n > 32)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_of(s[i], "abcdefghijklmnopqrstuvwxyz0123456789-"))
			return false;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(s, words[i]) == 0)
			return false;
	return true;
}

bool
config_label_is_good(const char *s)
{
	/* RFC 7030 section 3.2.2: a label is no operation's path. */
	static const char *const operations[] = { "cacerts", "simpleenroll",
		"simplereenroll", "fullcmc", "serverkeygen", "csrattrs" };

	for (size_t i = 0; i < COUNT_OF(operations); i++)
		if (strcmp(s, operations[i]) == 0)
			return false;
	return config_name_is_good(s);
}

static bool
is_name_pattern(const char *s)
{
	static const char *const tags[] = {
		"dns:", "ip:", "email:", "uri:", "upn:"
	};
	size_t n = strlen(s);

	for (size_t i = 0; i < COUNT_OF(tags); i++)
		if (strncmp(s, tags[i], strlen(tags[i])) == 0)
			return n > strlen(tags[i]) && n <= 512;
	return false;
}

/* RFC 1123 section 2.1 and the underscore of service names; n octets. */
static bool
is_domain(const char *s, size_t n)
{
	size_t label = 0;

	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.') {
			if (label == 0 || s[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if ((!is_alnum(s[i]) && !is_of(s[i], "-_")) ||
		    (label == 0 && s[i] == '-') || ++label > 63)
			return false;
	}
	return label > 0 && s[n - 1] != '-';
}

/* host, host:port or [v6]:port, as it stands in a URL. */
static bool
is_authority(const char *s, size_t n, int64_t min_port)
{
	char text[300];
	const char *port;
	struct sockaddr_storage sa;
	socklen_t sa_len;
	int64_t v;
	struct err err = { 0 };

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (text[0] == '[')
		return config_address_parse(text, 1, &sa, &sa_len, &err);
	port = strchr(text, ':');
	if (port == NULL)
		return is_domain(text, n);
	return is_domain(text, (size_t)(port - text)) &&
	    text_parse_int(port + 1, min_port, 65535, &v, &err);
}

/* Port 0 is the one that the listener gets at start. */
static bool
is_base(const char *s, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(s, scheme, n) == 0 &&
	    is_authority(s + n, strlen(s + n), 0);
}

static bool
is_url(const char *s)
{
	const char *rest;

	if (strncmp(s, "https://", 8) == 0)
		rest = s + 8;
	else if (strncmp(s, "http://", 7) == 0)
		rest = s + 7;
	else
		return false;
	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || is_of(*p, "\"<>\\^`{|}"))
			return false;
	return strlen(s) <= 2000 && is_authority(rest, strcspn(rest, "/?#"), 1);
}

/* RFC 3986 section 3.1: a scheme and a colon. */
static bool
is_uri_prefix(const char *s)
{
	size_t n = strcspn(s, ":");

	if (n == 0 || s[n] != ':' || strlen(s) > 2000 ||
	    !text_is_ascii_printable(bytes_str(s)))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && (i == 0 || !is_of(s[i], "+-.")))
			return false;
	return true;
}

/* At least two arcs, in the ranges that DER can say. */
static bool
is_oid(const char *s)
{
	unsigned arcs = 0;
	int64_t first = 0;

	if (strlen(s) > 120)
		return false;
	for (;; s++) {
		char arc[20];
		size_t n = strcspn(s, ".");
		struct err err = { 0 };
		int64_t v;

		if (n == 0 || n >= sizeof(arc) || (n > 1 && s[0] == '0'))
			return false;
		memcpy(arc, s, n);
		arc[n] = '\0';
		if (!is_of(s[0], "0123456789") ||
		    !text_parse_int(arc, 0, UINT32_MAX, &v, &err))
			return false;
		if (arcs == 0)
			first = v;
		if ((arcs == 0 && v > 2) || (arcs == 1 && first < 2 && v > 39))
			return false;
		arcs++;
		s += n;
		if (*s == '\0')
			return arcs >= 2;
	}
}

static bool
is_word(const char *const *words, const char *s)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], s) == 0)
			return true;
	return false;
}

static bool
is_eku(const struct config_row *row, const char *s)
{
	/* anyExtendedKeyUsage and OCSPSigning would make a leaf more than
	 * one; the signer refuses them too. */
	if (strcmp(s, "2.5.29.37.0") == 0 ||
	    strcmp(s, "1.3.6.1.5.5.7.3.9") == 0)
		return false;
	return is_word(row->words, s) || is_oid(s);
}

static bool
is_user(const char *s)
{
	size_t n = strlen(s);

	if (n < 1 || n > 32 || is_of(s[0], "0123456789-"))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_of(s[i], "abcdefghijklmnopqrstuvwxyz0123456789_-"))
			return false;
	return true;
}

static bool
is_listen(const char *s, int default_port)
{
	struct sockaddr_storage sa;
	socklen_t sa_len;
	struct err err = { 0 };

	return config_address_parse(s, default_port, &sa, &sa_len, &err);
}

static bool
form_holds(const struct config_row *row, const char *s)
{
	size_t n = strlen(s);

	switch (row->form) {
	case FORM_TEXT:
		return n > 0 && n <= 200;
	case FORM_PATH:
		return n > 0 && n < 4096;
	case FORM_BASE_HTTPS:
		return is_base(s, "https://");
	case FORM_BASE_HTTP:
		return is_base(s, "http://");
	case FORM_URL:
		return is_url(s);
	case FORM_HTTPS_URL:
		return is_url(s) && s[4] == 's';
	case FORM_NAME:
		return config_name_is_good(s);
	case FORM_USER:
		return is_user(s);
	case FORM_WORD:
		return is_word(row->words, s);
	case FORM_DOMAIN:
		return is_domain(s, n);
	case FORM_SUFFIX:
		return s[0] == '.' ? is_domain(s + 1, n - 1) : is_domain(s, n);
	case FORM_URI_PREFIX:
		return is_uri_prefix(s);
	case FORM_OID:
		return is_oid(s);
	case FORM_EKU:
		return is_eku(row, s);
	case FORM_RESOLVER:
		return is_listen(s, 53);
	case FORM_LISTEN:
		return is_listen(s, -1);
	case FORM_COUNTRY:
		return n == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' &&
		    s[1] <= 'Z';
	case FORM_ORGANIZATION:
		return n > 0 && n <= 64;
	case FORM_LABEL:
		return config_label_is_good(s);
	case FORM_NAME_PATTERN:
		return is_name_pattern(s);
	case FORMS:
		break;
	}
	return false;
}

bool
config_form_read(const struct config_row *row, const char *text,
    struct arena *a, const char **out)
{
	struct sockaddr_storage sa;
	socklen_t sa_len;
	struct err err = { 0 };
	char *copy;

	if (!form_holds(row, text))
		return false;
	if (row->form == FORM_RESOLVER) {
		if (!config_address_parse(text, 53, &sa, &sa_len, &err))
			return false;
		*out = config_address_print(&sa, a);
		return true;
	}
	copy = arena_strdup(a, text);
	if (row->form == FORM_DOMAIN || row->form == FORM_SUFFIX)
		text_lower(copy);
	*out = copy;
	return true;
}

/* The word meant, as a whole sentence; words are few. */
static const char *
nearest_word(const char *const *words, const char *text)
{
	const char *best = NULL;
	unsigned least = 4;

	for (size_t i = 0; words[i] != NULL; i++) {
		unsigned d = text_equal_nocase(words[i], text)
		    ? 0
		    : text_distance(words[i], text);

		if (d < least && d < strlen(words[i])) {
			least = d;
			best = words[i];
		}
	}
	return best;
}

void
config_form_mend(
    const struct config_row *row, const char *text, struct buf *out)
{
	const char *near = NULL;

	if (row->words != NULL)
		near = nearest_word(row->words, text);
	if (near != NULL)
		buf_printf(out, "write %s", near);
	else if (row->form == FORM_BASE_HTTPS || row->form == FORM_BASE_HTTP)
		buf_add_str(out,
		    text_has_suffix(text, "/")
			? "remove the slash at the end"
			: "write scheme, host and port alone");
	else if (row->form == FORM_RESOLVER || row->form == FORM_LISTEN)
		buf_add_str(
		    out, "write it in numbers, IPv6 in brackets: [::1]:8443");
	else if (row->form == FORM_EKU && strchr(text, '.') != NULL)
		buf_add_str(out, "remove it: no leaf may have this usage");
	else if (row->words != NULL)
		buf_add_str(out, "choose one of these words");
	else
		buf_add_str(out, "correct it");
}
