/* The children's entries, from main(): `chancery --child server|signer`. */
#ifndef MAIN_CHILD_H
#define MAIN_CHILD_H

#include "main/boot.h"

/* The store broke: start again, answering status only (invariant 7). */
#define EXIT_STORE_BROKEN 75
/* What it was given is wrong, before it served anything (EX_CONFIG). */
#define EXIT_MISCONFIGURED 78

int child_server(void);
int child_signer(void);

#endif
