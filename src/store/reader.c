#include <pthread.h>
#include <stdlib.h>
#include "store/reader.h"

/* More threads than ever read at once: 256 workers and a few. */
#define READERS_KEPT 512u

struct readers {
	char *path;
	pthread_mutex_t mutex;
	struct db *idle[READERS_KEPT];
	unsigned n;
};

struct readers *
readers_new(const char *path)
{
	struct readers *r = mem_alloc(sizeof(*r));

	r->path = mem_strdup(path);
	pthread_mutex_init(&r->mutex, NULL);
	return r;
}

void
readers_free(struct readers *r)
{
	for (unsigned i = 0; i < r->n; i++)
		db_close(r->idle[i]);
	pthread_mutex_destroy(&r->mutex);
	free(r->path);
	free(r);
}

bool
reader_borrow(struct readers *r, struct lease *out, struct err *err)
{
	struct db *db = NULL;

	pthread_mutex_lock(&r->mutex);
	if (r->n > 0)
		db = r->idle[--r->n];
	pthread_mutex_unlock(&r->mutex);
	if (db == NULL && !db_open(r->path, DB_READ, &db, err))
		return false;
	*out = (struct lease){ r, db };
	return true;
}

void
reader_give_back(struct lease *l)
{
	struct readers *r = l->readers;
	bool kept = false;

	if (l->db == NULL)
		return;
	pthread_mutex_lock(&r->mutex);
	if (r->n < READERS_KEPT) {
		r->idle[r->n++] = l->db;
		kept = true;
	}
	pthread_mutex_unlock(&r->mutex);
	if (!kept)
		db_close(l->db);
	l->db = NULL;
}
