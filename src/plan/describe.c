/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/amount.h"
#include "base/status.h"
#include "plan/plan.h"
#include "plan/traffic.h"

static const char *const operation_names[BNORM_OPERATIONS] = {
    "forward", "backward", "forward_backward", "step", "infer"};

int bnorm_operation_index(unsigned operation)
{
    for (int index = 0; index < BNORM_OPERATIONS; index++)
        if (operation == 1u << index)
            return index;
    return -1;
}

const char *bnorm_operation_name(int index)
{
    return operation_names[index];
}

const char *bnorm_strategy_name(bnorm_strategy strategy)
{
    switch (strategy) {
    case BNORM_STRATEGY_AUTO: return "auto";
    case BNORM_STRATEGY_STREAM: return "stream";
    case BNORM_STRATEGY_RESIDENT: return "resident";
    case BNORM_STRATEGY_SMALL: return "small";
    case BNORM_STRATEGY_PIPELINED: return "pipelined";
    }
    return "unknown";
}

/* Of either schedule. */
static size_t workspace_of(const bnorm_plan *plan, int operation)
{
    return (size_t)bnorm_max((int64_t)plan->schedule[operation].workspace.total,
                             (int64_t)plan->off_lines[operation].workspace.total);
}

/* NUMA nodes that own parts of the matrices; 0 when the threads of all work on all. */
static int owners(const bnorm_grid *grid)
{
    int nodes = 0;
    for (int i = 0; i < grid->shards.count; i++) {
        int seen = 0;
        for (int j = 0; j < i && !seen; j++)
            seen = grid->shards.shard[j].node == grid->shards.shard[i].node;
        nodes += !seen;
    }
    return nodes && grid->shards.shard[0].node == BNORM_ANY_NODE ? 0 : bnorm_max(nodes, 1);
}

static void append(bnorm_plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(bnorm_plan *plan, const char *format, ...)
{
    size_t length = strlen(plan->text);
    va_list list;
    va_start(list, format);
    vsnprintf(plan->text + length, sizeof plan->text - length, format, list);
    va_end(list);
}

/* What the estimate goes by: what a block would have to keep in cache. */
static void append_estimate(bnorm_plan *plan, int operation)
{
    const bnorm_schedule *schedule = &plan->schedule[operation];
    const int global = (plan->problem.flags & BNORM_GLOBAL_STATISTICS) != 0;
    const int held = bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, global).held;
    const double share = (double)bnorm_topology_cache_share(&plan->context->machine);
    const double block = (double)held * (double)plan->problem.rows *
                         (double)bnorm_grid_width(&schedule->grid) * (double)plan->kernels->size;
    char again[BNORM_AMOUNT], cache[BNORM_AMOUNT];
    if (plan->problem.strategy == schedule->strategy)
        append(plan, ": asked for");
    else if (plan->problem.strategy != BNORM_STRATEGY_AUTO)
        append(plan, ": %s, asked for, does not apply",
               bnorm_strategy_name(plan->problem.strategy));
    else if (schedule->strategy == BNORM_STRATEGY_SMALL)
        append(plan, ": too little work for a team");
    else if (held == 0)
        append(plan, ": one pass");
    else {
        append(plan, ": %s of a block to read again", bnorm_amount(again, block));
        if (schedule->grid.rounds > 1)
            append(plan, ", shared by %lld threads", (long long)schedule->grid.row_groups);
        if (schedule->lag > 1)
            append(plan, " when %d others have been read", schedule->lag);
        append(plan, "; %s a thread's share of cache (%s)", block <= share ? "within" : "more than",
               bnorm_amount(cache, share));
    }
}

/* Why this was chosen. */
static void append_reason(bnorm_plan *plan, int operation)
{
    const int gain = plan->schedule[operation].gain;
    if (gain == 0) {
        append(plan, ", estimated");
        append_estimate(plan, operation);
    } else if (gain == 1000)
        append(plan, ", measured: the estimate is the fastest");
    else
        append(plan, ", measured %d.%02d times as fast as the estimate", gain / 1000,
               gain % 1000 / 10);
}

