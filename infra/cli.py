"""`uv run cdk …`: the CDK's command line, with everything that it needs put in place first.

Standard library only. It installs what is missing (the CDK and Node into `.venv-infra`), builds the packages of the
functions for commands that need them, and passes everything on.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra import node

ROOT: Final = Path(__file__).parent.parent
#: Commands that synthesize, and therefore need the worker's package.
_SYNTHESIZING: Final = frozenset({"synth", "synthesize", "deploy", "diff", "destroy", "list", "ls", "watch", "import"})


def main() -> None:
    """Run the CDK's command line with this process's arguments, and end with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the CDK's command line; return its exit code, or that of the preparation that failed."""
    steps = [["make", "--silent", "infra"]]
    if any(argument in _SYNTHESIZING for argument in arguments):
        steps.append(["make", "--silent", "build", f"TARGET={_target(arguments)}", "PACKAGES=worker"])
    for step in steps:
        done = subprocess.run(step, cwd=ROOT, stdout=sys.stderr, check=False)  # noqa: S603 - our own commands
        if done.returncode:
            return done.returncode
    return node.run_cli(arguments)


def _target(arguments: Sequence[str]) -> str:
    """Return where the functions are to run."""
    return "emulator" if any(argument.startswith("emulator=") for argument in arguments) else "arm64"


if __name__ == "__main__":
    main()
