"""Install what deploys the AWS side: the CDK and Node into `.venv-infra`, the CDK's command line into `infra/cdk`.

Standard library only. A second run finds everything and does nothing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra import node

ROOT: Final = Path(__file__).parent.parent
VENV: Final = ROOT / ".venv-infra"
_STAMP: Final = VENV / ".synced"
_LOCKS: Final = (ROOT / "requirements/infra.txt", ROOT / "infra/cdk/package-lock.json")


class InstallError(Exception):
    """Something cannot be installed. The message says what, and what was answered."""


def find_uv(environment: Mapping[str, str] = os.environ) -> str:
    """Return the uv that runs this, or that of the project's environment, or the one on the path."""
    beside = Path(sys.executable).parent
    found = environment.get("UV") or shutil.which("uv", path=f"{beside}{os.pathsep}{environment.get('PATH', '')}")
    if not found:
        raise InstallError("uv is missing; install it with: make setup")
    return found


def install() -> None:
    """Install what is missing or older than its lock. Raises InstallError."""
    if _STAMP.is_file() and all(_STAMP.stat().st_mtime >= lock.stat().st_mtime for lock in _LOCKS):
        return
    sys.stderr.write("Installing the CDK and Node into .venv-infra ...\n")
    uv = find_uv()
    if not (VENV / "bin/python").is_file():
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
    python = str(VENV / "bin/python")
    _run(uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(_LOCKS[0]))
    _run(*node.npm_ci())
    _STAMP.touch()


def _run(*command: str) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=ROOT / "infra/cdk", env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InstallError(f"{' '.join(command[:4])} failed:\n{done.stderr.strip()[-2000:]}")


def main() -> None:
    """`python -m infra.install`."""
    try:
        install()
    except (InstallError, node.NodeMissingError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
