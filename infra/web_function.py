"""What Zappa is told about the web function: read from the stacks' outputs, never copied by hand.

`zappa_settings.json` names `prepare` as its `settings` callback, so that `zappa deploy prod` is all there is to type:
it builds the package, and refuses to go on before anything is changed where the infrastructure is not there.
"""

import importlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

ROOT: Final = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    # Zappa loads this file by itself, from wherever it was installed.
    sys.path.insert(0, str(ROOT))

from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from click import ClickException  # noqa: E402

from infra.names import scheduler_function, stack_name, web_function, worker_function  # noqa: E402
from infra.packaging.build import architecture_of, build  # noqa: E402
from infra.packaging.manifest import EMULATOR, PackageError, archive_of  # noqa: E402
from infra.packaging.recipes import WEB  # noqa: E402
from infra.stages import SettingsError, Site, load, shared_variables  # noqa: E402

#: Zappa's commands that upload code or configuration.
_DEPLOYING: Final = frozenset({"deploy", "update"})


def prepare(zappa: Any) -> None:  # noqa: ANN401 - Zappa's command line, which has no types
    """Give Zappa the package and the function's variables. Raises ClickException with the command to type instead."""
    if zappa.command not in _DEPLOYING:
        return
    try:
        stage = load(zappa.api_stage)
        outputs = _outputs(zappa.zappa.boto_session, stage.name, region=stage.site.region)
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        target = EMULATOR if endpoint else stage.architecture
        manifest = build(WEB, target, root=ROOT, output=ROOT / "build")
    except (SettingsError, PackageError) as error:
        raise ClickException(str(error)) from error
    zappa.architecture = zappa.zappa.architecture = architecture_of(target)
    zappa.aws_environment_variables = variables(stage.name, outputs, endpoint=endpoint, site=stage.site)
    zappa.vargs["zip"] = str(archive_of(ROOT / "build", manifest.package, target))


def finish(zappa: Any) -> None:  # noqa: ANN401 - Zappa's command line
    """Bound what is run of the function by schedule, and subscribe it, now that it can confirm, to feedback about mail.

    A second time changes nothing.
    """
    if zappa.command not in _DEPLOYING:
        return
    session = zappa.zappa.boto_session
    # A command that failed has said so, and comes again by its schedule; AWS would repeat it twice within minutes.
    session.client("lambda").put_function_event_invoke_config(
        FunctionName=web_function(zappa.api_stage), MaximumRetryAttempts=0, MaximumEventAgeInSeconds=300
    )
    if os.environ.get("AWS_ENDPOINT_URL"):
        return
    stage = load(zappa.api_stage)
    outputs = _outputs(session, stage.name, region=stage.site.region)
    session.client("sns").subscribe(**subscription(outputs))


