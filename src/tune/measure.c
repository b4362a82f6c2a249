/* SPDX-License-Identifier: BSD-3-Clause */
/* A candidate and the best so far take turns, so that a slow moment of a shared machine
 * slows both, and are judged by the median of the ratios. */
#include "tune/measure.h"

#include <time.h>

#include "base/status.h"
#include "exec/exec.h"
#include "plan/candidates.h"
#include "platform/memory.h"
#include "tune/scratch.h"
#include "tune/wisdom.h"

enum { ROUNDS = 5, LAST_ROUNDS = 9, MOST_REPEATS = 1000, MOST_GAIN = 999999 };

static const double sample_seconds = 2e-4; /* long enough for the clock and a team's start */
static const double short_seconds = 5e-3;  /* runs of whose matrices caches may hold a part */
static const double cached_seconds = 2e-3; /* and all: it takes a few runs until they do */
static const double hopeless = 1.3;        /* a first round that much slower is enough */
static const double clearly = 0.97;        /* times below this part of another's win */

typedef struct {
    bnorm_plan *plan; /* a copy: its schedule changes */
    bnorm_scratch scratch;
    bnorm_args args;
    int operation, repeat;
    void *workspace;
    size_t workspace_bytes;
    bnorm_schedule estimate, best, candidate;
    double deadline;
    double seconds;   /* the shortest run so far; 0: none yet */
    int tried;
    int leftover;     /* runs before those of a sample, which are not timed */
} measuring;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Schedule the copy by a tuning, with a workspace for it.  0, or -1: out of memory. */
static int schedule(measuring *m, const bnorm_tuning *tuning, bnorm_schedule *made)
{
    bnorm_plan_tune(m->plan, m->operation, tuning);
    *made = m->plan->schedule[m->operation];
    if (made->workspace.total <= m->workspace_bytes)
        return 0;
    bnorm_memory_unmap(m->workspace);
    m->workspace_bytes = made->workspace.total;
    m->workspace = bnorm_memory_map(m->workspace_bytes, 0, 1, BNORM_PAGES_TRANSPARENT);
    if (!m->workspace)
        m->workspace_bytes = 0;
    return m->workspace ? 0 : -1;
}

static void run(const measuring *m)
{
    bnorm_execute(m->plan, 1u << m->operation, &m->args, m->workspace);
}

/* Seconds of one run.  A short one is not among the first: what caches hold is what it left
 * itself, not what its rival did, whose stores may have gone past them. */
static double sample(measuring *m, const bnorm_schedule *by)
{
    m->plan->schedule[m->operation] = *by;
    m->plan->off_lines[m->operation].threads = 0; /* by this one, wherever rows begin */
    for (int i = 0; i < m->leftover; i++)
        run(m);
    const double begin = now();
    for (int i = 0; i < m->repeat; i++)
        run(m);
    const double seconds = (now() - begin) / m->repeat;
    if (m->seconds <= 0 || seconds < m->seconds)
        m->seconds = seconds;
    return seconds;
}

static double median(double *values, int count)
{
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && values[j] < values[j - 1]; j--) {
            const double value = values[j];
            values[j] = values[j - 1];
            values[j - 1] = value;
        }
    return values[count / 2];
}

/* b's time / a's. */
static double duel(measuring *m, const bnorm_schedule *a, const bnorm_schedule *b, int rounds)
{
    double ratio[LAST_ROUNDS];
    sample(m, b); /* its workspace, threads and code are there when it counts */
    for (int i = 0; i < rounds; i++) {
        const double first = sample(m, i % 2 ? b : a), second = sample(m, i % 2 ? a : b);
        const double of_a = i % 2 ? second : first, of_b = i % 2 ? first : second;
        ratio[i] = of_a > 0 ? of_b / of_a : 1;
        if (i == 0 && ratio[0] > hopeless)
            return ratio[0];
    }
    return median(ratio, rounds);
}

/* How many runs make a sample; the first runs wake threads up and fault pages in. */
static void warm(measuring *m)
{
    m->repeat = 1;
    m->leftover = 0;
    m->seconds = 0;
    for (int i = 0; i < 3 && (i < 2 || now() < m->deadline); i++)
        sample(m, &m->estimate);
    m->repeat = m->seconds * MOST_REPEATS <= sample_seconds
                    ? MOST_REPEATS
                    : (int)(sample_seconds / m->seconds) + 1;
    m->leftover = m->seconds < cached_seconds ? 3 : m->seconds < short_seconds;
}

static int has_time(const measuring *m, int rounds)
{
    return now() + m->seconds * (m->repeat + m->leftover) * (2 * rounds + 1) < m->deadline;
}

