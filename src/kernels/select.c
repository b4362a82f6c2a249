/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/status.h"
#include "kernels/kernels.h"

#define ISA(name, needs, usable) extern const bnorm_kernels bnorm_kernels_##name;
#include "kernels/isa.def"
#undef ISA

typedef struct {
    const char *name, *needs;
    const bnorm_kernels *kernels; /* NULL: of another architecture */
    int usable;
} choice;

enum {
#define ISA(name, needs, usable) CHOICE_##name,
#define ELSEWHERE(name, needs) CHOICE_##name,
#include "kernels/isa.def"
#undef ISA
    CHOICES
};

static choice choice_at(int index)
{
    switch (index) {
#define ISA(name, needs, usable)                                                                   \
    case CHOICE_##name: return (choice){#name, needs, &bnorm_kernels_##name, (usable) != 0};
#define ELSEWHERE(name, needs)                                                                     \
    case CHOICE_##name: return (choice){#name, needs, NULL, 0};
#include "kernels/isa.def"
#undef ISA
    }
    return (choice){NULL, NULL, NULL, 0};
}

const char *bnorm_isa_name(int index, int *usable)
{
    for (int i = 0; i < CHOICES; i++) {
        choice at = choice_at(i);
        if (!at.kernels || index-- != 0)
            continue;
        if (usable)
            *usable = at.usable;
        return at.name;
    }
    return NULL;
}

const bnorm_kernels *bnorm_kernels_best(void)
{
    int index = 0;
    while (!choice_at(index).usable)
        index++;
    return choice_at(index).kernels;
}

const bnorm_kernels *bnorm_kernels_for_width(const bnorm_kernels *kernels, bnorm_dtype dtype,
                                             int64_t cols)
{
    int index = 0;
    while (choice_at(index).kernels != kernels)
        index++;
    for (; index < CHOICES; index++) {
        choice at = choice_at(index);
        if (at.usable && at.kernels->dtype[dtype].lanes <= cols)
            return at.kernels;
    }
    return kernels;
}

bnorm_status bnorm_kernels_select(const bnorm_kernels **kernels, const char *isa,
                                  const char *source)
{
    char known[64] = "";
    for (int index = 0; index < CHOICES; index++) {
        choice at = choice_at(index);
        if (strcmp(at.name, isa) == 0) {
            if (!at.usable)
                return bnorm_fail(BNORM_ERR_UNSUPPORTED, "%s is \"%s\"; this CPU lacks %s", source,
                                  isa, at.needs);
            *kernels = at.kernels;
            return BNORM_OK;
        }
        strcat(strcat(known, index ? ", " : ""), at.name);
    }
    return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is \"%.64s\"; expected one of %s", source, isa,
                      known);
}
