/* SPDX-License-Identifier: BSD-3-Clause */
#include "topo.h"

#include <string.h>

#include "values.h"
#include "workbench.h"

static void begin_record(record *r, const topo *t, const char *kind)
{
    report_begin(r, t->author);
    record_text(r, "record", kind);
    report_problem(r, &t->subject, t->op);
}

static void add_integer_or_null(record *r, const char *key, int64_t value, bool known)
{
    if (known)
        record_integer(r, key, value);
    else
        record_null(r, key);
}

static void add_bytes(record *r, const map_share *share)
{
    record_integer(r, "blocks", share->blocks);
    record_integer(r, "bytes", (int64_t)share->bytes);
    record_integer(r, "local_bytes", (int64_t)(share->bytes - share->remote_bytes));
    record_integer(r, "remote_bytes", (int64_t)share->remote_bytes);
}

/* The ends are exclusive; null where it has no block. */
static void add_share(record *r, const map_share *share)
{
    bool any = share->blocks > 0;
    add_integer_or_null(r, "row_begin", share->row, any);
    add_integer_or_null(r, "row_end", share->row_end, any);
    add_integer_or_null(r, "col_begin", share->col, any);
    add_integer_or_null(r, "col_end", share->col_end, any);
    add_bytes(r, share);
}

static outcome print_machine(const topo *t)
{
    const map *m = &t->map;
    record r;
    begin_record(&r, t, "machine");
    record_text(&r, "machine", t->machine);
    record_integer(&r, "nodes", m->nodes);
    record_integer(&r, "cpus", m->cpus);
    record_text(&r, "strategy", m->grid.strategy);
    record_integer(&r, "row_groups", m->grid.row_groups);
    record_integer(&r, "col_blocks", m->grid.col_blocks);
    return report_print(t->options, &r);
}

static outcome print_node(const topo *t, int index)
{
    const bnorm_node_info *node = &t->map.node[index];
    char cores[128], cpus[256];
    map_cores(&t->map, index, cores, sizeof cores);
    map_cpus(&t->map, index, cpus, sizeof cpus);
    record r;
    begin_record(&r, t, "node");
    record_integer(&r, "node", index);
    record_integer(&r, "os_node", node->os_index);
    record_integer(&r, "memory_node", node->memory_index);
    add_integer_or_null(&r, "memory_bytes", (int64_t)node->memory, node->memory > 0);
    record_integer(&r, "package", map_package(&t->map, index));
    record_text(&r, "cores", cores);
    record_text(&r, "os_cpus", cpus);
    record_integer(&r, "node_threads", node->threads);
    add_share(&r, &t->map.of_node[index]);
    return report_print(t->options, &r);
}

static outcome print_thread(const topo *t, int index)
{
    const map *m = &t->map;
    const map_share *share = &m->of_thread[index];
    bool any = share->blocks > 0;
    record r;
    begin_record(&r, t, "thread");
    record_integer(&r, "thread", index);
    add_integer_or_null(&r, "cpu_index", share->cpu, any);
    add_integer_or_null(&r, "os_cpu", any ? m->cpu[share->cpu].os_index : 0, any);
    add_integer_or_null(&r, "node", share->node, any);
    add_share(&r, share);
    return report_print(t->options, &r);
}

static outcome print_totals(const topo *t)
{
    record r;
    begin_record(&r, t, "totals");
    add_bytes(&r, &t->map.total);
    return report_print(t->options, &r);
}

static outcome print_records(const topo *t)
{
    outcome result = print_machine(t);
    for (int i = 0; i < t->map.nodes && !result; i++)
        result = print_node(t, i);
    for (int i = 0; i < t->map.threads && !result; i++)
        result = print_thread(t, i);
    return result ? result : print_totals(t);
}

typedef struct {
    const options *o;
    report_author author;
} session;

static outcome show(session *s, const engine *e, const shape *problem, const operation *op)
{
    const options *o = s->o;
    topo t = {.options = o, .author = &s->author, .op = op,
              .subject = {problem->name, o->layout->name, problem->rows, problem->cols, 0,
                          o->dtype},
              .machine = bnorm_context_describe(e->context)};
    outcome result = map_read(&t.map, e, op);
    if (result)
        return result;
    if (o->style == STYLE_TABLE)
        topo_print(&t);
    else
        result = print_records(&t);
    if (!result && o->plot)
        result = topo_plot(&t);
    map_free(&t.map);
    return result;
}

static outcome show_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    const options *o = s->o;
    (void)input; /* topo has no --input */
    engine e;
    engine_choice choice = workbench_choice(o);
    choice.planning = true;
    outcome result = engine_create(&e, &choice, problem->rows, problem->cols, o->dtype,
                                   workbench_operations(o));
    if (result)
        return result;
    report_author_is(&s->author, &e);
    for (int i = 0; i < o->operation_count && !result; i++)
        result = show(s, &e, problem, o->operations[i]);
    engine_destroy(&e);
    return result;
}

outcome topo_command(const options *o)
{
    const char *ending = o->plot ? strrchr(o->plot, '.') : NULL;
    if (o->plot && (!ending || strcmp(ending, ".svg") != 0))
        return complain_as(OUTCOME_USAGE, "--plot %s: expected a file that ends in .svg", o->plot);
    if (o->plot && (o->shapes.count > 1 || o->operation_count > 1))
        return complain_as(OUTCOME_USAGE, "--plot: one picture has one shape and one operation");
    if (o->plot && values_output("plot", o->plot))
        return OUTCOME_USAGE;
    session s = {.o = o, .author = {.options = o}};
    return workbench_for_each(o, show_problem, &s);
}
