/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bnorm-walk: how long a plan takes that computes nothing.  In turns run the plan, the same
 * plan with kernels that read and write what it does, in the same order, without arithmetic
 * (vec_bare.h), and bare loops that move the same bytes as fast as this machine can.  So what
 * the plan loses to the loops falls into what its walk through memory costs and what computing
 * adds.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ceiling.h"
#include "bench/layout.h"
#include "bench/operation.h"
#include "bench/shape.h"
#include "bench/table.h"
#include "bench/timing.h"
#include "kernels/kernels.h"
#include "plan/plan.h"
#include "support/data.h"

typedef struct {
    shape_list shapes;
    bnorm_dtype dtype;
    const layout *layout;
    const char *isa;
    int threads, reps; /* threads 0: the library's choice */
} task;

static const char usage[] =
    "usage: bnorm-walk --shape ROWSxCOLS[,...] [OPTION...]\n\n"
    "Milliseconds of forward, backward and both: of the plan, of its walk through memory with\n"
    "kernels that compute nothing, and of loops that move the same bytes in the best order;\n"
    "medians, in turns.  WALK is the part of the walk's time that the plan's is, LOOPS the\n"
    "same of the loops': where WALK is near 100%, computing costs nothing, and what is lost\n"
    "to the loops is lost in the order of reading and writing.\n\n"
    "  --layout L     rows (default), panels, panels8\n"
    "  --dtype T      f32 (default) or f64\n"
    "  --isa NAME     avx2 or avx512; default: the best\n"
    "  --threads N    default: as the library chooses\n"
    "  --reps N       rounds; 15\n"
    "  --help         this text\n";

/* ---- kernels that compute nothing ---------------------------------------------- */

/* The table in whose place it stands; NULL: there is none. */
static const bnorm_kernel_set *bare_kernels(const bnorm_plan *plan)
{
#ifdef __x86_64__
    extern const bnorm_kernels bnorm_kernels_bare_avx2, bnorm_kernels_bare_avx512;
    static const bnorm_kernels *const bare[] = {&bnorm_kernels_bare_avx2,
                                                &bnorm_kernels_bare_avx512};
    const int dtype = plan->problem.dtype;
    for (int i = 0; i < 2; i++) {
        const bnorm_kernels *real;
        const char *name = bare[i]->isa + strlen("bare_");
        if (bnorm_kernels_select(&real, name, "isa") == BNORM_OK &&
            plan->kernels == &real->dtype[dtype])
            return &bare[i]->dtype[dtype];
    }
#else
    (void)plan;
#endif
    return NULL;
}

/* ---- one problem ------------------------------------------------------------------- */

typedef struct {
    bnorm_plan *plan, *bare; /* alike but for kernels */
    bnorm_matrix matrix[4];  /* by tensor */
    void *vectors;           /* of cols elements: gamma, beta, mean, rstd, dgamma, dbeta */
    bnorm_args args;
} problem;

typedef struct {
    const operation *op;
    bnorm_plan *plan;
    const bnorm_args *args;
    bnorm_status status;
} call;

static void run_call(void *self)
{
    call *c = self;
    const bnorm_status status = c->op->execute(c->plan, c->args);
    if (status)
        c->status = status;
}

static void problem_close(problem *p)
{
    for (int i = 0; i < 4; i++)
        bnorm_free(p->matrix[i].data);
    free(p->vectors);
    bnorm_plan_destroy(p->bare);
    bnorm_plan_destroy(p->plan);
}

static bnorm_status problem_open(problem *p, const task *t, const bnorm_context *context,
                                 const shape *size)
{
    static const data_spec specs[] = {{DATA_NORMAL, 1, 2, 1}, {DATA_NORMAL, 0, 1, 2}};
    bnorm_problem it;
    bnorm_status status;
    memset(p, 0, sizeof *p);
    bnorm_problem_init(&it, sizeof it);
    it.rows = size->rows;
    it.cols = size->cols;
    it.dtype = it.stats_dtype = t->dtype;
    it.layout = t->layout->kind;
    it.panel_width = t->layout->panel_width;
    it.operations = BNORM_FORWARD | BNORM_BACKWARD | BNORM_FORWARD_BACKWARD;
    if ((status = bnorm_plan_create(&p->plan, context, &it)) ||
        (status = bnorm_plan_create(&p->bare, context, &it)))
        return status;
    p->bare->kernels = bare_kernels(p->bare);
    for (int i = 0; i < 4; i++)
        if ((status = bnorm_alloc(p->plan, (bnorm_tensor)i, &p->matrix[i])))
            return status;
    p->vectors = calloc(6 * (size_t)size->cols, sizeof(double));
    if (!p->vectors)
        return BNORM_ERR_MEMORY;
    for (int i = 0; i < 2; i++) {
        bnorm_matrix dense = {p->matrix[i ? BNORM_DY : BNORM_X].data, size->cols};
        if (it.layout == BNORM_PANELS) { /* any numbers serve: as one narrow matrix */
            dense.ld = it.panel_width ? it.panel_width : BNORM_GROUP;
            data_fill(&specs[i], t->dtype, dense, size->rows * (size->cols / dense.ld), dense.ld);
        } else {
            dense.ld = p->matrix[i ? BNORM_DY : BNORM_X].ld;
            data_fill(&specs[i], t->dtype, dense, size->rows, size->cols);
        }
    }
    return BNORM_OK;
}

