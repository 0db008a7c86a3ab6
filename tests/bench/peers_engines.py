# SPDX-License-Identifier: BSD-3-Clause
"""Engines for the whole network, each in a process with memory, threads and an allocator of its own; asked in turn to run once.

A process serves one engine of peers_network or peers_training: told "run" it answers with milliseconds, "peak" with the megabytes
that it took beyond what loading its libraries takes, "result PATH" by writing arrays there.
"""
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = {"network": 7, "training": 3}


def resident_mb():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 1e6


def serve(mode, name, width, batch, threads):
    sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "nn")]
    engine = importlib.import_module("peers_" + mode).ENGINES[name]
    engine.load()
    before = resident_mb()
    engine = engine(float(width), int(batch), int(threads))
    clock = time.process_time if threads == "1" else time.perf_counter
    print("ready", flush=True)
    for line in sys.stdin:
        what, *path = line.split()
        if what == "run":
            start = clock()
            engine.run()
            print((clock() - start) * 1e3, flush=True)
        elif what == "peak":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6 - before, flush=True)
        else:
            np.savez(path[0], **engine.result())
            print("written", flush=True)


class Engine:
    """The other side of serve(). Engines whose libraries are not installed are not `installed`."""

    def __init__(self, mode, name, width, batch, threads):
        kind = importlib.import_module("peers_" + mode).ENGINES[name]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}  # settings for other work
        environment.update(kind.environment, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
        command = [sys.executable, __file__, mode, name, str(width), str(batch), str(threads)]
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.installed = self.process.stdout.readline() == "ready\n"

    def ask(self, question):
        print(question, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def result(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.npz")
            self.ask("result " + path)
            with np.load(path) as arrays:
                return dict(arrays)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def difference(mode, ours, theirs):
    """Network: of the outputs, the largest. Training: of the gradients, the largest relative norm of a tensor."""
    if mode == "network":
        return float(np.abs(ours["output"] - theirs["output"]).max())
    return max(float(np.linalg.norm(ours[key] - theirs[key]) / np.linalg.norm(theirs[key])) for key in ours)


def compare(mode, width, batch, threads, only, rounds):
    """Lines of the table; the JSON lines are printed."""
    names = importlib.import_module("peers_" + mode).ENGINES
    engines = [Engine(mode, name, width, batch, threads) for name in names if name == "ours" or only in name]
    engines = [engine for engine in engines if engine.installed]
    for engine in engines:
        engine.ask("run")
    times = {engine.name: [] for engine in engines}
    for _ in range(rounds or ROUNDS[mode]):
        for engine in engines:
            times[engine.name].append(float(engine.ask("run")))
    peaks = {engine.name: float(engine.ask("peak")) for engine in engines}
    medians = {name: statistics.median(column) for name, column in times.items()}
    results = {}
    for engine in engines:  # one after the other: each may take gigabytes
        results[engine.name] = engine.result()
        engine.stop()
    case = f"{'network' if mode == 'network' else 'training step'}, width {width:g}, batch {batch}"
    table = []
    for name in medians:
        line = {"case": case, "threads": threads, "ours_ms": round(medians["ours"], 2), "peer": name}
        line.update(peer_ms=round(medians[name], 2), ratio=round(medians["ours"] / medians[name], 3))
        line.update(ours_mb=round(peaks["ours"]), peer_mb=round(peaks[name]))
        line.update(largest_difference=difference(mode, results["ours"], results[name]))
        if name != "ours":
            print(json.dumps(line), flush=True)
        table.append(f"{case:<34} {threads:>2} {name:<38} {medians[name]:10.1f} {peaks[name]:8.0f} {line['ratio']:7.3f}"
                     f" {line['largest_difference']:10.1e}")
    return table


def main(mode, width, batch, threads, only, rounds):
    table = [f"{'case':<34} {'T':>2} {'engine':<38} {'ms':>10} {'peak MB':>8} {'ratio':>7} {'difference':>10}"]
    for count in threads:
        table += compare(mode, width, batch, count, only, rounds)
    print(*table, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    serve(*sys.argv[1:])
