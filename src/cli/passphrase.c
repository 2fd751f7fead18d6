#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/passphrase.h"
#include "crypto/derive.h"
#include "crypto/random.h"
#include "util/file.h"
#include "util/text.h"

#define PASSPHRASE_MAX 1024u

const struct passphrase_source passphrase_online = {
	.credential = "chancery.passphrase",
	.environment = "CHANCERY_PASSPHRASE",
	.kept = "keys/passphrase",
	.prompt = "Passphrase of the CA keys",
};

/* The root's has its own, and no credential: `serve` never reads it. */
const struct passphrase_source passphrase_root = {
	.environment = "CHANCERY_ROOT_PASSPHRASE",
	.kept = "keys/root.passphrase",
	.prompt = "Passphrase of the root key",
};

/* One line: what follows the first line break is no part of it. */
static bool
from_text(
    struct bytes text, const char *where, struct secret **out, struct err *err)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
		n++;
	if (n == 0)
		return fail(err, ERR_CONFIG,
		    "%s is empty; expected a passphrase on its first line",
		    where);
	*out = secret_new(text.p, n);
	return true;
}

static bool
from_file(int dir, const char *path, bool may_miss, struct secret **out,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct err why = { 0 };
	struct bytes text;
	bool ok;

	if (!file_read_at(dir, path, PASSPHRASE_MAX, a, &text, &why))
		return (may_miss && why.kind == ERR_NOT_FOUND) ||
		    fail(err, ERR_CONFIG, "passphrase file %s", why.shown);
	ok = from_text(text, path, out, err);
	secret_wipe((void *)(uintptr_t)text.p, text.n);
	return ok;
}

static bool
from_credential(const char *name, struct secret **out, struct err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	AUTO_STR *path = NULL;

	if (name == NULL || dir == NULL)
		return true;
	path = mem_printf("%s/%s", dir, name);
	return from_file(AT_FDCWD, path, true, out, err);
}

static bool
from_environment(const char *name, struct secret **out, struct err *err)
{
	char *value = getenv(name);
	bool ok;

	if (value == NULL || value[0] == '\0')
		return true;
	ok = from_text(bytes_str(value), name, out, err);
	/* Wiped in place: /proc/PID/environ shows what stood there. */
	secret_wipe(value, strlen(value));
	unsetenv(name);
	return ok;
}

static bool
from_terminal(const char *prompt, struct secret **out, struct err *err)
{
	AUTO_FD tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios old, quiet;
	char line[PASSPHRASE_MAX];
	ssize_t n;
	bool ok = true;

	if (tty < 0 || !isatty(STDIN_FILENO) || tcgetattr(tty, &old) != 0)
		return true;
	dprintf(tty, "%s: ", prompt);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	n = read(tty, line, sizeof(line));
	tcsetattr(tty, TCSAFLUSH, &old);
	dprintf(tty, "\n");
	if (n > 1)
		ok = from_text(
		    bytes_of(line, (size_t)n), "the answer", out, err);
	secret_wipe(line, sizeof(line));
	return ok;
}

bool
passphrase_find(const struct passphrase_source *src, const char *file,
    int state, bool ask, struct secret **out, struct err *err)
{
	*out = NULL;
	if (file != NULL)
		return from_file(AT_FDCWD, file, false, out, err);
	if (!from_credential(src->credential, out, err))
		return false;
	if (*out == NULL && !from_environment(src->environment, out, err))
		return false;
	if (*out == NULL && !from_file(state, src->kept, true, out, err))
		return false;
	return *out != NULL || !ask || from_terminal(src->prompt, out, err);
}

bool
passphrase_make(const struct passphrase_source *src, const char *file,
    int state, struct secret **out, bool *kept, struct err *err)
{
	struct random random = random_system();
	uint8_t drawn[24];
	AUTO_BUF text = { 0 };
	bool ok;

	*kept = false;
	if (!passphrase_find(src, file, state, true, out, err))
		return false;
	if (*out != NULL)
		return true;
	random_fill(&random, drawn, sizeof(drawn));
	base64url_encode(bytes_of(drawn, sizeof(drawn)), &text);
	secret_wipe(drawn, sizeof(drawn));
	*out = secret_new(text.p, text.n);
	buf_add_byte(&text, '\n');
	ok = file_write_new_at(state, src->kept, 0600, buf_bytes(&text), err);
	secret_wipe(text.p, text.n);
	*kept = ok;
	if (!ok) {
		secret_free(*out);
		*out = NULL;
	}
	return ok;
}

struct secret *
passphrase_for_server(const struct secret *passphrase)
{
	return passphrase_derive(passphrase, DERIVE_SERVER_KEYS);
}
