/* SPDX-License-Identifier: BSD-3-Clause */
/* bnorm-bench: a table of commands. */
#include <stdio.h>
#include <string.h>

#include "bnorm.h"
#include "compare.h"
#include "copying.h"
#include "interrupt.h"
#include "option_guess.h"
#include "options.h"
#include "roofline.h"
#include "run.h"
#include "scale.h"
#include "topo.h"
#include "tune.h"
#include "verify.h"

static const command commands[] = {
    {.name = "run", .bit = COMMAND_RUN, .argument = "",
     .summary = "time operations against the measured ceiling of the memory",
     .details =
         "Time operations on one problem or more.  GB/s counts the bytes that any\n"
         "implementation must move; the ceiling is the best that simple kernels reach\n"
         "moving them on the same arrays, in turns with the operation.  A result above\n"
         "1.02 of it means that the ceiling is wrong, and fails.  The bound is the same for\n"
         "what the plan's strategy moves, which may read matrices twice; so strategies are\n"
         "compared by time, not by % of bound.  A median of more than 1.5 times the least\n"
         "time is marked as doubtful: other programs were probably running.  Below the\n"
         "table: why the plan is as it is, and how long it takes to make one by estimate,\n"
         "the median of 50.",
     .operations = "fused", .shapes = "65536x1024", .run = run_command},
    {.name = "verify", .bit = COMMAND_VERIFY, .argument = "",
     .summary = "compare results with an oracle, and their bits over threads, ISAs, layouts",
     .details =
         "Compare every output with an oracle in long double, within bounds derived for\n"
         "each value, and the bits of all outputs over teams of 1, 2, 3, 7 and 16\n"
         "threads, all ISAs of this CPU, all strategies and all layouts, but for what\n"
         "options fix; rows are always among the layouts.",
     .operations = "forward,backward,fused,step,infer",
     .shapes = "1x1,2x3,63x16,64x17,65x7,129x64,1000x33,4099x64,3000x1023",
     .run = verify_command},
    {.name = "sweep", .bit = COMMAND_SWEEP, .argument = "FILE",
     .summary = "run over a file of shapes",
     .details =
         "What run does, over a file of lines 'name rows cols [count]'; # begins a\n"
         "comment.  count weights the geometric mean at the end, which --csv leaves out.\n"
         "Shapes beyond the memory are skipped, with a message.",
     .operations = "fused", .shapes = "", .run = sweep_command},
    {.name = "compare", .bit = COMMAND_COMPARE, .argument = "[FILE]",
     .summary = "run the same work on a peer, in turns",
     .details =
         "Time the same work here and on a peer, in turns, after checking that both\n"
         "find the same.  ratio is the peer's time over bnorm's (above 1: bnorm is\n"
         "faster), the median over all rounds, with the least and the most; --csv leaves\n"
         "out the geometric mean at the end.  bound is the ratio of loops that move the\n"
         "bytes of bnorm's strategy and compute nothing, measured in turns with both: where\n"
         "% of bound is high, memory limits.  Ratios are marked as doubtful where a quarter\n"
         "of the rounds is 1.5 times above another quarter, or where the ratio of the\n"
         "median times is 1.25 times off.  FILE: shapes, as for sweep.  Peers:\n\n"
         "  textbook     row-order OpenMP loops with omp simd and this build's compiler\n"
         "               flags, on rows, whatever bnorm's layout\n"
         "  onednn       oneDNN, if it was there at build time, on dense rows; of the\n"
         "               forms in which it takes them, the fastest (peer_kernel)\n"
         "  onednn-best  the same in whichever layout it is fastest: rows, columns, or\n"
         "               panels of 8 or 16 (peer_layout)\n"
         "  torch        PyTorch's BatchNorm1d in a process of python3, if that can\n"
         "               import torch; it allocates its results, and times itself",
     .operations = "forward,backward,fused", .shapes = "65536x1024,1048576x64",
     .run = compare_command},
    {.name = "scale", .bit = COMMAND_SCALE, .argument = "",
     .summary = "strong and weak scaling over threads, measured or predicted",
     .details =
         "Time operations on rising numbers of threads, in turns, each on matrices of its\n"
         "own that are placed for its threads, against the ceiling of as many threads.\n"
         "With p the threads over the least number of threads, t the median time and t1\n"
         "that of the least number: speed-up S = t1/t (--weak: p t1/t), efficiency S/p.\n"
         "The serial fraction s is fitted by least squares: 1/S = s + (1-s)/p (Amdahl), or\n"
         "S = s + (1-s)p (Gustafson) with --weak, where rows grow with the threads.  It is\n"
         "below 0 where more threads do better than p times as well, and above 1 where they\n"
         "do worse than the least number.\n\n"
         "--model runs nothing and predicts from the plan's own blocks: the most that a\n"
         "core's threads move over the bandwidth of a core, or the most that a node's\n"
         "memory gives and takes over its bandwidth, whichever takes longer, and the most\n"
         "that a node's threads move from and to other nodes over its link.  An uneven\n"
         "partition shows in the most; caches count as the plan counts on them, waiting\n"
         "for each other does not count.  Threads are spread over all nodes, but for\n"
         "--binding compact.  No law is fitted: the model is straight up to a bandwidth.",
     .operations = "fused", .shapes = "65536x1024", .run = scale_command},
    {.name = "roofline", .bit = COMMAND_ROOFLINE, .argument = "",
     .summary = "what the machine's memory can do: the ceilings of all operations",
     .details =
         "Time simple kernels (directions, prefetch, vectors) that move what the operations\n"
         "move and compute nothing, all in turns; the fastest by median is shown.  2R+1W\n"
         "reads two matrices and writes one; in several sweeps a matrix is read in each,\n"
         "the other way round each time, and written in the last, as operations do that\n"
         "stream.  GB/s counts what is read and written, not the read that an ordinary\n"
         "store to memory causes: non-temporal ones bypass the caches.  least, most: of\n"
         "all rounds.  The matrices (float32) should be well beyond the last-level cache.\n"
         "It takes about a minute.",
     .operations = "fused", .shapes = "65536x1024", .run = roofline_command},
    {.name = "topo", .bit = COMMAND_TOPO, .argument = "",
     .summary = "draw the machine, and who owns which rows and columns",
     .details =
         "Draw the machine as the library sees it, and the matrix as a plan divides it\n"
         "among NUMA nodes and threads; nothing runs.  remote: bytes of one matrix from\n"
         "bnorm_alloc that lie on another node than the thread that works on them; exact.\n"
         "--json tells of every thread.  Without hwloc the machine is seen as flat, and\n"
         "other machines can't be read.",
     .operations = "fused", .shapes = "65536x1024", .run = topo_command},
    {.name = "pack", .bit = COMMAND_PACK, .argument = "",
     .summary = "time the copies between rows and panels",
     .details =
         "Time bnorm_pack and bnorm_unpack on matrices from bnorm_alloc.  The ceiling is\n"
         "the best that simple kernels reach copying one of the matrices onto the other,\n"
         "in turns with them.",
     .operations = "forward", .shapes = "65536x1024,1048576x64", .run = copying_command},
    {.name = "tune", .bit = COMMAND_TUNE, .argument = "[FILE]",
     .summary = "let the planner measure, and keep what it finds",
     .details =
         "Plan by measuring (--wisdom FILE keeps what was found, for tune, run, sweep,\n"
         "compare and scale), then time that plan and the estimated one in turns.  ratio\n"
         "is the estimate's time over the measured plan's, the median over all rounds, with\n"
         "the least and the most; 1 where measuring has chosen the same plan.  Choices:\n"
         "strategy, threads, row groups x column blocks of so many columns, kind of stores,\n"
         "rows that a reduction and an application prefetch ahead, blocks that a thread\n"
         "reduces before it applies one (lag).\n"
         "FILE: shapes, as for sweep.  On a quiet machine only: on a busy one chance\n"
         "chooses, and wisdom keeps that; ratios are then marked as doubtful, as by compare\n"
         "and beyond 3.  Remove its file to measure again.",
     .operations = "forward,backward,fused", .shapes = "65536x1024,1048576x64",
     .run = tune_command},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_usage(FILE *to)
{
    fputs("usage: bnorm-bench COMMAND [OPTION...]\n\n"
          "Measures and checks the bnorm library.  Commands:\n\n", to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\nbnorm-bench COMMAND --help lists a command's options.  Exit status: 0 done (and\n"
          "verified), 1 a check failed, 2 bad usage or a bad file, 3 not possible here.\n", to);
}

static void complain_unknown(const char *name)
{
    struct option known[COMMANDS + 1] = {{0}};
    for (int i = 0; i < COMMANDS; i++)
        known[i].name = commands[i].name;
    const char *near = option_nearest(known, name);
    complain("unknown command '%s'%s%s; see bnorm-bench --help", name,
             near ? "; nearest is " : "", near ? near : "");
}

static outcome run(const command *command, int argc, char **argv)
{
    options o;
    bool help;
    outcome result = options_read(&o, command, argc, argv, &help);
    if (!result && !help) {
        interrupt_watch();
        result = command->run(&o);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) /* or a full disk would lose records in silence */
        result = outcome_worse(result, complain_as(OUTCOME_IMPOSSIBLE,
                                                   "the output can't be written"));
    options_free(&o);
    interrupt_pass_on();
    return result;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_usage(stdout);
        return OUTCOME_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        printf("bnorm-bench %s\n", bnorm_version());
        return OUTCOME_DONE;
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return run(&commands[i], argc - 1, argv + 1);
    }
    if (*name)
        complain_unknown(name);
    else
        print_usage(stderr);
    return OUTCOME_USAGE;
}
