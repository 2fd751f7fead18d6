#include <stdlib.h>

#include "intune/revocation.h"

bool
intune_new(const struct intune_deps *deps, const struct config *config,
    struct intune **out, struct err *err)
{
	struct tenants *tenants;
	struct intune *in;

	if (!tenants_new(deps, config, &tenants, err))
		return false;
	in = mem_alloc(sizeof(*in));
	in->deps = *deps;
	in->current = tenants;
	pthread_mutex_init(&in->lock, NULL);
	*out = in;
	return true;
}

void
intune_free(struct intune *in)
{
	if (in == NULL)
		return;
	tenants_unref(in, in->current);
	pthread_mutex_destroy(&in->lock);
	free(in);
}

bool
intune_reload(struct intune *in, const struct config *config, struct err *err)
{
	struct tenants *made, *old;

	if (!tenants_new(&in->deps, config, &made, err))
		return false;
	pthread_mutex_lock(&in->lock);
	old = in->current;
	in->current = made;
	pthread_mutex_unlock(&in->lock);
	/* Calls that are under way end with the tenant that they know. */
	tenants_unref(in, old);
	return true;
}

bool
intune_run(struct intune *in, struct err *err)
{
	struct tenants *set;
	bool ok = true;

	pthread_mutex_lock(&in->lock);
	set = in->current;
	set->refs++;
	pthread_mutex_unlock(&in->lock);
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].revocation)
			ok = revocation_run(in, &set->v[i], err) && ok;
	tenants_unref(in, set);
	return ok;
}

void
intune_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes)
{
	const struct intune_deps deps = { .read_file = read_file,
		.read_ctx = read_ctx };

	for (size_t i = 0; i < config->intune_n; i++) {
		const struct config_intune *c = &config->intune[i];
		AUTO_ARENA *a = arena_new();
		AUTO_SECRET *secret = NULL;
		struct err err = { 0 };
		struct bytes anchors;

		if (tenant_files_read(&deps, c, a, &anchors, &secret, &err))
			continue;
		config_mistake_add(mistakes, c->line, 1, err.shown,
		    "the value of the client secret in one line, and "
		    "certificates in PEM",
		    "mend the file; docs/intune.md has where they come from");
	}
}
