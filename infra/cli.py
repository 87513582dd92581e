"""`uv run cdk …`: the CDK's command line, with everything that it needs put in place first.

It installs what is missing, builds the package of the worker and scheduler for commands that need it, looks whether the
account is ready for a deployment, and passes everything on.
"""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from infra import install, node, preflight
from infra.packaging.build import build
from infra.packaging.manifest import EMULATOR, PackageError
from infra.packaging.recipes import WORKER
from infra.stages import SettingsError, load

ROOT: Final = Path(__file__).parent.parent
#: Commands that synthesize, and therefore need the package.
_SYNTHESIZING: Final = frozenset({
    "bootstrap", "synth", "synthesize", "deploy", "diff", "destroy", "list", "ls", "import", "drift", "rollback",
})  # fmt: skip


def main() -> None:
    """Run the CDK's command line with this process's arguments, and end with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the CDK's command line; return its exit code. What is missing or wrong is one sentence and 1."""
    try:
        install.install()
        node.check_cli()
        if _prepares_named_places(arguments):
            # The stacks say nothing about those, and synthesizing them takes half a minute.
            return node.run_cli([*arguments, "--no-notices"], with_app=False)
        if _SYNTHESIZING.intersection(arguments):
            context = _context(arguments)
            stage = load(context.get("stage", "prod"))
            target = EMULATOR if context.get("emulator") else stage.architecture
            if "deploy" in arguments:
                is_exclusive = not {"-e", "--exclusively"}.isdisjoint(arguments)
                preflight.check(stage, preflight.make_client, is_exclusive=is_exclusive)
            build(WORKER, target, root=ROOT, output=ROOT / "build")
    except (install.InstallError, node.NodeMissingError, preflight.NotReadyError, PackageError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    code = node.run_cli(arguments)
    if not code and "deploy" in arguments and (advice := preflight.left_over(stage, preflight.make_client)):
        sys.stderr.write(f"{advice}\n")
    return code


def _prepares_named_places(arguments: Sequence[str]) -> bool:
    """Tell whether these are `bootstrap aws://account/region …`."""
    return "bootstrap" in arguments and any(argument.startswith("aws://") for argument in arguments)


def _context(arguments: Sequence[str]) -> dict[str, str]:
    """Return what `-c name=value` says."""
    given = {}
    for flag, value in pairwise(arguments):
        if flag in {"-c", "--context"}:
            name, _, text = value.partition("=")
            given[name] = text
    return given


if __name__ == "__main__":
    main()
