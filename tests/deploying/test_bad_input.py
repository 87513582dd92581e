"""What an operator may get wrong: each is refused before anything is changed, with what to type next."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from click import ClickException

from infra import cli, install, node, preflight, web_function
from infra.names import STACKS, stack_name
from infra.stages import DEV, PROD, Site

ACCOUNT = "000000000000"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


class Formation:
    """CloudFormation with stacks in states that no emulator gets into."""

    def __init__(self, **statuses):
        self._statuses = statuses

    def describe_stacks(self, *, StackName):  # noqa: N803 - AWS's
        if status := self._statuses.get(StackName):
            return {"Stacks": [{"StackStatus": status, "Outputs": []}]}
        message = f"Stack with id {StackName} does not exist"
        raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")


@pytest.fixture
def account(emulator):
    """An account that was prepared for the CDK in the regions it is asked to be; emptied afterwards."""
    prepared = []

    def client(service, region):
        return emulator.client(service, region=region)

    def prepare(*regions, version=28):
        for region in regions:
            parameter = {"Name": BOOTSTRAP, "Value": str(version), "Type": "String", "Overwrite": True}
            client("ssm", region).put_parameter(**parameter)
            prepared.append(region)
        return client

    yield prepare
    for region in prepared:
        client("ssm", region).delete_parameter(Name=BOOTSTRAP)


@pytest.fixture
def described(monkeypatch, tmp_path):
    """What the CDK's command line says of itself."""
    command_line = tmp_path / "aws-cdk/bin/cdk"
    command_line.parent.mkdir(parents=True)
    wanted = json.loads((node.HERE / "cdk/package.json").read_text())["dependencies"]["aws-cdk"]
    path = tmp_path / "aws-cdk/package.json"
    path.write_text(json.dumps({"version": wanted}))
    monkeypatch.setattr(node, "CLI", command_line)
    return path


@pytest.fixture
def deploy(monkeypatch, tmp_path, capsys, described):
    """`uv run cdk deploy --all`, which must not come as far as building or changing anything."""
    monkeypatch.setattr(install, "install", lambda: None)
    monkeypatch.setattr(node, "run_cli", lambda _: pytest.fail("It was deployed."))
    monkeypatch.setattr(cli, "build", lambda *_, **__: pytest.fail("It was built."))

    def run(*more, settings="", client=None):
        if settings is not None:
            path = tmp_path / "deploy.toml"
            path.write_text(settings)
            monkeypatch.setenv("OMNIPUB_DEPLOY_SETTINGS", str(path))
        if client:
            monkeypatch.setattr(preflight, "make_client", client)
        assert cli.run(["deploy", "--all", *more]) == 1
        return capsys.readouterr().err

    return run