/* How matrices whose rows do not begin on cache lines are divided, if in wider blocks. */
static void append_off_lines(bnorm_plan *plan, int operation)
{
    const bnorm_schedule *off = &plan->off_lines[operation];
    if (off->threads)
        append(plan, "; off cache lines %lld row groups x %lld column blocks of up to %lld",
               (long long)off->grid.row_groups, (long long)off->grid.col_blocks,
               (long long)bnorm_grid_width(&off->grid));
}

static const char *layout_name(const bnorm_plan *plan)
{
    return plan->panel == 0 ? "rows" : plan->panel == 8 ? "panels of 8" : "panels of 16";
}

void bnorm_plan_write_text(bnorm_plan *plan)
{
    plan->text[0] = '\0';
    for (int index = 0; index < BNORM_OPERATIONS; index++) {
        const bnorm_schedule *schedule = &plan->schedule[index];
        const int nodes = owners(&schedule->grid);
        char on[32] = "all nodes alike", read[BNORM_AMOUNT], written[BNORM_AMOUNT];
        char least[BNORM_AMOUNT], workspace[BNORM_AMOUNT];
        if (!(plan->problem.operations & 1u << index))
            continue;
        if (nodes)
            snprintf(on, sizeof on, "%d node%s", nodes, nodes == 1 ? "" : "s");
        append(plan,
               "%s%s: %s, %s, %s, %d thread%s on %s, %lld row groups x %lld column blocks "
               "of up to %lld, "
               "%s stores%s, %s read + %s written (together at least %s), workspace %s",
               plan->text[0] ? "\n" : "", operation_names[index],
               bnorm_strategy_name(schedule->strategy), plan->table->isa,
               layout_name(plan), schedule->threads, schedule->threads == 1 ? "" : "s", on,
               (long long)schedule->grid.row_groups,
               (long long)schedule->grid.col_blocks, (long long)bnorm_grid_width(&schedule->grid),
               schedule->stream ? "non-temporal" : "ordinary",
               schedule->reduce_ahead || schedule->apply_ahead ? ", prefetched" : "",
               bnorm_amount(read, schedule->read),
               bnorm_amount(written, schedule->written),
               bnorm_amount(least, schedule->compulsory),
               bnorm_amount(workspace, (double)workspace_of(plan, index)));
        append_reason(plan, index);
        append_off_lines(plan, index);
    }
}

const char *bnorm_plan_text(const bnorm_plan *plan)
{
    return plan ? plan->text : "";
}

bnorm_status bnorm_plan_has(const bnorm_plan *plan, unsigned operation)
{
    const int index = bnorm_operation_index(operation);
    if (index < 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "operation is %#x; expected one of BNORM_FORWARD to "
                          "BNORM_INFER", operation);
    if (!(plan->problem.operations & operation))
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "operation %s is not among problem.operations "
                          "(%#x)", operation_names[index], plan->problem.operations);
    return BNORM_OK;
}

bnorm_status bnorm_plan_describe(const bnorm_plan *plan, unsigned operation,
                                 bnorm_description *description)
{
    if (!plan || !description)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", plan ? "description" : "plan");
    BNORM_TRY(bnorm_check_size("description", description->struct_size, sizeof *description));
    BNORM_TRY(bnorm_plan_has(plan, operation));
    const bnorm_schedule *schedule = &plan->schedule[bnorm_operation_index(operation)];
    *description = (bnorm_description){
        .struct_size = sizeof *description,
        .strategy = bnorm_strategy_name(schedule->strategy),
        .isa = plan->table->isa,
        .threads = schedule->threads,
        .nodes = owners(&schedule->grid),
        .row_groups = schedule->grid.row_groups,
        .col_blocks = schedule->grid.col_blocks,
        .block_cols = bnorm_grid_width(&schedule->grid),
        .block_rows = schedule->step_rows,
        .nontemporal = schedule->stream,
        .reduce_ahead = schedule->reduce_ahead,
        .apply_ahead = schedule->apply_ahead,
        .lag = schedule->lag,
        .bytes_read = schedule->read,
        .bytes_written = schedule->written,
        .bytes_compulsory = schedule->compulsory,
        .workspace_bytes = workspace_of(plan, bnorm_operation_index(operation)),
        .measured = schedule->gain / 1000.0,
    };
    return BNORM_OK;
}
