"""Tracebacks as the most talkative tool shows them."""

import traceback


def told(error: Exception) -> str:
    """Return the traceback with the locals of every frame, less the test's own."""
    assert error.__traceback__ is not None
    inner = error.with_traceback(error.__traceback__.tb_next)
    shown = traceback.TracebackException.from_exception(inner, capture_locals=True)
    behind = inner.__context__
    return "".join(shown.format()) + ("" if behind is None else _whole(behind))


def _whole(error: BaseException) -> str:
    """Return what stands behind an error, also where it is not shown by default."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    behind = error.__context__
    return "".join(shown.format()) + ("" if behind is None else _whole(behind))
