/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/seats.h"

#include "platform/memory.h"

/* Divide `total` among nodes in proportion to their weights: what is left over
 * after rounding down goes to the largest remainders, ties to the first.  The sum
 * of the weights is positive. */
static void apportion(int64_t total, int nodes, const int *weight, int *part)
{
    int64_t sum = 0, left = total, remainder[BNORM_MOST_NODES];
    for (int k = 0; k < nodes; k++)
        sum += weight[k];
    for (int k = 0; k < nodes; k++) {
        part[k] = (int)(total * weight[k] / sum);
        remainder[k] = total * weight[k] % sum;
        left -= part[k];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int k = 1; k < nodes; k++)
            if (remainder[k] > remainder[most])
                most = k;
        part[most]++;
        remainder[most] = -1;
    }
}

/* The CPUs [begin, begin + cpus) get `count` seats: each the same number, and
 * `count % cpus` of them one more.  With siblings_last a second logical CPU of a
 * core is among those only when every core's first one is, and so on.  Returns
 * how many seats are filled from *cpu on. */
static void fill(const bnorm_machine *machine, int begin, int cpus, int count, int siblings_last,
                 int **cpu)
{
    int sibling = 0, more = count % cpus; /* those of this sibling: the first `more` */
    for (; siblings_last; sibling++) {
        int alike = 0;
        for (int i = begin; i < begin + cpus; i++)
            alike += machine->cpu[i].sibling == sibling;
        if (alike > more)
            break;
        more -= alike;
    }
    for (int i = begin; i < begin + cpus; i++) {
        int times = count / cpus, mine = machine->cpu[i].sibling;
        if (siblings_last && mine < sibling)
            times++;
        else if ((!siblings_last || mine == sibling) && more-- > 0)
            times++;
        while (times-- > 0)
            *(*cpu)++ = i;
    }
}

int bnorm_seats_choose(bnorm_seats *seats, const bnorm_machine *machine, int threads,
                       bnorm_binding binding)
{
    *seats = (bnorm_seats){.machine = machine, .binding = binding, .threads = threads,
                           .nodes = machine->nodes};
    int *next = seats->cpu = bnorm_memory_get(sizeof *seats->cpu * (size_t)threads);
    if (!next)
        return -1;
    if (binding == BNORM_BIND_COMPACT) {
        fill(machine, 0, machine->cpus, threads, 0, &next);
        for (int i = 0; i < threads; i++)
            seats->count[machine->cpu[seats->cpu[i]].node]++;
        return 0;
    }
    int cpus[BNORM_MOST_NODES];
    for (int k = 0; k < machine->nodes; k++)
        cpus[k] = machine->node[k].cpus;
    apportion(threads, machine->nodes, cpus, seats->count);
    for (int k = 0; k < machine->nodes; k++)
        fill(machine, machine->node[k].first_cpu, cpus[k], seats->count[k], 1, &next);
    return 0;
}

void bnorm_seats_free(bnorm_seats *seats)
{
    bnorm_memory_put(seats->cpu);
    seats->cpu = NULL;
}

int bnorm_seats_node(const bnorm_seats *seats, int seat)
{
    return seats->machine->cpu[seats->cpu[seat]].node;
}

/* Every node with items gets one at least, from those with most. */
static void leave_none_out(int nodes, const int64_t *first, int *part)
{
    for (int k = 0; k < nodes; k++) {
        if (first[k] == first[k + 1] || part[k] > 0)
            continue;
        int most = 0;
        for (int i = 1; i < nodes; i++)
            if (part[i] > part[most])
                most = i;
        part[most]--;
        part[k]++;
    }
}

/* No node gets more shares than it has items: those left over go where a share then
 * has most, as long as there is such a node. */
static void leave_none_idle(int nodes, const int64_t *first, int *part)
{
    for (int k = 0; k < nodes; k++)
        while (part[k] > first[k + 1] - first[k]) {
            double most = 1;
            int busiest = -1;
            for (int i = 0; i < nodes; i++) {
                double load = (double)(first[i + 1] - first[i]) / (part[i] + 1);
                if (load < most)
                    continue;
                most = load;
                busiest = i;
            }
            if (busiest < 0)
                return;
            part[k]--;
            part[busiest]++;
        }
}

void bnorm_seats_shares(const bnorm_seats *seats, const int64_t *first, int team, int *share)
{
    const int nodes = seats->nodes;
    int weight[BNORM_MOST_NODES], part[BNORM_MOST_NODES], busy = 0, seated = 0;

    for (int k = 0; k < nodes; k++) {
        int has = first[k] < first[k + 1];
        busy += has;
        seated += has ? seats->count[k] : 0;
    }
    share[0] = 0;
    if (busy == 0 || team < busy) {
        for (int k = 1; k <= nodes; k++)
            share[k] = team;
        return;
    }
    for (int k = 0; k < nodes; k++)
        weight[k] = first[k] == first[k + 1] ? 0 : seated ? seats->count[k] : 1;
    apportion(team, nodes, weight, part);
    leave_none_idle(nodes, first, part);
    leave_none_out(nodes, first, part);
    for (int k = 0; k < nodes; k++)
        share[k + 1] = share[k] + part[k];
}

bnorm_range bnorm_seats_items(const bnorm_seats *seats, const int64_t *first, const int *shares,
                              int team, int share)
{
    int node = 0, last;
    while (share >= shares[node + 1])
        node++;
    /* All shares are the first node's: it is alone, or nodes don't count. */
    last = shares[1] == team ? seats->nodes : node + 1;
    bnorm_range items = bnorm_range_part(first[last] - first[node],
                                         shares[node + 1] - shares[node], share - shares[node]);
    items.begin += first[node];
    items.end += first[node];
    return items;
}

int bnorm_seats_seat(const bnorm_seats *seats, const int64_t *first, const int *shares, int team,
                     int share)
{
    int node = 0, before = 0;
    while (first && share >= shares[node + 1])
        before += seats->count[node++];
    /* Nodes do not count, or the node has items but no seat. */
    const int stray = !first || (shares[1] == team && first[1] < first[seats->nodes]);
    if (stray || seats->count[node] == 0)
        return (int)((int64_t)share * seats->threads / team);
    return before + (int)((int64_t)(share - shares[node]) * seats->count[node] /
                          (shares[node + 1] - shares[node]));
}
