#include "main/init.h"

#define SETTINGS_MAX 32u

struct settings {
	struct config_setting v[SETTINGS_MAX];
	size_t n;
	struct arena *arena;
};

static void
set(struct settings *s, const char *key, const char *value)
{
	s->v[s->n++] = (struct config_setting){ key, value };
}

/* An IPv6 literal stands in brackets in an URL. */
static const char *
url(struct settings *s, const char *scheme, const char *host, int64_t port)
{
	bool v6 = strchr(host, ':') != NULL;

	return arena_printf(s->arena, "\"%s://%s%s%s:%lld\"", scheme,
	    v6 ? "[" : "", host, v6 ? "]" : "", (long long)port);
}

static const char *
listeners(struct settings *s, const struct init_options *o)
{
	return arena_printf(s->arena,
	    "- {kind: https, address: \"[::]:%lld\", tls_min: \"1.3\"}\n"
	    "- {kind: est, address: \"[::]:%lld\", tls_min: \"1.2\"}\n"
	    "- {kind: http, address: \"[::]:%lld\"}\n"
	    "- {kind: ops, address: \"127.0.0.1:%lld\"}\n",
	    (long long)o->https_port, (long long)o->est_port,
	    (long long)o->http_port, (long long)o->ops_port);
}

void
init_config_print(const struct init_options *o, struct buf *out)
{
	AUTO_ARENA *a = arena_new();
	struct settings s = { .arena = a };

	set(&s, "base_url", url(&s, "https", o->host, o->https_port));
	set(&s, "http_base_url", url(&s, "http", o->host, o->http_port));
	set(&s, "listen", listeners(&s, o));
	if (o->sub_ca)
		set(&s, "cas.issuing.chain", "certs/issuing-chain.pem");
	else
		set(&s, "cas.root.certificate", "certs/root.pem");
	set(&s, "cas.issuing.key", "keys/issuing.key");
	set(&s, "cas.issuing.certificate", "certs/issuing.pem");
	if (o->testing)
		set(&s, "validation.permit_networks",
		    "[127.0.0.0/8, \"::1/128\", 10.0.0.0/8, 172.16.0.0/12, "
		    "192.168.0.0/16, \"fc00::/7\"]");
	config_print_settings(s.v, s.n, out);
}
