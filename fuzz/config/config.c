/*
 * Any bytes as a configuration: either it loads, and then what the rest of the
 * program relies on holds, or there is a mistake with a place and three texts.
 */
#include <stdlib.h>
#include "config/config.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_config(const struct config *c)
{
	must(strncmp(c->base_url, "https://", 8) == 0);
	must(!text_has_suffix(c->base_url, "/"));
	must(strncmp(c->http_base_url, "http://", 7) == 0);
	must(c->listen_n > 0 && c->cas_n > 0 && c->profiles_n > 0);
	must(config_profile_find(c, c->default_profile) != NULL);
	must(config_profile_find(c, c->tls.profile) != NULL);
	must(c->crl.validity > c->crl.period);
	must(c->workers > 0);
	for (size_t i = 0; i < c->profiles_n; i++) {
		const struct config_profile *p = &c->profiles[i];
		const struct config_ca *ca = config_ca_find(c, p->ca);

		must(ca != NULL && ca->key != NULL);
		must(p->lifetime <= p->max_lifetime);
		must(p->max_lifetime <= ca->max_lifetime);
		must(p->backdate <= ca->max_backdate);
		must(p->keys.n > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_mistakes m = { 0 };
	struct config *c = NULL;
	AUTO_BUF b = { 0 };

	if (config_load("f", bytes_of(data, size), &c, &m)) {
		must(m.n == 0);
		check_config(c);
		config_free(c);
		return 0;
	}
	must(m.n > 0 && c == NULL);
	for (size_t i = 0; i < m.n; i++) {
		must(m.v[i].line > 0 && m.v[i].column > 0);
		must(m.v[i].found[0] != '\0' && m.v[i].mend[0] != '\0');
		config_mistake_print("f", &m.v[i], &b);
	}
	must(text_is_utf8(buf_bytes(&b)));
	config_mistakes_free(&m);
	return 0;
}
