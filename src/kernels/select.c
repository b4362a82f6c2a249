/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/status.h"
#include "kernels/kernels.h"

#define ISA(name, needs, usable) extern const bnorm_kernels bnorm_kernels_##name;
#include "kernels/isa.def"
#undef ISA

typedef struct {
    const bnorm_kernels *kernels;
    const char *needs;
    int usable;
} choice;

enum {
#define ISA(name, needs, usable) CHOICE_##name,
#include "kernels/isa.def"
#undef ISA
    CHOICES
};

static choice choice_at(int index)
{
    switch (index) {
#define ISA(name, needs, usable)                                                                   \
    case CHOICE_##name: return (choice){&bnorm_kernels_##name, needs, (usable) != 0};
#include "kernels/isa.def"
#undef ISA
    }
    return (choice){NULL, NULL, 0};
}

const char *bnorm_isa_name(int index, int *usable)
{
    choice at = choice_at(index);
    if (usable)
        *usable = at.usable;
    return at.kernels ? at.kernels->isa : NULL;
}

const bnorm_kernels *bnorm_kernels_best(void)
{
    int index = 0;
    while (!choice_at(index).usable)
        index++;
    return choice_at(index).kernels;
}

bnorm_status bnorm_kernels_select(const bnorm_kernels **kernels, const char *isa)
{
    char known[64] = "";
    for (int index = 0; index < CHOICES; index++) {
        choice at = choice_at(index);
        if (strcmp(at.kernels->isa, isa) == 0) {
            if (!at.usable)
                return bnorm_fail(BNORM_ERR_UNSUPPORTED, "isa is \"%s\"; this CPU lacks %s", isa,
                                  at.needs);
            *kernels = at.kernels;
            return BNORM_OK;
        }
        strcat(strcat(known, index ? ", " : ""), at.kernels->isa);
    }
    return bnorm_fail(BNORM_ERR_ARGUMENT, "isa is \"%.64s\"; expected one of %s", isa, known);
}