/* Time the candidates of all stages.  0, or -1: out of memory. */
static int search(measuring *m)
{
    bnorm_tuning candidate[BNORM_MOST_CANDIDATES];
    for (int stage = 0; stage < BNORM_CANDIDATE_STAGES; stage++) {
        const int count = bnorm_plan_candidates(m->plan, m->operation, stage, &m->best.tuning,
                                                candidate);
        for (int i = 0; i < count; i++) {
            if (schedule(m, &candidate[i], &m->candidate) != 0)
                return -1;
            if (bnorm_schedules_alike(&m->candidate, &m->best) ||
                bnorm_schedules_alike(&m->candidate, &m->estimate))
                continue;
            if (!has_time(m, ROUNDS))
                return 0;
            m->tried++;
            if (duel(m, &m->best, &m->candidate, ROUNDS) < clearly)
                m->best = m->candidate;
        }
    }
    return 0;
}

/* Find the best tuning of an operation within some seconds.  0, or -1: out of memory. */
static int measure(measuring *m, int operation, double limit, bnorm_wisdom_entry *entry)
{
    double ratio = 1;
    m->operation = operation;
    m->args = bnorm_scratch_args(&m->scratch, m->plan, 1u << operation);
    m->deadline = now() + limit;
    m->tried = 0;
    const bnorm_tuning estimate = bnorm_plan_estimate(m->plan, operation, 1);
    if (schedule(m, &estimate, &m->estimate) != 0)
        return -1;
    m->best = m->estimate;
    warm(m);
    if (search(m) != 0)
        return -1;
    if (!bnorm_schedules_alike(&m->best, &m->estimate))
        ratio = duel(m, &m->best, &m->estimate, LAST_ROUNDS);
    const int wins = ratio * clearly > 1;
    entry->tuning = wins ? m->best.tuning : estimate;
    entry->gain = wins ? (int)bnorm_min((int64_t)(1000 * ratio), MOST_GAIN) : 1000;
    entry->tried = m->tried;
    return 0;
}

static bnorm_status out_of_memory(const bnorm_plan *plan)
{
    return bnorm_fail(BNORM_ERR_MEMORY, "no memory to measure on: matrices of %lld x %lld elements "
                      "of %zu bytes", (long long)plan->problem.rows,
                      (long long)plan->problem.cols, plan->kernels->size);
}

static void apply(bnorm_plan *plan, int operation, const bnorm_wisdom_entry *entry)
{
    bnorm_plan_tune(plan, operation, &entry->tuning);
    /* With nothing to try, or no time, it is the estimate still. */
    plan->schedule[operation].gain = entry->tried > 0 ? entry->gain : 0;
}

/* Measure operations (a mask of `count` bits), with room for them in the wisdom. */
static bnorm_status measure_all(bnorm_plan *plan, unsigned operations, int count)
{
    bnorm_status status = BNORM_OK;
    measuring *m = bnorm_memory_get(sizeof *m);
    bnorm_plan *copy = bnorm_memory_get(sizeof *copy);
    if (!m || !copy || bnorm_wisdom_reserve(plan->context->wisdom, count) != 0 ||
        bnorm_scratch_create(&m->scratch, plan) != 0) {
        status = out_of_memory(plan);
        goto done;
    }
    *copy = *plan;
    m->plan = copy;
    for (int operation = 0; operation < BNORM_OPERATIONS; operation++) {
        if (!(operations & 1u << operation))
            continue;
        bnorm_wisdom_entry entry = {.key = bnorm_wisdom_key_of(plan, operation)};
        if (measure(m, operation, plan->problem.time_limit / count, &entry) != 0) {
            status = out_of_memory(plan);
            break;
        }
        bnorm_wisdom_add(plan->context->wisdom, &entry);
        apply(plan, operation, &entry);
    }
    bnorm_scratch_free(&m->scratch);
    bnorm_memory_unmap(m->workspace);
done:
    bnorm_memory_put(copy);
    bnorm_memory_put(m);
    return status;
}

bnorm_status bnorm_tune(bnorm_plan *plan)
{
    bnorm_wisdom *wisdom = plan->context->wisdom;
    bnorm_status status = BNORM_OK;
    unsigned unknown = 0;
    int count = 0;
    if (plan->problem.rows == 0 || plan->problem.cols == 0)
        return BNORM_OK; /* nothing takes time */
    pthread_mutex_lock(&wisdom->mutex);
    for (int operation = 0; operation < BNORM_OPERATIONS; operation++) {
        if (!(plan->problem.operations & 1u << operation))
            continue;
        const bnorm_wisdom_key key = bnorm_wisdom_key_of(plan, operation);
        const bnorm_wisdom_entry *entry = bnorm_wisdom_find(wisdom, &key);
        if (entry) {
            apply(plan, operation, entry);
        } else {
            unknown |= 1u << operation;
            count++;
        }
    }
    if (unknown && plan->context->machine.foreign)
        status = bnorm_fail(BNORM_ERR_UNSUPPORTED, "problem.effort is BNORM_MEASURE, and the "
                            "context describes another machine: expected one without "
                            "options.synthetic and options.xml");
    else if (unknown)
        status = measure_all(plan, unknown, count);
    pthread_mutex_unlock(&wisdom->mutex);
    return status;
}
