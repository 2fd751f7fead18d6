#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "store/vfs.h"
#include "util/fault.h"

/* About 30 pages of a WAL; the system VFS writes less than 128 KiB at once. */
#define GATHER_MAX (120 << 10)

struct vfs {
	sqlite3_vfs base;
	sqlite3_vfs *real;
};

/* The real file lies behind it, in the same memory. */
struct vfs_file {
	sqlite3_file base;
	sqlite3_file *real;
	/*
	 * Of a WAL: what follows on what, not written yet.  SQLite writes two
	 * pieces a page and syncs before anybody else may look.
	 */
	bool gathers;
	uint8_t *held;
	int held_n;
	sqlite3_int64 held_at;
};

static struct vfs vfs;
static atomic_uint_fast64_t vfs_sync_count;

static sqlite3_file *
file_real(sqlite3_file *f)
{
	return ((struct vfs_file *)f)->real;
}

/* What cannot be written stays held: the next that needs it tries again. */
static int
file_flush(sqlite3_file *f)
{
	struct vfs_file *v = (struct vfs_file *)f;
	int rc;

	if (v->held_n == 0)
		return SQLITE_OK;
	rc = v->real->pMethods->xWrite(v->real, v->held, v->held_n, v->held_at);
	if (rc == SQLITE_OK)
		v->held_n = 0;
	return rc;
}

static int
file_hold(struct vfs_file *v, const void *p, int n, sqlite3_int64 at)
{
	int rc;

	/* Written over: what was held from here on was rolled back. */
	if (at >= v->held_at && at < v->held_at + v->held_n)
		v->held_n = (int)(at - v->held_at);
	if (at != v->held_at + v->held_n || v->held_n > GATHER_MAX - n) {
		rc = file_flush(&v->base);
		if (rc != SQLITE_OK)
			return rc;
	}
	if (v->held == NULL)
		v->held = mem_alloc(GATHER_MAX);
	if (v->held_n == 0)
		v->held_at = at;
	memcpy(v->held + v->held_n, p, (size_t)n);
	v->held_n += n;
	return SQLITE_OK;
}

static int
file_close(sqlite3_file *f)
{
	(void)file_flush(f);
	free(((struct vfs_file *)f)->held);
	((struct vfs_file *)f)->held = NULL;
	return file_real(f)->pMethods->xClose(file_real(f));
}

static int
file_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	int rc = file_flush(f);

	if (rc != SQLITE_OK)
		return rc;
	return file_real(f)->pMethods->xRead(file_real(f), p, n, at);
}

static int
file_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int e = FAULT_ERRNO("vfs.write");

	if (e != 0)
		return e == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	if (((struct vfs_file *)f)->gathers && n <= GATHER_MAX)
		return file_hold((struct vfs_file *)f, p, n, at);
	return file_real(f)->pMethods->xWrite(file_real(f), p, n, at);
}

static int
file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc;

	if (FAULT_ERRNO("vfs.truncate") != 0)
		return SQLITE_IOERR_TRUNCATE;
	rc = file_flush(f);
	if (rc != SQLITE_OK)
		return rc;
	return file_real(f)->pMethods->xTruncate(file_real(f), size);
}

static int
file_sync(sqlite3_file *f, int flags)
{
	int rc = file_flush(f);

	if (rc != SQLITE_OK) {
		/* The commit fails: it must not be written later after all. */
		((struct vfs_file *)f)->held_n = 0;
		return rc;
	}
	atomic_fetch_add(&vfs_sync_count, 1);
	/*
	 * Whatever errno says, ENOSPC too: after a failed fsync nobody knows
	 * what is on the disk.
	 */
	if (FAULT_ERRNO("vfs.sync") != 0)
		return SQLITE_IOERR_FSYNC;
	return file_real(f)->pMethods->xSync(file_real(f), flags);
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *out)
{
	int rc = file_flush(f);

	if (rc != SQLITE_OK)
		return rc;
	return file_real(f)->pMethods->xFileSize(file_real(f), out);
}

static int
file_lock(sqlite3_file *f, int level)
{
	return file_real(f)->pMethods->xLock(file_real(f), level);
}

static int
file_unlock(sqlite3_file *f, int level)
{
	return file_real(f)->pMethods->xUnlock(file_real(f), level);
}

static int
file_check_reserved_lock(sqlite3_file *f, int *out)
{
	return file_real(f)->pMethods->xCheckReservedLock(file_real(f), out);
}

static int
file_control(sqlite3_file *f, int op, void *arg)
{
	return file_real(f)->pMethods->xFileControl(file_real(f), op, arg);
}

