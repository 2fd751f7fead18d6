#include "ca/core.h"
#include "ca/status_index.h"
#include "store/status.h"
#include "util/log.h"

#define DROP_EVERY 60

static void
put(struct status_index *x, const struct status_row *row)
{
	const bool revoked = row->status >= CERT_REVOKED;
	const struct status st = { .kind =
				       revoked ? STATUS_REVOKED : STATUS_GOOD,
		.revoked_at = revoked ? row->revoked_at : 0,
		.reason = revoked ? row->reason : -1,
		.not_after = row->not_after };

	status_index_put(x, row->issuer_key, row->serial, &st);
}

void
ca_status_put(struct ca *ca, const struct cert_row *row, enum cert_status now)
{
	struct status_row r = { .status = now,
		.not_after = row->not_after,
		.revoked_at = row->revoked_at,
		.reason = row->reason };

	memcpy(r.issuer_key, row->issuer_key, sizeof(r.issuer_key));
	memcpy(r.serial, row->serial, sizeof(r.serial));
	put(ca->status, &r);
}

static void
each(void *ctx, const struct status_row *row)
{
	put(ctx, row);
}

/* Those with an outcome that expired after `since` are in it from now on. */
static bool
load(struct ca *ca, int64_t since, struct err *err)
{
	bool ok =
	    store_status_each(ca->deps.store, since, each, ca->status, err);

	atomic_store(&ca->status_whole, ok);
	if (ok)
		atomic_store(&ca->status_since, since);
	return ok;
}

bool
ca_status_load(struct ca *ca, struct err *err)
{
	ca->status = status_index_new();
	return load(ca, ca_now(ca) - CA_STATUS_KEPT, err);
}

bool
ca_status_run(struct ca *ca, struct err *err)
{
	int64_t since = ca_now(ca) - CA_STATUS_KEPT;
	int64_t had = atomic_load(&ca->status_since);

	/* The clock was set back: what was dropped may count again. */
	if (since < had - DROP_EVERY || !atomic_load(&ca->status_whole))
		return load(ca, since, err);
	if (since < had + DROP_EVERY)
		return true;
	/* First the mark: if we fall between, too much is loaded. */
	atomic_store(&ca->status_since, since);
	status_index_drop(ca->status, since);
	return true;
}

bool
ca_status_get(struct ca *ca, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE], struct status *out, struct err *err)
{
	if (!atomic_load_explicit(&ca->status_whole, memory_order_acquire))
		return fail(err, ERR_STORE,
		    "the statuses could not be read from the record");
	*out = status_index_get(ca->status, issuer_key, serial);
	return true;
}

bool
ca_status_was_issued(struct ca *ca, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE], bool *out, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct cert_row row;
	struct err why = { 0 };

	if (store_cert_get_by_serial(ca->deps.store, issuer_key,
		bytes_of(serial, SERIAL_SIZE), a, &row, &why)) {
		*out = row.status != CERT_INTENT;
		return true;
	}
	if (why.kind != ERR_NOT_FOUND)
		return fail_detail(err, ERR_STORE, why.shown, "%s", why.detail);
	*out = false;
	return true;
}

void
ca_status_usage(struct ca *ca, size_t *certificates, size_t *octets)
{
	*certificates = status_index_count(ca->status);
	*octets = status_index_memory(ca->status);
}
