"""`docs/channels.md`, written from what the channels say about themselves: `make docs`."""

from pathlib import Path
from typing import Final

from publishing.channels.base.capabilities import Capabilities, ConnectField, Deduplication, ImageRules
from publishing.channels.base.registry import get_channel, kinds

DOCUMENT: Final = Path(__file__).parents[1] / "docs/channels.md"

_DOUBT: Final = {
    Deduplication.KEY: "a true key: the identical request is repeated with the same key inside its window",
    Deduplication.HANDLE: "two phases: the container's own state is read",
    Deduplication.CONTENT: "identical content is refused, and what is there is read back",
    Deduplication.NONE: "nothing: a person is asked, unless an event or a look-up tells",
}
_HEAD: Final = """# Channels

What each channel takes, and what protects it from a double post. Written by `make docs` from the channels' capabilities
(`publishing/channels/<kind>/`); a test holds it against them. The README in each channel's folder has the platform's
facts with their sources, every answer with its outcome, and what an account needs.
"""


def document() -> str:
    """Return the whole document."""
    every = [get_channel(kind).capabilities for kind in kinds()]
    return "\n".join([_HEAD, *_overview(every), *(line for each in every for line in _section(each))]) + "\n"


def _overview(every: list[Capabilities]) -> list[str]:
    rows = ["| Channel | Text | Images | Credential | Look-up |", "|---|---|---|---|---|"]
    rows += [
        f"| [{each.name}](#{each.kind}) | {_text(each)} | {each.image_limit or 'none'} | "
        f"{'its own' if each.needs_credential else 'none: our role acts'} | {'yes' if each.can_look_up else 'no'} |"
        for each in every
    ]
    return [*rows, ""]


def _section(capabilities: Capabilities) -> list[str]:
    lines = [
        f'<a id="{capabilities.kind}"></a>',
        "",
        f"## {capabilities.name}",
        "",
        "| | |",
        "|---|---|",
        f"| Text | {_text(capabilities)} |",
        f"| Images | {_images(capabilities.images)} |",
        f"| Videos | {'yes' if capabilities.takes_videos else 'none'} |",
        f"| After a lost answer | {_doubt(capabilities)} |",
    ]
    lines += [f"| Server | `{capabilities.base_url}` |"] if capabilities.base_url else []
    lines += [f"| Check | {_check(capabilities)} |"]
    lines += [_field(each) for each in capabilities.connect_fields]
    facts = f"[Facts and outcomes](../publishing/channels/{capabilities.kind}/README.md)"
    if capabilities.documentation_url:
        facts += f" · [platform documentation]({capabilities.documentation_url})"
    return [*lines, "", facts, ""]


def _check(capabilities: Capabilities) -> str:
    return "asks the platform" if capabilities.can_check else "nobody can be asked without publishing"


def _field(field: ConnectField) -> str:
    name = field.pointer.removeprefix("/").replace("/", ".")
    return f"| `{name}` | {'' if field.is_required else 'Optional. '}{field.detail} |"


def _text(capabilities: Capabilities) -> str:
    if capabilities.text_limit is None:
        return "no limit of its own"
    return f"{capabilities.text_limit:,} {capabilities.text_unit}"


def _images(rules: ImageRules | None) -> str:
    if rules is None:
        return "none"
    parts = [f"{rules.limit}", ", ".join(each.removeprefix("image/").upper() for each in rules.types)]
    parts += [f"{rules.max_size:,} bytes each"] if rules.max_size else []
    parts += [f"{rules.max_pixels:,} pixels"] if rules.max_pixels else []
    parts += [f"{rules.max_gif_pixels:,} pixels of a GIF"] if rules.max_gif_pixels else []
    if rules.animates:
        parts.append(f"animations of {rules.max_frames:,} frames move" if rules.max_frames else "animations move")
    if rules.alt_text_limit is None:
        parts.append("descriptions of any length")
    elif rules.alt_text_limit:
        parts.append(f"descriptions of {rules.alt_text_limit:,} characters")
    else:
        parts.append("no descriptions")
    return "; ".join(parts)


def _doubt(capabilities: Capabilities) -> str:
    said = _DOUBT[capabilities.deduplication]
    if capabilities.key_window is not None:
        said += f" ({capabilities.key_window.total_seconds() / 60:,.0f} minutes)"
    return said


if __name__ == "__main__":
    DOCUMENT.write_text(document())
