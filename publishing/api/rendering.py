"""Writing JSON: the same bytes for the same value, so that ETags and repeated answers are exact."""

import json
from collections.abc import Mapping

from rest_framework.renderers import BaseRenderer


def to_json(value: object) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class JsonRenderer(BaseRenderer):
    """Renders answers as JSON in UTF-8."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        renderer_context: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Return the answer's body; nothing for an answer without one."""
        return b"" if data is None else to_json(data).encode("utf-8", "replace")
