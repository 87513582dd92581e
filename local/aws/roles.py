"""Where the emulator, enforcing roles, judges a request otherwise than AWS would."""

import json
import re
from typing import Any, Final

from ministack.core import iam_actions, iam_evaluator

_SENDING: Final = "/v2/email/outbound-emails"
_ADDRESS: Final = re.compile(r"<([^<>]+)>\s*$")


def install() -> None:
    """Correct the emulator's judgement."""
    _ask_about_the_sender()
    _take_loopback_for_tls()


def _take_loopback_for_tls() -> None:
    """Let requests pass where policies want TLS: nothing is encrypted here, and nothing leaves the machine."""
    resolve = iam_evaluator._resolve_condition_key

    def condition_key(key: str, context: Any) -> Any:  # noqa: ANN401 - ministack's
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = condition_key


def _ask_about_the_sender() -> None:
    """Ask about the sender's identity when a mail is sent; the emulator asks about everything."""
    ask = iam_actions._ses_v2_resource_arn

    def resource_arn(  # noqa: PLR0917 - ministack calls it so
        method: str, path: str, body: bytes, region: str, account_id: str
    ) -> str:
        sender = _sender(body) if method == "POST" and path.rstrip("/") == _SENDING else ""
        if sender:
            return f"arn:aws:ses:{region}:{account_id}:identity/{sender}"
        asked: str = ask(method, path, body, region, account_id)
        return asked

    iam_actions._ses_v2_resource_arn = resource_arn


def _sender(body: bytes) -> str:
    try:
        sender = json.loads(body).get("FromEmailAddress")
    except (ValueError, AttributeError):
        return ""
    if not isinstance(sender, str):
        return ""
    found = _ADDRESS.search(sender)
    return found[1] if found else sender
