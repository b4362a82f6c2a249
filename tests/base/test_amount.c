/* SPDX-License-Identifier: BSD-3-Clause */
/* Amounts of memory in words. */
#include "base/amount.h"

#include <string.h>

#include "support/harness.h"

static void amounts_are_short(void)
{
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 bytes"},           {64, "64 bytes"},           {999, "999 bytes"},
        {1000, "0.977 KiB"},      {1024, "1 KiB"},            {1536, "1.5 KiB"},
        {1022977, "999 KiB"},     {1023 * 1024., "0.999 MiB"}, {0x1p30, "1 GiB"},
        {1.1e12, "1 TiB"},        {0x1p63, "8 EiB"},          {1e21, "867 EiB"},
    };
    for (int i = 0; i < HARNESS_COUNT(cases); i++) {
        char text[BNORM_AMOUNT];
        CU_ASSERT_STRING_EQUAL(bnorm_amount(text, cases[i].bytes), cases[i].text);
        CU_ASSERT(strlen(text) + 1 < BNORM_AMOUNT);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {{"amounts are short", amounts_are_short}};
    return harness_main(argc, argv, "base/amount", cases, HARNESS_COUNT(cases));
}
