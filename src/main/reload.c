#include <signal.h>
#include <stdlib.h>

#include "main/ready.h"
#include "main/supervisor_state.h"
#include "signer/signer.h"
#include "util/log.h"

/* Longer than the slowest part of a reload, which is a certificate's issuance
 * (the signer is waited for 10 s). */
#define ANSWER_US 60000000

void
loaded_free(struct loaded *l)
{
	config_free(l->config);
	arena_free(l->arena);
	*l = (struct loaded){ 0 };
}

/* False with every mistake logged. */
static bool
load(struct supervisor *s, struct loaded *out)
{
	struct config_mistakes mistakes = { 0 };
	struct loaded l = { .arena = arena_new() };
	struct err err = { 0 };

	if (!state_read(
		&s->state, s->config_path, 1u << 20, l.arena, &l.text, &err)) {
		log_err(LOG_ERROR, "configuration", &err);
		loaded_free(&l);
		return false;
	}
	if (!config_load(s->config_path, l.text, &l.config, &mistakes))
		for (size_t i = 0; i < mistakes.n; i++) {
			AUTO_BUF line = { 0 };

			config_mistake_print(
			    s->config_path, &mistakes.v[i], &line);
			while (line.n > 0 && line.p[line.n - 1] == '\n')
				line.n--;
			log_event(LOG_ERROR, "configuration",
			    LF_STR("mistake", buf_cstr(&line)));
		}
	config_mistakes_free(&mistakes);
	if (l.config == NULL) {
		loaded_free(&l);
		return false;
	}
	*out = l;
	return true;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What is bound or started once: NULL, or what has changed of it. */
static const char *
changed_for_good(const struct config *a, const struct config *b)
{
	if (strcmp(a->control_socket, b->control_socket) != 0)
		return "another control_socket";
	if (!same_text(a->control_group, b->control_group))
		return "another control_group";
	if (a->listen_n != b->listen_n)
		return "other listeners";
	for (size_t i = 0; i < a->listen_n; i++)
		if (a->listen[i].kind != b->listen[i].kind ||
		    a->listen[i].tls_min != b->listen[i].tls_min ||
		    strcmp(a->listen[i].address, b->listen[i].address) != 0)
			return "other listeners";
	return NULL;
}

/* What a running server keeps until it is started again. */
static void
tell_kept(const struct config *a, const struct config *b)
{
	const struct {
		const char *key;
		bool changed;
	} kept[] = {
		{ "workers", a->workers != b->workers },
		{ "loops", a->loops != b->loops },
		{ "limits.held_replies",
		    a->limits.held_replies != b->limits.held_replies },
		{ "trusted_proxies",
		    a->trusted_proxies.n != b->trusted_proxies.n },
		{ "weak_keys", a->weak_keys.n != b->weak_keys.n },
		{ "log.format", a->log.format != b->log.format },
		{ "testing.clock_offset",
		    a->testing.clock_offset != b->testing.clock_offset },
	};

	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (kept[i].changed)
			log_event(LOG_WARN, "reload-kept",
			    LF_STR("option", kept[i].key),
			    LF_STR("means", "it counts from the next start"));
}

/* The limits of the configuration that counts now. */
static bool
tell_signer(struct supervisor *s, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes limits;

	/* It takes keys at its start alone. */
	if (handover_keys_differ(s))
		return children_restart_signer(s, err);
	/* One that is being started again gets them then. */
	if (!handover_limits(s, a, &limits, err))
		return false;
	return s->signer.pid == 0 ||
	    signer_control_set_limits(s->signer_limits, limits, err);
}

static void
refused(const char *why)
{
	log_event(LOG_ERROR, "reload-refused", LF_STR("why", why),
	    LF_STR("means", "the old configuration stays"));
}

void
reload_begin(struct supervisor *s)
{
	struct loaded l;
	struct err err = { 0 };
	const char *changed;

	if (s->stopping)
		return;
	if (s->before.config != NULL) {
		s->reload_again = true;
		return;
	}
	if (!load(s, &l)) {
		refused("the configuration has mistakes");
		return;
	}
	changed = changed_for_good(s->loaded.config, l.config);
	if (changed != NULL) {
		log_event(LOG_ERROR, "reload-refused", LF_STR("why", changed),
		    LF_STR("mend", "restart chancery to change this"));
		loaded_free(&l);
		return;
	}
	s->before = s->loaded;
	s->loaded = l;
	s->reload_us = clock_monotonic_us();
	/* The signer first: new profiles must not be refused by old limits.  A
	 * server that is being started again answers when it is ready. */
	if (tell_signer(s, &err) &&
	    (s->server.pid == 0 || handover_reload(s, &err)))
		return;
	/* It takes no messages: nothing more can be said to it. */
	if (err.kind == ERR_BUSY && s->server.pid != 0)
		kill(s->server.pid, SIGKILL);
	log_err(LOG_ERROR, "reload", &err);
	reload_end(s, err.shown);
}

/*
 * What refused a part of the new configuration must not find it again when it
 * is started the next time, so everything goes back to what worked.
 */
static void
go_back(struct supervisor *s, const char *why)
{
	struct loaded l = s->loaded;
	struct err err = { 0 };

	s->loaded = s->before;
	s->before = (struct loaded){ 0 };
	if (!tell_signer(s, &err))
		log_err(LOG_ERROR, "signer-limits", &err);
	refused(why);
	loaded_free(&l);
}

void
reload_end(struct supervisor *s, const char *why)
{
	bool again = s->reload_again;

	if (s->before.config == NULL)
		return;
	s->reload_again = false;
	if (why != NULL) {
		go_back(s, why);
	} else {
		tell_kept(s->before.config, s->loaded.config);
		loaded_free(&s->before);
		log_set_level(s->loaded.config->log.level);
		log_event(LOG_INFO, "reloaded",
		    LF_INT("ms", (clock_monotonic_us() - s->reload_us) / 1000));
		ready_tell("READY=1");
	}
	if (again)
		reload_begin(s);
}

void
reload_check_time(struct supervisor *s)
{
	if (s->before.config == NULL || s->server.pid == 0 ||
	    clock_monotonic_us() - s->reload_us < ANSWER_US)
		return;
	log_event(LOG_ERROR, "reload-unanswered",
	    LF_STR("means", "the server is hung; it is started again"));
	kill(s->server.pid, SIGKILL);
	/* Its end is noticed by waitpid, which brings the answer. */
	s->reload_us = clock_monotonic_us();
}