def subscription(outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the subscription to feedback about mail: signed, repeated for an hour, then kept in a queue."""
    retries = {"healthyRetryPolicy": {"numRetries": 50, "minDelayTarget": 20, "maxDelayTarget": 120}}
    return {
        "TopicArn": outputs["MailTopicArn"],
        "Protocol": "https",
        "Endpoint": f"{outputs['PublicUrl']}/hooks/ses/",
        "Attributes": {
            "RawMessageDelivery": "false",
            "DeliveryPolicy": json.dumps(retries),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": outputs["MailFailuresQueueArn"]}),
        },
        "ReturnSubscriptionArn": True,
    }


def variables_of(name: str) -> Mapping[str, str]:
    """Return the variables of a deployed stage's web function, asked for with this shell's credentials.

    Raises ClickException with the command to type when the stage is not there, or not completely.
    """
    try:
        stage = load(name)
    except SettingsError as error:
        raise ClickException(str(error)) from error
    region = stage.site.region
    session = importlib.import_module("boto3").Session(region_name=region)
    outputs = _outputs(session, stage.name, region=region)
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    return variables(stage.name, outputs, endpoint=endpoint, site=stage.site)


def variables(
    stage: str, outputs: Mapping[str, str], *, endpoint: str = "", site: Site | None = None
) -> dict[str, str]:
    """Return the variables of the web function, from the outputs of the Data, Auth and Api stacks."""
    gateway = urlsplit(outputs["GatewayUrl"])
    public = outputs["PublicUrl"]
    values = {
        "TABLE_NAME": outputs["TableName"],
        "MEDIA_BUCKET": outputs["MediaBucket"],
        "COGNITO_USER_POOL_ID": outputs["UserPoolId"],
        "COGNITO_CLIENT_ID": outputs["ClientId"],
        "SECRETS_ARN": outputs["SecretArn"],
        "OMNIPUB_KMS_KEY_ID": outputs["KeyArn"],
        "OMNIPUB_MEDIA_URL": outputs["MediaUrl"],
        "OMNIPUB_SCHEDULER_FUNCTION": scheduler_function(stage),
        "OMNIPUB_MAIL_TOPICS": outputs["MailTopicArn"],
        "OMNIPUB_AUDIT_BUCKET": outputs["AuditBucket"],
        "OMNIPUB_PUBLIC_URL": public,
        # CloudFront keeps the gateway's own host; a domain of one's own comes as it is.
        "OMNIPUB_ALLOWED_HOSTS": ",".join(dict.fromkeys([gateway.hostname or "", urlsplit(public).hostname or ""])),
        **_hints(stage, outputs),
        **shared_variables(site or Site()),
    }
    if origins := outputs.get("CorsOrigins"):
        values["OMNIPUB_CORS_ORIGINS"] = origins
    if site is not None and site.canary_account:
        values["OMNIPUB_CANARY_ACCOUNT"] = site.canary_account
    if site is not None:
        kept = {
            "OMNIPUB_RETENTION_DAYS": site.retention_days,
            "OMNIPUB_AUDIT_RETENTION_DAYS": site.audit_retention_days,
        }
        values |= {name: str(days) for name, days in kept.items() if days}
    if endpoint:
        # The emulator's gateway is a path, its pool's tokens name AWS, and its platforms are on loopback.
        host = urlsplit(endpoint)
        base = f"/restapis/{outputs['RestApiId']}/{stage}/_user_request_"
        values |= {
            "OMNIPUB_BASE_PATH": base,
            "OMNIPUB_PUBLIC_URL": endpoint,
            "OMNIPUB_ALLOWED_HOSTS": f"{host.hostname},localhost,{values['OMNIPUB_ALLOWED_HOSTS']}",
            "OMNIPUB_JWKS_URL": f"{endpoint}/{outputs['UserPoolId']}/.well-known/jwks.json",
            "OMNIPUB_OIDC_DISCOVERY_URL": f"{endpoint}/{outputs['UserPoolId']}/.well-known/openid-configuration",
            "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true",
            "AWS_ENDPOINT_URL": endpoint,
        }
    return values


def _hints(stage: str, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return by what hints reach the worker: the stream that is deployed or, without one, the worker itself."""
    if stream := outputs.get("StreamName"):
        return {"KINESIS_STREAM_NAME": stream}
    return {"OMNIPUB_WORKER_FUNCTION": worker_function(stage)}


def _outputs(session: Any, stage: str, *, region: str) -> Mapping[str, str]:  # noqa: ANN401 - boto3 makes its sessions
    """Return the outputs of the stacks that the web function needs, checked to be deployed completely."""
    if session.region_name != region:
        raise ClickException(
            f"Stage {stage} lives in {region}, and this session is for {session.region_name}. "
            f"Type: export AWS_DEFAULT_REGION={region}"
        )
    context = "" if stage == "prod" else f" -c stage={stage}"
    client = session.client("cloudformation")
    outputs: dict[str, str] = {}
    for part in ("Data", "Auth", "Api"):
        name = stack_name(part, stage)
        try:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise ClickException(f"CloudFormation did not answer about {name}: {error}") from error
            raise ClickException(
                f"The infrastructure comes first: {name} is not deployed. Type: uv run cdk deploy --all{context}"
            ) from error
        except BotoCoreError as error:
            raise ClickException(
                f"AWS cannot be asked: {error} Check the credentials: aws sts get-caller-identity"
            ) from error
        if stack["StackStatus"] not in {
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "IMPORT_COMPLETE",
        }:
            raise ClickException(
                f"{name} is {stack['StackStatus']}: an earlier deployment did not end. "
                f"Wait for it, or mend it with: uv run cdk deploy --all{context}"
            )
        outputs |= {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
    return outputs
