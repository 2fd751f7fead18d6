#include <stdlib.h>
#include "cli/log_match.h"

#define SLOTS_MIN 1024u

/* One side of a pair; position 0: an empty slot. */
struct side {
	uint64_t position, id;
	uint8_t issuer[32], serial[SERIAL_SIZE], tbs[32];
	bool journal, crl, has_tbs, is_signed;
};

/* Open addressing by position, and by id the positions of intents. */
struct log_match {
	struct side *sides;
	struct {
		uint64_t id, position;
	} * ids;
	size_t n, cap, ids_n, ids_cap;
};

struct log_match *
log_match_new(void)
{
	struct log_match *m = mem_alloc(sizeof(*m));

	m->cap = m->ids_cap = SLOTS_MIN;
	m->sides = mem_array(m->cap, sizeof(*m->sides));
	m->ids = mem_array(m->ids_cap, sizeof(*m->ids));
	return m;
}

void
log_match_free(struct log_match *m)
{
	if (m == NULL)
		return;
	free(m->sides);
	free(m->ids);
	free(m);
}

static size_t
home(uint64_t key, size_t cap)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (cap - 1);
}

static struct side *
side_find(const struct log_match *m, uint64_t position)
{
	size_t i = home(position, m->cap);

	while (m->sides[i].position != 0 && m->sides[i].position != position)
		i = (i + 1) & (m->cap - 1);
	return &m->sides[i];
}

static void
ids_put(struct log_match *m, uint64_t id, uint64_t position)
{
	size_t i = home(id, m->ids_cap);

	while (m->ids[i].position != 0)
		i = (i + 1) & (m->ids_cap - 1);
	m->ids[i].id = id;
	m->ids[i].position = position;
	m->ids_n++;
}

/* Larger, or without the ids of pairs that have met. */
static void
ids_rebuild(struct log_match *m)
{
	free(m->ids);
	while (m->ids_cap < 4 * m->n)
		m->ids_cap *= 2;
	m->ids = mem_array(m->ids_cap, sizeof(*m->ids));
	m->ids_n = 0;
	for (size_t i = 0; i < m->cap; i++)
		if (m->sides[i].position != 0 && !m->sides[i].journal)
			ids_put(m, m->sides[i].id, m->sides[i].position);
}

static void
side_put(struct log_match *m, const struct side *s)
{
	if (2 * (m->n + 1) > m->cap) {
		struct side *old = m->sides;
		size_t cap = m->cap;

		m->cap *= 2;
		m->sides = mem_array(m->cap, sizeof(*m->sides));
		for (size_t i = 0; i < cap; i++)
			if (old[i].position != 0)
				*side_find(m, old[i].position) = old[i];
		free(old);
	}
	*side_find(m, s->position) = *s;
	m->n++;
	if (!s->journal) {
		if (2 * (m->ids_n + 1) > m->ids_cap)
			ids_rebuild(m);
		else
			ids_put(m, s->id, s->position);
	}
}

/* Closes the gap that open addressing must not have. */
static void
side_take(struct log_match *m, struct side *s)
{
	size_t hole = (size_t)(s - m->sides), i = hole;

	m->sides[hole].position = 0;
	m->n--;
	for (;;) {
		size_t from;

		i = (i + 1) & (m->cap - 1);
		if (m->sides[i].position == 0)
			return;
		from = home(m->sides[i].position, m->cap);
		if (((i - from) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
			continue;
		m->sides[hole] = m->sides[i];
		m->sides[i].position = 0;
		hole = i;
	}
}

static enum log_difference
compare(const struct side *a, const struct side *b)
{
	if (a->crl != b->crl)
		return LOG_OTHER_KIND;
	if (memcmp(a->issuer, b->issuer, sizeof(a->issuer)) != 0)
		return LOG_OTHER_ISSUER;
	if (memcmp(a->serial, b->serial, sizeof(a->serial)) != 0)
		return LOG_OTHER_NUMBER;
	if (a->has_tbs && b->has_tbs &&
	    memcmp(a->tbs, b->tbs, sizeof(a->tbs)) != 0)
		return LOG_OTHER_TBS;
	return LOG_SAME;
}

static enum log_difference
meet(struct log_match *m, const struct side *s)
{
	struct side *other = side_find(m, s->position);
	enum log_difference d;

	if (other->position == 0) {
		side_put(m, s);
		return LOG_SAME;
	}
	/* A position of the log twice is told as such; of the journal, the
	 * signer refuses it. */
	if (other->journal == s->journal)
		return compare(other, s);
	d = compare(other, s);
	side_take(m, other);
	return d;
}

enum log_difference
log_match_intent(struct log_match *m, const struct log_intent *i)
{
	struct side s = { .position = i->position,
		.id = i->id,
		.crl = i->crl,
		.has_tbs = i->tbs_sha256 != NULL };

	memcpy(s.issuer, i->issuer, sizeof(s.issuer));
	memcpy(s.serial, i->serial, sizeof(s.serial));
	if (i->tbs_sha256 != NULL)
		memcpy(s.tbs, i->tbs_sha256, sizeof(s.tbs));
	return meet(m, &s);
}

enum log_difference
log_match_record(struct log_match *m, const struct journal_record *r)
{
	struct side s = { .position = r->position,
		.journal = true,
		.crl = r->kind == SIGN_CRL,
		.has_tbs = true };

	memcpy(s.issuer, r->issuer, sizeof(s.issuer));
	memcpy(s.serial, r->serial, sizeof(s.serial));
	memcpy(s.tbs, r->tbs_sha256, sizeof(s.tbs));
	return meet(m, &s);
}

void
log_match_signed(struct log_match *m, uint64_t id)
{
	size_t i = home(id, m->ids_cap);

	for (; m->ids[i].position != 0; i = (i + 1) & (m->ids_cap - 1)) {
		struct side *s = side_find(m, m->ids[i].position);

		if (m->ids[i].id == id && s->position != 0 && !s->journal &&
		    s->id == id)
			s->is_signed = true;
	}
}

bool
log_match_next(struct log_match *m, size_t *at, struct log_unmatched *out)
{
	for (; *at < m->cap; (*at)++) {
		const struct side *s = &m->sides[*at];

		/* An intent that nobody signed is none of the signer's. */
		if (s->position == 0 || (!s->journal && !s->is_signed))
			continue;
		*out =
		    (struct log_unmatched){ s->position, s->journal, s->crl };
		(*at)++;
		return true;
	}
	return false;
}
