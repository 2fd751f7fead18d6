#include "world.h"
#include "crypto/random.h"

static const char yaml[] =
    "base_url: https://ca.example.net:8443\n"
    "http_base_url: http://ca.example.net:8080\n"
    "cas:\n"
    "  root: {certificate: certs/root.pem, key: null}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem}\n"
    "profiles:\n"
    "  default: {ca: issuing}\n"
    "scep:\n"
    "  profiles:\n"
    "    mine: {profile: default, authentication: [intune],\n"
    "      intune: contoso}\n"
    "    theirs: {profile: default, authentication: [intune],\n"
    "      intune: named}\n"
    "intune:\n"
    "  contoso: {tenant: contoso.example, client_id: id 1,\n"
    "    client_secret_file: secret, anchors_file: anchors,\n"
    "    authority: 'https://login.example', timeout: 7s,\n"
    "    graph_url: 'https://graph.example',\n"
    "    resource_url: 'https://api.example/', revocation_period: 5m}\n"
    "  named: {tenant: named.example, client_id: id 2,\n"
    "    client_secret_file: secret, revocation: false,\n"
    "    graph_url: 'https://graph.example',\n"
    "    issuer_name: 'Contoso CA'}\n";

const struct intune_request world_request = {
	.tenant = "contoso",
	.transaction = "4F1C",
	.csr = { (const uint8_t *)"\x30\x03\x02\x01\x07", 5 },
};

static int64_t
now_us(void *ctx)
{
	const struct test_ca *t = ctx;

	return t->now * 1000000;
}

static const char *
header(struct world *w, const struct outgoing_request *req, const char *name)
{
	for (size_t i = 0; i < req->headers_n; i++)
		if (strcmp(req->headers[i].name, name) == 0)
			return arena_strdup(w->t->a, req->headers[i].value);
	return NULL;
}

static bool
start(void *ctx, const struct outgoing_request *req,
    void (*done)(void *arg, const struct outgoing_result *res), void *arg,
    struct err *err)
{
	struct world *w = ctx;
	struct sent **last = &w->sent, *s;

	if (w->busy)
		return fail(
		    err, ERR_BUSY, "too many requests are on their way");
	s = arena_alloc(w->t->a, sizeof(*s));
	*s = (struct sent){ .method = req->method,
		.url = arena_strdup(w->t->a, req->url),
		.content_type = req->content_type == NULL
		    ? NULL
		    : arena_strdup(w->t->a, req->content_type),
		.body = arena_str(w->t->a, req->body),
		.authorization = header(w, req, "Authorization"),
		.activity = header(w, req, "client-request-id"),
		.version = header(w, req, "api-version"),
		.headers_n = req->headers_n,
		.anchors = arena_bytes(w->t->a, req->anchors),
		.timeout_ms = req->timeout_ms,
		.done = done,
		.arg = arg };
	while (*last != NULL)
		last = &(*last)->next;
	*last = s;
	w->sent_n++;
	return true;
}

int
world_setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct intune_deps deps;

	w->t = test_ca_new(KEY_EC_P256, 0, yaml);
	test_ca_write_file(w->t, "secret", bytes_str(WORLD_SECRET "\n"));
	test_ca_write_file(w->t, "anchors", bytes_str("PEM"));
	deps = (struct intune_deps){ .outgoing = { start, w },
		.store = w->t->store,
		.ca = w->t->ca,
		.clock = { now_us, w->t },
		.random = random_system(),
		.read_file = test_ca_read_file,
		.read_ctx = w->t };
	assert_ok(w->t, intune_new(&deps, w->t->config, &w->in, &w->t->err));
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	/* The port ends first, and with it all that is on its way. */
	while (w->sent != NULL)
		world_lose(w);
	intune_free(w->in);
	test_ca_free(w->t);
	free(w);
	return 0;
}

struct sent *
world_next(struct world *w, const char *url)
{
	if (w->sent == NULL)
		fail_msg("nothing went out, expected a request to %s", url);
	else if (url != NULL && strcmp(w->sent->url, url) != 0)
		fail_msg("%s was asked, expected %s", w->sent->url, url);
	return w->sent;
}

static void
end(struct world *w, const struct outgoing_result *res)
{
	struct sent *s = world_next(w, NULL);

	w->sent = s->next;
	s->done(s->arg, res);
}

void
world_answer_bytes(struct world *w, int status, struct bytes body)
{
	const struct outgoing_result res = { .ok = true,
		.status = status,
		.body = body,
		.retry_after = status == 503 ? 9 : 0 };

	end(w, &res);
}

void
world_answer(struct world *w, int status, const char *body)
{
	world_answer_bytes(w, status, bytes_str(body));
}

void
world_lose(struct world *w)
{
	struct outgoing_result res = { .transient = true };

	(void)fail(&res.err, ERR_CONNECTION, "connection refused");
	end(w, &res);
}

void
world_warm(struct world *w)
{
	world_next(w, WORLD_LOGIN);
	world_answer(w, 200, WORLD_TOKEN("graph-token"));
	world_next(w, WORLD_GRAPH);
	world_answer(w, 200, WORLD_ENDPOINTS);
	world_next(w, WORLD_LOGIN);
	world_answer(w, 200, WORLD_TOKEN("intune-token"));
}

void
world_done(void *arg, const struct intune_answer *answer)
{
	struct world *w = arg;

	w->answers++;
	w->answer = *answer;
	w->answer.code =
	    answer->code == NULL ? NULL : arena_strdup(w->t->a, answer->code);
	w->answer.text = arena_strdup(w->t->a, answer->text);
}

bool
world_validate(struct world *w)
{
	return intune_validate(
	    w->in, &world_request, world_done, w, &w->t->err);
}
