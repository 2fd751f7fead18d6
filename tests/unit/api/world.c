#include <unistd.h>
#include "world.h"
#include "codec/pem.h"
#include "util/text.h"

int
world_setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	void *fixture;
	struct api_deps deps;

	if (test_ca_setup(&fixture) != 0)
		return -1;
	w->t = fixture;
	deps = (struct api_deps){
		.store = w->t->store, .ca = w->t->ca, .clock = clock_system(0)
	};
	w->api = api_new(&deps, w->t->config);
	w->routes = http_routes_new();
	api_routes(w->api, w->routes);
	w->peer_uid = geteuid();
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;
	void *fixture = w->t;

	http_routes_free(w->routes);
	api_free(w->api);
	free(w);
	return test_ca_teardown(&fixture);
}

void
world_call_as(struct world *w, enum listener_kind listener,
    enum http_method method, const char *target, const char *type,
    const char *body)
{
	struct arena *a = w->t->a;
	struct http_header headers[] = { { "Content-Type", type } };
	const char *query = strchr(target, '?');
	struct http_req req = { .arena = a,
		.method = method,
		.target = target,
		.path = query == NULL
		    ? target
		    : arena_str(a, bytes_of(target, (size_t)(query - target))),
		.query = query == NULL ? NULL : query + 1,
		.headers = headers,
		.headers_n = type == NULL ? 0 : 1,
		.body = body == NULL ? BYTES_NONE : bytes_str(body),
		.listener = listener,
		.has_peer_uid = !w->no_peer,
		.peer_uid = w->peer_uid,
		.http_version = 11,
		.now = w->t->now };
	struct http_resp resp = { 0 };
	struct err err = { 0 };
	struct bytes text;

	http_serve(w->routes, &req, &resp);
	text = http_resp_body(&resp);
	w->status = resp.status;
	w->account = req.log_account;
	w->content_type = http_resp_header_get(&resp, "Content-Type");
	w->answer = NULL;
	if (!json_parse_object(text, a, &w->answer, &err))
		w->answer = NULL;
}

void
world_call(struct world *w, const char *target, const char *body)
{
	world_call_as(w, LISTENER_CONTROL, body == NULL ? HTTP_GET : HTTP_POST,
	    arena_printf(w->t->a, "/control/v1%s", target),
	    body == NULL ? NULL : "application/json", body);
}

const char *
world_text(struct world *w, const char *key)
{
	const char *s = json_string_value(json_object_get(w->answer, key));

	if (s == NULL)
		fail_msg("status %d, no member %s", w->status, key);
	return s;
}

size_t
world_leaves(struct world *w, const char *kind, const char *text)
{
	struct log_row *rows;
	size_t n, found = 0;

	assert_ok(w->t,
	    store_log_list(
		w->t->store, 0, 1000, w->t->a, &rows, &n, &w->t->err));
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].kind, kind) == 0 &&
		    memmem(rows[i].body.p, rows[i].body.n, text,
			strlen(text)) != NULL)
			found++;
	return found;
}

void
world_refused(struct world *w, int status, const char *type)
{
	assert_string_equal(world_text(w, "type"), type);
	assert_int_equal(w->status, status);
	assert_string_equal(w->content_type, "application/problem+json");
	assert_int_equal(
	    json_integer_value(json_object_get(w->answer, "status")), status);
	assert_true(strlen(world_text(w, "detail")) > 10);
}

struct bytes
world_csr_without_names(struct world *w, const char *cn)
{
	const struct ceremony c = {
		.common_name = cn, .now = w->t->now, .random = random_system()
	};
	struct buf der = { 0 };

	assert_ok(w->t,
	    ca_ceremony_csr(
		&c, test_ca_key(w->t, KEY_EC_P256, 0), &der, &w->t->err));
	return arena_take_buf(w->t->a, &der);
}

const char *
world_issue_body(
    struct world *w, const char *profile, const char *san, const char *names)
{
	struct test_ca *t = w->t;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct bytes csr = san == NULL
	    ? world_csr_without_names(w, "A Person")
	    : test_ca_csr(t, key, NULL, &san, 1, false)->der;
	AUTO_BUF pem = { 0 };
	json_t *o;

	pem_put(&pem, "CERTIFICATE REQUEST", csr);
	o = arena_adopt(t->a, json_t,
	    json_pack("{s:s, s:s}", "csr", buf_cstr(&pem), "profile", profile));
	if (names != NULL)
		json_object_set_new(
		    o, "names", json_loads(names, JSON_DECODE_ANY, NULL));
	return (const char *)json_print_compact(o, t->a).p;
}
