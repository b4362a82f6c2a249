/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an upstream function is shown: every element once per pass, in blocks of
 * cache size, y as it will stand, no hidden copy of the matrix; and what happens
 * when it fails.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "api/fixture.h"
#include "support/harness.h"

enum { WORKERS_MOST = 64, THREADS = 3 };

static bnorm_context *context;

/* Blocks of one call, noted without locks: elements belong to one block each. */
typedef struct {
    fixture *f;
    int64_t cols;
    unsigned char *times[2];    /* per element and pass */
    double loss[WORKERS_MOST];  /* pass 0, by worker */
    atomic_int calls[2], malformed, failing; /* failing: call number to fail, from 1 */
    int64_t largest[WORKERS_MOST]; /* elements, by worker */
    int64_t rows, most_rows[WORKERS_MOST], most_cols[WORKERS_MOST];
    int threads;
} witness;

static int well_formed(const witness *w, const bnorm_block *b)
{
    return b->struct_size == sizeof *b && b->rows > 0 && b->cols > 0 && b->row >= 0 &&
           b->col >= 0 && b->row + b->rows <= w->rows && b->col + b->cols <= w->cols &&
           b->y && b->dy && b->y_ld >= b->cols && b->dy_ld >= b->cols &&
           (b->pass == 0 || b->pass == 1) && b->worker >= 0 && b->worker < w->threads;
}

static int look(void *user, const bnorm_block *b)
{
    witness *w = user;
    if (!well_formed(w, b)) {
        atomic_fetch_add(&w->malformed, 1);
        return 0;
    }
    int call = atomic_fetch_add(&w->calls[b->pass], 1) + 1;
    for (int64_t r = 0; r < b->rows; r++)
        for (int64_t c = 0; c < b->cols; c++) {
            float y = ((const float *)b->y)[r * b->y_ld + c];
            w->times[b->pass][(b->row + r) * w->cols + b->col + c]++;
            ((float *)b->dy)[r * b->dy_ld + c] = y * 0.5f;
            if (b->pass == 0) /* the loss y^2/4 */
                w->loss[b->worker] += 0.25 * (double)y * (double)y;
        }
    if (b->rows * b->cols > w->largest[b->worker])
        w->largest[b->worker] = b->rows * b->cols;
    if (b->rows > w->most_rows[b->worker])
        w->most_rows[b->worker] = b->rows;
    if (b->cols > w->most_cols[b->worker])
        w->most_cols[b->worker] = b->cols;
    return b->pass == 0 && call == atomic_load(&w->failing) ? 42 : 0;
}

static witness *new_witness(fixture *f, int64_t rows)
{
    witness *w = calloc(1, sizeof *w);
    w->f = f;
    w->rows = rows;
    w->cols = f->problem.cols;
    w->threads = THREADS;
    for (int pass = 0; pass < 2; pass++)
        w->times[pass] = calloc(1, (size_t)(f->problem.rows * w->cols + 1));
    f->args.upstream = look;
    f->args.user = w;
    return w;
}

static void free_witness(witness *w)
{
    free(w->times[0]);
    free(w->times[1]);
    free(w);
}

/* Elements whose count in a pass is not `expected`, among the rows in use. */
static int64_t not_seen(const witness *w, int pass, int expected)
{
    int64_t wrong = 0;
    for (int64_t i = 0; i < w->rows * w->cols; i++)
        wrong += w->times[pass][i] != expected;
    return wrong;
}

/* With dy and y given or not, ordinary and global statistics, all shapes of
 * grid: once in pass 0, and once in pass 1 where dy was not kept. */
static void every_element_once_per_pass(void)
{
    static const int64_t shapes[][2] = {{1, 1}, {64, 16}, {65, 7}, {1000, 3}, {1500, 70}};
    for (int s = 0; s < 5; s++)
        for (int variant = 0; variant < 8; variant++) {
            fixture f;
            fixture_init(&f, shapes[s][0], shapes[s][1], BNORM_F32, BNORM_F32);
            int keep_dy = variant & 1, global = variant >> 1 & 1, with_y = variant >> 2;
            f.problem.flags = global ? BNORM_GLOBAL_STATISTICS : 0;
            bnorm_plan *plan = fixture_plan(context, &f.problem);
            witness *w = new_witness(&f, shapes[s][0]);
            if (!keep_dy)
                f.args.dy.data = NULL;
            if (!with_y)
                f.args.y.data = NULL;
            CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
            CU_ASSERT_EQUAL(atomic_load(&w->malformed), 0);
            CU_ASSERT_EQUAL(not_seen(w, 0, 1), 0);
            CU_ASSERT_EQUAL(not_seen(w, 1, keep_dy || global ? 0 : 1), 0);
            CU_ASSERT_TRUE(fixture_guarded(&f));
            free_witness(w);
            bnorm_plan_destroy(plan);
            fixture_free(&f);
        }
}

