/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/amount.h"

#include <stdio.h>

const char *bnorm_amount(char text[BNORM_AMOUNT], double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    while (bytes >= 999.5 && unit < 6) { /* what is printed never has an exponent */
        bytes /= 1024;
        unit++;
    }
    snprintf(text, BNORM_AMOUNT, "%.3g %s", bytes, units[unit]);
    return text;
}
