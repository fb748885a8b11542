"""What the tests of several rooms import lies beside this file: pytest puts it on the path."""

import contextlib

# An sdist's own tests of the documents run without it.
with contextlib.suppress(ModuleNotFoundError):
    from hypothesis import settings

    # No test is timed: a busy machine is no finding.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
