/* SPDX-License-Identifier: BSD-3-Clause */
/* oneDNN as a peer, in two entries: with row-major matrices like bnorm's rows, and in
 * whichever layout it is best.  Of the forms in which it takes a layout, the fastest. */
#include "peer.h"

#ifdef HAVE_ONEDNN

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "clock.h"
#include "onednn_setup.h"
#include "support/data.h"

enum {
    VECTORS = 5, /* of its own */
    FORMS = 16,  /* at least as many as there are */
    ROUNDS = 2,  /* of choosing: a busy moment shall not decide */
    TRIALS = 3   /* runs of a form in a round */
};

typedef struct {
    const batch *batch;
    const operation *op;
    onednn_problem problem;
    onednn_setup setup;
    const onednn_form *form;
    bnorm_matrix own[4]; /* x, y, dy, dx where the batch's don't serve */
    float *vectors;      /* the memory of the problem's, and of rstd */
    float *rstd;
    int threads_before;
    bool generated;      /* of the form tried last */
    char kernel[160];
    dnnl_status_t status;
} onednn;

static outcome start(void)
{
    if (dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP)
        return OUTCOME_DONE;
    return complain_as(OUTCOME_IMPOSSIBLE, "this oneDNN does not run on OpenMP: its threads "
                       "could not be as many as bnorm's");
}

static void run(void *opened)
{
    onednn *o = opened;
    if (o->op->gives_y && !o->status)
        o->status = onednn_setup_forward(&o->setup, &o->problem);
    if (o->op->gives_dx && !o->status)
        o->status = onednn_setup_backward(&o->setup, &o->problem);
}

static bool failed(void *opened)
{
    const onednn *o = opened;
    if (o->status)
        complain("oneDNN: status %d from %s", (int)o->status, o->form->name);
    return o->status != dnnl_success;
}

/* Row-major and dense matrices are used where they are. */
static bool in_place(const onednn *o)
{
    const batch *b = o->batch;
    return !o->form->width && b->x.ld == b->cols && b->y.ld == b->cols && b->dy.ld == b->cols &&
           b->dx.ld == b->cols;
}

static int64_t block_width(const onednn *o)
{
    return o->form->width ? o->form->width : o->batch->cols;
}

static blocks_shape shape_of(const onednn *o)
{
    return (blocks_shape){o->batch->rows, o->batch->cols, sizeof(float)};
}

/* x and dy, laid out like the form; elements that pad the last block are 0. */
static void load(onednn *o)
{
    const batch *b = o->batch;
    const blocks_shape s = shape_of(o);
    int64_t w = block_width(o);
    onednn_problem *p = &o->problem;
    bool here = in_place(o);
    p->x = here ? b->x.data : o->own[0].data;
    p->y = here ? b->y.data : o->own[1].data;
    p->dy = here ? b->dy.data : o->own[2].data;
    p->dx = here ? b->dx.data : o->own[3].data;
    if (here)
        return;
    for (int i = 0; i < 4 && b->cols % w; i++) {
        char *last = (char *)o->own[i].data + (size_t)(b->cols / w * w * b->rows) * s.size;
        memset(last, 0, (size_t)(b->rows * w) * s.size);
    }
    blocks_from_rows(&s, b->x, p->x, w);
    blocks_from_rows(&s, b->dy, p->dy, w);
}

static void fetch(void *opened)
{
    onednn *o = opened;
    const blocks_shape s = shape_of(o);
    if (!in_place(o) && o->op->gives_y)
        blocks_to_rows(&s, o->problem.y, block_width(o), o->batch->y);
    if (!in_place(o) && o->op->gives_dx)
        blocks_to_rows(&s, o->problem.dx, block_width(o), o->batch->dx);
}

/* Ready to run in one form, but for statistics. */
static void enter(onednn *o, const onednn_form *form)
{
    o->form = form;
    load(o);
    o->status = onednn_setup_create(&o->setup, &o->problem, form);
}

/* backward alone gets its statistics from one forward. */
static void find_statistics(onednn *o)
{
    if (!o->status && !o->op->gives_y)
        o->status = onednn_setup_forward(&o->setup, &o->problem);
}

