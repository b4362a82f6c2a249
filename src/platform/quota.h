/* SPDX-License-Identifier: BSD-3-Clause */
/* How many CPUs' worth of time the cgroups of this process allow. */
#ifndef BNORM_PLATFORM_QUOTA_H
#define BNORM_PLATFORM_QUOTA_H

/* CPUs in the text of a cpu.max file, "quota period" or "max period" in
 * microseconds: quota / period rounded up, at least 1; 0: no limit, or no such
 * text. */
int bnorm_quota_parse(const char *text);

/* The least of this process's cgroup and all above it; 0: no limit.
 * cgroup: the process's membership ("/proc/self/cgroup"), root: where the
 * version 2 hierarchy is mounted ("/sys/fs/cgroup"). */
int bnorm_quota_cpus(const char *cgroup, const char *root);

#endif
