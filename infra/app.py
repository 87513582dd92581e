"""The CDK application: eight stacks of one stage. `uv run cdk deploy --all` runs it; `-c stage=dev` chooses another."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from infra.node import node_path

os.environ.setdefault("JSII_NODE", str(node_path()))

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.constructs.context import Context
from infra.names import EDGE_PART, EDGE_REGION, stack_id, stack_name
from infra.packaging.manifest import EMULATOR, PackageError, find_package
from infra.stacks.api import ApiStack
from infra.stacks.auth import AuthStack
from infra.stacks.data import DataStack
from infra.stacks.frontend import FrontendStack
from infra.stacks.monitoring import MonitoringStack, Watched
from infra.stacks.scheduler import SchedulerStack
from infra.stacks.security import SecurityEdgeStack, SecurityStack
from infra.stacks.worker import WorkerStack
from infra.stages import SettingsError, Stage, load

ROOT: Final = Path(__file__).parent.parent


def build(app: cdk.App, context: Context) -> Mapping[str, cdk.Stack]:
    """Put the eight stacks of a stage into the application and return them by name.

    A ninth holds the firewall, where the stage lives elsewhere than CloudFront looks for that.
    """
    stage = context.stage
    # Whichever account the credentials are for: nothing is looked up in it.
    env = cdk.Environment(region=stage.site.region)

    def common(part: str) -> dict[str, object]:
        return {
            "stack_name": stack_name(part, stage.name),
            "env": env,
            "tags": {"application": "omnipub", "stage": stage.name},
        }

    data = DataStack(app, stack_id("Data"), context=context, **common("Data"))
    auth = AuthStack(app, stack_id("Auth"), context=context, **common("Auth"))
    edge = _edge(app, context, common(EDGE_PART)) if stage.has_edge_stack else None
    security = SecurityStack(app, stack_id("Security"), context=context, data=data, edge=edge, **common("Security"))
    frontend = FrontendStack(app, stack_id("Frontend"), context=context, **common("Frontend"))
    api = ApiStack(
        app, stack_id("Api"), context=context, data=data, auth=auth, security=security, frontend=frontend,
        **common("Api"),
    )  # fmt: skip
    if edge:
        # CloudFormation orders nothing across regions; the CDK does.
        api.add_dependency(edge, "CloudFront takes its firewall from there.")
    worker = WorkerStack(
        app, stack_id("Worker"), context=context, data=data, media_url=api.edge.media_url, **common("Worker")
    )
    scheduler = SchedulerStack(
        app, stack_id("Scheduler"), context=context, data=data, security=security, **common("Scheduler")
    )
    monitoring = MonitoringStack(
        app,
        stack_id("Monitoring"),
        context=context,
        watched=Watched(data=data, api=api, worker=worker, scheduler=scheduler),
        **common("Monitoring"),
    )
    stacks = (data, auth, *([edge] if edge else []), security, frontend, api, worker, scheduler, monitoring)
    return {stack.node.id: stack for stack in stacks}


def _edge(app: cdk.App, context: Context, options: Mapping[str, object]) -> SecurityEdgeStack:
    options = {**options, "env": cdk.Environment(region=EDGE_REGION)}
    return SecurityEdgeStack(app, stack_id(EDGE_PART), context=context, **options)


def emulated(stage: Stage, endpoint: str) -> tuple[Stage, Mapping[str, str]]:
    """Return the stage for this machine's processor, and the variables that functions need beside an emulator."""
    architecture = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        # The simulated platforms are on loopback.
        "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true",
    }
    return replace(stage, architecture=architecture), variables


def main() -> None:
    """Synthesize the stage that `-c stage=` names. What is wrong is one sentence and exit code 1."""
    app = cdk.App()
    endpoint = app.node.try_get_context("emulator") or ""
    if endpoint:
        # Under enforced roles the emulator does not let the bootstrap's roles publish; the caller's own rights do.
        app = cdk.App(default_stack_synthesizer=cdk.CliCredentialsStackSynthesizer())
    try:
        stage = load(app.node.try_get_context("stage") or "prod")
        variables: Mapping[str, str] = {}
        if endpoint:
            stage, variables = emulated(stage, endpoint)
        package = find_package(
            ROOT / "build", EMULATOR if endpoint else stage.architecture, python=f"3.{sys.version_info.minor}"
        )
    except (SettingsError, PackageError) as error:
        sys.exit(str(error))
    build(app, Context(stage=stage, package=package, extra_environment=variables))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "Validation failed" not in str(error):
            raise
        sys.exit("cdk-nag found what is neither mended nor accepted; each finding is above.")


if __name__ == "__main__":
    main()