static void set_args(problem *p, const operation *op, const shape *size)
{
    double *v = p->vectors;
    bnorm_args *a = &p->args;
    bnorm_args_init(a, sizeof *a);
    a->x = p->matrix[BNORM_X];
    a->dy = op->takes_dy ? p->matrix[BNORM_DY] : (bnorm_matrix){NULL, 0};
    a->y = op->gives_y ? p->matrix[BNORM_Y] : (bnorm_matrix){NULL, 0};
    a->dx = op->gives_dx ? p->matrix[BNORM_DX] : (bnorm_matrix){NULL, 0};
    a->mean = op->gives_statistics ? v + 2 * size->cols : NULL;
    a->rstd = op->gives_statistics ? v + 3 * size->cols : NULL;
    a->dgamma = op->gives_dx ? v + 4 * size->cols : NULL;
    a->dbeta = op->gives_dx ? v + 5 * size->cols : NULL;
}

/* The loops that move what the plan does. */
static void loops_of(ceiling *c, const problem *p, const operation *op, const shape *size)
{
    bnorm_description d = {.struct_size = sizeof d};
    bnorm_plan_describe(p->plan, op->flag, &d);
    const double matrix = d.bytes_compulsory / (op->reads + op->writes);
    const loops_traffic traffic = {
        .from = {p->matrix[BNORM_X].data, op->reads > 1 ? p->matrix[BNORM_DY].data : NULL},
        .to = {p->matrix[op->gives_y ? BNORM_Y : BNORM_DX].data,
               op->writes > 1 ? p->matrix[BNORM_DX].data : NULL},
        .bytes = (size_t)size->rows * (size_t)size->cols * data_size(p->plan->problem.dtype),
        .sweeps = (int)fmax(1, round(d.bytes_read / matrix / op->reads)),
    };
    ceiling_init(c, &traffic, CEILING_ANY, d.threads);
}

/* ---- all of it ---------------------------------------------------------------------- */

static double median_of(const contestant *c)
{
    return timing_median(c->seconds, c->count);
}

static void print_row(table *out, const shape *size, const problem *p, const operation *op,
                      double plan, double walk, double loops)
{
    const int index = bnorm_operation_index(op->flag);
    if (table_row(out))
        return;
    table_cell(out, 0, TABLE_PLAIN, "%s", size->name);
    table_cell(out, 1, TABLE_PLAIN, "%s", op->name);
    table_cell(out, 2, TABLE_PLAIN, "%s", bnorm_strategy_name(p->plan->schedule[index].strategy));
    table_cell(out, 3, TABLE_PLAIN, "%.4g", 1e3 * plan);
    table_cell(out, 4, TABLE_PLAIN, "%.4g", 1e3 * walk);
    table_cell(out, 5, TABLE_PLAIN, "%.4g", 1e3 * loops);
    table_cell(out, 6, TABLE_PLAIN, "%.0f", 100 * walk / plan);
    table_cell(out, 7, TABLE_PLAIN, "%.0f", 100 * loops / plan);
}

static outcome measure(const task *t, const shape *size, problem *p, const operation *op,
                       table *out)
{
    static contestant all[2 + CEILING_MOST];
    ceiling loops;
    call calls[2] = {{op, p->plan, &p->args, BNORM_OK}, {op, p->bare, &p->args, BNORM_OK}};
    set_args(p, op, size);
    loops_of(&loops, p, op, size);
    memset(all, 0, sizeof all);
    for (int i = 0; i < 2; i++)
        all[i] = (contestant){.run = run_call, .self = &calls[i]};
    ceiling_enter(&loops, all + 2);
    const int count = 2 + loops.count;
    timing_warm(all, count);
    outcome result = timing_rounds(all, count, timing_screening(t->reps), size->name);
    timing_narrow(all + 2, loops.count);
    if (!result)
        result = timing_rounds(all, count, t->reps, size->name);
    for (int i = 0; i < 2 && !result; i++)
        if (calls[i].status)
            result = complain_as(OUTCOME_IMPOSSIBLE, "%s: %s", size->name, bnorm_last_error());
    if (!result)
        print_row(out, size, p, op, median_of(&all[0]), median_of(&all[1]),
                  median_of(&all[2 + timing_fastest(all + 2, loops.count)]));
    timing_free(all, count);
    return result;
}

