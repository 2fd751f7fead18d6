#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/verified.h"
#include "http/rate.h"
#include "scep/handlers.h"
#include "scep/reach.h"
#include "scep/runner.h"

#define MEASURE_US 1000000

/* Tools that only check a configuration have no network. */
static bool
service_is_there(
    const struct scep_deps *deps, const struct scep_profile *p, struct err *err)
{
	if ((p->asks == INQUIRY_WEBHOOK && deps->outgoing.start == NULL) ||
	    (p->asks == INQUIRY_INTUNE && deps->intune.validate == NULL) ||
	    (p->asks != 0 && deps->seal == NULL))
		return fail(err, ERR_CONFIG,
		    "scep.profiles.%s: there is no way to a service here",
		    p->config->name);
	return true;
}

static bool
state_new(const struct scep_deps *deps, const struct config *config,
    struct scep_state **out, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct scep_state *s = arena_alloc(a, sizeof(*s));
	const struct scep_files files = { deps->read_file, deps->read_ctx };

	s->profiles_n = config->scep.profiles_n;
	s->profiles = arena_array(a, s->profiles_n, sizeof(*s->profiles));
	for (size_t i = 0; i < s->profiles_n; i++) {
		const struct config_scep_profile *c = &config->scep.profiles[i];

		if (c->legacy_des && deps->legacy == NULL)
			return fail(err, ERR_CONFIG,
			    "scep.profiles.%s.legacy_des is switched on at a "
			    "restart alone",
			    c->name);
		if (!scep_profile_new(
			config, c, &files, a, &s->profiles[i], err))
			return false;
		if (!service_is_there(deps, &s->profiles[i], err))
			return false;
		s->profiles[i].index = (unsigned)i;
	}
	s->arena = TAKE(a);
	*out = s;
	return true;
}

void
scep_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes)
{
	const struct scep_files files = { read_file, read_ctx };

	for (size_t i = 0; i < config->scep.profiles_n; i++) {
		const struct config_scep_profile *c = &config->scep.profiles[i];
		AUTO_ARENA *a = arena_new();
		struct scep_profile profile;
		struct err err = { 0 };

		if (scep_profile_new(config, c, &files, a, &profile, &err)) {
			secret_wipe(
			    profile.challenge, sizeof(profile.challenge));
			continue;
		}
		config_mistake_add(mistakes, c->line, 1, err.shown,
		    "files that can be read, of the form that docs/scep.md has",
		    "mend the file, or take the option out of the profile");
	}
}

static unsigned
half_of_the_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 4 ? 1 : (unsigned)MIN_OF(cores / 2, 512);
}

bool
scep_new(const struct scep_deps *deps, const struct config *config,
    struct scep **out, struct err *err)
{
	struct scep_state *s;
	struct scep *scep;

	if (!state_new(deps, config, &s, err))
		return false;
	scep = mem_alloc(sizeof(*scep));
	scep->deps = *deps;
	scep->failures = rates_new();
	scep->fetched = rates_new();
	scep->lanes = lanes_new(half_of_the_cores());
	scep->verified = verified_new(&deps->random);
	pthread_mutex_init(&scep->legacy, NULL);
	atomic_init(&scep->state, s);
	scep->reach = reach_new();
	scep->runner = runner_new(scep, deps->runners);
	*out = scep;
	return true;
}

void
scep_stop(struct scep *scep)
{
	runner_stop(scep->runner);
}

static bool
measure(struct scep *scep, struct err *err)
{
	int64_t now = clock_monotonic_us();
	uint64_t n[INQUIRY_STATES];

	if (scep->measured_us != 0 && now - scep->measured_us < MEASURE_US)
		return true;
	if (!store_inquiry_count(scep->deps.store, n, err))
		return false;
	scep->measured_us = now;
	for (size_t i = 0; i < INQUIRY_STATES; i++)
		atomic_store(&scep->inquiries[i], n[i]);
	return true;
}

bool
scep_run(struct scep *scep, struct err *err)
{
	return runner_look(scep->runner, err) && measure(scep, err);
}

void
scep_service_metrics(const struct scep *scep, struct buf *out)
{
	static const char name[] = "chancery_scep_inquiries";

	buf_printf(out,
	    "# HELP %s Requests that a service decides, under way, by state.\n"
	    "# TYPE %s gauge\n",
	    name, name);
	for (size_t i = INQUIRY_ASKING; i < INQUIRY_STATES; i++)
		buf_printf(out, "%s{state=\"%s\"} %" PRIu64 "\n", name,
		    inquiry_state_name((enum inquiry_state)i),
		    (uint64_t)atomic_load(&scep->inquiries[i]));
	reach_metrics(scep->reach, out);
}

void
scep_free(struct scep *scep)
{
	struct scep_state *s;

	if (scep == NULL)
		return;
	runner_free(scep->runner);
	reach_free(scep->reach);
	s = atomic_load(&scep->state);
	while (s != NULL) {
		struct scep_state *older = s->older;

		arena_free(s->arena);
		s = older;
	}
	rates_free(scep->failures);
	rates_free(scep->fetched);
	lanes_free(scep->lanes);
	verified_free(scep->verified);
	pthread_mutex_destroy(&scep->legacy);
	free(scep);
}

bool
scep_reload(struct scep *scep, const struct config *config, struct err *err)
{
	struct scep_state *s;

	if (!state_new(&scep->deps, config, &s, err))
		return false;
	/* Requests that run still use the old one, so it is kept. */
	s->older = atomic_load(&scep->state);
	s->generation = s->older->generation + 1;
	atomic_store(&scep->state, s);
	return true;
}

const struct scep_counts *
scep_counts(const struct scep *scep)
{
	return &scep->counts;
}

