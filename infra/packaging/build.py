"""Build a package: the same inputs give the same bytes, on whatever machine and at whatever time."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from infra.install import find_uv
from infra.packaging import checks
from infra.packaging.manifest import EMULATOR, Manifest, PackageError, archive_of
from infra.packaging.recipes import Recipe

PYTHON: Final = f"3.{sys.version_info.minor}"
#: Lambda's processors -> the Linux world's.
_PROCESSORS: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
#: Python 3.11's functions run on Amazon Linux 2 (glibc 2.26), later ones on Amazon Linux 2023 (glibc 2.34).
_LINUX: Final = "manylinux2014" if sys.version_info < (3, 12) else "manylinux_2_28"
#: An emulator runs functions on this machine, whose library is newer than any wheel asks for.
_LINUX_HERE: Final = "manylinux_2_28"
#: Where the functions' code lies on AWS; compiled files name it in tracebacks.
_TASK: Final = "/var/task"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
#: Written by the installer about the installation, and of no use without it.
_LEFTOVERS: Final = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json", "py.typed", ".lock"}
)
#: What the pages speak, as the settings say.
_LANGUAGES: Final = ("en", "de")
#: For type checkers, compilers and debuggers.
_NOT_RUN: Final = frozenset({".pyi", ".pyc", ".pxd", ".pyx", ".h", ".c", ".map", ".po"})


def build(recipe: Recipe, target: str, *, root: Path, output: Path) -> Manifest:
    """Build a package unless it is there already, made of the same; return what is known about it.

    `target` is a processor of Lambda's, or `emulator` for this machine's. Raises PackageError when it cannot be built
    or is not fit to be deployed.
    """
    architecture = architecture_of(target)
    archive = archive_of(output, recipe.name, target)
    inputs = _digest_of_inputs(recipe, target, root)
    found = Manifest.read(archive)
    if found and found.inputs == inputs and found.sha256 == _sha256(archive):
        return found
    staging = archive.with_suffix("")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    _install(recipe, target, root, staging)
    _copy_sources(recipe, root, staging)
    if recipe.has_static_files:
        _collect_static_files(root, staging)
    _prune(recipe, staging)
    _compile(staging)
    checks.check_contents(staging, architecture)
    _write_archive(staging, archive)
    unpacked = sum(path.stat().st_size for path in _files(staging))
    manifest = Manifest(
        package=recipe.name,
        architecture=architecture,
        python=PYTHON,
        inputs=inputs,
        sha256=_sha256(archive),
        zipped=archive.stat().st_size,
        unpacked=unpacked,
    )
    checks.check_size(manifest, recipe)
    checks.check_imports(archive, recipe, architecture)
    manifest.write(archive)
    shutil.rmtree(staging)
    return manifest


def _digest_of_inputs(recipe: Recipe, target: str, root: Path) -> str:
    digest = hashlib.sha256(f"{recipe}{target}{PYTHON}".encode())
    files = [root / f"requirements/{recipe.requirements}.txt", *Path(__file__).parent.glob("*.py")]
    for name in recipe.sources:
        files += [path for path in _files(root / name) if not _stays_out(path.relative_to(root), recipe)]
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _install(recipe: Recipe, target: str, root: Path, staging: Path) -> None:
    """Install the locked dependencies for the target's processor; nothing is built here, nothing else is resolved."""
    lock = staging.with_name(f"{recipe.name}-requirements.txt")
    lock.write_text(_without(recipe, (root / f"requirements/{recipe.requirements}.txt").read_text()))
    command = [
        find_uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:",
        "--link-mode", "copy", "--python", sys.executable, "--python-platform", _platform(target),
        "--python-version", PYTHON, "--target", str(staging), "--requirements", str(lock),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    lock.unlink()
    if done.returncode:
        hint = (
            "\nFunctions of Python 3.11 run on an older Linux than some wheels are made for. "
            "Build with a newer one: make build PYTHON=python3.13 VENV=.venv-3.13"
        )
        raise PackageError(
            f"The dependencies of the {recipe.name} function cannot be installed for {target}:\n{done.stderr.strip()}"
            f"{hint if 'no usable wheels' in done.stderr and sys.version_info < (3, 12) else ''}"
        )


def architecture_of(target: str) -> str:
    """Return a target's processor. Raises PackageError for a target that there is not."""
    if target == EMULATOR:
        return checks.MINE.get(platform.machine(), "")
    if target not in _PROCESSORS:
        raise PackageError(f"There is no target {target!r}; use one of: {', '.join(_PROCESSORS)}, {EMULATOR}.")
    return target


def _platform(target: str) -> str:
    return f"{_PROCESSORS[architecture_of(target)]}-{_LINUX_HERE if target == EMULATOR else _LINUX}"


def _without(recipe: Recipe, lock: str) -> str:
    """Return a lock without the distributions that only the deploying side needs."""
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    left = [entry for entry in entries if entry.split("==")[0].strip() not in recipe.without_distributions]
    if len(entries) - len(left) < len(recipe.without_distributions):
        names = {entry.split("==")[0].strip() for entry in entries}
        gone = ", ".join(sorted(set(recipe.without_distributions) - names))
        raise PackageError(f"infra/packaging/recipes.py leaves out {gone}, which requirements/ no longer has.")
    return "\n".join(left)


def _copy_sources(recipe: Recipe, root: Path, staging: Path) -> None:
    for name in recipe.sources:
        for path in _files(root / name):
            relative = path.relative_to(root)
            if not _stays_out(relative, recipe):
                target = staging / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def _stays_out(relative: Path, recipe: Recipe) -> bool:
    is_unused = "__pycache__" in relative.parts or relative.suffix == ".md"
    return is_unused or any(relative.is_relative_to(name) for name in recipe.without)


def _collect_static_files(root: Path, staging: Path) -> None:
    """Collect and hash static files with the project's own environment, into the package."""
    code = (
        "import os, sys;"
        # REST framework's files belong to pages that this application does not have.
        "sys.argv = ['manage.py', 'collectstatic', '--noinput', '--verbosity', '0', '--ignore', 'rest_framework'];"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'omnipub.settings';"
        "from django.conf import settings; settings.STATIC_ROOT = os.environ['OMNIPUB_STATIC_ROOT'];"
        # Nothing is asked for by its bare name.
        "settings.WHITENOISE_KEEP_ONLY_HASHED_FILES = True;"
        "from django.core.management import execute_from_command_line; execute_from_command_line(sys.argv)"
    )
    environment = {"PATH": os.environ["PATH"], "OMNIPUB_STATIC_ROOT": str(staging / "staticfiles")}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackageError(f"Static files cannot be collected:\n{done.stderr.strip()[-2000:]}")


def _prune(recipe: Recipe, staging: Path) -> None:
    """Take out what no function runs."""
    shutil.rmtree(staging / "bin", ignore_errors=True)
    for name in recipe.without_files:
        path = staging / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    # `data/` holds a folder for each service; the files beside them are read whatever the service.
    _keep_folders(staging / "botocore/data", recipe.services)
    # Languages that the desk does not speak.
    for locale in staging.glob("**/locale"):
        if locale.is_dir():
            _keep_folders(locale, _LANGUAGES)
    for path in [*_files(staging)]:
        bare = path.with_suffix("") if path.suffix == ".gz" else path
        if bare.suffix in _NOT_RUN or path.name in _LEFTOVERS:
            path.unlink()


def _keep_folders(folder: Path, names: Sequence[str]) -> None:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in names:
            shutil.rmtree(path)


def _compile(staging: Path) -> None:
    """Compile everything so that it is used as it is: Lambda's file times fit no other kind of compiled file."""
    command = [
        sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash",
        "-s", str(staging), "-p", _TASK, str(staging),
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise PackageError(f"The package cannot be compiled:\n{done.stdout.strip()[-2000:]}")


def _write_archive(staging: Path, archive: Path) -> None:
    temporary = archive.with_suffix(".zip.tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in _files(staging):
            entry = zipfile.ZipInfo(str(path.relative_to(staging)), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (0o100755 if path.suffix == ".so" or ".so." in path.name else 0o100644) << 16
            target.writestr(entry, path.read_bytes())
    temporary.replace(archive)


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files of a folder, sorted."""
    if not folder.is_dir():
        raise PackageError(f"{folder} is missing.")
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
