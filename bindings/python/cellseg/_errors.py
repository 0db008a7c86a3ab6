# SPDX-License-Identifier: BSD-3-Clause
"""An exception for each status code of the C interface."""


class Error(Exception):
    """A call of the library failed. `status` is its code, the text the library's own line."""

    status = 0


class ArgumentError(Error, ValueError):
    status = -1


class OutOfMemoryError(Error, MemoryError):
    status = -2


class FileError(Error, OSError):
    status = -3


class FormatError(Error, ValueError):
    status = -4


class ModelError(Error):
    status = -5


class Cancelled(Error):
    status = -6


class LimitError(Error):
    status = -7


class InternalError(Error):
    status = -8


class UnavailableError(Error):
    """This build of the library leaves out the part that the call needs: features() tells."""

    status = -9


ERRORS = {e.status: e for e in Error.__subclasses__()}
