/*
 * Connections for reading.  A thread borrows one for the length of a call, so
 * there are as many as threads that read at once, and a thread that ends
 * leaves nothing behind.  The one given back last is lent first: its pages are
 * warm.
 */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "store/db.h"

struct readers;

struct readers *readers_new(const char *path);
/* All are given back by now. */
void readers_free(struct readers *r);

struct lease {
	struct readers *readers;
	struct db *db;
};

bool reader_borrow(
    struct readers *r, struct lease *out, struct err *err) MUST_CHECK;
void reader_give_back(struct lease *l);
#define AUTO_LEASE __attribute__((cleanup(reader_give_back))) struct lease

#endif
