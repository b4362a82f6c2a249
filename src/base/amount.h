/* SPDX-License-Identifier: BSD-3-Clause */
/* Amounts of memory in words. */
#ifndef BNORM_BASE_AMOUNT_H
#define BNORM_BASE_AMOUNT_H

enum { BNORM_AMOUNT = 16 }; /* characters that hold any */

/* Three digits and a unit of powers of 1024, such as "1.5 GiB", into text, which is
 * returned. */
const char *bnorm_amount(char text[BNORM_AMOUNT], double bytes);

#endif
