#include <stdlib.h>
#include <unbound.h>
#include <unbound-event.h>
#include "net/probe_job.h"
#include "util/times.h"

#define CONTEXT_MIN_US 1000000

LIST_HEAD(dns_lookups, dns_lookup);
STAILQ_HEAD(dns_ready, dns_lookup);

/* One libunbound context; freed when no asker waits and a newer one is in. */
struct dns_context {
	LIST_ENTRY(dns_context) link;
	struct dns_pool *pool;
	struct ub_ctx *ub;
	int64_t born_us;
	struct dns_lookups lookups; /* not answered yet, or abandoned */
	size_t wanted; /* lookups that somebody waits for */
	bool broken; /* ub_resolve_event refused */
	bool doubted; /* to be replaced */
};

struct dns_pool {
	struct event_base *base;
	struct event *deferred;
	const struct dns_settings *settings;
	struct dns_context *current; /* NULL: made at the next lookup */
	LIST_HEAD(, dns_context) contexts;
	struct dns_ready ready;
};

/*
 * Zones that libunbound would answer by itself (RFC 6761, RFC 6303, RFC 7686,
 * RFC 8375); a private CA's names live in just these, so they are asked.
 */
static const char *const own_zones[] = { "home.arpa.", "test.", "invalid.",
	"onion.", "10.in-addr.arpa.", "168.192.in-addr.arpa.",
	"254.169.in-addr.arpa." };

static const struct {
	const char *key, *value;
} ub_options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "use-caps-for-id:", "no" },
	{ "unblock-lan-zones:", "yes" },
	{ "insecure-lan-zones:", "yes" },
	{ "cache-max-ttl:", "0" },
	{ "cache-max-negative-ttl:", "0" },
	{ "aggressive-nsec:", "no" },
	{ "rrset-roundrobin:", "no" },
	{ "trust-anchor-signaling:", "no" },
	{ "outgoing-range:", "256" },
	{ "outgoing-num-tcp:", "16" },
	{ "num-queries-per-thread:", "1024" },
};

static bool
context_forward(struct ub_ctx *ub, const struct dns_settings *s)
{
	if (s->forwarders.n == 0)
		return ub_ctx_resolvconf(ub, NULL) == 0;
	for (size_t i = 0; i < s->forwarders.n; i++)
		if (ub_ctx_set_fwd(ub, s->forwarders.v[i]) != 0)
			return false;
	return true;
}

static bool
context_options(struct ub_ctx *ub, const struct dns_settings *s)
{
	/* Its own words would break the structured log. */
	if (ub_ctx_debugout(ub, NULL) != 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(ub_options); i++)
		if (ub_ctx_set_option(
			ub, ub_options[i].key, ub_options[i].value) != 0)
			return false;
	if (ub_ctx_set_option(ub, "module-config:",
		s->dnssec == DNSSEC_OFF ? "iterator" : "validator iterator") !=
	    0)
		return false;
	if (s->dnssec != DNSSEC_OFF && s->trust_anchor_file != NULL &&
	    ub_ctx_add_ta_file(ub, s->trust_anchor_file) != 0)
		return false;
	if (!context_forward(ub, s))
		return false;
	/* From here on it is final. */
	for (size_t i = 0; i < COUNT_OF(own_zones); i++)
		if (ub_ctx_zone_remove(ub, own_zones[i]) != 0)
			return false;
	/* localhost stays what it is everywhere; what is below it is asked. */
	return ub_ctx_zone_add(ub, "localhost.", "transparent") == 0;
}

static struct dns_context *
context_new(struct dns_pool *p)
{
	struct dns_context *c = mem_alloc(sizeof(*c));

	c->pool = p;
	c->born_us = clock_monotonic_us();
	LIST_INIT(&c->lookups);
	c->ub = ub_ctx_create_event(p->base);
	c->broken = c->ub == NULL || !context_options(c->ub, p->settings);
	LIST_INSERT_HEAD(&p->contexts, c, link);
	return c;
}

static void
context_free(struct dns_context *c)
{
	struct dns_lookup *l;

	LIST_REMOVE(c, link);
	/* libunbound still calls back for what it drops; nobody listens. */
	if (c->ub != NULL)
		ub_ctx_delete(c->ub);
	while ((l = LIST_FIRST(&c->lookups)) != NULL) {
		LIST_REMOVE(l, link);
		free(l);
	}
	free(c);
}

static void
lookup_ready(struct dns_lookup *l)
{
	struct dns_pool *p = l->context->pool;

	l->answered = true;
	l->elapsed_us = clock_monotonic_us() - l->started_us;
	STAILQ_INSERT_TAIL(&p->ready, l, ready);
	event_active(p->deferred, EV_TIMEOUT, 0);
}

/* libunbound's callback: may come before ub_resolve_event returns. */
static void
lookup_answered(void *arg, int rcode, void *packet, int packet_n, int security,
    char *why_bogus, int limited)
{
	struct dns_lookup *l = arg;

	(void)limited;
	if (l->answered)
		return;
	if (l->done == NULL) {
		/* Nobody waits any more. */
		LIST_REMOVE(l, link);
		free(l);
		return;
	}
	l->security = security == 1 ? DNS_BOGUS
	    : security == 2	    ? DNS_SECURE
				    : DNS_INSECURE;
	if (why_bogus != NULL)
		l->why_bogus = arena_printf(l->arena, "%.240s", why_bogus);
	if (rcode != DNS_NOERROR)
		l->answer.rcode = (unsigned)rcode;
	else if (!dns_answer_parse(
		     bytes_of(packet, (size_t)MAX_OF(packet_n, 0)), l->type,
		     l->arena, &l->answer, &l->err))
		l->answer = (struct dns_answer){ 0 };
	lookup_ready(l);
}

