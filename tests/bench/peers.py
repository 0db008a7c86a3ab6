#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The library against its peers, ours and theirs in turn in one run, medians.

    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py classical [--threads 1] [--only gaussian]

Writes one JSON line for each case to standard output, {"case", "threads", "ours_ms", "peer", "peer_ms", "ratio"} of the fastest
peer, with "peers_ms" of all and "extra_mb", the most memory that ours held at one time; then a table to standard error. On one
thread processor time is measured, which other work on the machine disturbs least. A peer that is not installed is left out.

The peers, as Debian names their packages: python3-opencv, python3-skimage, python3-scipy, python3-numpy, and
libinsighttoolkit5-dev with g++ (ITK has no Python package there: itk_peer.cpp is compiled, and its program runs beside).
"""
import argparse
import ctypes
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

GROUPS = ["classical"]


def set_peer_threads(threads):
    """Before any peer is loaded: as many threads as we use ourselves."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    import cv2

    cv2.setNumThreads(threads)


class Run:
    """What a case may use."""

    def __init__(self, threads):
        from itk import Itk
        from oracle import context

        self.threads = threads
        self.itk = Itk(threads)
        self.context = context(threads=threads)


class Meter:
    """A context whose allocations are counted. Only for that: counting takes time."""

    ALLOC = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)

    def __init__(self, threads):
        from oracle import ContextOptions, check, library

        self.libc = ctypes.CDLL(None)
        self.libc.malloc.restype = ctypes.c_void_p
        self.libc.malloc.argtypes = [ctypes.c_size_t]
        self.libc.free.argtypes = [ctypes.c_void_p]
        self.sizes, self.held, self.most = {}, 0, 0
        self.hooks = Meter.ALLOC(self._alloc), Meter.FREE(self._free)
        options = ContextOptions()
        check(library.cellseg_context_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options))))
        options.threads = threads
        for i, hook in enumerate(self.hooks):
            options.hooks[i] = ctypes.cast(hook, ctypes.c_void_p)
        self.context = ctypes.c_void_p()
        check(library.cellseg_context_new(ctypes.byref(self.context), ctypes.byref(options)))

    def _alloc(self, user, size):
        block = self.libc.malloc(size)
        self.sizes[block] = size
        self.held += size
        self.most = max(self.most, self.held)
        return block

    def _free(self, user, block):
        self.held -= self.sizes.pop(block)
        self.libc.free(block)

    def extra_mb(self, function):
        """The most that one call holds at one time, beyond what it is given."""
        before = self.most = self.held
        function(self.context)
        return (self.most - before) / 1e6


def milliseconds(function, clock):
    start = clock()
    own = function()
    return own if isinstance(own, float) else (clock() - start) * 1e3


def measure(case, run):
    """Medians in milliseconds of ours and of every peer."""
    ours, peers = case.prepare(run)
    functions = [lambda: ours(run.context), *peers.values()]
    for function in functions:
        function()
    clock = time.process_time if run.threads == 1 else time.perf_counter
    times = [[milliseconds(f, clock) for f in functions] for _ in range(case.repeats)]
    medians = [round(statistics.median(column), 2) for column in zip(*times)]
    return medians[0], dict(zip(peers, medians[1:])), round(Meter(run.threads).extra_mb(ours), 1)


def report(case, run):
    """The case's JSON line, printed, and its line of the table."""
    ours, theirs, extra_mb = measure(case, run)
    peer = min(theirs, key=theirs.get, default=None)
    peer_ms = theirs.get(peer)
    ratio = round(ours / peer_ms, 3) if peer else None
    line = {"case": case.name, "threads": run.threads, "ours_ms": ours, "peer": peer, "peer_ms": peer_ms, "ratio": ratio}
    print(json.dumps({**line, "peers_ms": theirs, "extra_mb": extra_mb}), flush=True)
    others = ", ".join(f"{name} {ms}" for name, ms in sorted(theirs.items(), key=lambda item: item[1]))
    return f"{case.name:<44} {ours:9.2f} {peer_ms or '':>9} {ratio or '':>7} {extra_mb:9.1f}  {others}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", choices=GROUPS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    arguments = parser.parse_args()
    set_peer_threads(arguments.threads)
    __import__(arguments.group)
    from cases import CASES

    run = Run(arguments.threads)
    chosen = [c for c in CASES if c.group == arguments.group and arguments.only in c.name]
    table = [report(c, run) for c in chosen]
    print(f"{'case':<44} {'ours ms':>9} {'peer ms':>9} {'ratio':>7} {'extra MB':>9}  peers, ms", *table, sep="\n", file=sys.stderr)
    run.itk.close()


if __name__ == "__main__":
    main()
