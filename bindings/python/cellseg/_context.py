# SPDX-License-Identifier: BSD-3-Clause
"""Where threads, memory, progress and log come from."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from typing import Callable, Iterator

from . import _lowlevel as c
from ._lowlevel import Error, ModelError
from ._options import chosen

CPU_LEVELS = {
    "best": c.CPU_BEST,
    "portable": c.CPU_PORTABLE,
    "avx2": c.CPU_AVX2,
    "avx512": c.CPU_AVX512,
    "neon": c.CPU_NEON,
    "blas": c.CPU_BLAS,
    "fastest": c.CPU_FASTEST,
}
LEVELS = {c.LOG_INFO: "info", c.LOG_WARNING: "warning"}
SIGNALS = tuple(map(int, signal.valid_signals()))


_network = threading.local()


def network_raised(error: BaseException) -> None:
    """Keep what a network of the caller raised, which cannot cross C, until call() raises it again on this thread."""
    _network.raised = error


class Callbacks:
    """What a context's callbacks raise. They know this and not their context, so that a context is freed when it is dropped."""

    def __init__(self) -> None:
        self.raised: BaseException | None = None
        self._running = False

    def guard(self, function: Callable[..., object]) -> Callable[..., int]:
        """A callback for C: 1 for what is true of the result, and for what is raised, which Context._run() raises again."""

        def call(*arguments: object) -> int:
            stop = False
            try:
                self._running = True
                stop = self.raised is None and bool(function(*arguments))
                self._running = False
            except BaseException as error:  # it cannot cross C
                self._running = False
                self.raised = error
            return int(stop or self.raised is not None)

        return call

    def _note(self, handler: Callable[..., object]) -> Callable[..., None]:
        def note(*arguments: object) -> None:
            try:
                handler(*arguments)
            except BaseException as error:
                if self._running:
                    raise
                self.raised = error

        return note

    @contextlib.contextmanager
    def holding_signals(self) -> Iterator[None]:
        """Note what handlers of signals raise: Python calls them as a callback begins, before its try, and it would be lost."""
        handlers, notes = {}, {}
        if threading.current_thread() is threading.main_thread():
            handlers = {number: signal.getsignal(number) for number in SIGNALS}
            notes = {number: self._note(handler) for number, handler in handlers.items() if callable(handler)}
        for number, note in notes.items():
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, note in notes.items():
                if signal.getsignal(number) is note:  # else a callback chose another
                    signal.signal(number, handlers[number])


class Context:
    """Where threads, progress and log come from. Serves one call at a time, a further one raises RuntimeError; make one per thread.

    threads: 0 for as many as the process's processors and CPU quota allow. memory_budget_bytes: 0 for no limit.
    cpu_level: results are the same on all but "blas", which is OpenBLAS; "fastest" may choose it on an old processor.
    progress(fraction, step) is called on the thread that called the library; what is true of its result cancels the
    call, and what it raises comes out of the call. So does KeyboardInterrupt, and what any handler of a signal raises, within
    100 ms. log(level, message), level "info" or "warning", is called there too: a warning says where a result may disappoint, as
    with a marker that does not fit. What it raises comes out when the call ends.

    A context's threads end with its last reference, with close(), or with the block of `with Context() as context`. After
    os.fork() the child may use and free it, unless another thread was in a call at that time.
    """

    def __init__(
        self,
        threads: int = 0,
        memory_budget_bytes: int = 0,
        progress: Callable[[float, str], object] | None = None,
        log: Callable[[str, str], object] | None = None,
        cpu_level: str = "best",
    ) -> None:
        options = c.context_options()
        c.context_options_init(options, ctypes.sizeof(options))
        options.threads = threads
        options.memory_budget_bytes = memory_budget_bytes
        options.cpu_level = chosen("cpu_level", cpu_level, CPU_LEVELS)
        self._callbacks = Callbacks()
        self._serving = threading.Lock()
        # A callback that does nothing lets Python handle signals.
        on_progress = (lambda *_: False) if progress is None else (lambda _user, fraction, step: progress(fraction, step.decode()))
        options.progress = self._progress = c.progress_fn(self._guard(on_progress))
        if log is not None:
            guarded = self._guard(
                lambda _user, level, message: log(LEVELS.get(level, str(level)), message.decode(errors="replace"))
            )
            options.log = self._log = c.log_fn(guarded)
        self._owned: c.Context | None = c.Context()
        c.context_new(self._owned, options)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the context once its call and its trainers are gone; it serves nothing else any more. Closing again does nothing."""
        self._owned = None

    @property
    def _handle(self) -> c.Context:
        if self._owned is None:
            raise RuntimeError("this context is closed")
        return self._owned

    def cancel(self) -> None:
        """Ask the running call to stop: it raises Cancelled. For another thread than the one that called.

        Where no call runs, the context's next one is cancelled. A program with a cancel button calls cancel_clear() when a job
        starts, so that a late press does not reach it.
        """
        c.context_cancel(self._handle)

    def cancel_clear(self) -> None:
        """Drop a request of cancel() that no call has answered."""
        c.context_cancel_clear(self._handle)

    @property
    def threads(self) -> int:
        return c.context_threads(self._handle)

    @property
    def cpu_level(self) -> str:
        number = c.context_cpu_level(self._handle)
        return next(name for name, level in CPU_LEVELS.items() if level == number)

    def _guard(self, function: Callable[..., object]) -> Callable[..., int]:
        return self._callbacks.guard(function)

    def _run(self, function: Callable, *arguments: object) -> None:
        """function(*arguments), which calls back what _guard() made; raises what that raised, whatever became of the call."""
        if not self._serving.acquire(blocking=False):
            raise RuntimeError("a context serves one call at a time, and so do trainers with one context")
        callbacks = self._callbacks
        callbacks.raised = None
        try:
            with callbacks.holding_signals():
                function(*arguments)
        except Error:
            if callbacks.raised is None:
                raise
        finally:
            self._serving.release()
        if callbacks.raised is not None:
            try:
                raise callbacks.raised
            finally:
                callbacks.raised = None  # its traceback holds this frame, and with it all that the caller has


def call(context: Context | None, function: Callable, before: tuple, after: tuple) -> None:
    """function(*before, context, *after). Without a context the main thread has one for this call, so that signals are heard."""
    if context is None and threading.current_thread() is threading.main_thread():
        context = Context()
    try:
        if context is None:
            function(*before, None, *after)
        else:
            context._run(function, *before, context._handle, *after)
    except ModelError:
        raised, _network.raised = getattr(_network, "raised", None), None
        if raised is None:
            raise
        raise raised from None
