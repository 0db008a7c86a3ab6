/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU quota of control groups, from folders made here; and the number of threads of this process. */
#define _GNU_SOURCE /* for sched_setaffinity */ // NOLINT(bugprone-reserved-identifier)

#include "testing.h"

#include "core/context.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

static char root[] = "/tmp/cellseg-cgroup-XXXXXX";

static int make_root(void **state) {
    (void)state;
    return mkdtemp(root) == NULL;
}

static void remove_all(void) {
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s/proc %s/sys", root, root);
    assert_int_equal(system(command), 0);
}

static int remove_root(void **state) {
    (void)state;
    remove_all();
    return rmdir(root);
}

/* A file below the root with the folders above it. */
static void put(const char *name, const char *text) {
    char path[5000];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; *at != '\0'; at++)
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0777);
            *at = '/';
        }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void expect(int32_t cpus) {
    assert_int_equal(cseg_cgroup_cpus(root), cpus);
    remove_all();
}

static void without_a_quota_there_is_no_limit(void **state) {
    (void)state;
    expect(INT32_MAX);
    put("proc/self/cgroup", "");
    expect(INT32_MAX);
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/cpu.max", "max 100000\n");
    expect(INT32_MAX);
    put("proc/self/cgroup", "3:cpu,cpuacct:/\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    expect(INT32_MAX);
}

static void a_quota_is_rounded_up(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int32_t cpus;
    } cases[] = {{"100000 100000\n", 1}, {"100001 100000\n", 2}, {"250000 100000\n", 3},
                 {"1000 100000", 1},     {"50000 10000\n", 5},   {"max 100000\n", INT32_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("proc/self/cgroup", "0::/\n");
        put("sys/fs/cgroup/cpu.max", cases[i].line);
        expect(cases[i].cpus);
    }
}

static void the_smallest_quota_along_the_path_counts(void **state) {
    (void)state;
    static const char *const quotas[][3] = {{"200000 100000\n", "400000 100000\n", "max 100000\n"},
                                            {"400000 100000\n", "200000 100000\n", "800000 100000\n"},
                                            {"max 100000\n", "max 100000\n", "200000 100000\n"}};
    for (size_t i = 0; i < 3; i++) {
        put("proc/self/cgroup", "0::/a.slice/b:c.scope\n");
        put("sys/fs/cgroup/cpu.max", quotas[i][0]);
        put("sys/fs/cgroup/a.slice/cpu.max", quotas[i][1]);
        put("sys/fs/cgroup/a.slice/b:c.scope/cpu.max", quotas[i][2]);
        put("sys/fs/cgroup/other/cpu.max", "1000 100000\n");
        expect(2);
    }
}

static void version_1_is_read_too(void **state) {
    (void)state;
    put("proc/self/cgroup", "5:cpuset:/x\n4:cpuacct,cpu:/x/y\n3:memory:/x\n1:name=systemd:/x\n0::/x\n");
    put("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "250000\n");
    put("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/cpu/x/y/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu/x/y/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/x/cpu.cfs_quota_us", "100000\n"); /* no hierarchy of the version */
    expect(3);
}

/* The path is the host's; the container's own group lies at the top of what it can read. */
static void a_container_s_quota_lies_at_the_top(void **state) {
    (void)state;
    static const char *const memberships[] = {"0::/kubepods/pod1\n", "0::/../other\n", "0::/../../..\n", "0::no-slash\n"};
    for (size_t i = 0; i < 4; i++) {
        put("proc/self/cgroup", memberships[i]);
        put("sys/fs/cgroup/cpu.max", "300000 100000\n");
        put("sys/fs/other/cpu.max", "100000 100000\n");
        put("sys/fs/cgroupno-slash/cpu.max", "100000 100000\n");
        expect(3);
    }
}

static void damaged_files_limit_nothing(void **state) {
    (void)state;
    static const char *const quotas[] = {"",
                                         "\n",
                                         "100000\n",
                                         "100000 0\n",
                                         "0 100000\n",
                                         "-100000 100000\n",
                                         "100000x 100000\n",
                                         "1e5 100000\n",
                                         "99999999999999999999 100000\n",
                                         "100000                                                                  100000\n"};
    for (size_t i = 0; i < sizeof quotas / sizeof *quotas; i++) {
        put("proc/self/cgroup", "0::/\n");
        put("sys/fs/cgroup/cpu.max", quotas[i]);
        expect(INT32_MAX);
    }
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/cpu.max", "999999999999999999 1\n");
    expect(INT32_MAX);
    put("proc/self/cgroup", "\n:\n0\n0:\ncpu\n::::\n4:cpu"); /* the last names the top of version 2; one is cut */
    put("sys/fs/cgroup/cpu.max", "400000 100000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    expect(4);
}

/* Names of 200 bytes: a file of 20 levels is read, one of 40 is longer than the library reads and limits nothing. */
static void long_paths_are_bounded(void **state) {
    (void)state;
    static char line[9000], file[9100];
    for (int levels = 19; levels <= 40; levels += 21) {
        size_t length = (size_t)sprintf(line, "0::");
        for (int i = 0; i < levels; i++)
            length += (size_t)sprintf(line + length, "/%0200d", i);
        line[length] = '\n';
        put("proc/self/cgroup", line);
        put("sys/fs/cgroup/cpu.max", "500000 100000\n");
        if (levels == 19) {
            (void)snprintf(file, sizeof file, "sys/fs/cgroup%.*s/cpu.max", (int)(length - 3), line + 3);
            put(file, "200000 100000\n");
        }
        memset(line, 0, sizeof line);
        expect(levels == 19 ? 2 : INT32_MAX);
    }
}

static void folders_and_pipes_are_not_waited_for(void **state) {
    (void)state;
    char path[200];
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/cpu.max/file", "");
    expect(INT32_MAX);
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/file", "");
    (void)snprintf(path, sizeof path, "%s/sys/fs/cgroup/cpu.max", root);
    assert_int_equal(mkfifo(path, 0666), 0);
    expect(INT32_MAX);
}

#if defined(__linux__)
static void the_affinity_counts(void **state) {
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_in_range(cseg_cpu_count(), 1, CPU_COUNT(&before));
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(cellseg_context_threads(NULL), 1);
    cellseg_context *context = test_context(0);
    assert_int_equal(cellseg_context_threads(context), 1);
    cellseg_context_free(context);
    context = test_context(3); /* a number that the caller gives stands */
    assert_int_equal(cellseg_context_threads(context), 3);
    cellseg_context_free(context);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_quota_there_is_no_limit),
        cmocka_unit_test(a_quota_is_rounded_up),
        cmocka_unit_test(the_smallest_quota_along_the_path_counts),
        cmocka_unit_test(version_1_is_read_too),
        cmocka_unit_test(a_container_s_quota_lies_at_the_top),
        cmocka_unit_test(damaged_files_limit_nothing),
        cmocka_unit_test(long_paths_are_bounded),
        cmocka_unit_test(folders_and_pipes_are_not_waited_for),
#if defined(__linux__)
        cmocka_unit_test(the_affinity_counts),
#endif
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
