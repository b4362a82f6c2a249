/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs that cgroups allow: texts of cpu.max, and a hierarchy in a folder. */
#include "platform/quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/harness.h"

static void texts(void)
{
    static const struct {
        const char *text;
        int cpus;
    } cases[] = {
        {"max 100000\n", 0},
        {"200000 100000\n", 2},
        {"200000 100000", 2},
        {"150000 100000\n", 2}, /* a part of a CPU counts */
        {"100000 100000\n", 1},
        {"1000 100000\n", 1},
        {"6400000 50000\n", 128},
        {"max\n", 0},
        {"", 0},
        {"\n", 0},
        {"nonsense", 0},
        {"100000\n", 0},
        {"0 100000\n", 0},
        {"-1 100000\n", 0}, /* version 1's way to say max */
        {"100000 0\n", 0},
        {"100000 -5\n", 0},
        {"9223372036854775807 1\n", 0}, /* more than any machine has: no limit */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int cpus = bnorm_quota_parse(cases[i].text);
        if (cpus != cases[i].cpus)
            harness_note("\"%s\": %d, expected %d", cases[i].text, cpus, cases[i].cpus);
        CU_ASSERT_EQUAL(cpus, cases[i].cpus);
    }
}

/* ---- a hierarchy of cgroups, in files ---------------------------------- */

static char root[] = "/tmp/bnorm-quota-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    mkdir(path, 0700);
}

static int cpus_of(const char *membership)
{
    char path[256];
    write_file("membership", membership);
    snprintf(path, sizeof path, "%s/membership", root);
    return bnorm_quota_cpus(path, root);
}

static void hierarchy(void)
{
    make_folder("job");
    make_folder("job/step");
    make_folder("free");
    write_file("job/cpu.max", "300000 100000\n");
    write_file("job/step/cpu.max", "max 100000\n");
    write_file("free/cpu.max", "max 100000\n");
    CU_ASSERT_EQUAL(cpus_of("0::/job\n"), 3);
    CU_ASSERT_EQUAL(cpus_of("0::/job/step\n"), 3); /* a limit further up */
    CU_ASSERT_EQUAL(cpus_of("0::/free\n"), 0);
    CU_ASSERT_EQUAL(cpus_of("0::/\n"), 0);
    CU_ASSERT_EQUAL(cpus_of("4:memory:/job\n0::/job\n"), 3); /* version 1 beside it */
    CU_ASSERT_EQUAL(cpus_of("4:cpu:/job\n"), 0);             /* version 1 alone */
    CU_ASSERT_EQUAL(cpus_of(""), 0);
    CU_ASSERT_EQUAL(cpus_of("0::/nowhere\n"), 0);
    write_file("job/step/cpu.max", "100000 100000\n");
    CU_ASSERT_EQUAL(cpus_of("0::/job/step\n"), 1); /* the least of both */
    write_file("cpu.max", "200000 100000\n");
    CU_ASSERT_EQUAL(cpus_of("0::/job\n"), 2);
    CU_ASSERT_EQUAL(cpus_of("0::/\n"), 2); /* a container sees its own group as the root */
}

static void no_files(void)
{
    CU_ASSERT_EQUAL(bnorm_quota_cpus("/nonexistent", root), 0);
    CU_ASSERT_EQUAL(bnorm_quota_cpus("/proc/self/cgroup", "/nonexistent"), 0);
}

static void remove_root(void)
{
    static const char *const names[] = {"job/step/cpu.max", "job/step",   "job/cpu.max", "job",
                                        "free/cpu.max",     "free",       "cpu.max",
                                        "membership",       "."};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", root, names[i]);
        remove(i + 1 < sizeof names / sizeof names[0] ? path : root);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"the text of cpu.max", texts},
        {"the least limit of the hierarchy", hierarchy},
        {"no cgroups", no_files},
    };
    if (!mkdtemp(root)) {
        perror(root);
        return 99;
    }
    int status = harness_main(argc, argv, "platform/quota", cases, HARNESS_COUNT(cases));
    remove_root();
    return status;
}
