# SPDX-License-Identifier: BSD-3-Clause
"""Where threads, memory, progress and log come from."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from typing import Callable, Iterator

from . import _lowlevel as c
from ._lowlevel import Error

LEVELS = {c.LOG_INFO: "info", c.LOG_WARNING: "warning"}


class Context:
    """Where threads, progress and log come from. Serves one call at a time, a further one raises RuntimeError; make one per thread.

    progress(fraction, step) is called on the thread that called the library; what is true of its result cancels the
    call, and what it raises comes out of the call. So does KeyboardInterrupt, which is heard at once where there is a progress
    callback and else when the call ends. log(level, message), level "info" or "warning", is called there too: a warning says
    where a result may disappoint, as with a marker that does not fit. What it raises comes out when the call ends.
    """

    def __init__(
        self,
        threads: int = 0,
        memory_budget_bytes: int = 0,
        progress: Callable[[float, str], object] | None = None,
        log: Callable[[str, str], object] | None = None,
    ) -> None:
        options = c.context_options()
        c.context_options_init(options, ctypes.sizeof(options))
        options.threads = threads
        options.memory_budget_bytes = memory_budget_bytes
        self._raised: BaseException | None = None
        self._in_callback = False
        self._serving = threading.Lock()
        if progress is not None:
            guarded = self._guard(lambda _user, fraction, step: progress(fraction, step.decode()))
            options.progress = self._progress = c.progress_fn(guarded)
        if log is not None:
            guarded = self._guard(lambda _user, level, message: log(LEVELS.get(level, str(level)), message.decode(errors="replace")))
            options.log = self._log = c.log_fn(guarded)
        self._handle = c.Context()
        c.context_new(self._handle, options)

    def _guard(self, function: Callable[..., object]) -> Callable[..., int]:
        """A callback for C: 1 for what is true of the result, and for what is raised, which _run() raises again."""

        def call(*arguments: object) -> int:
            stop = False
            try:
                self._in_callback = True
                stop = self._raised is None and bool(function(*arguments))
                self._in_callback = False
            except BaseException as error:  # it cannot cross C
                self._in_callback = False
                self._raised = error
            return int(stop or self._raised is not None)

        return call

    @contextlib.contextmanager
    def _holding_interrupts(self) -> Iterator[None]:
        """Note what the handler of Ctrl-C raises: Python calls it as a callback begins, before its try, and it would be lost."""
        handler = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(handler):
            yield
            return

        def note(*arguments: object) -> None:
            try:
                handler(*arguments)
            except BaseException as error:
                if self._in_callback:
                    raise
                self._raised = error

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGINT) is note:  # else a callback chose another
                signal.signal(signal.SIGINT, handler)

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

    def _run(self, function: Callable, *arguments: object) -> None:
        """function(*arguments), which calls back what _guard() made; raises what that raised, whatever became of the call."""
        if not self._serving.acquire(blocking=False):
            raise RuntimeError("a context serves one call at a time, and so do trainers with one context")
        self._raised = None
        try:
            with self._holding_interrupts():
                function(*arguments)
        except Error:
            if self._raised is None:
                raise
        finally:
            self._serving.release()
        if self._raised is not None:
            try:
                raise self._raised
            finally:
                self._raised = None  # its traceback holds this frame, and with it all that the caller has


def call(context: Context | None, function: Callable, before: tuple, after: tuple) -> None:
    """function(*before, context, *after), where the context may be None."""
    if context is None:
        function(*before, None, *after)
    else:
        context._run(function, *before, context._handle, *after)
