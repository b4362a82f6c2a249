/* SPDX-License-Identifier: BSD-3-Clause */
#include "layout.h"

#include <string.h>

const layout layouts[] = {
    {"rows", BNORM_ROWS, 0},
    {"panels16", BNORM_PANELS, 16},
    {"panels8", BNORM_PANELS, 8},
    {NULL, BNORM_ROWS, 0},
};

const layout *layout_find(const char *name)
{
    if (strcmp(name, "panels") == 0)
        name = "panels16";
    for (const layout *l = layouts; l->name; l++) {
        if (strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}
