"""Root conftest of the checkout: what is no test is not collected.

It stays this small because an editable checkout's scenarios lie below it: whatever it did would
happen in its users' runs, too.
"""

collect_ignore = ["benchmarks", "docs", "examples"]
