#include <stdlib.h>

#include "ca/chain.h"
#include "cli/bound.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/root.h"
#include "cli/show.h"

struct urls {
	const struct cli *cli;
	const struct config *config;
	struct bound bound;
	const char *base, *http_base;
};

static void
add(const struct urls *u, json_t *to, const char *key, const char *base,
    const char *before, const char *name, const char *after)
{
	json_object_set_new(to, key,
	    json_string(arena_printf(
		u->cli->arena, "%s%s%s%s", base, before, name, after)));
}

static json_t *
acme_urls(const struct urls *u)
{
	json_t *o = json_object(), *profiles = json_object();

	add(u, o, "directory", u->base, "/acme/directory", "", "");
	for (size_t i = 0; i < u->config->profiles_n; i++) {
		const struct config_profile *p = &u->config->profiles[i];

		if (p->acme)
			add(u, profiles, p->name, u->base, "/acme/", p->name,
			    "/directory");
	}
	json_object_set_new(o, "profiles", profiles);
	return o;
}

static const char *
est_base(const struct urls *u)
{
	return config_est_base(
	    u->config, u->base, bound_port(&u->bound, "est"), u->cli->arena);
}

/* By label; that of paths without one has the short form. */
static json_t *
est_urls(const struct urls *u)
{
	const char *base = est_base(u);
	json_t *o = json_object();

	for (size_t i = 0; base != NULL && i < u->config->est.labels_n; i++) {
		const char *name = u->config->est.labels[i].name;
		bool plain = strcmp(name, "default") == 0;

		add(u, o, name, base, "/.well-known/est", plain ? "" : "/",
		    plain ? "" : name);
	}
	return o;
}

/* By profile; the one without a name in the path has the short form.  Those
 * behind client certificates are at EST's listener. */
static json_t *
scep_urls(const struct urls *u)
{
	const char *est = est_base(u);
	json_t *o = json_object();

	for (size_t i = 0; i < u->config->scep.profiles_n; i++) {
		const struct config_scep_profile *p =
		    &u->config->scep.profiles[i];
		const char *base =
		    config_scep_is_mutual(p) ? est : u->http_base;
		bool plain = strcmp(p->name, "default") == 0;

		if (base != NULL)
			add(u, o, p->name, base, "/scep", plain ? "" : "/",
			    plain ? "" : p->name);
	}
	return o;
}

/* Where MDMs fetch one-time secrets: by https alone. */
static json_t *
scep_challenge_urls(const struct urls *u)
{
	json_t *o = json_object();

	for (size_t i = 0; i < u->config->scep.profiles_n; i++) {
		const struct config_scep_profile *p =
		    &u->config->scep.profiles[i];
		bool plain = strcmp(p->name, "default") == 0;

		if (p->challenge_clients_file != NULL)
			add(u, o, p->name, u->base, plain ? "/scep" : "/scep/",
			    plain ? "" : p->name, "/challenge");
	}
	return o;
}

static json_t *
ca_urls(const struct urls *u)
{
	json_t *o = json_object();

	for (size_t i = 0; i < u->config->cas_n; i++) {
		const char *name = u->config->cas[i].name;
		json_t *row = json_object();

		add(u, row, "certificate", u->http_base, "/ca/", name, ".cer");
		add(u, row, "pem", u->http_base, "/ca/", name, ".pem");
		add(u, row, "chain", u->http_base, "/ca/", name, ".p7c");
		add(u, row, "crl", u->http_base, "/crl/", name, ".crl");
		json_object_set_new(o, name, row);
	}
	return o;
}

static json_t *
health_urls(const struct urls *u)
{
	json_t *o = json_object();

	add(u, o, "live", u->base, "/healthz", "", "");
	add(u, o, "ready", u->base, "/readyz", "", "");
	return o;
}

/* "127.0.0.1:9464": as bound, or as configured. */
static const char *
ops_address(const struct urls *u)
{
	for (size_t i = 0; i < u->bound.n; i++)
		if (strcmp(u->bound.v[i].kind, "ops") == 0)
			return u->bound.v[i].address;
	for (size_t i = 0; i < u->config->listen_n; i++)
		if (u->config->listen[i].kind == LISTENER_OPS)
			return u->config->listen[i].address;
	return NULL;
}

static json_t *
root_json(const struct urls *u)
{
	struct root_file root;

	if (!root_find(u->cli, u->config, &root))
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "path", root.path, "sha256",
	    root.sha256, "subject", root.subject);
}

