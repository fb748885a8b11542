"""Sessions that reach one address and hear nothing of the user's AWS settings."""

from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from pytest_ecs_privatelink.lab.dummy_keys import ACCESS_KEY, SECRET_KEY


class _Bound(botocore.session.Session):
    """A botocore session whose clients all go to ``endpoint``.

    It is deaf to AWS variables and profile files. Without the explicit address per client,
    ``AWS_ENDPOINT_URL_EC2`` would still win; without empty proxies, ``HTTP_PROXY`` would.
    """

    def __init__(self, endpoint: str, region: str) -> None:
        super().__init__(session_vars=_constants(region))
        self._endpoint = endpoint
        self.set_default_client_config(Config(proxies={}, s3={"addressing_style": "path"}))

    def create_client(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (passed on)
        return super().create_client(*args, **kwargs | {"endpoint_url": self._endpoint})


def session_at(endpoint: str, region: str) -> boto3.Session:
    """Return a session with dummy credentials that knows ``endpoint`` and nothing else."""
    return boto3.Session(
        botocore_session=_Bound(endpoint, region),
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


def _constants(region: str) -> dict[str, tuple[None, None, Any, Any]]:
    # (name in a profile, variable, default, conversion): with the first two gone, only the
    # defaults are left to be found.
    files = {"config_file": "", "credentials_file": "", "region": region}
    return {
        name: (None, None, files.get(name, default), conversion)
        for name, (_, _, default, conversion) in (
            botocore.session.Session.SESSION_VARIABLES.items()
        )
    }
