#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include "crypto/own.h"

#undef fail_ossl
bool
fail_ossl(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	char shown[sizeof(err->shown)], detail[sizeof(err->detail)];
	size_t used = 0;
	unsigned long code;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shown, sizeof(shown), fmt, ap);
	va_end(ap);
	detail[0] = '\0';
	/* Oldest first: the oldest is the cause. */
	while ((code = ERR_get_error()) != 0) {
		const char *lib = ERR_lib_error_string(code);
		const char *reason = ERR_reason_error_string(code);
		int n;

		if (used >= sizeof(detail) - 1)
			continue;
		n = snprintf(detail + used, sizeof(detail) - used, "%s%s: %s",
		    used == 0 ? "" : "; ", lib == NULL ? "?" : lib,
		    reason == NULL ? "?" : reason);
		if (n > 0)
			used += (size_t)n;
	}
	return fail_detail(err, kind, shown, "%s", detail);
}
