#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The library against the fastest peers, ours and the peer's in turn in one run, medians.

    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py classical [--threads 1] [--only gaussian]
    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py network [--threads 1 2] [--width 1]
    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py training [--threads 1 2] [--width 1]

Writes one JSON line for each case to standard output, {"case", "threads", "ours_ms", "peer", "peer_ms", "ratio"}, and then a table
to standard error.
"""
import argparse
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(FOLDER, ".."), os.path.join(FOLDER, "..", "segment")]

import peers_cases
import peers_classical
import peers_engines
import peers_network
import peers_training

BATCH = {"network": 16, "training": 32}  # patches


def main():
    groups = {"classical": peers_classical, "network": peers_network, "training": peers_training}
    epilog = "\n".join(f"{name}: {module.__doc__}" for name, module in groups.items())
    parser = argparse.ArgumentParser(description=__doc__, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", choices=groups)
    parser.add_argument("--threads", type=int, nargs="+", help="classical: 1 unless given; network, training: 1 and 2")
    parser.add_argument("--only", default="", help="run the cases, or against the engines, whose name contains this")
    parser.add_argument("--width", type=float, default=1, help="network, training: of the paper's filters; the default model: 0.5")
    parser.add_argument("--batch", type=int, help="network, training: patches; 16, 32 unless given")
    parser.add_argument("--rounds", type=int, help="network, training: 7, 3 unless given")
    arguments = parser.parse_args()
    if arguments.group in BATCH:
        batch = arguments.batch or BATCH[arguments.group]
        threads = arguments.threads or [1, 2]
        peers_engines.main(arguments.group, arguments.width, batch, threads, arguments.only, arguments.rounds)
    else:
        for threads in arguments.threads or [1]:
            peers_cases.main(threads, arguments.only)


if __name__ == "__main__":
    main()