static json_t *
all_urls(const struct urls *u)
{
	const char *ops = ops_address(u);
	json_t *o = json_object();

	json_object_set_new(o, "base_url", json_string(u->base));
	json_object_set_new(o, "http_base_url", json_string(u->http_base));
	json_object_set_new(o, "acme", acme_urls(u));
	json_object_set_new(o, "est", est_urls(u));
	json_object_set_new(o, "scep", scep_urls(u));
	json_object_set_new(o, "scep_challenges", scep_challenge_urls(u));
	json_object_set_new(o, "cas", ca_urls(u));
	add(u, o, "ocsp", u->http_base, "/ocsp", "", "");
	add(u, o, "roots", u->http_base, "/ca/roots.pem", "", "");
	add(u, o, "revoke", u->base, "/revoke", "", "");
	add(u, o, "log", u->http_base, "/log", "", "");
	json_object_set_new(o, "health", health_urls(u));
	if (ops != NULL)
		add(u, o, "metrics", "http://", ops, "/metrics", "");
	json_object_set_new(o, "root", root_json(u));
	json_object_set_new(o, "control_socket",
	    json_string(path_absolute(u->cli, u->config->control_socket)));
	json_object_set_new(o, "running", json_boolean(u->bound.alive));
	return o;
}

/* ---- for people ---- */

static void
line(const char *what, const char *value)
{
	printf("%-28s %s\n", what, value);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static void
print_acme(const struct cli *cli, const json_t *acme)
{
	const char *name;
	json_t *url;

	line("ACME directory", text_of(acme, "directory"));
	json_object_foreach (json_object_get(acme, "profiles"), name, url)
		line(arena_printf(cli->arena, "  profile %s", name),
		    json_string_value(url));
}

static void
print_named(const struct cli *cli, const char *what, const json_t *urls)
{
	const char *name;
	json_t *url;

	json_object_foreach ((json_t *)(uintptr_t)urls, name, url)
		line(arena_printf(cli->arena, "%s %s", what, name),
		    json_string_value(url));
}

static void
print_cas(const struct cli *cli, const json_t *cas)
{
	const char *name;
	json_t *row;

	json_object_foreach ((json_t *)(uintptr_t)cas, name, row) {
		line(arena_printf(cli->arena, "CA %s", name),
		    text_of(row, "certificate"));
		line("  PEM", text_of(row, "pem"));
		line("  chain (PKCS#7)", text_of(row, "chain"));
		line("  CRL", text_of(row, "crl"));
	}
}

static void
print_urls(const struct cli *cli, const json_t *o)
{
	const json_t *root = json_object_get(o, "root"),
		     *health = json_object_get(o, "health");

	print_acme(cli, json_object_get(o, "acme"));
	print_named(cli, "EST label", json_object_get(o, "est"));
	print_named(cli, "SCEP profile", json_object_get(o, "scep"));
	print_named(cli, "SCEP secrets", json_object_get(o, "scep_challenges"));
	print_cas(cli, json_object_get(o, "cas"));
	line("OCSP (online CAs)", text_of(o, "ocsp"));
	line("all roots", text_of(o, "roots"));
	line("revoke by secret (POST)", text_of(o, "revoke"));
	line("log (checkpoint, tiles)", text_of(o, "log"));
	line("alive", text_of(health, "live"));
	line("ready", text_of(health, "ready"));
	if (json_object_get(o, "metrics") != NULL)
		line("metrics", text_of(o, "metrics"));
	if (json_is_object(root)) {
		line("root certificate", text_of(root, "path"));
		line("  SHA-256 fingerprint",
		    show_fingerprint(cli, text_of(root, "sha256")));
	} else {
		line("root certificate", "not known here");
	}
	line("control socket", text_of(o, "control_socket"));
	if (!json_is_true(json_object_get(o, "running")))
		line("server", "not running");
}

int
urls_run(struct cli *cli)
{
	struct urls u = { .cli = cli };
	struct config *config;
	struct err err = { 0 };
	json_t *o;
	size_t n;

	if (!options_parse(cli, NULL, 0, NULL, 0, &n, &err))
		return cli_fail(cli, EXIT_USAGE, &err);
	config = cli_config(cli);
	if (config == NULL)
		return EXIT_REFUSED;
	u.config = config;
	bound_read(cli, &u.bound);
	u.base = bound_url(cli, &u.bound, "https", config->base_url);
	u.http_base = bound_url(cli, &u.bound, "http", config->http_base_url);
	o = arena_adopt(cli->arena, json_t, all_urls(&u));
	if (cli->json)
		fputs((const char *)json_print(o, cli->arena).p, stdout);
	else
		print_urls(cli, o);
	config_free(config);
	return EXIT_DONE;
}
