"""AWS clients, made once per process and shared by its threads. Time-outs are far below the functions' own.

The SDK finds regions, credentials and endpoints by itself; nothing here knows whether it talks to AWS or an emulator.
"""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config


@cache
def client(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    """Return the client of a service, in the process's own region unless another one is named."""
    config = Config(
        # Else the SDK signs permissions to upload in a form that newer regions do not take.
        signature_version="s3v4" if service == "s3" else None,
        # Else it signs them for the address of all regions, which redirects uploads to young buckets; browsers
        # follow no redirect to an origin that they have not asked.
        s3={"addressing_style": "virtual"} if service == "s3" else None,
        connect_timeout=2,
        read_timeout=5,
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=32,
    )
    return botocore.session.get_session().create_client(service, region_name=region or None, config=config)