static int
file_sector_size(sqlite3_file *f)
{
	return file_real(f)->pMethods->xSectorSize(file_real(f));
}

static int
file_device_characteristics(sqlite3_file *f)
{
	return file_real(f)->pMethods->xDeviceCharacteristics(file_real(f));
}

static int
file_shm_map(
    sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	int rc = file_real(f)->pMethods->xShmMap(
	    file_real(f), page, size, extend, out);

	/* Growing the WAL index on a full disk is a full disk. */
	if (rc == SQLITE_IOERR_SHMSIZE && errno == ENOSPC)
		return SQLITE_FULL;
	return rc;
}

static int
file_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return file_real(f)->pMethods->xShmLock(file_real(f), at, n, flags);
}

static void
file_shm_barrier(sqlite3_file *f)
{
	file_real(f)->pMethods->xShmBarrier(file_real(f));
}

static int
file_shm_unmap(sqlite3_file *f, int delete)
{
	return file_real(f)->pMethods->xShmUnmap(file_real(f), delete);
}

/* Version 2: no mapped pages.  A failing disk must be an error, not SIGBUS. */
static const sqlite3_io_methods file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_reserved_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_device_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
    int *flags_out)
{
	struct vfs_file *file = (struct vfs_file *)f;
	int rc;

	(void)v;
	*file = (struct vfs_file){
		.real = (sqlite3_file *)(file + 1),
		.gathers = (flags & SQLITE_OPEN_WAL) != 0,
	};
	memset(file->real, 0, (size_t)vfs.real->szOsFile);
	rc = vfs.real->xOpen(vfs.real, name, file->real, flags, flags_out);
	/* SQLite closes a file that failed to open only if it has methods. */
	file->base.pMethods =
	    file->real->pMethods == NULL ? NULL : &file_methods;
	return rc;
}

static int
vfs_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
	(void)v;
	return vfs.real->xDelete(vfs.real, name, sync_folder);
}

static int
vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	(void)v;
	return vfs.real->xAccess(vfs.real, name, flags, out);
}

static int
vfs_full_pathname(sqlite3_vfs *v, const char *name, int n, char *out)
{
	size_t len = strlen(name);

	(void)v;
	if (len >= (size_t)n)
		return SQLITE_CANTOPEN;
	memcpy(out, name, len + 1);
	return SQLITE_OK;
}

/* By a system call: /dev/urandom may be out of reach (Landlock). */
static int
vfs_randomness(sqlite3_vfs *v, int n, char *out)
{
	ssize_t got = getrandom(out, (size_t)n, 0);

	(void)v;
	return got < 0 ? 0 : (int)got;
}

static int
vfs_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return vfs.real->xSleep(vfs.real, us);
}

static int
vfs_current_time(sqlite3_vfs *v, double *out)
{
	(void)v;
	return vfs.real->xCurrentTime(vfs.real, out);
}

static int
vfs_last_error(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	return vfs.real->xGetLastError(vfs.real, n, out);
}

static int
vfs_current_time_int64(sqlite3_vfs *v, sqlite3_int64 *out)
{
	(void)v;
	return vfs.real->xCurrentTimeInt64(vfs.real, out);
}

static int vfs_register_rc;

static void
vfs_register_once(void)
{
	/*
	 * One global mutex less on every allocation; nobody reads the
	 * statistics.  Refused (and harmless) if SQLite runs already.
	 */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	vfs_register_rc = sqlite3_initialize();
	if (vfs_register_rc != SQLITE_OK)
		return;
	vfs.real = sqlite3_vfs_find(NULL);
	if (vfs.real == NULL || vfs.real->iVersion < 2) {
		vfs_register_rc = SQLITE_ERROR;
		return;
	}
	vfs.base = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)sizeof(struct vfs_file) + vfs.real->szOsFile,
		.mxPathname = vfs.real->mxPathname,
		.zName = VFS_NAME,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_pathname,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_current_time,
		.xGetLastError = vfs_last_error,
		.xCurrentTimeInt64 = vfs_current_time_int64,
	};
	vfs_register_rc = sqlite3_vfs_register(&vfs.base, 0);
}

bool
vfs_register(struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, vfs_register_once);
	if (vfs_register_rc != SQLITE_OK)
		return fail_detail(err, ERR_STORE, "the store cannot start",
		    "registering the VFS: %s", sqlite3_errstr(vfs_register_rc));
	return true;
}

uint64_t
vfs_syncs(void)
{
	return atomic_load(&vfs_sync_count);
}
