#include <errno.h>
#include <fcntl.h>

#include "cli/journal.h"
#include "signer/journal.h"
#include "util/own.h"

bool
journal_summarize(
    const char *path, struct journal_summary *out, struct err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	struct journal_summary s = { 0 };
	struct journal_record record;
	struct journal_reader *r;
	bool end = false, ok;

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM,
		    "%s: %s", path, strerror(errno));
	r = mem_alloc(sizeof(*r));
	journal_reader_init(r, fd);
	while ((ok = journal_reader_next(r, &record, &end, err)) && !end) {
		s.records++;
		if (record.kind == SIGN_LOG)
			s.log_size = record.position;
		else
			s.last_position =
			    MAX_OF(s.last_position, record.position);
	}
	s.size = r->offset;
	free(r);
	if (ok)
		*out = s;
	return ok;
}