struct dns_pool *
dns_pool_new(struct event_base *base, const struct dns_settings *s,
    struct event *deferred)
{
	struct dns_pool *p = mem_alloc(sizeof(*p));

	p->base = base;
	p->settings = s;
	p->deferred = deferred;
	LIST_INIT(&p->contexts);
	STAILQ_INIT(&p->ready);
	return p;
}

void
dns_pool_free(struct dns_pool *p)
{
	struct dns_context *c;

	if (p == NULL)
		return;
	while ((c = LIST_FIRST(&p->contexts)) != NULL)
		context_free(c);
	free(p);
}

struct dns_lookup *
dns_lookup_start(struct dns_pool *p, const char *name, enum dns_type type,
    struct arena *arena, void (*done)(void *arg, struct dns_lookup *l),
    void *arg)
{
	struct dns_lookup *l = mem_alloc(sizeof(*l));
	struct dns_context *c;
	int r;

	c = p->current;
	if (c == NULL ||
	    (c->doubted && clock_monotonic_us() - c->born_us >= CONTEXT_MIN_US))
		c = p->current = context_new(p);
	*l = (struct dns_lookup){ .context = c,
		.done = done,
		.arg = arg,
		.arena = arena,
		.name = name,
		.type = type,
		.started_us = clock_monotonic_us() };
	LIST_INSERT_HEAD(&c->lookups, l, link);
	c->wanted++;
	r = c->broken ? UB_INITFAIL
		      : ub_resolve_event(c->ub, name, (int)type, 1, l,
			    lookup_answered, NULL);
	if (r != 0 && !l->answered) {
		fail_detail(&l->err, ERR_DNS,
		    "the resolver of this server could not be used",
		    "libunbound: %s", ub_strerror(r));
		/* A new context may read a mended trust anchor. */
		dns_pool_doubt(p);
		lookup_ready(l);
	}
	return l;
}

void
dns_lookup_free(struct dns_lookup *l)
{
	struct dns_context *c;

	if (l == NULL)
		return;
	c = l->context;
	c->wanted--;
	if (l->done == NULL) {
		/* It was handed out; libunbound is done with it. */
		LIST_REMOVE(l, link);
		free(l);
	} else if (l->answered) {
		STAILQ_REMOVE(&c->pool->ready, l, dns_lookup, ready);
		LIST_REMOVE(l, link);
		free(l);
	} else {
		/* libunbound still knows it: it ends with its context. */
		l->done = NULL;
		dns_pool_doubt(c->pool);
	}
	if (c->wanted == 0)
		event_active(c->pool->deferred, EV_TIMEOUT, 0);
}

void
dns_pool_doubt(struct dns_pool *p)
{
	if (p->current != NULL)
		p->current->doubted = true;
}

void
dns_pool_run(struct dns_pool *p)
{
	struct dns_context *c = LIST_FIRST(&p->contexts), *next;
	struct dns_lookup *l;

	while ((l = STAILQ_FIRST(&p->ready)) != NULL) {
		void (*done)(void *arg, struct dns_lookup *l) = l->done;

		STAILQ_REMOVE_HEAD(&p->ready, ready);
		l->done = NULL;
		/* A no may be mended before the next attempt. */
		if (l->answer.found == 0)
			dns_pool_doubt(p);
		done(l->arg, l);
	}
	for (; c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (c->wanted == 0 && c != p->current)
			context_free(c);
	}
}

/* An answer, also the answer that there is none, which is not secured. */
static bool
is_unsecured(const struct dns_settings *s, const struct dns_lookup *l)
{
	return s->dnssec == DNSSEC_REQUIRE && l->security != DNS_SECURE &&
	    (l->answer.rcode == DNS_NOERROR || l->answer.rcode == DNS_NXDOMAIN);
}

bool
dns_lookup_absent(const struct dns_settings *s, const struct dns_lookup *l)
{
	return l->err.kind == ERR_NONE && l->security != DNS_BOGUS &&
	    l->answer.rcode == DNS_NXDOMAIN && !is_unsecured(s, l);
}

bool
dns_lookup_check(const struct dns_settings *s, const struct dns_lookup *l,
    struct arena *a, bool *transient, struct err *err)
{
	const char *type = dns_type_name(l->type);
	char rcode[16];

	if (l->security == DNS_BOGUS)
		return fail(err, ERR_DNS,
		    "DNS %s lookup of %s at %s failed DNSSEC validation: %s",
		    type, l->name, s->label,
		    l->why_bogus == NULL
			? "bogus"
			: record_escape(a, bytes_str(l->why_bogus), 240));
	if (l->err.kind != ERR_NONE) {
		*transient = true;
		return fail_detail(err, ERR_DNS,
		    arena_printf(a, "DNS %s lookup of %s at %s: %s", type,
			l->name, s->label, l->err.shown),
		    "%s", l->err.detail);
	}
	if (is_unsecured(s, l))
		return fail(err, ERR_DNS,
		    "DNS %s lookup of %s at %s gave an answer that DNSSEC "
		    "does not secure, which validation.dnssec requires",
		    type, l->name, s->label);
	if (l->answer.rcode != DNS_NOERROR) {
		*transient |= l->answer.rcode != DNS_NXDOMAIN;
		return fail(err, ERR_DNS,
		    "DNS %s lookup of %s at %s answered %s", type, l->name,
		    s->label, dns_rcode_name(l->answer.rcode, rcode));
	}
	return true;
}