class TestADeploymentOfTheStacks:
    def test_needs_the_stages_settings(self, deploy, monkeypatch, tmp_path):
        monkeypatch.setenv("OMNIPUB_DEPLOY_SETTINGS", str(tmp_path / "none.toml"))

        assert "none.toml is missing: the stages' settings. Restore it with: git checkout" in deploy(settings=None)

    def test_needs_a_stage_that_there_is(self, deploy):
        said = deploy("-c", "stage=staging")

        assert "There is no stage 'staging'. Use -c stage=NAME with one of: dev, prod, regulated." in said

    def test_needs_settings_that_mean_something(self, deploy):
        assert "[prod] has unknown settings shard. Known: " in deploy(settings="[prod]\nshard = 2\n")

    def test_needs_the_command_line_that_the_stacks_were_written_for(self, deploy, described):
        described.write_text('{"version": "2.1000.0"}')

        assert "The CDK's command line is 2.1000.0, and 2." in deploy()

    def test_needs_credentials(self, deploy):
        def nobody(*_):
            raise NoCredentialsError

        assert "AWS does not know these credentials (NoCredentialsError). Type: aws sts" in deploy(client=nobody)

    def test_needs_an_account_that_was_prepared(self, deploy, account):
        said = deploy(client=account())

        assert (
            f"was not prepared for the CDK in us-east-1. Type: uv run cdk bootstrap aws://{ACCOUNT}/us-east-1" in said
        )

    def test_needs_one_that_was_prepared_by_a_cdk_that_is_not_too_old(self, deploy, account):
        assert "uv run cdk bootstrap" in deploy(client=account("us-east-1", version=5))

    def test_abroad_needs_both_regions_prepared(self, deploy, account):
        settings = '[prod]\nregion = "eu-central-1"\n'
        neither = deploy(settings=settings, client=account())
        half = deploy(settings=settings, client=account("eu-central-1"))

        assert (
            "was not prepared for the CDK in eu-central-1 and us-east-1. Type: uv run cdk bootstrap "
            f"aws://{ACCOUNT}/eu-central-1 aws://{ACCOUNT}/us-east-1"
        ) in neither
        assert f"for the CDK in us-east-1. Type: uv run cdk bootstrap aws://{ACCOUNT}/us-east-1\n" in half

    def test_needs_the_secret_of_an_identity_provider(self, deploy, account):
        settings = '[prod]\nidentity_providers = { LinkedIn = "omnipub/absent" }\n'
        said = deploy(settings=settings, client=account("us-east-1"))

        assert "The secret omnipub/absent of LinkedIn cannot be found. Type: aws secretsmanager create-secret" in said

    @pytest.mark.parametrize("part", STACKS)
    def test_needs_the_one_before_it_to_have_ended(self, deploy, account, part):
        real, name = account("us-east-1"), stack_name(part, "prod")
        formation = Formation(**{name: "UPDATE_ROLLBACK_FAILED"})

        said = deploy(
            client=lambda service, region: formation if service == "cloudformation" else real(service, region)
        )

        command = f"aws cloudformation continue-update-rollback --stack-name {name} --region us-east-1"
        assert f"{name} is UPDATE_ROLLBACK_FAILED: an earlier deployment did not end. Type: {command}" in said

    def test_abroad_needs_the_firewalls_stack_to_have_ended_too(self, deploy, account):
        real = account("eu-central-1", "us-east-1")
        formation = {"us-east-1": Formation(OmnichannelSecurityEdgeStack="DELETE_FAILED"), "eu-central-1": Formation()}

        said = deploy(
            settings='[prod]\nregion = "eu-central-1"\n',
            client=lambda service, region: formation[region] if service == "cloudformation" else real(service, region),
        )

        assert "aws cloudformation delete-stack --stack-name OmnichannelSecurityEdgeStack --region us-east-1" in said


TEMPLATE = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


@pytest.fixture
def put_elsewhere(emulator):
    """A stage whose role and stack are there, in a region; taken away afterwards."""
    made = []

    def put(role, stack, region):
        iam, formation = emulator.client("iam"), emulator.client("cloudformation", region=region)
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
        made.append(lambda: iam.delete_role(RoleName=role))
        if stack:
            formation.create_stack(StackName=stack, TemplateBody=json.dumps(TEMPLATE))
            made.append(lambda: formation.delete_stack(StackName=stack))
            formation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})

    yield put
    for undo in made:
        undo()


class TestAStageThatLivesElsewhere:
    """Roles have one name space for all regions: moved by a changed setting, it would fail in the middle."""

    ROLES = (("-web", "Api"), ("-worker", "Worker"), ("-scheduler", "Scheduler"))

    @pytest.mark.parametrize(("role", "part"), ROLES)
    @pytest.mark.parametrize(("stage", "context"), [("prod", ""), ("dev", " -c stage=dev")])
    def test_is_not_deployed_a_second_time(self, deploy, account, put_elsewhere, role, part, stage, context):
        put_elsewhere(f"omnipub-{stage}{role}", stack_name(part, stage), "us-east-1")
        settings = f'[{stage}]\nregion = "eu-central-1"\n'

        said = deploy("-c", f"stage={stage}", settings=settings, client=account("eu-central-1", "us-east-1"))

        assert said == (
            f"Stage {stage} is deployed in us-east-1, and its settings say eu-central-1: the role omnipub-{stage}"
            f"{role} "
            'is taken for all regions. To move it, see "Moving a stage" in docs/deploy.md; else set '
            f'region = "us-east-1" for [{stage}] in infra/deploy.toml and type: uv run cdk deploy --all{context}\n'
        )

    def test_is_told_from_a_role_that_somebody_else_made(self, deploy, account, put_elsewhere):
        put_elsewhere("omnipub-prod-worker", None, "us-east-1")

        said = deploy(client=account("us-east-1"))

        assert said == (
            "The role omnipub-prod-worker is there, and OmnichannelWorkerStack did not make it. Look whose it is: aws "
            "iam get-role --role-name omnipub-prod-worker\n"
        )

    def test_is_deployed_again_where_it_lives(self, account, put_elsewhere):
        put_elsewhere("omnipub-prod-web", "OmnichannelApiStack", "eu-central-1")

        preflight.check(replace(PROD, site=Site(region="eu-central-1")), account("eu-central-1", "us-east-1"))

    def test_is_not_asked_about_by_whoever_may_not(self, account, put_elsewhere):
        put_elsewhere("omnipub-prod-web", None, "us-east-1")
        real = account("us-east-1")

        class Refusing:
            def get_role(self, **_):
                raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetRole")

        preflight.check(PROD, lambda service, region: Refusing() if service == "iam" else real(service, region))


