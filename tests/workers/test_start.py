"""What a function's process builds at its start, before the first invocation."""

import os
import subprocess
import sys

import pytest

from local.plan import without_aws

#: Says what was built by the import alone. The endpoint answers nobody: a start must send nothing.
BUILT = """
import {module} as module
from publishing.adapters import aws
print(aws.client.cache_info().currsize, len(getattr(module, "_clients", {{}})))
"""
ENVIRONMENT = {
    "TABLE_NAME": "omnipub", "KINESIS_STREAM_NAME": "omnipub", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    "MEDIA_BUCKET": "media", "OMNIPUB_MEDIA_URL": "https://media.example.org",
}  # fmt: skip


DIRECT = {"KINESIS_STREAM_NAME": "", "OMNIPUB_WORKER_FUNCTION": "omnipub-worker"}


def built(module: str, **more: str) -> str:
    environment = {**without_aws(os.environ), **ENVIRONMENT, **more}
    command = [sys.executable, "-c", BUILT.format(module=module)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


class TestAFunctionsStart:
    @pytest.mark.parametrize(("module", "expected"), [("workers.delivery", "1 1"), ("workers.scheduler", "1 0")])
    @pytest.mark.parametrize("transport", [{}, DIRECT], ids=["stream", "direct"])
    def test_builds_the_clients_that_the_first_invocation_would_wait_for(self, module, expected, transport):
        assert built(module, AWS_LAMBDA_FUNCTION_NAME="omnipub", **transport) == expected

    @pytest.mark.parametrize("module", ["workers.delivery", "workers.scheduler"])
    def test_builds_nothing_outside_of_lambda(self, module):
        assert built(module) == "0 0"
