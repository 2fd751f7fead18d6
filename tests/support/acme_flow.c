/* The steps of support/acme_world.h that a well-behaved client takes. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world_state.h"
#include "codec/pem.h"
#include "util/text.h"

struct acme_client *
world_client(struct world *w, const char *alg)
{
	struct acme_client *c = acme_client_new(alg);
	struct reply *r = world_post_jws(w, c, "/acme/new-account",
	    &(struct acme_jws){
		.jwk = true, .payload = "{\"termsOfServiceAgreed\":true}" });

	assert_status(r, 201);
	c->kid = mem_strdup(reply_header(r, "Location", 0));
	w->clients =
	    mem_grow(w->clients, w->clients_n + 1, sizeof(*w->clients));
	w->clients[w->clients_n++] = c;
	return c;
}

char *
order_payload(struct world *w, const char *names, const char *more)
{
	struct arena *a = world_arena(w);
	char *all = arena_strdup(a, names), *save = NULL, *list = NULL;

	for (char *s = strtok_r(all, ",", &save); s != NULL;
	     s = strtok_r(NULL, ",", &save)) {
		char *value = strchr(s, ':');

		assert_non_null(value);
		*value++ = '\0';
		list = arena_printf(a, "%s%s{\"type\":\"%s\",\"value\":\"%s\"}",
		    list == NULL ? "" : list, list == NULL ? "" : ",", s,
		    value);
	}
	return arena_printf(
	    a, "{\"identifiers\":[%s]%s}", list, more == NULL ? "" : more);
}

struct reply *
world_order(
    struct world *w, struct acme_client *c, const char *names, const char *more)
{
	struct reply *r =
	    world_post(w, c, "/acme/new-order", order_payload(w, names, more));

	assert_status(r, 201);
	return r;
}

const json_t *
authz_challenge(const struct reply *authz, const char *type)
{
	const json_t *list = reply_member(authz, "challenges"), *o;

	for (size_t i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		if (strcmp(json_string_value(json_object_get(o, "type")),
			type) == 0)
			return o;
	}
	return NULL;
}

void
world_provision(struct world *w, struct acme_client *c,
    const struct reply *authz, const char *type)
{
	const json_t *o = authz_challenge(authz, type);
	const char *name = reply_text(authz, "identifier.value"), *token;
	struct arena *a = world_arena(w);
	struct world_answer answer = { .name = arena_strdup(a, name) };
	AUTO_STR *made = NULL;
	AUTO_STR *digest = NULL;
	const char *key_authorization;

	assert_non_null(o);
	token = json_string_value(json_object_get(o, "token"));
	made = acme_key_authorization(c, token);
	key_authorization = arena_strdup(a, made);
	if (strcmp(type, "http-01") == 0) {
		answer.kind = PROBE_HTTP;
		answer.path =
		    arena_printf(a, "/.well-known/acme-challenge/%s", token);
		answer.body = key_authorization;
	} else if (strcmp(type, "dns-01") == 0) {
		digest = acme_digest_text(made);
		answer.kind = PROBE_TXT;
		answer.name = arena_printf(a, "_acme-challenge.%s", name);
		answer.txt[0] = "another record";
		answer.txt[1] = arena_strdup(a, digest);
	} else {
		struct acme_tls_certificate t = {
			.names = arena_printf(a, "%s:%s",
			    strcmp(
				reply_text(authz, "identifier.type"), "ip") == 0
				? "IP"
				: "DNS",
			    name),
			.key_authorization = key_authorization
		};
		size_t n;
		uint8_t *der = acme_tls_certificate(&t, &n);

		answer.kind = PROBE_TLS_ALPN;
		answer.certificate = arena_bytes(a, bytes_of(der, n));
		free(der);
	}
	world_answer(w, &answer);
}

void
world_authorize(struct world *w, struct acme_client *c,
    const struct reply *order, const char *type)
{
	const json_t *list = reply_member(order, "authorizations");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *url = json_string_value(json_array_get(list, i));
		struct reply *authz = world_post(w, c, url, NULL), *r;
		const json_t *o;

		assert_status(authz, 200);
		if (strcmp(reply_text(authz, "status"), "valid") == 0)
			continue;
		world_provision(w, c, authz, type);
		o = authz_challenge(authz, type);
		r = world_post(
		    w, c, json_string_value(json_object_get(o, "url")), "{}");
		assert_status(r, 200);
		if (strcmp(reply_text(r, "status"), "valid") != 0)
			fail_msg("challenge: %.*s", (int)r->body.n,
			    (const char *)r->body.p);
	}
}

char *
finalize_payload(
    struct world *w, EVP_PKEY *key, const char *cn, const char *names)
{
	struct arena *a = world_arena(w);
	char *san = names == NULL ? NULL : arena_strdup(a, names);
	AUTO_STR *csr = NULL;

	/* OpenSSL's spelling: DNS: and IP:. */
	for (char *p = san; p != NULL && *p != '\0'; p++)
		if ((p == san || p[-1] == ',') && strncmp(p, "dns:", 4) == 0)
			memcpy(p, "DNS:", 4);
		else if ((p == san || p[-1] == ',') &&
		    strncmp(p, "ip:", 3) == 0)
			memcpy(p, "IP:", 3);
	csr = acme_csr(key, cn, san);
	return arena_printf(a, "{\"csr\":\"%s\"}", csr);
}

struct reply *
world_finalize(struct world *w, struct acme_client *c,
    const struct reply *order, EVP_PKEY *key, const char *names)
{
	return world_post(w, c, reply_text(order, "finalize"),
	    finalize_payload(w, key, NULL, names));
}

const char *
world_issue(
    struct world *w, struct acme_client *c, EVP_PKEY *key, const char *names)
{
	struct reply *order = world_order(w, c, names, NULL), *r;

	world_authorize(
	    w, c, order, strstr(names, "*.") != NULL ? "dns-01" : "http-01");
	r = world_finalize(w, c, order, key, names);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "valid");
	return reply_text(r, "certificate");
}

char *
world_leaf(struct world *w, const struct reply *chain)
{
	struct arena *a = world_arena(w);
	struct bytes rest = chain->body, der;
	struct err err = { 0 };
	bool found;

	need(pem_next(&rest, "CERTIFICATE", a, &found, &der, &err), &err);
	assert_true(found);
	return base64url_arena(a, der);
}
