/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <omp.h>

#include "loops.h"

#define REAL float
#define NAME(x) x##_f32
#include "textbook_loops.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "textbook_loops.h"

#define STRING(x) #x
#define QUOTE(x) STRING(x)
#define PASTE(a, b) a##b
#define WITH(name, isa) PASTE(name, isa)

extern const loops_variant WITH(moves_, LOOPS_ISA)[];
extern const loops WITH(loops_, LOOPS_ISA);
const loops WITH(loops_, LOOPS_ISA) = {
    .isa = QUOTE(LOOPS_ISA),
    .moves = WITH(moves_, LOOPS_ISA),
    .forward = {forward_f32, forward_f64},
    .backward = {backward_f32, backward_f64},
    .infer = {infer_f32, infer_f64},
};
