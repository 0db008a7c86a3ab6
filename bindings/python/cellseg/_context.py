# SPDX-License-Identifier: BSD-3-Clause
"""Where threads, memory and progress come from."""

from __future__ import annotations

import ctypes
from typing import Callable

from . import _lowlevel as c
from ._lowlevel import Cancelled


class Context:
    """Where threads and progress come from. Serves one call at a time; make one per thread.

    progress(fraction, step) is called on the thread that called the library; what is true of its result cancels the
    call, and what it raises comes out of the call.
    """

    def __init__(
        self,
        threads: int = 0,
        memory_budget_bytes: int = 0,
        progress: Callable[[float, str], object] | None = None,
    ) -> None:
        options = c.context_options()
        c.context_options_init(options, ctypes.sizeof(options))
        options.threads = threads
        options.memory_budget_bytes = memory_budget_bytes
        self._raised: BaseException | None = None
        if progress is not None:
            options.progress = self._callback = c.progress_fn(self._guard(progress))
        out = c.Out()
        c.context_new(out, options)
        self._handle = out.take(c.Context)

    def _guard(self, progress: Callable[[float, str], object]) -> Callable[..., int]:
        def call(_user: object, fraction: float, step: bytes) -> int:
            try:
                return int(bool(progress(fraction, step.decode())))
            except BaseException as error:  # it cannot cross C; the call raises it again
                self._raised = error
                return 1

        return call

    @property
    def threads(self) -> int:
        return c.context_threads(self._handle)

    def _call(self, function: Callable, before: tuple, after: tuple) -> None:
        self._raised = None
        try:
            function(*before, self._handle, *after)
        except Cancelled:
            if self._raised is not None:
                raise self._raised from None
            raise


def call(context: Context | None, function: Callable, before: tuple, after: tuple) -> None:
    """function(*before, context, *after), where the context may be None."""
    if context is None:
        function(*before, None, *after)
    else:
        context._call(function, before, after)
