"""`make security`: ask whether a version that is locked here is known to be vulnerable.

pip-audit says "No known vulnerabilities found" about packages that it could not ask about. So the service is asked
about one package first, and where it does not answer as such a service does, this says that nothing was checked.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TOOL: Final = ROOT / ".venv-security/bin/pip-audit"
#: What is deployed first: `dev` holds what the web and worker functions load.
GROUPS: Final = ("web", "worker", "dev", "infra", "emulator", "security")
#: Python's own advisory service, which answers for each release of a package.
SERVICE: Final = "https://pypi.org/pypi"
#: Where a build may not go on without having asked.
REQUIRED: Final = "OMNIPUB_AUDIT_REQUIRED"
_SECONDS: Final = 10


class NotCheckedError(Exception):
    """Nothing can be said about the packages. The message says why."""


def probe(service: str, version: str) -> None:
    """Ask the service about one package. Raises NotCheckedError when it does not answer as such a service does."""
    try:
        with urllib.request.urlopen(f"{service}/django/{version}/json", timeout=_SECONDS) as answer:  # noqa: S310 - ours
            document = json.load(answer)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotCheckedError(f"{service} cannot be asked ({error}).") from error
    if not isinstance(document, dict) or "vulnerabilities" not in document:
        raise NotCheckedError(f"{service} answers, but names no vulnerabilities: it is a mirror without them.")


def locked(text: str, package: str) -> str:
    """Return the version that a lock pins. Raises LookupError."""
    found = re.search(rf"^{re.escape(package)}==([^\s;]+)", text, re.MULTILINE)
    if found is None:
        raise LookupError(f"{package} is not locked.")
    return found[1]


def audit(groups: Sequence[str] = GROUPS) -> int:
    """Run pip-audit over the locks; return how many of them have a package that is known to be vulnerable."""
    options = ["--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    locks = [ROOT / "requirements" / f"{group}.txt" for group in groups]
    return sum(subprocess.run([TOOL, *options, "-r", lock], check=False).returncode != 0 for lock in locks)  # noqa: S603


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, and say what was found or that nothing was checked. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default=SERVICE, help="where advisories are asked for")
    service = parser.parse_args(arguments).service
    try:
        probe(service, locked((ROOT / "requirements/web.txt").read_text(), "django"))
    except NotCheckedError as error:
        print(f"not checked: whether a locked package is known to be vulnerable. {error}")
        print("Run `make security` where that address can be reached before you release.")
        return 1 if os.environ.get(REQUIRED) else 0
    return 1 if audit() else 0


if __name__ == "__main__":
    sys.exit(main())