static outcome run_shape(const task *t, const bnorm_context *context, const shape *size,
                         table *out)
{
    static const char *const names[] = {"forward", "backward", "fused"};
    problem p;
    outcome result = OUTCOME_DONE;
    if (size->rows < 1 || size->cols < 1)
        return complain_as(OUTCOME_USAGE, "%s: there is nothing to walk through", size->name);
    if (problem_open(&p, t, context, size) != BNORM_OK)
        result = complain_as(OUTCOME_IMPOSSIBLE, "%s: %s", size->name, bnorm_last_error());
    else if (!p.bare->kernels)
        result = complain_as(OUTCOME_IMPOSSIBLE, "%s: there are kernels that compute nothing for "
                             "avx2 and avx512 alone", size->name);
    for (int i = 0; i < 3 && !result; i++)
        result = measure(t, size, &p, operation_find(names[i]), out);
    problem_close(&p);
    return result;
}

enum { SHAPE, LAYOUT, DTYPE, ISA, THREADS, REPS, HELP };

static int number(const char *text, int most)
{
    char *end;
    const long value = strtol(text, &end, 10);
    return *text && !*end && value >= 1 && value <= most ? (int)value : -1;
}

static outcome wrong(const char *argument)
{
    return complain_as(OUTCOME_USAGE, "what is '%s'? See --help", argument);
}

/* *asked: help was, and given. */
static outcome parse(task *t, int argc, char **argv, int *asked)
{
    static const struct option known[] = {
        {"shape", 1, NULL, SHAPE}, {"layout", 1, NULL, LAYOUT},   {"dtype", 1, NULL, DTYPE},
        {"isa", 1, NULL, ISA},     {"threads", 1, NULL, THREADS}, {"reps", 1, NULL, REPS},
        {"help", 0, NULL, HELP},   {NULL, 0, NULL, 0}};
    outcome result = OUTCOME_DONE;
    for (int id; !result && (id = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        int good = 1;
        switch (id) {
        case SHAPE: result = shape_list_parse(&t->shapes, optarg); break;
        case LAYOUT: good = (t->layout = layout_find(optarg)) != NULL; break;
        case DTYPE:
            t->dtype = strcmp(optarg, "f64") == 0 ? BNORM_F64 : BNORM_F32;
            good = t->dtype == BNORM_F64 || strcmp(optarg, "f32") == 0;
            break;
        case ISA: t->isa = optarg; break;
        case THREADS: good = (t->threads = number(optarg, 65536)) > 0; break;
        case REPS: good = (t->reps = number(optarg, 100000)) > 0; break;
        case HELP: *asked = 1; fputs(usage, stdout); return OUTCOME_DONE;
        default: return OUTCOME_USAGE; /* getopt has said why */
        }
        if (!good)
            result = wrong(optarg);
    }
    if (!result && optind < argc)
        result = wrong(argv[optind]);
    if (!result && t->shapes.count == 0)
        result = complain_as(OUTCOME_USAGE, "no --shape; see --help");
    return result;
}

int main(int argc, char **argv)
{
    static const char *const headings[] = {"<problem", "<operation", "<strategy", "plan ms",
                                           "walk ms", "loops ms", "walk %", "loops %"};
    task t = {.layout = &layouts[0], .reps = 15};
    int asked = 0;
    outcome result = parse(&t, argc, argv, &asked);
    bnorm_context *context = NULL;
    if (!result && !asked) {
        bnorm_context_options options;
        bnorm_context_options_init(&options, sizeof options);
        options.isa = t.isa;
        options.threads = t.threads;
        if (bnorm_context_create(&context, &options) != BNORM_OK)
            result = complain_as(OUTCOME_IMPOSSIBLE, "%s", bnorm_last_error());
    }
    if (context) {
        table out;
        table_init(&out, headings, 8);
        for (int i = 0; i < t.shapes.count && result != OUTCOME_USAGE; i++)
            result = outcome_worse(result, run_shape(&t, context, &t.shapes.items[i], &out));
        if (out.rows > 0) {
            printf("%d threads, %s kernels\n", bnorm_context_threads(context),
                   bnorm_context_isa(context));
            table_print(&out);
        }
        table_free(&out);
    }
    bnorm_context_destroy(context);
    shape_list_free(&t.shapes);
    return (int)result;
}
