"""What every stack of a deployment is told."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

from infra.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The stage, and the package of the worker and scheduler functions."""

    stage: Stage
    #: Written by `make build`.
    package: Path
    #: The minor version of the Python that the package was built with.
    python: str = f"3.{sys.version_info.minor}"
    #: Variables that a run against an emulator gives every function; empty on AWS.
    extra_environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def runtime(self) -> lambda_.Runtime:
        """Return the functions' runtime."""
        return lambda_.Runtime(f"python{self.python}", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True)

    @property
    def architecture(self) -> lambda_.Architecture:
        """Return the functions' architecture."""
        return {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}[self.stage.architecture]
