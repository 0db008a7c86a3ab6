# SPDX-License-Identifier: BSD-3-Clause
"""Contexts: signals during calls, release, and processes that fork."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref

import cellseg
import numpy as np
import pytest
from cellseg import _lowlevel as c

NOISE = np.random.default_rng(3).integers(0, 4000, (1500, 1500)).astype(np.uint16)
LONG_CALLS = {  # of C functions: seconds of work on any machine
    "segment": lambda **o: cellseg.segment(np.tile(NOISE, (2, 2)), 0.65, **o),
    "segment_maps": lambda **o: cellseg.segment_maps(np.tile(NOISE, (2, 2)), 0.65, **o),
    "synth_field": lambda **o: cellseg.simulate(6000, 6000, pixel_size_um=0.2, **o),
    "measure": lambda **o: cellseg.measure(np.arange(NOISE.size).reshape(NOISE.shape) // 20, None, NOISE, texture=True, **o),
    "image_laplacian": lambda **o: cellseg.filter.laplacian_of_gaussian(np.tile(NOISE, (4, 4)), np.full(32, 60.0), **o),
}
PROGRESS, LOG = {"progress": lambda *_: None}, {"log": lambda *_: None}


def send_soon(number, seconds=0.3):
    threading.Timer(seconds, os.kill, (os.getpid(), number)).start()


def note_completion(name, monkeypatch):
    """The list to which a function of C appends when its work is done."""
    completed = []
    monkeypatch.setattr(c, name, lambda *arguments, function=getattr(c, name): function(*arguments) or completed.append(name))
    return completed


@pytest.mark.parametrize("name", LONG_CALLS)
@pytest.mark.parametrize("hooks", [None, {}, PROGRESS, LOG], ids=["alone", "context", "progress", "log"])
def test_ctrl_c_stops_every_long_call(name, hooks, monkeypatch):
    completed = note_completion(name, monkeypatch)
    context = None if hooks is None else cellseg.Context(**hooks)
    send_soon(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        LONG_CALLS[name](context=context)
    assert not completed and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_the_handler_of_any_signal_raises_stops_a_call(monkeypatch):
    class Late(Exception):
        pass

    def handler(*_arguments):
        raise Late

    completed = note_completion("synth_field", monkeypatch)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        for options in {}, {"context": cellseg.Context(progress=lambda *_: None)}:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(Late):
                LONG_CALLS["synth_field"](**options)
            assert not completed and signal.getsignal(signal.SIGALRM) is handler
    finally:
        signal.signal(signal.SIGALRM, before)


def test_only_the_main_thread_is_interrupted():
    """The call of the other thread completes, and lets the interpreter go on."""
    results = []
    thread = threading.Thread(target=lambda: results.append(cellseg.segment(NOISE[:700, :700], 0.65, report=True)))
    send_soon(signal.SIGINT, 0.1)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
        while thread.is_alive():  # a call that kept the interpreter's lock would leave no time to hear
            time.sleep(0.01)
        pytest.fail("the call ended too early")
    thread.join()
    assert results[0][2].peak_bytes == 0  # without a context
    for found, expected in zip(results[0], cellseg.segment(NOISE[:700, :700], 0.65)):
        np.testing.assert_array_equal(found, expected)


# ---- processor levels ----


def test_the_processor_level_is_chosen_by_name():
    best = cellseg.Context().cpu_level
    assert best in ("portable", "avx2", "avx512", "neon")
    for level in "portable", best, "blas" if "blas" in cellseg.features() else best:
        context = cellseg.Context(cpu_level=level)
        assert context.cpu_level == level
        cells = cellseg.segment(NOISE[:200, :200], 0.65, context=context)[0]
        assert cells.shape == (200, 200)
    assert cellseg.Context(cpu_level="fastest").cpu_level in (best, "blas")
    with pytest.raises(ValueError, match="cpu_level is 'quick'; it must be one of best, portable"):
        cellseg.Context(cpu_level="quick")


# ---- release ----


@pytest.mark.parametrize("hooks", [{}, PROGRESS, LOG, PROGRESS | LOG])
def test_a_context_is_freed_when_it_is_dropped(hooks):
    context = cellseg.Context(threads=5, **hooks)
    cellseg.filter.gaussian(NOISE, 3, context=context)
    with pytest.raises(cellseg.Error):
        cellseg.filter.gaussian(NOISE, -1, context=context)
    gone = weakref.ref(context), weakref.ref(context._handle)
    gc.disable()  # no cycle keeps it
    try:
        del context
        assert [g() for g in gone] == [None, None]
    finally:
        gc.enable()


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="counts the threads by /proc")
def test_threads_end_with_their_context():
    before = len(os.listdir("/proc/self/task"))
    for _ in range(20):
        with cellseg.Context(threads=9, progress=lambda *_: None) as context:
            cellseg.filter.gaussian(NOISE, 3, context=context)
            assert len(os.listdir("/proc/self/task")) == before + 8
        assert len(os.listdir("/proc/self/task")) == before


def test_a_closed_context_is_refused():
    with pytest.raises(KeyError), cellseg.Context(threads=2) as context:
        cellseg.filter.gaussian(NOISE, 3, context=context)
        raise KeyError
    context.close()
    for use in (
        lambda: cellseg.filter.gaussian(NOISE, 3, context=context),
        lambda: cellseg.Trainer(context=context),
        lambda: context.threads,
        context.cancel,
        context.cancel_clear,
    ):
        with pytest.raises(RuntimeError, match="this context is closed"):
            use()


def test_a_context_that_is_closed_within_its_call_serves_it_to_the_end():
    closed = []
    context = cellseg.Context(threads=2, progress=lambda *_: closed.append(context.close()))
    smoothed = cellseg.filter.gaussian(NOISE, 3, context=context)
    assert closed
    np.testing.assert_array_equal(smoothed, cellseg.filter.gaussian(NOISE, 3))


# ---- fork ----

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


def in_child(work):
    """Run work() in a child, which may take 30 seconds: its exit status is 0 where the result is true."""
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        try:
            os._exit(0 if work() else 3)
        finally:
            os._exit(4)
    return os.waitpid(child, 0)[1]


@needs_fork
@pytest.mark.parametrize("hooks", [{}, PROGRESS])
def test_a_child_uses_and_drops_the_contexts_of_its_parent(hooks):
    model = cellseg.Model.default()
    image = NOISE[:150, :150]
    expected = cellseg.segment(image, 0.65, model=model)[0]
    kept = {"context": cellseg.Context(threads=4, **hooks)}

    def segment(**options):
        return (cellseg.segment(image, 0.65, model=model, **options)[0] == expected).all()

    def drop():
        kept.clear()
        return True

    assert segment(**kept)
    for work in lambda: segment(**kept), segment, drop, lambda: segment(**kept) and drop(), lambda: in_child(drop) == 0:
        assert in_child(work) == 0
        assert segment(**kept)


PROGRAM = """
import os, sys, cellseg, numpy as np
context = cellseg.Context(threads=4, progress=lambda *_: None)
cellseg.filter.gaussian(np.ones((300, 300)), 3, context=context)
child = os.fork()
sys.exit(child and os.waitpid(child, 0)[1])
"""


@needs_fork
def test_a_child_that_ends_as_programs_do_exits_normally():
    path = os.pathsep.join(sys.path)
    ended = subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONPATH": path}, timeout=60, capture_output=True)
    assert ended.returncode == 0 and not ended.stderr


@needs_fork
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_callback_may_fork(goes_on):
    """A child that goes on in the call is told that only its parent can; one that ends in the callback leaves no trace."""
    children, status = [], 0

    def progress(fraction, _step):
        if 0.2 < fraction < 1 and not children:
            children.append(os.fork())
            if children == [0]:
                signal.alarm(30)
                goes_on or os._exit(0)

    size = {"height": 1500, "width": 1500, "pixel_size_um": 0.2}
    try:
        field = cellseg.simulate(**size, context=cellseg.Context(threads=2, progress=progress))
    except cellseg.InternalError as error:
        status = 0 if "forked" in str(error) else 5
    if children == [0]:
        os._exit(status)
    assert status == 0 and [os.waitpid(child, 0)[1] for child in children] == [0]
    for found, expected in zip(field, cellseg.simulate(**size)):
        np.testing.assert_array_equal(found, expected)
