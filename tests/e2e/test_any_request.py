"""Whatever the API's description allows, and much that it does not, sent to the running server: `schemathesis`.

No answer may be a fault of ours, and every answer must be one that the description names, in the shape that it says.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.api import Client
from local.aws import demo as demo_users
from local.aws.provision import find_pool
from local.aws.token import sign_in

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "unsupported_method",
    "missing_required_header",
)
ROLES = ("admin", "editor", "viewer", "member")


class TestAnyRequest:
    @pytest.mark.e2e
    def test_is_answered_as_described(self, running_system, tmp_path):
        ask(running_system, tmp_path, "--seed", "20261122", role="admin", examples=8)

    @pytest.mark.e2e_full
    @pytest.mark.parametrize("role", ROLES)
    def test_is_answered_as_described_to_everybody(self, running_system, tmp_path, role):
        ask(running_system, tmp_path, role=role, examples=100)


def ask(system: Any, folder: Path, *options: str, role: str, examples: int) -> None:
    """Send requests as a user of this role; fail with what was answered otherwise than described."""
    run = system.run()
    url = f"http://127.0.0.1:{run.ports['web']}"
    pool = find_pool(run.environment["AWS_ENDPOINT_URL"])
    assert pool is not None
    token = sign_in(pool, user=demo_users.email(role)).access
    editor = Client(url=url, token=sign_in(pool, user=demo_users.email("editor")).access)
    (folder / "schemathesis.toml").write_text(settings(editor, token))
    command = [
        "schemathesis.cli", "run", f"{url}/api/v1/openapi.json", "--checks", ",".join(CHECKS), "-n", str(examples),
        "--continue-on-failure", "--request-timeout", "30", "--no-color", "--generation-database", "none",
        "--warnings", "off", *options,
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=1_500
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)


def settings(editor: Client, token: str) -> str:
    """Word the settings: the token, and ids of things that exist, which chance would never find."""
    ids = existing(editor)
    lines = ["[headers]", f'Authorization = "Bearer {token}"', ""]
    # A body that is wrong and too large at once is refused for its size, unread.
    refusals = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {refusals}", ""]
    for name, values in ids.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}", ""]
    lines += ["[parameters]"]
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in ids]
    lines += ['"body.accounts.[*]" = { dictionary = "account_id", probability = 0.7 }']
    return "\n".join(lines) + "\n"


def existing(editor: Client) -> dict[str, list[str]]:
    """Return ids of accounts, of messages in several states, and of their deliveries."""
    accounts = [account["id"] for account in editor.get("/api/v1/accounts/")["results"]]
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    schedules: list[dict[str, Any]] = [{}, {}, {"schedule": "now"}, {"schedule": {"at": later}}]
    made = [
        editor.post("/api/v1/messages/", {"text": f"Message {number}", "accounts": accounts[:3], **schedule})
        for number, schedule in enumerate(schedules * 3)
    ]
    deliveries = sorted({delivery["id"] for message in made for delivery in message["deliveries"]})
    return {
        "account_id": accounts,
        "message_id": [message["id"] for message in made],
        "delivery_id": deliveries,
    }
