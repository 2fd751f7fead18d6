#include <openssl/err.h>
#include <openssl/pem.h>
#include "crypto/key.h"
#include "crypto/own.h"
#include "net/outgoing_job.h"

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

bool
outgoing_settings_new(const struct outgoing_deps *deps, const struct config *c,
    struct outgoing_settings **out, struct err *err)
{
	const struct config_outgoing *o = &c->outgoing;
	struct outgoing_settings *s = mem_alloc(sizeof(*s));

	s->refs = 1;
	s->arena = arena_new();
	s->timeout_ms = o->timeout > 0 ? o->timeout * 1000 : DEFAULT_TIMEOUT_MS;
	s->max_concurrent = o->max_concurrent > 0 ? (size_t)o->max_concurrent
						  : DEFAULT_CONCURRENT;
	if (!probe_settings_new(&c->validation, &s->net, err) ||
	    !anchors_load(deps, o, s, err) || !proxy_parse(o, s, err)) {
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
