/* The outside world of support/acme_world.h: probes and their answers. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world_state.h"

struct world_probe {
	struct world_probe *next;
	struct probe_request req;
	char *name, *path;
	void (*done)(void *arg, const struct probe_result *res);
	void *arg;
};

void
network_new(struct world *w)
{
	pthread_mutex_init(&w->network_lock, NULL);
	pthread_cond_init(&w->network_wakes, NULL);
	w->last = &w->first;
}

static bool
probe_start(void *ctx, const struct probe_request *req,
    void (*done)(void *arg, const struct probe_result *res), void *arg,
    struct err *err)
{
	struct world *w = ctx;
	struct world_probe *p;

	pthread_mutex_lock(&w->network_lock);
	if (w->how == NETWORK_FULL) {
		pthread_mutex_unlock(&w->network_lock);
		return fail(err, ERR_BUSY, "the probe queue is full");
	}
	p = mem_alloc(sizeof(*p));
	p->req = *req;
	p->req.name = p->name = mem_strdup(req->name);
	p->req.path = p->path =
	    req->path == NULL ? NULL : mem_strdup(req->path);
	p->done = done;
	p->arg = arg;
	*w->last = p;
	w->last = &p->next;
	w->probes++;
	pthread_cond_signal(&w->network_wakes);
	pthread_mutex_unlock(&w->network_lock);
	return true;
}

struct probe_port
network_port(struct world *w)
{
	return (struct probe_port){ probe_start, w };
}

static const struct world_answer *
answer_find(const struct world *w, const struct probe_request *req)
{
	for (size_t i = w->answers_n; i-- > 0;) {
		const struct world_answer *a = &w->answers[i];

		if (a->kind == req->kind && strcmp(a->name, req->name) == 0 &&
		    (a->path == NULL ||
			(req->path != NULL && strcmp(a->path, req->path) == 0)))
			return a;
	}
	return NULL;
}

/* Unlocked but for the look-up: done may ask for another probe. */
static void
probe_answer(struct world *w, struct world_probe *p)
{
	struct probe_result res = { .ok = true };
	struct bytes txt[4];
	AUTO_STR *record = NULL;
	const struct world_answer *a;
	struct world_answer copy = { 0 };

	pthread_mutex_lock(&w->network_lock);
	a = answer_find(w, &p->req);
	if (a != NULL)
		copy = *a;
	pthread_mutex_unlock(&w->network_lock);
	if (a == NULL && p->req.kind != PROBE_CAA) {
		res.ok = false;
		fail(&res.err,
		    p->req.kind == PROBE_TXT ? ERR_DNS : ERR_CONNECTION,
		    "nobody answers for %s", p->req.name);
	} else if (copy.failure != ERR_NONE) {
		res.ok = false;
		res.transient = copy.transient;
		fail(&res.err, copy.failure, "%s", copy.why);
	}
	record = mem_printf("{\"name\":\"%s\",\"answered\":%s}", p->req.name,
	    res.ok ? "true" : "false");
	res.record_json = record;
	if (copy.body != NULL)
		res.body = bytes_str(copy.body);
	for (; res.txt_n < 4 && copy.txt[res.txt_n] != NULL; res.txt_n++)
		txt[res.txt_n] = bytes_str(copy.txt[res.txt_n]);
	res.txt = txt;
	res.certificate = copy.certificate;
	res.alpn_acme = !copy.no_alpn;
	res.caa = copy.caa;
	res.caa_n = copy.caa_n;
	p->done(p->arg, &res);
}

static struct world_probe *
probe_take(struct world *w)
{
	struct world_probe *p;

	pthread_mutex_lock(&w->network_lock);
	p = w->first;
	if (p != NULL) {
		w->first = p->next;
		if (w->first == NULL)
			w->last = &w->first;
	}
	pthread_mutex_unlock(&w->network_lock);
	return p;
}

static void
probe_free(struct world_probe *p)
{
	free(p->name);
	free(p->path);
	free(p);
}

/* The writer works in order: behind a change of no effect, all outcomes that
 * were posted are stored. */
static void
store_drain(struct world *w)
{
	AUTO_ARENA *a = arena_new();
	struct validation_job job;

	assert_false(store_validation_claim_one(
	    w->store, "none", world_now(w), world_now(w), a, &job, NULL));
}

size_t
world_network_run(struct world *w)
{
	struct world_probe *p;
	size_t n = 0;

	for (; (p = probe_take(w)) != NULL; n++) {
		probe_answer(w, p);
		probe_free(p);
	}
	if (n > 0)
		store_drain(w);
	return n;
}

static void *
network_thread(void *arg)
{
	struct world *w = arg;

	for (;;) {
		bool stop;

		pthread_mutex_lock(&w->network_lock);
		while (w->first == NULL && !w->stopping)
			pthread_cond_wait(&w->network_wakes, &w->network_lock);
		stop = w->stopping;
		pthread_mutex_unlock(&w->network_lock);
		if (stop)
			return NULL;
		world_network_run(w);
	}
}

void
world_network(struct world *w, enum world_network how)
{
	pthread_mutex_lock(&w->network_lock);
	w->how = how;
	pthread_mutex_unlock(&w->network_lock);
	if (how != NETWORK_THREAD || w->thread_runs)
		return;
	w->thread_runs = true;
	assert_int_equal(
	    pthread_create(&w->thread, NULL, network_thread, w), 0);
}

void
world_answer(struct world *w, const struct world_answer *a)
{
	pthread_mutex_lock(&w->network_lock);
	w->answers =
	    mem_grow(w->answers, w->answers_n + 1, sizeof(*w->answers));
	w->answers[w->answers_n++] = *a;
	pthread_mutex_unlock(&w->network_lock);
}

size_t
world_probes(struct world *w)
{
	size_t n;

	pthread_mutex_lock(&w->network_lock);
	n = w->probes;
	pthread_mutex_unlock(&w->network_lock);
	return n;
}

void
world_settle(struct world *w)
{
	struct err err = { 0 };

	do
		need(acme_run(w->acme, &err), &err);
	while (world_network_run(w) > 0);
}

void
network_stop(struct world *w)
{
	if (w->thread_runs) {
		pthread_mutex_lock(&w->network_lock);
		w->stopping = true;
		pthread_cond_signal(&w->network_wakes);
		pthread_mutex_unlock(&w->network_lock);
		pthread_join(w->thread, NULL);
	}
	/* As the probe loop does when it ends: done is called for each. */
	world_network_run(w);
}

void
network_free(struct world *w)
{
	free(w->answers);
	pthread_cond_destroy(&w->network_wakes);
	pthread_mutex_destroy(&w->network_lock);
}
