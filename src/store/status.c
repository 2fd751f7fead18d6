#include "store/status.h"
#include "store/parts.h"

/*
 * The table is walked in the order of its pages, whatever not_after says: at a
 * million rows that is faster by far than an index that leads all over it.
 */
bool
store_status_each(struct store *s, int64_t since,
    void (*each)(void *ctx, const struct status_row *row), void *ctx,
    struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool found;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT issuer_key, serial, status, not_after, revoked_at, reason "
	    "FROM cert NOT INDEXED WHERE status >= 2 AND not_after >= ?1");

	bind_int(&q, since);
	for (;;) {
		struct status_row row = { 0 };

		if (!query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		column_fixed(&q, row.issuer_key, sizeof(row.issuer_key));
		column_fixed(&q, row.serial, sizeof(row.serial));
		row.status = (enum cert_status)column_int(&q);
		row.not_after = column_int(&q);
		row.revoked_at = column_int(&q);
		row.reason = (int)column_int(&q);
		each(ctx, &row);
	}
}
