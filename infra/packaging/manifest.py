"""What is known about a package: for which Python and processor it was made, and from what."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

#: The target for functions that an emulator runs on this machine.
EMULATOR: Final = "emulator"


class PackageError(Exception):
    """A package is missing, of another kind than wanted, or not fit to be deployed. The message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Lies beside the package as `<package>.json`."""

    package: str
    #: `arm64` or `x86_64`, as Lambda calls them.
    architecture: str
    #: Minor version of the Python that compiled it: `3.13`.
    python: str
    #: Digest of everything that it was made of.
    inputs: str
    #: Of the archive.
    sha256: str
    zipped: int
    unpacked: int

    @classmethod
    def read(cls, archive: Path) -> Self | None:
        """Return the manifest of an archive, or None where either is missing or of another form."""
        path = archive.with_suffix(".json")
        if not archive.is_file() or not path.is_file():
            return None
        try:
            return cls(**json.loads(path.read_text()))
        except (ValueError, TypeError):
            return None

    def write(self, archive: Path) -> None:
        """Put the manifest beside its archive."""
        archive.with_suffix(".json").write_text(json.dumps(asdict(self), indent=2) + "\n")


def archive_of(root: Path, package: str, target: str) -> Path:
    """Return where a package lies below the build folder."""
    return root / target / f"{package}.zip"


def find_package(root: Path, target: str, *, python: str, package: str = "worker") -> Path:
    """Return a package that fits. Raises PackageError saying which command makes one."""
    archive = archive_of(root, package, target)
    manifest = Manifest.read(archive)
    how = f"Make it with: make build TARGET={target}"
    if manifest is None:
        raise PackageError(f"The package of the {package} function for {target} is missing. {how}")
    if manifest.python != python:
        raise PackageError(
            f"The package of the {package} function was built by Python {manifest.python}, and this is {python}. {how}"
        )
    return archive