bool
scep_enter(struct scep_call *call, struct err *err)
{
	struct scep *scep = call->scep;

	if (atomic_fetch_add(&scep->running, 1) <
	    MAX_OF(scep->deps.workers / 2, 1u))
		return true;
	scep_leave(call);
	return fail(err, ERR_BUSY, "too many messages at once");
}

void
scep_leave(struct scep_call *call)
{
	atomic_fetch_sub(&call->scep->running, 1);
}

static const struct scep_profile *
profile_find(const struct scep_state *s, const char *name)
{
	for (size_t i = 0; i < s->profiles_n; i++)
		if (strcmp(s->profiles[i].config->name, name) == 0)
			return &s->profiles[i];
	return NULL;
}

const struct scep_profile *
scep_profile_find(struct scep *scep, const char *name)
{
	return profile_find(atomic_load(&scep->state), name);
}

static bool
call_find_profile(struct scep_call *call, const char *name, struct err *err)
{
	call->state = atomic_load(&call->scep->state);
	call->profile =
	    profile_find(call->state, name == NULL ? PROFILE_DEFAULT : name);
	return call->profile != NULL ||
	    fail(err, ERR_NOT_FOUND, "there is no profile %.40s of SCEP",
		name == NULL ? PROFILE_DEFAULT : name);
}

static bool
call_begin(struct scep_call *call, const char *name, struct err *err)
{
	struct scep *scep = call->scep;

	if (!call_find_profile(call, name, err) ||
	    !scep_client_check(call, err))
		return false;
	call->ras_n = ra_certs(scep->deps.ra, call->profile->ca,
	    clock_now(&scep->deps.clock), call->ras);
	if (call->ras_n == 0)
		return fail(err, ERR_BUSY,
		    "this server has no certificate for SCEP at present");
	return true;
}

/* RFC 8894 section 4.1: GET carries the message in its query, POST in its
 * body. */
static bool
message_read(struct scep_call *call, const struct scep_query *query,
    struct bytes *out, struct err *err)
{
	if (call->req->method == HTTP_POST) {
		*out = call->req->body;
		return true;
	}
	if (!query->has_message)
		return fail(err, ERR_MALFORMED,
		    "the query has no message, which GET PKIOperation carries "
		    "there");
	return scep_query_decode(query->message, call->a, out, err);
}

static bool
serve(struct scep_call *call, struct http_resp *resp, struct err *err)
{
	struct scep_query query;
	struct bytes message;

	if (!scep_query_parse(call->req->query, call->a, &query, err))
		return false;
	/* RFC 8894 section 4.3: POST has one operation alone, and many servers
	 * do not notice when a client does not name it. */
	if (query.operation == SCEP_NO_OPERATION &&
	    call->req->method == HTTP_POST)
		query.operation = SCEP_PKI_OPERATION;
	call->operating = query.operation == SCEP_PKI_OPERATION;
	if (!call_begin(call, call->req->capture[0], err))
		return false;
	switch (query.operation) {
	case SCEP_NO_OPERATION:
		return fail(err, ERR_MALFORMED,
		    "the query has no operation (RFC 8894 section 4.1)");
	case SCEP_GET_CA_CAPS:
		return scep_get_caps(call, resp, err);
	case SCEP_GET_CA_CERT:
		return scep_get_certs(call, resp, err);
	case SCEP_GET_NEXT_CA_CERT:
		return scep_get_next(call, resp, err);
	case SCEP_PKI_OPERATION:
		return message_read(call, &query, &message, err) &&
		    scep_operate(call, message, resp, err);
	}
	return fail(err, ERR_INTERNAL, "an operation of no kind");
}

static struct scep_call *
call_new(struct scep *scep, struct http_req *req)
{
	struct scep_call *call = arena_alloc(req->arena, sizeof(*call));

	call->scep = scep;
	call->req = req;
	call->a = req->arena;
	return call;
}

static void
hand_out(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct scep_call *call = call_new(ctx, req);
	struct err err = { 0 };

	if (!call_find_profile(call, req->capture[0], &err) ||
	    !scep_hand_out(call, resp, &err))
		scep_problem_hand_out(call, resp, &err);
}

static void
handle(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct scep_call *call = call_new(ctx, req);
	struct err err = { 0 };

	if (!serve(call, resp, &err))
		scep_problem(call, resp, &err);
}

#define WISH_MAX 65536u
#define ROW(path)                                                              \
	{                                                                      \
		HTTP_GET | HTTP_POST, path, handle, NULL, ON_WORKER,           \
		    SCEP_MESSAGE_MAX, NULL,                                    \
		    LISTENER_HTTP | LISTENER_HTTPS | LISTENER_EST, NULL        \
	}

/* The last two are built into devices: Cisco's, and those made for NDES. */
static const struct http_route rows[] = {
	ROW("/scep"),
	ROW("/scep/pkiclient.exe"),
	ROW("/scep/{profile}"),
	ROW("/scep/{profile}/pkiclient.exe"),
	ROW("/cgi-bin/pkiclient.exe"),
	ROW("/certsrv/mscep/mscep.dll"),
	/* For MDMs, which send a password: never without TLS. */
	{ HTTP_POST, "/scep/challenge", hand_out, NULL, ON_WORKER, WISH_MAX,
	    NULL, LISTENER_HTTPS, NULL },
	{ HTTP_POST, "/scep/{profile}/challenge", hand_out, NULL, ON_WORKER,
	    WISH_MAX, NULL, LISTENER_HTTPS, NULL },
};

void
scep_routes(struct scep *scep, struct http_routes *routes)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct http_route row = rows[i];

		row.ctx = scep;
		http_routes_add(routes, &row, 1);
	}
}
