#include <stdlib.h>

#include "est/body.h"
#include "est/handlers.h"
#include "est/keygen.h"
#include "est/problem.h"
#include "crypto/verified.h"
#include "http/rate.h"

static bool
state_new(const struct est_deps *deps, const struct config *config,
    struct est_state **out, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct est_state *s = arena_alloc(a, sizeof(*s));
	const struct est_files files = { deps->read_file, deps->read_ctx };

	s->labels_n = config->est.labels_n;
	s->labels = arena_array(a, s->labels_n, sizeof(*s->labels));
	for (size_t i = 0; i < s->labels_n; i++) {
		if (!est_label_new(
			&config->est.labels[i], &files, a, &s->labels[i], err))
			return false;
		s->labels[i].index = (unsigned)i;
	}
	s->arena = TAKE(a);
	*out = s;
	return true;
}

void
est_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes)
{
	const struct est_files files = { read_file, read_ctx };

	for (size_t i = 0; i < config->est.labels_n; i++) {
		const struct config_est_label *c = &config->est.labels[i];
		AUTO_ARENA *a = arena_new();
		struct est_label label;
		struct err err = { 0 };

		if (est_label_new(c, &files, a, &label, &err)) {
			est_named_keys_wipe(&label.keys);
			continue;
		}
		config_mistake_add(mistakes, c->line, 1, err.shown,
		    "files that can be read, of the form that docs/est.md has",
		    "mend the file, or take the option out of the label");
	}
}

bool
est_new(const struct est_deps *deps, const struct config *config,
    struct est **out, struct err *err)
{
	struct est_state *s;
	struct est *est;

	if (!state_new(deps, config, &s, err))
		return false;
	est = mem_alloc(sizeof(*est));
	est->deps = *deps;
	est->failures = rates_new();
	est->keys_made = rates_new();
	est->keygen = keygen_turns_new();
	est->hashing = turns_new(turns_half_of_the_cores(), deps->workers / 2);
	pthread_mutex_init(&est->signing.lock, NULL);
	est->verified = verified_new(&deps->random);
	atomic_init(&est->state, s);
	*out = est;
	return true;
}

void
est_free(struct est *est)
{
	struct est_state *s;

	if (est == NULL)
		return;
	s = atomic_load(&est->state);
	while (s != NULL) {
		struct est_state *older = s->older;

		for (size_t i = 0; i < s->labels_n; i++)
			est_named_keys_wipe(&s->labels[i].keys);
		arena_free(s->arena);
		s = older;
	}
	rates_free(est->failures);
	rates_free(est->keys_made);
	turns_free(est->keygen);
	turns_free(est->hashing);
	pthread_mutex_destroy(&est->signing.lock);
	buf_free(&est->signing.chain_pem);
	verified_free(est->verified);
	free(est);
}

bool
est_reload(struct est *est, const struct config *config, struct err *err)
{
	struct est_state *s;

	if (!state_new(&est->deps, config, &s, err))
		return false;
	/* Requests that run still use the old one, so it is kept. */
	s->older = atomic_load(&est->state);
	s->generation = s->older->generation + 1;
	atomic_store(&est->state, s);
	return true;
}

void
est_set_signer(
    struct est *est, const struct privkey *key, struct bytes chain_pem)
{
	struct signing *s = &est->signing;

	pthread_mutex_lock(&s->lock);
	s->key = key;
	s->chain_pem.n = 0;
	buf_add_bytes(&s->chain_pem, chain_pem);
	pthread_mutex_unlock(&s->lock);
}

static const struct est_label *
label_find(const struct est_state *s, const char *name)
{
	for (size_t i = 0; i < s->labels_n; i++)
		if (strcmp(s->labels[i].config->name, name) == 0)
			return &s->labels[i];
	return NULL;
}

/* The first capture is the prefix of the path, the second the label. */
static void
serve(struct est *est, struct http_req *req, struct http_resp *resp,
    const char *operation,
    bool (*run)(struct est_call *call, struct http_resp *resp, struct err *err))
{
	const char *name = req->capture[1];
	struct est_call call = { .est = est,
		.state = est_state(est),
		.req = req,
		.a = req->arena,
		.operation = operation };
	struct err err = { 0 };

	call.label =
	    label_find(call.state, name == NULL ? LABEL_DEFAULT : name);
	if (call.label == NULL)
		(void)(name == NULL
			? fail(&err, ERR_NOT_FOUND,
			      "there is no label %s, which paths without a "
			      "label are of",
			      LABEL_DEFAULT)
			: fail(&err, ERR_NOT_FOUND, "there is no label %.40s",
			      name));
	else if (run(&call, resp, &err))
		return;
	est_problem_reply(&call, resp, &err);
}

#define HANDLER(name, operation, run)                                          \
	static void name(                                                      \
	    void *ctx, struct http_req *req, struct http_resp *resp)           \
	{                                                                      \
		serve(ctx, req, resp, operation, run);                         \
	}

HANDLER(get_cacerts, "cacerts", est_get_cacerts)
HANDLER(get_csrattrs, "csrattrs", est_get_csrattrs)
HANDLER(post_enroll, "simpleenroll", est_post_enroll)
HANDLER(post_reenroll, "simplereenroll", est_post_reenroll)
HANDLER(post_server_key, "serverkeygen", est_post_server_key)

/* RFC 7030 section 4.3: optional; 501 says that it is not done. */
static void
post_fullcmc(void *ctx, struct http_req *req, struct http_resp *resp)
{
	est_refuse(ctx, req, resp, 501, "Full CMC is not done here");
}

#define ROWS(verb, operation, fn, size, type)                                  \
	{ verb, "/{prefix*}/.well-known/est/" operation, fn, NULL, ON_WORKER,  \
		size, type, LISTENER_EST | LISTENER_HTTPS, est_refuse },       \
	{                                                                      \
		verb, "/{prefix*}/.well-known/est/{label}/" operation, fn,     \
		    NULL, ON_WORKER, size, type,                               \
		    LISTENER_EST | LISTENER_HTTPS, est_refuse                  \
	}

#define PKCS10 "application/pkcs10"

static const struct http_route rows[] = {
	ROWS(HTTP_GET, "cacerts", get_cacerts, 0, NULL),
	ROWS(HTTP_GET, "csrattrs", get_csrattrs, 0, NULL),
	ROWS(HTTP_POST, "simpleenroll", post_enroll, BODY_MAX, PKCS10),
	ROWS(HTTP_POST, "simplereenroll", post_reenroll, BODY_MAX, PKCS10),
	ROWS(HTTP_POST, "serverkeygen", post_server_key, BODY_MAX, PKCS10),
	ROWS(HTTP_POST, "fullcmc", post_fullcmc, BODY_MAX, NULL),
};

void
est_routes(struct est *est, struct http_routes *routes)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct http_route row = rows[i];

		row.ctx = est;
		http_routes_add(routes, &row, 1);
	}
}
