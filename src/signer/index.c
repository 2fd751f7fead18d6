#include <stdlib.h>
#include "crypto/random.h"
#include "signer/check.h"
#include "signer/index.h"

/* More than a crash can leave open; beyond them the file is read. */
#define POSITIONS_KEPT 32768u
#define POSITION_SLOTS (2 * POSITIONS_KEPT)
#define SERIAL_SLOTS_MIN 4096u

struct serial {
	uint8_t v[SERIAL_SIZE]; /* v[0] is 0 where there is none */
};

struct index {
	/* Positions: a ring in the order of arrival, and a table over it. */
	struct index_position *ring;
	size_t first, n;
	uint32_t *table; /* ring slot + 1, open addressing */
	uint64_t forgotten; /* highest position that left the ring */
	bool any_forgotten;
	/* Serials: open addressing. */
	struct serial *serials;
	size_t serials_n, serials_cap;
	uint64_t seed;
};

struct index *
index_new(void)
{
	struct index *ix = mem_alloc(sizeof(*ix));
	struct random r = random_system();

	ix->ring = mem_array(POSITIONS_KEPT, sizeof(*ix->ring));
	ix->table = mem_array(POSITION_SLOTS, sizeof(*ix->table));
	ix->serials_cap = SERIAL_SLOTS_MIN;
	ix->serials = mem_array(ix->serials_cap, sizeof(*ix->serials));
	random_fill(&r, &ix->seed, sizeof(ix->seed));
	return ix;
}

void
index_free(struct index *ix)
{
	if (ix == NULL)
		return;
	free(ix->ring);
	free(ix->table);
	free(ix->serials);
	free(ix);
}

static uint64_t
mix(const struct index *ix, uint64_t v)
{
	v = (v ^ ix->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return v ^ v >> 29;
}

/* The table's cell of a position, or the empty one where it would go. */
static size_t
position_cell(const struct index *ix, uint64_t position)
{
	size_t i = mix(ix, position) % POSITION_SLOTS;

	while (ix->table[i] != 0 &&
	    ix->ring[ix->table[i] - 1].position != position)
		i = (i + 1) % POSITION_SLOTS;
	return i;
}

/* Takes a cell out and closes the gap that open addressing must not have. */
static void
position_forget(struct index *ix, uint64_t position)
{
	size_t hole = position_cell(ix, position);
	size_t i = hole;

	ix->table[hole] = 0;
	for (;;) {
		size_t home;

		i = (i + 1) % POSITION_SLOTS;
		if (ix->table[i] == 0)
			break;
		home = mix(ix, ix->ring[ix->table[i] - 1].position) %
		    POSITION_SLOTS;
		/* Would it still be found from its home, past the hole? */
		if ((i + POSITION_SLOTS - home) % POSITION_SLOTS <
		    (i + POSITION_SLOTS - hole) % POSITION_SLOTS)
			continue;
		ix->table[hole] = ix->table[i];
		ix->table[i] = 0;
		hole = i;
	}
	ix->forgotten = MAX_OF(ix->forgotten, position);
	ix->any_forgotten = true;
}

static void
position_add(struct index *ix, const struct journal_record *r)
{
	struct index_position *p;
	size_t slot;

	if (ix->n == POSITIONS_KEPT) {
		position_forget(ix, ix->ring[ix->first].position);
		ix->first = (ix->first + 1) % POSITIONS_KEPT;
		ix->n--;
	}
	slot = (ix->first + ix->n++) % POSITIONS_KEPT;
	p = &ix->ring[slot];
	p->position = r->position;
	p->kind = r->kind;
	memcpy(p->tbs_sha256, r->tbs_sha256, sizeof(p->tbs_sha256));
	memcpy(p->issuer, r->issuer, sizeof(p->issuer));
	ix->table[position_cell(ix, r->position)] = (uint32_t)slot + 1;
}

static size_t
serial_cell(const struct index *ix, const struct serial *table, size_t cap,
    const uint8_t serial[SERIAL_SIZE])
{
	uint64_t low, high;
	size_t i;

	/* All of the random part: a taken server chooses it. */
	memcpy(&low, serial + 4, sizeof(low));
	memcpy(&high, serial + 12, sizeof(high));
	i = mix(ix, mix(ix, low) ^ high) & (cap - 1);
	while (
	    table[i].v[0] != 0 && memcmp(table[i].v, serial, SERIAL_SIZE) != 0)
		i = (i + 1) & (cap - 1);
	return i;
}

/* A larger table without those that are refused by their time anyway. */
static void
serials_rebuild(struct index *ix, int64_t now)
{
	size_t kept = 0, cap = SERIAL_SLOTS_MIN;
	struct serial *table;

	for (size_t i = 0; i < ix->serials_cap; i++)
		if (ix->serials[i].v[0] != 0 &&
		    check_serial_time(ix->serials[i].v) >= now - 2 * CHECK_SKEW)
			kept++;
	while (cap < 4 * kept)
		cap *= 2;
	table = mem_array(cap, sizeof(*table));
	for (size_t i = 0; i < ix->serials_cap; i++) {
		const uint8_t *v = ix->serials[i].v;

		if (v[0] != 0 && check_serial_time(v) >= now - 2 * CHECK_SKEW)
			table[serial_cell(ix, table, cap, v)] = ix->serials[i];
	}
	free(ix->serials);
	ix->serials = table;
	ix->serials_cap = cap;
	ix->serials_n = kept;
}

static void
serial_add(struct index *ix, const uint8_t serial[SERIAL_SIZE], int64_t now)
{
	size_t i;

	if (2 * (ix->serials_n + 1) > ix->serials_cap)
		serials_rebuild(ix, now);
	i = serial_cell(ix, ix->serials, ix->serials_cap, serial);
	if (ix->serials[i].v[0] != 0)
		return;
	memcpy(ix->serials[i].v, serial, SERIAL_SIZE);
	ix->serials_n++;
}

void
index_add(struct index *ix, const struct journal_record *r, int64_t now)
{
	position_add(ix, r);
	/* With twice the skew a clock that is set back is no way around. */
	if (r->kind != SIGN_CRL &&
	    check_serial_time(r->serial) >= now - 2 * CHECK_SKEW)
		serial_add(ix, r->serial, now);
}

const struct index_position *
index_find(const struct index *ix, uint64_t position)
{
	uint32_t slot = ix->table[position_cell(ix, position)];

	return slot == 0 ? NULL : &ix->ring[slot - 1];
}

bool
index_has_forgotten(const struct index *ix, uint64_t position)
{
	return ix->any_forgotten && position <= ix->forgotten;
}

bool
index_has_serial(const struct index *ix, const uint8_t serial[SERIAL_SIZE])
{
	size_t i = serial_cell(ix, ix->serials, ix->serials_cap, serial);

	return ix->serials[i].v[0] != 0;
}
