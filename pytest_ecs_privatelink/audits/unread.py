"""What could not be read, and so leaves a code undecided."""

from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code


def permission_for(snapshot: Snapshot, part: str, usual: str) -> str:
    """Return the IAM action that ``part`` lacks: the one noted, else the ``usual`` one."""
    return {entry.part: entry.permission for entry in snapshot.unreadable}.get(part, usual)


def unread_at(
    snapshot: Snapshot, subject: str, part: str, permission: str, what: str, code: Code
) -> Unseen:
    """Return that ``code`` is undecided for ``subject``, for want of ``part``; "what", in words."""
    missing = permission_for(snapshot, part, permission)
    return Unseen(
        code=code,
        subject=subject,
        reason=f"{what} could not be read: missing permission {missing}",
        permissions=(missing,),
    )


def unread(
    snapshot: Snapshot, part: str, permission: str, what: str, code: Code
) -> tuple[Unseen, ...]:
    """Return that ``code`` is undecided for the whole VPC, for want of ``part``; "what", in words.

    Nothing is undecided in an emulator: what it does not implement cannot exist in it.
    """
    if snapshot.emulated:
        return ()
    return (unread_at(snapshot, snapshot.vpc.id, part, permission, what, code),)