static void fewer_rows_than_planned(void)
{
    fixture f;
    fixture_init(&f, 1000, 20, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    for (int64_t rows = 1; rows <= 1000; rows += 111) {
        witness *w = new_witness(&f, rows);
        f.args.rows = rows;
        CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
        CU_ASSERT_EQUAL(atomic_load(&w->malformed), 0);
        CU_ASSERT_EQUAL(not_seen(w, 0, 1), 0);
        free_witness(w);
    }
    f.args.rows = BNORM_NO_ROWS;
    witness *w = new_witness(&f, 0);
    CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
    CU_ASSERT_EQUAL(atomic_load(&w->calls[0]) + atomic_load(&w->malformed), 0);
    free_witness(w);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* All ways to the same gradient give the same bits: dy kept or asked for twice, y
 * kept or not; and those of forward, then backward with the dy that was kept. */
static void same_bits_as_forward_and_backward(void)
{
    const unsigned outputs = fixture_outputs(BNORM_FORWARD_BACKWARD) & ~(1u << FIXTURE_Y);
    fixture f;
    fixture_init(&f, 700, 33, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
    uint64_t expected = fixture_hash(&f, outputs), y = fixture_hash(&f, 1u << FIXTURE_Y);
    uint64_t dx = fixture_hash(&f, 1u << FIXTURE_DX);

    for (int variant = 0; variant < 4; variant++) {
        fixture_fill(&f);
        f.args.dy.data = variant & 1 ? NULL : f.array[FIXTURE_DY].data;
        f.args.y.data = variant & 2 ? NULL : f.array[FIXTURE_Y].data;
        CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
        CU_ASSERT_EQUAL(fixture_hash(&f, outputs), expected);
        CU_ASSERT(variant & 2 || fixture_hash(&f, 1u << FIXTURE_Y) == y);
    }
    f.args.y.data = f.array[FIXTURE_Y].data;
    f.args.dy.data = f.array[FIXTURE_DY].data;
    fixture_fill(&f);
    CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), BNORM_OK);
    CU_ASSERT_EQUAL(fixture_hash(&f, 1u << FIXTURE_Y), y);
    for (int64_t i = 0; i < 700 * f.ld; i++)
        ((float *)f.args.dy.data)[i] = ((float *)f.args.y.data)[i] * 0.5f;
    CU_ASSERT_EQUAL(bnorm_backward(plan, &f.args), BNORM_OK);
    CU_ASSERT_EQUAL(fixture_hash(&f, 1u << FIXTURE_DX), dx);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* The sum over workers of what pass 0 saw is the loss of the y that stands in
 * memory; counting pass 1 too would double it. */
static void loss_is_counted_in_pass_0(void)
{
    fixture f;
    double expected = 0, loss = 0;
    fixture_init(&f, 500, 30, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    witness *w = new_witness(&f, 500);
    f.args.dy.data = NULL; /* two passes */
    CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
    CU_ASSERT(atomic_load(&w->calls[1]) > 0);
    for (int64_t r = 0; r < 500; r++)
        for (int64_t c = 0; c < 30; c++) {
            float y = ((float *)f.args.y.data)[r * f.ld + c];
            expected += 0.25 * (double)y * (double)y;
        }
    for (int i = 0; i < WORKERS_MOST; i++)
        loss += w->loss[i];
    /* 15000 double additions in another order */
    CU_ASSERT_DOUBLE_EQUAL(loss, expected, 15000 * 0x1p-53 * expected);
    free_witness(w);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* A sanitizer keeps shadows of memory, which count as the process's own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SHADOWED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SHADOWED = 1 };
#else
enum { SHADOWED = 0 };
#endif
#else
enum { SHADOWED = 0 };
#endif

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Blocks fit in any L2, whatever the matrix; and nothing of the matrix's size is
 * used: neither in the workspace nor in the process's peak of memory. */
static void blocks_fit_in_cache_and_nothing_is_large(void)
{
    enum { L2 = 512 << 10, ROWS = 8192, COLS = 512, MATRIX = ROWS * COLS * 4 };
    bnorm_problem problem;
    bnorm_args args;
    bnorm_description d = {.struct_size = sizeof d};
    fixture small;
    fixture_init(&small, 1, COLS, BNORM_F32, BNORM_F32);
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = COLS;
    bnorm_plan *plan = fixture_plan(context, &problem);
    bnorm_args_init(&args, sizeof args);
    args.upstream = small.args.upstream;
    small.problem = problem;
    witness *w = new_witness(&small, ROWS);
    for (int pass = 0; pass < 2; pass++) /* touched before the measurement, for the compiler too */
        for (size_t i = 0; i < (size_t)ROWS * COLS; i += 4096)
            *(volatile unsigned char *)&w->times[pass][i] = 0;
    args.upstream = look;
    args.user = w;
    CU_ASSERT_EQUAL(bnorm_alloc(plan, BNORM_X, &args.x), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_alloc(plan, BNORM_DX, &args.dx), BNORM_OK);
    for (int64_t i = 0; i < ROWS * args.x.ld; i++)
        ((float *)args.x.data)[i] = (float)(i % 1013);
    memset(args.dx.data, 1, (size_t)(ROWS * args.dx.ld) * sizeof(float));
    bnorm_plan_prepare(plan);

    long before = peak_kilobytes();
    CU_ASSERT_EQUAL(bnorm_step(plan, &args), BNORM_OK);
    long grown = (peak_kilobytes() - before) * 1024;
    CU_ASSERT_EQUAL(bnorm_plan_describe(plan, BNORM_STEP, &d), BNORM_OK);
    CU_ASSERT(SHADOWED || grown < MATRIX / 8);
    CU_ASSERT(d.workspace_bytes < MATRIX / 8);
    for (int i = 0; i < WORKERS_MOST; i++) {
        CU_ASSERT(w->largest[i] * (int64_t)sizeof(float) <= L2);
        CU_ASSERT(w->most_rows[i] <= d.block_rows && w->most_cols[i] <= d.block_cols);
    }
    CU_ASSERT(d.block_rows * d.block_cols * (int64_t)sizeof(float) <= L2);
    CU_ASSERT_EQUAL(not_seen(w, 0, 1), 0);
    CU_ASSERT_EQUAL(not_seen(w, 1, 1), 0);
    bnorm_free(args.x.data);
    bnorm_free(args.dx.data);
    free_witness(w);
    bnorm_plan_destroy(plan);
    fixture_free(&small);
}

/* A failure ends the step: this worker asks no more, the batch is not counted,
 * nothing outside the outputs is written, the plan is fit for the next call. */
static void a_failing_function(void)
{
    for (int threads = 1; threads <= THREADS; threads += THREADS - 1) {
        bnorm_context *own = fixture_context(threads);
        fixture f;
        fixture_init(&f, 1500, 130, BNORM_F32, BNORM_F32);
        bnorm_plan *plan = fixture_plan(own, &f.problem);
        witness *w = new_witness(&f, 1500);
        f.args.dy.data = NULL;
        CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
        int blocks = atomic_load(&w->calls[0]);
        uint64_t good = fixture_hash(&f, fixture_outputs(BNORM_FORWARD_BACKWARD));
        for (int failing = 1; failing <= blocks; failing += 1 + blocks / 5) {
            fixture_fill(&f);
            atomic_store(&w->calls[0], 0);
            atomic_store(&w->failing, failing);
            CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_ERR_UPSTREAM);
            CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "upstream"));
            CU_ASSERT(threads > 1 || atomic_load(&w->calls[0]) == failing);
            CU_ASSERT_EQUAL(*f.args.batches, 3);
            CU_ASSERT_TRUE(fixture_guarded(&f));
        }
        atomic_store(&w->failing, 0);
        fixture_fill(&f);
        CU_ASSERT_EQUAL(bnorm_step(plan, &f.args), BNORM_OK);
        CU_ASSERT_EQUAL(*f.args.batches, 4);
        CU_ASSERT_EQUAL(fixture_hash(&f, fixture_outputs(BNORM_FORWARD_BACKWARD)), good);
        free_witness(w);
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(own);
        fixture_free(&f);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every element once per pass", every_element_once_per_pass},
        {"fewer rows than planned", fewer_rows_than_planned},
        {"same bits as forward and backward", same_bits_as_forward_and_backward},
        {"a loss is counted in pass 0", loss_is_counted_in_pass_0},
        {"blocks fit in cache, nothing is large", blocks_fit_in_cache_and_nothing_is_large},
        {"a failing function", a_failing_function},
    };
    context = fixture_context(THREADS);
    int status = harness_main(argc, argv, "exec/step", cases, HARNESS_COUNT(cases));
    bnorm_context_destroy(context);
    return status;
}
