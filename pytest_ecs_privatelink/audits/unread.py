"""What could not be read, and so leaves a code undecided."""

from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code


def unread(
    snapshot: Snapshot, part: str, permission: str, what: str, code: Code
) -> tuple[Unseen, ...]:
    """Return that ``code`` is undecided for the whole VPC, for want of ``part``; "what", in words.

    ``permission`` is what reading takes where the reader noted no other. Nothing is undecided in
    an emulator: what it does not implement cannot exist in it.
    """
    if snapshot.emulated:
        return ()
    known = {entry.part: entry.permission for entry in snapshot.unreadable}
    missing = known.get(part, permission)
    return (
        Unseen(
            code=code,
            subject=snapshot.vpc.id,
            reason=f"{what} could not be read: missing permission {missing}",
            permissions=(missing,),
        ),
    )