/* Whether all that runs is code generated for this CPU. */
static bool is_generated(const onednn *o)
{
    return strstr(onednn_setup_implementation(o->setup.forward_desc), "jit") &&
           (!o->op->gives_dx ||
            strstr(onednn_setup_implementation(o->setup.backward_desc), "jit"));
}

/* The least of a few runs; infinite where oneDNN can't, and for plain loops where `rival`,
 * generated code for the same layout, is known: they take up to 100 times as long. */
static double try_form(onednn *o, const onednn_form *form, const onednn_form *rival)
{
    double least = INFINITY;
    enter(o, form);
    if (!o->status && rival && strcmp(rival->layout, form->layout) == 0 && !is_generated(o))
        o->status = dnnl_unimplemented;
    find_statistics(o);
    run(o);
    for (int i = 0; i < TRIALS && !o->status; i++) {
        double begin = clock_now();
        run(o);
        least = fmin(least, clock_now() - begin);
    }
    o->generated = !o->status && is_generated(o);
    if (o->status)
        least = INFINITY;
    onednn_setup_destroy(&o->setup);
    return least;
}

/* The fastest form, NULL if there is none.  Those far behind have one round only. */
static const onednn_form *fastest(onednn *o, bool rows_only)
{
    const onednn_form *chosen = NULL, *rival = NULL;
    double best = INFINITY, seconds[FORMS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; onednn_forms[i].name; i++) {
            const onednn_form *form = &onednn_forms[i];
            if ((form->width && rows_only) || (round > 0 && !(seconds[i] < 4 * best)))
                continue;
            seconds[i] = try_form(o, form, rival);
            if (o->generated && !form->width)
                rival = form;
            if (seconds[i] < best) {
                best = seconds[i];
                chosen = form;
            }
        }
    }
    return chosen;
}

static outcome choose(onednn *o, bool rows_only)
{
    const onednn_form *chosen = fastest(o, rows_only);
    if (!chosen)
        return complain_as(OUTCOME_IMPOSSIBLE, "oneDNN has no batch normalization for this");
    enter(o, chosen);
    find_statistics(o);
    if (failed(o))
        return OUTCOME_IMPOSSIBLE;
    bool backward = o->op->gives_dx;
    const char *first = onednn_setup_implementation(o->setup.forward_desc);
    const char *second = backward ? onednn_setup_implementation(o->setup.backward_desc) : first;
    if (!o->op->gives_y)
        first = second;
    snprintf(o->kernel, sizeof o->kernel, "%s, %s%s%s", chosen->name, first,
             strcmp(first, second) ? " and " : "", strcmp(first, second) ? second : "");
    return OUTCOME_DONE;
}

/* Memory like that of bnorm's own matrices; the padded columns of panels leave room for
 * every form. */
static outcome allocate(onednn *o, const engine *e, bool rows_only)
{
    bnorm_problem problem = e->problem;
    problem.layout = rows_only ? BNORM_ROWS : BNORM_PANELS;
    problem.panel_width = rows_only ? 0 : 16;
    bnorm_plan *plan = NULL;
    bnorm_status status = bnorm_plan_create(&plan, e->context, &problem);
    for (int i = BNORM_X; i <= BNORM_DX && !status; i++)
        status = bnorm_alloc(plan, (bnorm_tensor)i, &o->own[i]);
    bnorm_plan_destroy(plan);
    if (status)
        return engine_complain("oneDNN's matrices", status);
    size_t line = 64, vector = ((size_t)o->batch->cols * sizeof(float) + line - 1) / line * line;
    o->vectors = aligned_alloc(line, VECTORS * vector);
    if (!o->vectors)
        return complain_as(OUTCOME_IMPOSSIBLE, "oneDNN's vectors: out of memory");
    memset(o->vectors, 0, VECTORS * vector);
    onednn_problem *p = &o->problem;
    void **places[] = {&p->mean, &p->variance, &p->dgamma, &p->dbeta, (void **)&o->rstd};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        *places[i] = (char *)o->vectors + i * vector;
    p->gamma = o->batch->gamma;
    p->beta = o->batch->beta;
    return OUTCOME_DONE;
}

