#include <openssl/err.h>
#include <openssl/pem.h>
#include "crypto/own.h"
#include "net/outgoing_job.h"
#include "util/text.h"

#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_CONCURRENT 64u
#define DEFAULT_PROXY_PORT 80

bool
outgoing_anchors_parse(
    struct bytes pem, const char *what, X509_STORE **out, struct err *err)
{
	AUTO(BIO) *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	AUTO(X509_STORE) *store = X509_STORE_new();
	unsigned long last;
	X509 *cert;
	size_t n = 0;

	while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		X509_STORE_add_cert(store, cert);
		X509_free(cert);
		n++;
	}
	last = ERR_peek_last_error();
	ERR_clear_error();
	if (ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
		return fail(err, ERR_MALFORMED,
		    "%s: after %zu certificates one that cannot be read, "
		    "expected certificates in PEM",
		    what, n);
	if (n == 0)
		return fail(err, ERR_MALFORMED,
		    "%s: no certificate, expected some in PEM", what);
	/* An operator may trust an issuing CA or a single server alone. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	*out = TAKE(store);
	return true;
}

/* Who names a file means it; the system's is wanted by a call alone. */
static bool
anchors_load(const struct outgoing_deps *deps, const struct config_outgoing *c,
    struct outgoing_settings *s, struct err *err)
{
	const char *path =
	    c->anchors_file == NULL ? OUTGOING_SYSTEM_ANCHORS : c->anchors_file;
	struct err why = { 0 };
	AUTO_ARENA *a = arena_new();
	struct bytes pem;

	s->anchors_path = arena_strdup(s->arena, path);
	if (deps->read_file(
		deps->read_ctx, path, OUTGOING_MAX_ANCHORS, a, &pem, &why) &&
	    outgoing_anchors_parse(pem, path, &s->anchors, &why))
		return true;
	if (strcmp(path, OUTGOING_SYSTEM_ANCHORS) != 0)
		return fail(
		    err, ERR_CONFIG, "outgoing.anchors_file: %s", why.shown);
	return !fail(&s->anchors_err, ERR_CONFIG,
	    "outgoing.anchors_file: %s; Debian's package ca-certificates "
	    "has it",
	    why.shown);
}

static bool
proxy_parse(const struct config_outgoing *c, struct outgoing_settings *s,
    struct err *err)
{
	struct err why = { 0 };

	s->has_proxy = c->proxy != NULL;
	if (s->has_proxy &&
	    !outgoing_url_parse(c->proxy, "http", DEFAULT_PROXY_PORT, s->arena,
		&s->proxy, &why))
		return fail(err, ERR_CONFIG, "outgoing.proxy: %s", why.shown);
	return true;
}

static void
no_proxy_copy(const struct config_strings *in, struct outgoing_settings *s)
{
	s->no_proxy.n = in->n;
	s->no_proxy.v = arena_array(s->arena, in->n + 1, sizeof(*in->v));
	for (size_t i = 0; i < in->n; i++)
		s->no_proxy.v[i] = arena_strdup(s->arena, in->v[i]);
}

/* "example.com" is itself and what is below, ".example.com" that alone. */
static bool
domain_has(const char *domain, const char *name)
{
	size_t n = strlen(name), d = strlen(domain);

	if (domain[0] != '.' && text_equal_nocase(domain, name))
		return true;
	return n > d && strcasecmp(name + n - d, domain) == 0 &&
	    (domain[0] == '.' || name[n - d - 1] == '.');
}

/* A proxy's loopback is not ours. */
static bool
is_this_machine(const struct outgoing_host *host)
{
	struct probe_address address;
	const char *class;

	if (!host->is_ip)
		return domain_has("localhost", host->name);
	class = probe_address_parse(host->name, &address)
	    ? probe_address_class(&address)
	    : NULL;
	return class != NULL && strcmp(class, "loopback") == 0;
}

bool
outgoing_settings_proxied(
    const struct outgoing_settings *s, const struct outgoing_host *host)
{
	if (!s->has_proxy || is_this_machine(host))
		return false;
	for (size_t i = 0; i < s->no_proxy.n; i++)
		if (host->is_ip ? strcmp(s->no_proxy.v[i], host->name) == 0
				: domain_has(s->no_proxy.v[i], host->name))
			return false;
	return true;
}

/* All but the resolvers. */
static bool
settings_fill(const struct outgoing_deps *deps, const struct config_outgoing *c,
    struct outgoing_settings *s, struct err *err)
{
	s->refs = 1;
	s->arena = arena_new();
	s->timeout_ms = c->timeout > 0 ? c->timeout * 1000 : DEFAULT_TIMEOUT_MS;
	s->max_concurrent = c->max_concurrent > 0 ? (size_t)c->max_concurrent
						  : DEFAULT_CONCURRENT;
	no_proxy_copy(&c->no_proxy, s);
	return anchors_load(deps, c, s, err) && proxy_parse(c, s, err);
}

bool
outgoing_check(const struct outgoing_deps *deps,
    const struct config_outgoing *c, struct err *err)
{
	struct outgoing_settings *s = mem_alloc(sizeof(*s));
	bool ok = settings_fill(deps, c, s, err);

	outgoing_settings_unref(s);
	return ok;
}

bool
outgoing_settings_new(const struct outgoing_deps *deps, const struct config *c,
    struct outgoing_settings **out, struct err *err)
{
	struct outgoing_settings *s = mem_alloc(sizeof(*s));

	if (!settings_fill(deps, &c->outgoing, s, err) ||
	    !probe_settings_new(&c->validation, &s->net, err)) {
		outgoing_settings_unref(s);
		return false;
	}
	/* Signatures are for validations: here the host's certificate says
	 * whose address it is.  A wrong signature is refused all the same. */
	if (s->net->dns.dnssec == DNSSEC_REQUIRE)
		s->net->dns.dnssec = DNSSEC_CHECK;
	*out = s;
	return true;
}

void
outgoing_settings_ref(struct outgoing_settings *s)
{
	s->refs++;
}

void
outgoing_settings_unref(struct outgoing_settings *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	probe_settings_unref(s->net);
	X509_STORE_free(s->anchors);
	arena_free(s->arena);
	free(s);
}
