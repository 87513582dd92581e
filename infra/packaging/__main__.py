"""`python -m infra.packaging [worker] [web] --target arm64`: build packages and say how large they are."""

import argparse
import sys
from pathlib import Path

from infra.packaging.build import build
from infra.packaging.manifest import PackageError
from infra.packaging.recipes import RECIPES

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Build the named packages, or all. What is wrong is said in a sentence, with exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m infra.packaging", description=__doc__)
    parser.add_argument("packages", nargs="*", choices=[[], *RECIPES], help="all where none is named")
    parser.add_argument("--target", default="arm64", help="arm64 or x86_64 for AWS, or emulator")
    arguments = parser.parse_args()
    for name in arguments.packages or RECIPES:
        try:
            manifest = build(RECIPES[name], arguments.target, root=ROOT, output=ROOT / "build")
        except PackageError as error:
            sys.exit(str(error))
        sys.stdout.write(
            f"{name} for {manifest.architecture}, Python {manifest.python}: {manifest.zipped / 1e6:.1f} MB zipped, "
            f"{manifest.unpacked / 1e6:.1f} MB unpacked\n"
        )


if __name__ == "__main__":
    main()
