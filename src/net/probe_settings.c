#include <stdlib.h>
#include <unistd.h>
#include "net/probe_settings.h"
#include "util/text.h"

#define DEFAULT_TIMEOUT_MS 10000
#define DEFAULT_CONCURRENT 64u

/* "192.0.2.1:53", "[2001:db8::1]:53" or an address alone: "addr@port". */
static bool
resolver_parse(
    const char *text, struct arena *a, const char **out, struct err *err)
{
	struct probe_address address;
	struct err why = { 0 };
	char *host = arena_strdup(a, text), *port = NULL, *end;
	int64_t number = 53;

	if (host[0] == '[' && (end = strchr(host, ']')) != NULL &&
	    (end[1] == ':' || end[1] == '\0')) {
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
		host++;
	} else if ((end = strchr(host, ':')) != NULL &&
	    strchr(end + 1, ':') == NULL) {
		*end = '\0';
		port = end + 1;
	}
	if (!probe_address_parse(host, &address) ||
	    (port != NULL && !text_parse_int(port, 1, 65535, &number, &why)))
		return fail(err, ERR_CONFIG,
		    "validation.resolvers has \"%s\", expected ADDRESS:PORT",
		    text);
	*out = arena_printf(a, "%s@%d", address.text, (int)number);
	return true;
}

static bool
resolvers_copy(
    const struct config_strings *in, struct probe_settings *s, struct err *err)
{
	AUTO_BUF label = { 0 };

	s->dns.forwarders.n = in->n;
	s->dns.forwarders.v =
	    arena_array(s->arena, in->n + 1, sizeof(*s->dns.forwarders.v));
	for (size_t i = 0; i < in->n; i++) {
		if (!resolver_parse(
			in->v[i], s->arena, &s->dns.forwarders.v[i], err))
			return false;
		buf_printf(&label, "%s%s", i == 0 ? "" : " or ", in->v[i]);
	}
	s->dns.label = in->n == 0 ? "the system's resolver"
				  : arena_strdup(s->arena, buf_cstr(&label));
	return true;
}

static bool
dnssec_copy(const struct config_validation *v, struct probe_settings *s,
    struct err *err)
{
	s->dns.dnssec = v->dnssec;
	if (v->dnssec == DNSSEC_OFF)
		return true;
	if (v->trust_anchor_file == NULL)
		return fail(err, ERR_CONFIG,
		    "validation.dnssec is on without a trust_anchor_file, "
		    "expected one (Debian's package dns-root-data has "
		    "/usr/share/dns/root.key)");
	if (access(v->trust_anchor_file, R_OK) != 0)
		return fail_errno(err, ERR_CONFIG,
		    "validation.trust_anchor_file %s cannot be read",
		    v->trust_anchor_file);
	s->dns.trust_anchor_file = arena_strdup(s->arena, v->trust_anchor_file);
	return true;
}

static void
networks_copy(const struct config_cidrs *in, struct probe_settings *s)
{
	s->permitted.n = in->n;
	s->permitted.v =
	    arena_array(s->arena, in->n + 1, sizeof(*s->permitted.v));
	for (size_t i = 0; i < in->n; i++) {
		s->permitted.v[i] = in->v[i];
		s->permitted.v[i].text = NULL;
	}
}

bool
probe_settings_new(const struct config_validation *v,
    struct probe_settings **out, struct err *err)
{
	AUTO_ARENA *arena = arena_new();
	struct probe_settings *s = arena_alloc(arena, sizeof(*s));

	s->refs = 1;
	s->arena = arena;
	s->http_port = v->http_port > 0 ? (unsigned)v->http_port : 80;
	s->tls_alpn_port =
	    v->tls_alpn_port > 0 ? (unsigned)v->tls_alpn_port : 443;
	s->timeout_ms = v->timeout > 0 ? v->timeout * 1000 : DEFAULT_TIMEOUT_MS;
	s->max_concurrent = v->max_concurrent > 0 ? (size_t)v->max_concurrent
						  : DEFAULT_CONCURRENT;
	networks_copy(&v->permit_networks, s);
	if (!resolvers_copy(&v->resolvers, s, err) || !dnssec_copy(v, s, err))
		return false;
	if (v->hosts_file != NULL) {
		s->hosts_path = arena_strdup(arena, v->hosts_file);
		if (!probe_hosts_new(s->hosts_path, &s->hosts, err))
			return false;
	}
	arena = NULL;
	*out = s;
	return true;
}

void
probe_settings_ref(struct probe_settings *s)
{
	s->refs++;
}

void
probe_settings_unref(struct probe_settings *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	if (s->dns_pool != NULL)
		LIST_REMOVE(s, link);
	dns_pool_free(s->dns_pool);
	probe_hosts_free(s->hosts);
	arena_free(s->arena);
}

size_t
probe_settings_hosts(struct probe_settings *s, const char *name,
    struct probe_address *out, size_t max)
{
	if (s->hosts == NULL)
		return 0;
	return probe_hosts_find(s->hosts, name, out, max);
}
