/* What the files look*.c share. */
#ifndef LOGS_LOOK_PRIVATE_H
#define LOGS_LOOK_PRIVATE_H

#include "logs_private.h"

/* Beside enum log_trait: something may be wrong. */
#define SIGN_OF_TROUBLE (1u << 31)

/* What the signs in a text tell, in any case: enum log_trait, and SIGN_OF_TROUBLE. */
unsigned signs_look(struct str text);

#endif
