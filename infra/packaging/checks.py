"""What a package must be before it may be deployed."""

import importlib.util
import os
import platform
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from infra.packaging.manifest import Manifest, PackageError
from infra.packaging.recipes import Recipe

#: Machine numbers of the ELF format.
_MACHINES: Final = {"x86_64": 62, "arm64": 183}
#: This machine's processor, in Lambda's words.
MINE: Final = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
#: At the top of a package, these are not what a function runs.
_FOREIGN: Final = frozenset({
    "tests", "infra", "local", "docs", "node_modules", ".venv", "aws_cdk", "cdk_nag", "constructs", "jsii", "pytest",
    "_pytest", "moto", "mypy", "ruff", "hypothesis", "ministack", "pip", "setuptools", "wheel", "troposphere",
})  # fmt: skip
#: Compiled files begin with the interpreter's number; then come flags. 1 is "by hash, not looked at again".
_UNCHECKED: Final = 1
#: What a package needs of its environment to be imported: names only, nothing is asked.
_ENVIRONMENT: Final = {
    "TABLE_NAME": "table", "KINESIS_STREAM_NAME": "stream", "OMNIPUB_WORKER_FUNCTION": "worker",
    "COGNITO_USER_POOL_ID": "us-east-1_Check",
    "COGNITO_CLIENT_ID": "check", "OMNIPUB_SECRET_KEY": "check", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "check", "AWS_SECRET_ACCESS_KEY": "check", "MEDIA_BUCKET": "media",
    "OMNIPUB_MEDIA_URL": "https://media.example",
}  # fmt: skip


def check_contents(folder: Path, architecture: str) -> None:
    """Refuse what does not belong there, binaries for another processor, and sources without their compiled file.

    Raises PackageError naming everything that is wrong.
    """
    problems = [f"{path.name} does not belong into it" for path in folder.iterdir() if path.name in _FOREIGN]
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.suffix == ".so" or ".so." in path.name:
            problems += _binary_problems(path.relative_to(folder), path.read_bytes()[:20], architecture)
        elif path.suffix == ".py":
            problems += _compiled_problems(path, folder)
    if problems:
        raise PackageError(f"The package cannot be deployed: {'; '.join(sorted(problems)[:20])}.")


def _binary_problems(name: Path, header: bytes, architecture: str) -> list[str]:
    if header[:4] != b"\x7fELF":
        return [f"{name} is no Linux binary"]
    (machine,) = struct.unpack_from("<H", header, 18)
    if machine != _MACHINES[architecture]:
        return [f"{name} is not for {architecture}"]
    tag = f"cpython-3{sys.version_info.minor}-"
    if "cpython-3" in name.name and tag not in name.name:
        return [f"{name} is for another Python than 3.{sys.version_info.minor}"]
    return []


def _compiled_problems(source: Path, folder: Path) -> list[str]:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.is_file():
        return [f"{source.relative_to(folder)} is not compiled"]
    header = compiled.read_bytes()[:8]
    if header[:4] != importlib.util.MAGIC_NUMBER or struct.unpack_from("<I", header, 4)[0] != _UNCHECKED:
        return [f"{compiled.relative_to(folder)} would be compiled again at each start"]
    return []


def check_size(manifest: Manifest, recipe: Recipe) -> None:
    """Raise PackageError when a package is over its budget."""
    for what, size, limit in (
        ("zipped", manifest.zipped, recipe.zipped_limit),
        ("unpacked", manifest.unpacked, recipe.unpacked_limit),
    ):
        if size > limit:
            raise PackageError(
                f"The {manifest.package} package is {size / 1e6:.1f} MB {what}; its budget is {limit / 1e6:.0f} MB."
            )


def check_imports(archive: Path, recipe: Recipe, architecture: str) -> None:
    """Import the entry points from the package alone: no site packages, no project, nothing of this environment.

    Every compiled file that this meets has to be used: a source of the package that Python would compile is refused.
    A package for another processor cannot be imported here; its contents were checked. Raises PackageError.
    """
    if MINE.get(platform.machine()) != architecture:
        return
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder)
        code = (
            f"import sys; sys.path.insert(0, {folder!r}); sys.dont_write_bytecode = True\n"
            "import importlib, importlib.machinery as machinery\n"
            "compile_source = machinery.SourceFileLoader.source_to_code\n"
            "def only_elsewhere(self, data, path, **more):\n"
            f"    if str(path).startswith({folder!r}): raise ImportError(f'{{path}} is compiled at each start')\n"
            "    return compile_source(self, data, path, **more)\n"
            "machinery.SourceFileLoader.source_to_code = only_elsewhere\n"
            f"for name in {recipe.entry_points!r}: importlib.import_module(name)\n"
            "files = [getattr(module, '__file__', '') or '' for module in list(sys.modules.values())]\n"
            "assert not [file for file in files if 'site-packages' in file]\n"
        )
        environment = {**_ENVIRONMENT, "PATH": os.environ["PATH"]}
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-I", "-S", "-c", code],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise PackageError(f"The {recipe.name} package cannot be imported by itself:\n{done.stderr.strip()[-3000:]}")
