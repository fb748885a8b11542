"""Tracebacks as the most talkative tool shows them."""

import traceback


def told(error: Exception) -> str:
    """Return the traceback with the locals of every frame, less the test's own."""
    assert error.__traceback__ is not None
    inner = error.with_traceback(error.__traceback__.tb_next)
    shown = traceback.TracebackException.from_exception(inner, capture_locals=True)
    return "".join(shown.format())
