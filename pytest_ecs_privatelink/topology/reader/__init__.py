"""The one reader of VPCs: all Describe calls in parallel, each counted, none believed blindly.

Import this package only where a VPC is about to be read: it brings botocore with it.
"""

from pytest_ecs_privatelink.topology.reader.read import Reading, read_snapshot

__all__ = ["Reading", "read_snapshot"]
