"""What a browser calls itself, in words by which its user knows it again. A hint for people; nothing rests on it."""

import re
from typing import Final

_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS|Chromium)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS: Final = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)


def describe(user_agent: str) -> str:
    """Return `Firefox on Linux` and the like; of what is not known, so much."""
    browser = next((name for name, pattern in _BROWSERS if pattern.search(user_agent[:500])), "A browser")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(user_agent[:500])), "")
    return f"{browser} on {system}" if system else browser
