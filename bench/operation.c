/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation.h"

#include <string.h>

/* step asks an upstream function for dy and is given no matrix to keep it in.
 * infer could give mean and rstd too, but those of forward are still needed. */
const operation operations[] = {
    {.name = "forward", .flag = BNORM_FORWARD, .execute = bnorm_forward,
     .reads = 1, .writes = 1, .gives_y = true, .gives_statistics = true},
    {.name = "backward", .flag = BNORM_BACKWARD, .execute = bnorm_backward,
     .reads = 2, .writes = 1, .takes_dy = true, .gives_dx = true},
    {.name = "fused", .flag = BNORM_FORWARD_BACKWARD, .execute = bnorm_forward_backward,
     .reads = 2, .writes = 2, .takes_dy = true, .gives_y = true, .gives_dx = true,
     .gives_statistics = true},
    {.name = "step", .flag = BNORM_STEP, .execute = bnorm_step,
     .reads = 1, .writes = 2, .gives_y = true, .gives_dx = true,
     .gives_statistics = true},
    {.name = "infer", .flag = BNORM_INFER, .execute = bnorm_infer,
     .reads = 1, .writes = 1, .gives_y = true},
    {.name = NULL},
};

const operation *operation_find(const char *name)
{
    for (const operation *o = operations; o->name; o++) {
        if (strcmp(o->name, name) == 0)
            return o;
    }
    return NULL;
}
