"""The boto3 session that a user's tests get for the AWS under test."""

import boto3

from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.plugin.share import Cloud


def open_cloud(cloud: Cloud) -> boto3.Session:
    """Return a session for ``cloud``: the lab's own one hears nothing of the user's settings."""
    if cloud.endpoint is not None:
        return session_at(cloud.endpoint, cloud.region)
    return boto3.Session(profile_name=cloud.profile, region_name=cloud.region)