class TestAPreparedAccount:
    def test_is_let_through_at_home_and_abroad(self, account):
        client = account("us-east-1", "eu-central-1")

        preflight.check(PROD, client)
        preflight.check(replace(PROD, site=Site(region="eu-central-1")), client)

    def test_need_not_be_prepared_in_us_east_1_without_a_firewall(self, account):
        preflight.check(replace(DEV, site=Site(region="eu-central-1")), account("eu-central-1"))


class TestAFirewallThatWasTurnedOff:
    """Its stack is in no application any more, so that nothing removes it by itself."""

    STAGE = replace(PROD, firewall=False, site=Site(region="eu-central-1"))

    def test_is_told_of_with_what_removes_it(self):
        advice = preflight.left_over(self.STAGE, lambda *_: Formation(OmnichannelSecurityEdgeStack="CREATE_COMPLETE"))

        command = "aws cloudformation delete-stack --stack-name OmnichannelSecurityEdgeStack --region us-east-1"
        assert advice.endswith(f"Type: {command}")

    @pytest.mark.parametrize(
        "stage", [STAGE, PROD, replace(PROD, firewall=False), replace(PROD, site=Site(region="eu-central-1"))]
    )
    def test_is_not_spoken_of_where_there_is_none_or_it_is_wanted(self, stage):
        there = {} if stage is self.STAGE else {"OmnichannelSecurityEdgeStack": "CREATE_COMPLETE"}

        assert preflight.left_over(stage, lambda *_: Formation(**there)) == ""

    def test_is_told_of_when_the_deployment_has_ended(self, monkeypatch, described, account, capsys, tmp_path):
        monkeypatch.setattr(install, "install", lambda: None)
        monkeypatch.setattr(cli, "build", lambda *_, **__: None)
        (tmp_path / "deploy.toml").write_text('[dev]\nregion = "eu-central-1"\n')
        monkeypatch.setenv("OMNIPUB_DEPLOY_SETTINGS", str(tmp_path / "deploy.toml"))
        real = account("eu-central-1")
        formation = Formation(**{"OmnichannelSecurityEdgeStack-dev": "UPDATE_COMPLETE"})
        monkeypatch.setattr(
            preflight,
            "make_client",
            lambda service, region: formation if service == "cloudformation" else real(service, region),
        )
        codes = iter([1, 0])
        monkeypatch.setattr(node, "run_cli", lambda _: next(codes))

        assert cli.run(["deploy", "--all", "-c", "stage=dev"]) == 1
        assert capsys.readouterr().err == ""
        assert cli.run(["deploy", "--all", "-c", "stage=dev"]) == 0
        assert "OmnichannelSecurityEdgeStack-dev still costs for one. Type: aws" in capsys.readouterr().err


class TestADeploymentOfTheWebFunction:
    def test_needs_its_infrastructure_first(self, monkeypatch, emulator):
        monkeypatch.setattr(web_function, "build", lambda *_, **__: pytest.fail("It was built."))

        with pytest.raises(
            ClickException, match="The infrastructure comes first: OmnichannelDataStack is not deployed"
        ):
            web_function.prepare(Zappa(emulator))


class Zappa:
    """Zappa's command line, as far as the callback asks it."""

    command, api_stage = "deploy", "prod"

    def __init__(self, emulator):
        self.zappa = self
        self.boto_session = self
        self.region_name = "us-east-1"
        self.client = emulator.client
