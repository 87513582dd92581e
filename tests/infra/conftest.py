"""The stacks of each stage as CloudFormation's templates, synthesized once, without network and without a package.

These tests run in the environment of `infra` (`make check-infra`), which has the CDK and nothing of the application's.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra import app as infra_app  # first: it tells the CDK where Node is

import aws_cdk as cdk  # isort: skip
from cdk_nag import AwsSolutionsChecks

from infra.constructs.context import Context
from infra.stages import PROFILES, Site, Stage

Template = Mapping[str, Any]


def full(stage: Stage) -> Stage:
    """A stage with every option of an operator's."""
    site = Site(
        region="us-east-1",
        public_url="https://publish.example.org",
        domain_name="publish.example.org",
        certificate_arn="arn:aws:acm:us-east-1:111122223333:certificate/1",
        api_domain_name="api.example.org",
        api_certificate_arn="arn:aws:acm:us-east-1:111122223333:certificate/2",
        alarm_email="on-call@example.org",
        identity_providers={"Google": "omnipub/google", "LinkedIn": "omnipub/linkedin", "GitHub": "omnipub/github"},
        cors_origins="https://www.example.org, https://app.example.org",
        canary_account="01KBCD0000000000000000000B",
        series_horizon=21,
        retention_days=365,
        frontend_repository="https://github.example/example/front",
        frontend_token_secret="omnipub/front",
    )
    return replace(stage, site=site)


def abroad(stage: Stage) -> Stage:
    """The same, in another region than the one that CloudFront looks to."""
    there = full(stage)
    certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/2"
    return replace(there, site=replace(there.site, region="eu-central-1", api_certificate_arn=certificate))


class Stacks:
    """The templates of one stage."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        package = folder / "worker.zip"
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr(zipfile.ZipInfo("workers/__init__.py"), "")
        self.folder = folder / "out"
        app = cdk.App(outdir=str(self.folder), context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
        infra_app.build(app, Context(stage=stage, package=package))
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()
        self.templates: dict[str, Template] = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in self.folder.glob("*.template.json")
        }

    def of(self, stack: str, kind: str) -> dict[str, dict[str, Any]]:
        """Resources of a type in a stack, by logical id."""
        resources = self.templates[f"Omnichannel{stack}Stack"]["Resources"]
        return {name: resource for name, resource in resources.items() if resource["Type"] == kind}

    def one(self, stack: str, kind: str, like: str = "") -> dict[str, Any]:
        """The one resource of a type whose logical id begins so; with its properties' and its policies."""
        found = [resource for name, resource in self.of(stack, kind).items() if name.startswith(like)]
        assert len(found) == 1, (kind, like, [*self.of(stack, kind)])
        return found[0]


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory) -> Callable[[str], Stacks]:
    @cache
    def make(name: str) -> Stacks:
        plain, _, option = name.partition("+")
        stage = PROFILES[plain]
        options = {
            "": stage,
            "full": full(stage),
            "abroad": abroad(stage),
            "restored": replace(stage, site=Site(restored_table="restored-table")),
            # What a stage's profile says of the stream, the other way round.
            "swapped": replace(stage, stream=not stage.stream),
        }
        return Stacks(options[option], tmp_path_factory.mktemp(plain))

    stacks: Callable[[str], Stacks] = make
    return stacks


@pytest.fixture(scope="session")
def prod(synthesize: Callable[[str], Stacks]) -> Stacks:
    return synthesize("prod")
