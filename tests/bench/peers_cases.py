# SPDX-License-Identifier: BSD-3-Clause
"""What a group of benchmarks is made of: cases, the images they share, and how they are run: ours and every peer's in turn."""
import collections
import ctypes
import json
import os
import statistics
import sys
import time

import numpy as np

SIZE = 2048

Case = collections.namedtuple("Case", "name repeats prepare")
CASES = []


def case(name, repeats=9):
    """Register a case: prepare(run) returns our function, which takes a context, and a dictionary of the peers' by their names.

    A peer's function may return the milliseconds it took; otherwise it is timed. `run` has `threads` and `itk`.
    """

    def register(prepare):
        CASES.append(Case(name, repeats, prepare))
        return prepare

    return register


def field(dtype=np.float32, cells=600, seed=1):
    """A field of round cells that cover about a quarter of it, with shot noise and an uneven background; float32 in [0, 1]."""
    import cv2

    random = np.random.default_rng(seed)
    image = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(cells):
        centre = tuple(int(v) for v in random.integers(0, SIZE, 2))
        axes = tuple(int(v) for v in random.integers(17, 30, 2))
        cv2.ellipse(image, centre, axes, float(random.uniform(0, 180)), 0, 360, float(random.uniform(0.3, 0.8)), -1)
    image = cv2.GaussianBlur(image, (0, 0), 2) + np.linspace(0.05, 0.15, SIZE, dtype=np.float32)
    image = np.clip(image + random.normal(0, 0.02, image.shape).astype(np.float32), 0, 1)
    if dtype == np.float32:
        return image
    return (image * np.iinfo(dtype).max).astype(dtype)


# ---- running ----


def set_peer_threads(threads):
    """Before any peer is loaded: as many threads as we use ourselves."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    import cv2

    cv2.setNumThreads(threads)


class Run:
    """What a case may use."""

    def __init__(self, threads):
        from peers_itk import Itk
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


def main(threads, only):
    """Run the registered cases whose name contains `only`."""
    set_peer_threads(threads)
    run = Run(threads)
    table = [report(c, run) for c in CASES if only in c.name]
    print(f"{'case':<44} {'ours ms':>9} {'peer ms':>9} {'ratio':>7} {'extra MB':>9}  peers, ms", *table, sep="\n", file=sys.stderr)
    run.itk.close()
