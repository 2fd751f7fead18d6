/*
 * Lists of certificates by a filter: the only SQL that is put together at run
 * time, from literals alone; values are always bound.
 */
#include "store/cert.h"
#include "store/parts.h"
#include "util/text.h"

#define LIMIT_MAX 10000u

/* By whole characters of UTF-8, so that it stays UTF-8. */
static char *
reverse(struct arena *a, struct bytes s)
{
	char *out = arena_alloc(a, s.n + 1), *o = out;

	for (size_t end = s.n, i; end > 0; end = i) {
		i = end - 1;
		while (i > 0 && (s.p[i] & 0xc0) == 0x80)
			i--;
		memcpy(o, s.p + i, end - i);
		o += end - i;
	}
	text_lower(out);
	return out;
}

char *
cert_name_reversed(struct arena *a, struct bytes tagged)
{
	const uint8_t *colon = memchr(tagged.p, ':', tagged.n);

	if (colon != NULL) {
		size_t tag = (size_t)(colon - tagged.p) + 1;

		tagged = bytes_of(tagged.p + tag, tagged.n - tag);
	}
	return reverse(a, tagged);
}

/* What the name part of a filter binds. */
struct name_range {
	const char *pattern; /* reversed; text_match reads both ways */
	const char *from; /* its beginning without wildcards */
	char *to; /* the next text that does not begin so */
};

static struct name_range
name_range(struct arena *a, const char *pattern)
{
	static const char *const tags[] = {
		"dns:", "ip:", "email:", "uri:", "upn:"
	};
	struct name_range r;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(tags); i++)
		if (strncmp(pattern, tags[i], strlen(tags[i])) == 0) {
			pattern += strlen(tags[i]);
			break;
		}
	r.pattern = reverse(a, bytes_str(pattern));
	n = strcspn(r.pattern, "*?");
	r.from = arena_str(a, bytes_of(r.pattern, n));
	r.to = arena_printf(a, "%s\xf4\x8f\xbf\xbf", r.from);
	return r;
}

/*
 * U+10FFFF, the last character that there is, is in no name: from and it are
 * above all that begin with from.
 */
#define NAME_WHERE                                                             \
	" AND c.seq IN (SELECT cert_seq FROM cert_name WHERE reversed >= "     \
	":from AND reversed < :to AND text_match(:pattern, reversed))"

void
cert_filter_sql(const struct cert_filter *f, struct buf *sql)
{
	if (f->after != NULL)
		buf_add_str(sql,
		    " AND c.seq < (SELECT seq FROM cert WHERE id = :after)");
	if (f->status != 0)
		buf_add_str(sql, " AND c.status = :status");
	else
		buf_add_str(sql, " AND c.status <> 1");
	if (f->expired)
		buf_add_str(sql, " AND c.not_after < :now");
	if (f->unexpired)
		buf_add_str(sql, " AND c.not_after >= :now");
	if (f->expires_before != 0)
		buf_add_str(sql, " AND c.not_after < :before");
	if (f->account_id != NULL)
		buf_add_str(sql, " AND c.account_id = :account");
	if (f->profile != NULL)
		buf_add_str(sql, " AND c.profile = :profile");
	if (f->name_pattern != NULL)
		buf_add_str(sql, NAME_WHERE);
	if (f->ca != NULL)
		buf_add_str(sql, " AND c.ca = :ca");
	if (f->created_from != 0)
		buf_add_str(sql, " AND c.created_at >= :created_from");
	if (f->created_before != 0)
		buf_add_str(sql, " AND c.created_at < :created_before");
}

static void
bind_named_int(struct query *q, const char *name, int64_t v)
{
	int i = sqlite3_bind_parameter_index(q->stmt, name);

	if (i > 0 && q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->stmt, i, v);
}

static void
bind_named_text(struct query *q, const char *name, const char *s)
{
	int i = sqlite3_bind_parameter_index(q->stmt, name);

	if (i > 0 && q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(q->stmt, i, s, -1, SQLITE_STATIC);
}

void
cert_filter_bind(const struct cert_filter *f, struct arena *a, struct query *q)
{
	struct name_range names = { 0 };

	if (f->name_pattern != NULL)
		names = name_range(a, f->name_pattern);
	bind_named_text(q, ":after", f->after);
	bind_named_int(q, ":status", f->status);
	bind_named_int(q, ":now", f->now);
	bind_named_int(q, ":before", f->expires_before);
	bind_named_text(q, ":account", f->account_id);
	bind_named_text(q, ":profile", f->profile);
	bind_named_text(q, ":from", names.from);
	bind_named_text(q, ":to", names.to);
	bind_named_text(q, ":pattern", names.pattern);
	bind_named_text(q, ":ca", f->ca);
	bind_named_int(q, ":created_from", f->created_from);
	bind_named_int(q, ":created_before", f->created_before);
	bind_named_int(q, ":limit",
	    f->limit == 0 || f->limit > LIMIT_MAX ? LIMIT_MAX : f->limit);
}

bool
store_cert_list(struct store *s, const struct cert_filter *f, struct arena *a,
    struct cert_row **out, size_t *n, struct err *err)
{
	AUTO_BUF sql = { 0 };
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	buf_add_str(&sql, "SELECT " CERT_COLUMNS " FROM cert c WHERE 1");
	cert_filter_sql(f, &sql);
	buf_add_str(&sql, " ORDER BY c.seq DESC LIMIT :limit");
	AUTO_QUERY q = query_once(r.db, buf_cstr(&sql));

	cert_filter_bind(f, a, &q);
	return cert_read_all(&q, false, a, out, n, err);
}
