"""All rows, in the order in which they are looked for."""

from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.stopped.row import Row
from pytest_ecs_privatelink.stopped.rows_initialization import INITIALIZATION_ROWS, MISSING_ROWS
from pytest_ecs_privatelink.stopped.rows_life import PLACEMENT_ROWS, RUN_ROWS
from pytest_ecs_privatelink.stopped.rows_pull import PULL_ROWS, PULLED_WRONG_ROWS
from pytest_ecs_privatelink.verdict import Code

_PANIC, *_PULLS = PULL_ROWS

ROWS: tuple[Row, ...] = (
    *PLACEMENT_ROWS,
    *RUN_ROWS[:2],
    *MISSING_ROWS,
    *PULLED_WRONG_ROWS,
    _PANIC,
    *INITIALIZATION_ROWS,
    *_PULLS,
    *RUN_ROWS[2:],
)
"""The first that fits is believed: reasons before steps, and the more exact step first."""

NAMELESS = Row(
    id="nameless-call",
    seen="",
    phase=Phase.UNKNOWN,
    own=Code.TCP_TIMEOUT,
    says="a call of the task's start came to nothing",
    source="FACTS section 4, official list",
)
"""The row of a text that tells how a connection failed, and not of which step."""
