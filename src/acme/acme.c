#include <stdlib.h>
#include "acme/account.h"
#include "acme/authz.h"
#include "acme/certificate.h"
#include "acme/directory.h"
#include "acme/finalize.h"
#include "acme/nonce.h"
#include "acme/order.h"
#include "acme/problem.h"
#include "acme/validate.h"

const struct acme_state *
acme_state(struct acme *acme)
{
	return atomic_load(&acme->state);
}

const char *
acme_url(const struct acme_state *s, struct arena *a, const char *fmt, ...)
{
	AUTO_STR *path = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	return arena_printf(a, "%s%s", s->config->base_url, path);
}

const char *
acme_account_url(const struct acme_state *s, struct arena *a, const char *id)
{
	return arena_printf(a, "%s%s", s->account_prefix, id);
}

static struct acme_state *
state_new(struct acme *acme, const struct config *config)
{
	struct arena *a = arena_new();
	struct acme_state *s = arena_alloc(a, sizeof(*s));

	s->arena = a;
	s->config = config;
	s->account_prefix = acme_url(s, a, "/acme/acct/");
	directories_new(acme, s);
	return s;
}

struct acme *
acme_new(const struct acme_deps *deps, const struct config *config)
{
	struct acme *acme = mem_alloc(sizeof(*acme));

	acme->deps = *deps;
	acme->nonces = nonces_new(deps->node, &deps->random);
	acme->validator = validator_new();
	atomic_init(&acme->state, state_new(acme, config));
	return acme;
}

void
acme_free(struct acme *acme)
{
	struct acme_state *s;

	if (acme == NULL)
		return;
	validator_free(acme->validator);
	nonces_free(acme->nonces);
	s = atomic_load(&acme->state);
	while (s != NULL) {
		struct acme_state *older = s->older;

		directories_free(s);
		arena_free(s->arena);
		s = older;
	}
	free(acme);
}

void
acme_reload(struct acme *acme, const struct config *config)
{
	struct acme_state *s = state_new(acme, config);

	/* Requests that run still use the old one, so it is kept. */
	s->older = atomic_load(&acme->state);
	atomic_store(&acme->state, s);
}

bool
acme_run(struct acme *acme, struct err *err)
{
	return validation_run(acme, err);
}

void
acme_counters_get(const struct acme *acme, struct acme_counters *out)
{
	*out = (struct acme_counters){
		.nonces_issued = nonces_issued(acme->nonces),
		.nonces_refused = atomic_load(&acme->nonces_refused),
	};
	validation_counters(
	    acme, &out->validations_ok, &out->validations_failed);
}

/* The largest bodies: a JWS is base64url of what is base64url itself. */
#define BODY_SMALL (16u << 10)
#define BODY_ORDER (256u << 10)
#define BODY_CSR (64u << 10)
#define BODY_CERT (192u << 10)

#define GET(path, fn)                                                          \
	{                                                                      \
		HTTP_GET, path, fn, NULL, ON_LOOP, 0, NULL, LISTENER_HTTPS,    \
		    acme_refuse                                                \
	}
#define POST(path, fn, body)                                                   \
	{                                                                      \
		HTTP_POST, path, fn, NULL, ON_WORKER, body,                    \
		    "application/jose+json", LISTENER_HTTPS, acme_refuse       \
	}

static const struct http_route rows[] = {
	GET("/acme/directory", acme_get_directory),
	POST("/acme/directory", acme_post_directory, BODY_SMALL),
	GET("/acme/{profile}/directory", acme_get_directory),
	POST("/acme/{profile}/directory", acme_post_directory, BODY_SMALL),
	GET("/acme/new-nonce", acme_get_nonce),
	POST("/acme/new-nonce", acme_post_nonce, BODY_SMALL),
	POST("/acme/new-account", acme_post_new_account, BODY_SMALL),
	POST("/acme/acct/{id}", acme_post_account, BODY_SMALL),
	POST("/acme/acct/{id}/orders", acme_post_account_orders, BODY_SMALL),
	POST("/acme/new-order", acme_post_new_order, BODY_ORDER),
	POST("/acme/{profile}/new-order", acme_post_new_order, BODY_ORDER),
	POST("/acme/order/{id}", acme_post_order, BODY_SMALL),
	POST("/acme/order/{id}/finalize", acme_post_finalize, BODY_CSR),
	POST("/acme/authz/{id}", acme_post_authz, BODY_SMALL),
	POST("/acme/chall/{id}/{type}", acme_post_challenge, BODY_SMALL),
	POST("/acme/cert/{id}", acme_post_certificate, BODY_SMALL),
	POST("/acme/revoke-cert", acme_post_revoke, BODY_CERT),
};

void
acme_routes(struct acme *acme, struct http_routes *routes)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct http_route row = rows[i];

		row.ctx = acme;
		http_routes_add(routes, &row, 1);
		/* Each path answers a browser's question before it asks. */
		row.methods = HTTP_OPTIONS;
		row.handler = acme_options;
		row.place = ON_LOOP;
		row.max_body = 0;
		row.content_type = NULL;
		http_routes_add(routes, &row, 1);
	}
	http_routes_add_refusal(routes, "/acme/", acme_refuse, acme);
}
