"""Says in one sentence why omnipub can't be installed with the Python that runs this. A script for `make setup`.

Written for any Python since 3.6, because an old one must get as far as the sentence.
"""

import importlib.util
import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def problem() -> "str | None":
    """Return the sentence, or None when all is well."""
    version = tuple(sys.version_info[:2])
    found = f"{sys.executable} is {version[0]}.{version[1]}"
    if not OLDEST <= version <= NEWEST:
        return f"omnipub runs on Python 3.11 to 3.13, and {found}. Name another with: make PYTHON=python3.12 ..."
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        return (
            f"Python lacks the module {missing[0]} ({found}), without which no virtual environment can be made. "
            "On Debian and Ubuntu install it with: sudo apt install python3-venv"
        )
    return None


if __name__ == "__main__":
    sys.exit(problem())