static void close(void *opened)
{
    onednn *o = opened;
    onednn_setup_destroy(&o->setup);
    dnnl_stream_destroy(o->problem.stream);
    dnnl_engine_destroy(o->problem.engine);
    for (int i = 0; i < 4; i++)
        bnorm_free(o->own[i].data);
    free(o->vectors);
    omp_set_num_threads(o->threads_before);
    free(o);
}

/* infer is given the running statistics. */
static outcome make_ready(onednn *o, const engine *e, bool rows_only)
{
    const batch *b = o->batch;
    onednn_problem *p = &o->problem;
    outcome result = allocate(o, e, rows_only);
    if (result)
        return result;
    if (p->infer) {
        memcpy(p->mean, b->running_mean, (size_t)b->cols * sizeof(float));
        memcpy(p->variance, b->running_var, (size_t)b->cols * sizeof(float));
    }
    if (dnnl_engine_create(&p->engine, dnnl_cpu, 0) ||
        dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags))
        return complain_as(OUTCOME_IMPOSSIBLE, "oneDNN finds no CPU");
    return choose(o, rows_only);
}

/* Its teams are as large as OpenMP's default team when the primitive is made. */
static void *open_in(const batch *b, const operation *op, const engine *e, bool rows_only)
{
    if (b->dtype != BNORM_F32 || op->flag == BNORM_STEP) {
        complain("oneDNN has no batch normalization for %s",
                 b->dtype != BNORM_F32 ? "f64" : "step");
        return NULL;
    }
    onednn *o = calloc(1, sizeof *o);
    if (!o) {
        complain("oneDNN: out of memory");
        return NULL;
    }
    *o = (onednn){.batch = b, .op = op, .threads_before = omp_get_max_threads()};
    o->problem = (onednn_problem){.rows = b->rows, .cols = b->cols, .eps = e->problem.eps,
                                  .infer = op->flag == BNORM_INFER, .backward = op->gives_dx};
    omp_set_num_threads(bnorm_context_threads(e->context));
    if (make_ready(o, e, rows_only)) {
        close(o);
        return NULL;
    }
    return o;
}

static void *open_rows(const batch *b, const operation *op, const engine *e)
{
    return open_in(b, op, e, true);
}

static void *open_best(const batch *b, const operation *op, const engine *e)
{
    return open_in(b, op, e, false);
}

static void statistics(void *opened, const void **mean, const void **rstd, const void **dgamma,
                       const void **dbeta)
{
    onednn *o = opened;
    const float *variance = o->problem.variance;
    for (int64_t c = 0; c < o->batch->cols; c++)
        o->rstd[c] = (float)(1 / sqrt(variance[c] + o->problem.eps));
    *mean = o->op->gives_statistics ? o->problem.mean : NULL;
    *rstd = o->op->gives_statistics ? o->rstd : NULL;
    *dgamma = o->op->gives_dx ? o->problem.dgamma : NULL;
    *dbeta = o->op->gives_dx ? o->problem.dbeta : NULL;
}

static void describe(void *opened, const char **layout, const char **kernel)
{
    const onednn *o = opened;
    *layout = o->form->layout;
    *kernel = o->kernel;
}

static double bytes(const batch *b)
{
    return 4.0 * (double)b->rows * 16 * ceil((double)b->cols / 16) * sizeof(float);
}

static const char *version(void)
{
    static char text[48];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

#define ONEDNN_PEER                                                                          \
    .version = version, .start = start, .bytes = bytes, .run = run, .failed = failed,        \
    .fetch = fetch, .close = close, .statistics = statistics, .describe = describe

const peer onednn_peer = {.name = "onednn", .layout = "rows", .open = open_rows, ONEDNN_PEER};
const peer onednn_best_peer = {.name = "onednn-best", .layout = "best", .open = open_best,
                               ONEDNN_PEER};

#endif
