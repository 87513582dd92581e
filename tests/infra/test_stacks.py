"""What would hurt if it changed."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import cost
from infra.commands import commands_of
from infra.constructs import gateway
from infra.names import EDGE_PART, STACKS, stack_id
from infra.stacks.auth import ROLES
from infra.stages import PROFILES, Site
from publishing import paths, table
from publishing.domain.permissions import Role

ROOT = Path(__file__).parents[2]
MAPPING = "AWS::Lambda::EventSourceMapping"


def keys(schema):
    return {part["KeyType"]: part["AttributeName"] for part in schema}


class TestTheTable:
    def test_has_the_keys_and_indexes_of_the_application(self, prod):
        properties = prod.one("Data", "AWS::DynamoDB::Table")["Properties"]
        shape: Any = table.definition("any")

        assert properties["KeySchema"] == shape["KeySchema"]
        indexes = {index["IndexName"]: index for index in properties["GlobalSecondaryIndexes"]}
        for wanted in shape["GlobalSecondaryIndexes"]:
            index = indexes.pop(wanted["IndexName"])
            assert keys(index["KeySchema"]) == keys(wanted["KeySchema"])
            assert index["Projection"]["ProjectionType"] == wanted["Projection"]["ProjectionType"]
            assert set(index["Projection"].get("NonKeyAttributes", ())) == set(
                wanted["Projection"].get("NonKeyAttributes", ())
            )
        assert indexes == {}

    def test_expires_items_and_can_be_restored_to_any_second(self, prod):
        properties = prod.one("Data", "AWS::DynamoDB::Table")["Properties"]

        assert properties["TimeToLiveSpecification"] == {"AttributeName": table.TTL_ATTRIBUTE, "Enabled": True}
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["BillingMode"] == "PAY_PER_REQUEST"

    def test_cannot_be_deleted_by_accident(self, prod):
        resource = prod.one("Data", "AWS::DynamoDB::Table")

        assert resource["Properties"]["DeletionProtectionEnabled"] is True
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")

    def test_shows_the_uses_of_its_key_to_auditors(self, synthesize):
        properties = synthesize("regulated+full").one("Data", "AWS::DynamoDB::Table")["Properties"]

        assert properties["SSESpecification"]["SSEEnabled"] is True


class TestTheStream:
    def test_is_encrypted_and_has_the_shards_that_are_paid_for(self, prod):
        properties = prod.one("Data", "AWS::Kinesis::Stream")["Properties"]

        assert properties["StreamEncryption"]["EncryptionType"] == "KMS"
        assert properties["ShardCount"] == 1
        assert properties["RetentionPeriodHours"] == 24


class TestTheKeyAndTheSecret:
    def test_are_kept_and_the_key_is_rotated(self, prod):
        key, secret = prod.one("Data", "AWS::KMS::Key"), prod.one("Data", "AWS::SecretsManager::Secret")

        assert key["Properties"]["EnableKeyRotation"] is True
        assert key["DeletionPolicy"] == secret["DeletionPolicy"] == "Retain"


class TestEveryBucket:
    @pytest.mark.parametrize("stack", ["Data", "Security"])
    def test_is_private_encrypted_and_for_tls_only(self, synthesize, stack):
        stacks = synthesize("regulated+full")
        buckets, policies = stacks.of(stack, "AWS::S3::Bucket"), stacks.of(stack, "AWS::S3::BucketPolicy")

        assert buckets
        for name, bucket in buckets.items():
            properties = bucket["Properties"]
            assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
            assert properties["BucketEncryption"]
            (policy,) = [
                each["Properties"] for each in policies.values() if each["Properties"]["Bucket"] == {"Ref": name}
            ]
            denied = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
            assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denied]

    def test_lets_the_world_read_public_media_through_cloudfront_only(self, prod):
        (policy,) = prod.of("Data", "AWS::S3::BucketPolicy").values()
        allowed = [each for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]

        assert [each["Principal"] for each in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
        assert allowed[0]["Action"] == "s3:GetObject"
        assert allowed[0]["Resource"]["Fn::Join"][1][-1] == "/media/*"
        assert "aws:SourceAccount" in json.dumps(allowed[0]["Condition"])

    @pytest.mark.parametrize(
        ("stage", "origin"),
        [("prod", "*"), ("prod+full", "https://publish.example.org")],
        ids=["bare", "with an address"],
    )
    def test_lets_browsers_upload_from_the_desk_and_do_nothing_else(self, synthesize, stage, origin):
        bucket = synthesize(stage).one("Data", "AWS::S3::Bucket", "Media")["Properties"]

        (rule,) = bucket["CorsConfiguration"]["CorsRules"]
        assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["POST"], [origin])

    def test_keeps_audit_heads_from_everybody(self, prod):
        properties = prod.one("Security", "AWS::S3::Bucket", "AuditHeads")["Properties"]

        rule = properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
        assert properties["ObjectLockEnabled"] is True
        assert (rule["Mode"], rule["Days"]) == ("COMPLIANCE", 365)


class TestTheUserPool:
    def test_has_a_group_for_each_role(self, prod):
        groups = {group["Properties"]["GroupName"] for group in prod.of("Auth", "AWS::Cognito::UserPoolGroup").values()}

        assert groups == set(ROLES) == {role.value for role in Role}

    def test_lets_nobody_sign_up_and_cannot_be_deleted_by_accident(self, prod):
        pool = prod.one("Auth", "AWS::Cognito::UserPool")

        assert pool["Properties"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
        assert pool["Properties"]["DeletionProtection"] == "ACTIVE"
        assert pool["DeletionPolicy"] == "Retain"

    def test_has_the_scope_of_the_api(self, prod):
        properties = prod.one("Auth", "AWS::Cognito::UserPoolResourceServer")["Properties"]

        assert (properties["Identifier"], properties["Scopes"][0]["ScopeName"]) == ("omnipub", "api")

    def test_knows_no_providers_but_those_with_a_secret(self, synthesize, prod):
        kind = "AWS::Cognito::UserPoolIdentityProvider"

        assert prod.of("Auth", kind) == {}
        providers = synthesize("regulated+full").of("Auth", kind)
        assert {each["Properties"]["ProviderName"] for each in providers.values()} == {"Google", "LinkedIn", "GitHub"}
        for each in providers.values():
            # A reference that CloudFormation resolves, not the secret itself.
            assert "{{resolve:secretsmanager:" in json.dumps(each["Properties"]["ProviderDetails"]["client_secret"])

    def test_has_a_client_without_a_secret_that_takes_no_passwords(self, prod):
        properties = prod.one("Api", "AWS::Cognito::UserPoolClient")["Properties"]

        assert properties["GenerateSecret"] is False
        assert properties["AllowedOAuthFlows"] == ["code"]
        assert properties["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
        assert properties["PreventUserExistenceErrors"] == "ENABLED"


class TestTheBridgeToGitHub:
    STACK = "OmnichannelAuthStack"

    def test_is_there_only_where_a_stage_names_it(self, prod):
        assert prod.of("Auth", "AWS::Lambda::Function") == {}
        assert prod.of("Auth", "AWS::ApiGatewayV2::Api") == {}

    @pytest.fixture
    def full(self, synthesize):
        return synthesize("regulated+full")

    def test_reads_its_own_secret_and_nothing_else(self, full):
        allowed = list(statements(full, "Auth", "GitHubBridge"))

        assert {action for action, _ in allowed} == {
            "logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue", "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
        }  # fmt: skip
        (secret,) = [resource for action, resource in allowed if action.startswith("secretsmanager:")]
        assert "secret:omnipub/github-??????" in secret

    def test_says_its_own_address_and_takes_the_pools_users_back(self, full):
        variables = full.one("Auth", "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
        provider = full.one("Auth", "AWS::Cognito::UserPoolIdentityProvider", "GitHub")["Properties"]["ProviderDetails"]

        address = full.of("Auth", "AWS::ApiGatewayV2::Api").popitem()[0]
        assert set(variables) == {"SECRETS_ARN", "OMNIPUB_GITHUB_ISSUER", "OMNIPUB_GITHUB_REDIRECT_URI"}
        assert variables["OMNIPUB_GITHUB_ISSUER"] == provider["oidc_issuer"]
        assert {"Ref": address} in provider["oidc_issuer"]["Fn::Join"][1]
        assert json.dumps(variables["OMNIPUB_GITHUB_REDIRECT_URI"]).endswith('/oauth2/idpresponse"]]}')
        ends = {
            "authorize_url": "/authorize",
            "token_url": "/token",
            "attributes_url": "/userinfo",
            "jwks_uri": "/jwks",
        }
        assert {name: provider[name]["Fn::Join"][1][-1].rpartition("/")[2] for name in ends} == {
            name: end.strip("/") for name, end in ends.items()
        }
        assert "resolve:secretsmanager:" in json.dumps(provider["client_secret"])

    def test_answers_what_its_function_answers_and_is_throttled(self, full):
        routes = {each["Properties"]["RouteKey"] for each in full.of("Auth", "AWS::ApiGatewayV2::Route").values()}
        code = ast.parse((ROOT / "workers/github.py").read_text())
        (table,) = [
            node.value
            for node in code.body
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_ROUTES"
        ]

        assert isinstance(table, ast.Dict)
        assert routes == {" ".join(ast.literal_eval(key)) for key in table.keys if key}
        settings = full.one("Auth", "AWS::ApiGatewayV2::Stage")["Properties"]
        assert settings["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10}
        assert "query" not in settings["AccessLogSettings"]["Format"].lower()

    def test_is_one_of_the_clients_providers(self, full):
        client = full.one("Api", "AWS::Cognito::UserPoolClient")["Properties"]

        assert "GitHub" in client["SupportedIdentityProviders"]


class TestTheGateway:
    @staticmethod
    def methods(stacks, asked="ANY"):
        """Path -> method, of the synthesized gateway."""
        resources = stacks.templates["OmnichannelApiStack"]["Resources"]

        def path(reference):
            if "Fn::GetAtt" in reference:
                return ""
            properties = resources[reference["Ref"]]["Properties"]
            return f"{path(properties['ParentId'])}/{properties['PathPart']}"

        found = stacks.of("Api", "AWS::ApiGateway::Method").values()
        return {
            path(each["Properties"]["ResourceId"]): each["Properties"]
            for each in found
            if each["Properties"]["HttpMethod"] == asked
        }

    def test_opens_exactly_the_paths_of_the_list(self, prod):
        methods = self.methods(prod)

        opened = {path for path, method in methods.items() if method["AuthorizationType"] == "NONE"}
        assert opened == set(paths.OPEN_PATHS)

    def test_asks_for_an_access_token_with_the_scope_everywhere_else(self, prod):
        for path, method in self.methods(prod).items():
            if path not in paths.OPEN_PATHS:
                assert path.startswith("/api"), path
                assert method["AuthorizationType"] == "COGNITO_USER_POOLS"
                assert method["AuthorizationScopes"] == ["omnipub/api"]
                assert method["AuthorizerId"]

    def test_lets_browsers_ask_beforehand_only_where_origins_are_listed(self, prod, synthesize):
        assert self.methods(prod, "OPTIONS") == {}
        full = synthesize("regulated+full")
        preflights, protected = self.methods(full, "OPTIONS"), self.methods(full)

        assert set(preflights) == set(protected) - set(paths.OPEN_PATHS)
        for path, preflight in preflights.items():
            assert preflight["AuthorizationType"] == "NONE"
            # The application answers, as it does everywhere: it knows the origins.
            assert preflight["Integration"] == protected[path]["Integration"]
        outputs = full.templates["OmnichannelApiStack"]["Outputs"]
        assert outputs["CorsOrigins"]["Value"] == "https://www.example.org,https://app.example.org"

    def test_has_a_protected_rest_beside_every_open_path_of_the_api(self, prod):
        methods = self.methods(prod)

        for path in paths.OPEN_PATHS:
            if path.startswith("/api/") and not path.endswith("/{proxy+}"):
                parent = path.rpartition("/")[0]
                assert methods[f"{parent}/{{proxy+}}"]["AuthorizationType"] == "COGNITO_USER_POOLS"

    def test_has_a_path_for_every_one_of_the_application(self, prod):
        methods = self.methods(prod)
        schema = json.loads((ROOT / "publishing/api/openapi.json").read_text())

        for path in schema["paths"]:
            concrete = re.sub(r"\{\w+\}", "x", path).rstrip("/")
            parts = concrete.split("/")
            rests = ["/".join([*parts[:count], "{proxy+}"]) for count in range(len(parts) - 1, 0, -1)]
            (route,) = [each for each in [concrete, *rests] if each in methods][:1]
            assert (methods[route]["AuthorizationType"] == "NONE") == paths.is_open(concrete), path

    def test_has_no_catch_all_at_its_root(self, prod):
        methods = self.methods(prod)

        assert "" not in methods
        assert "/{proxy+}" not in methods

    def test_answers_its_own_errors_as_problems(self, prod):
        answers = [each["Properties"] for each in prod.of("Api", "AWS::ApiGateway::GatewayResponse").values()]

        assert {"UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED", "INTEGRATION_TIMEOUT", "DEFAULT_5XX"} <= {
            each["ResponseType"] for each in answers
        }
        for each in answers:
            problem = json.loads(each["ResponseTemplates"]["application/json"])
            assert problem["type"].startswith("urn:omnipub:problem:")
            assert problem.get("status") == (int(each["StatusCode"]) if "StatusCode" in each else None)
            content_type = each["ResponseParameters"]["gatewayresponse.header.Content-Type"]
            assert content_type == "'application/problem+json'"

    def test_is_throttled_and_logs_who_asked_without_any_content(self, prod):
        properties = prod.one("Api", "AWS::ApiGateway::Stage")["Properties"]
        (settings,) = properties["MethodSettings"]

        assert properties["StageName"] == "prod"
        assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (50, 100)
        assert settings["DataTraceEnabled"] is False
        assert "authorization" not in properties["AccessLogSetting"]["Format"].lower()

    def test_closes_its_own_address_where_it_has_a_domain(self, synthesize, prod):
        kind = "AWS::ApiGateway::RestApi"

        assert synthesize("regulated+full").one("Api", kind)["Properties"]["DisableExecuteApiEndpoint"] is True
        assert prod.one("Api", kind)["Properties"]["DisableExecuteApiEndpoint"] is False

    def test_lists_a_level_of_the_api_as_protected_that_leads_to_an_open_path(self):
        assert ("/api/v1/{proxy+}", False) in set(gateway.routes())


class TestCloudFront:
    def test_asks_for_media_by_its_own_right_and_below_media_only(self, prod):
        config = prod.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
        origins = {each["Id"]: each for each in config["Origins"]}

        behaviors = {each["PathPattern"]: each for each in config["CacheBehaviors"]}
        with_buckets = [each for each in origins.values() if "S3OriginConfig" in each]
        assert [each["Id"] for each in with_buckets] == [behaviors["media/*"]["TargetOriginId"]]
        assert with_buckets[0]["OriginAccessControlId"]

    def test_never_caches_the_api(self, prod):
        config = prod.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
        never = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's managed policy CachingDisabled

        for each in config["CacheBehaviors"]:
            if each["PathPattern"] not in {"static/*", "media/*"}:
                assert each["CachePolicyId"] == never, each["PathPattern"]
        assert {"api/*", "admin", "admin/*", "keyed/*", "hooks/*"} <= {
            each["PathPattern"] for each in config["CacheBehaviors"]
        }

    def test_has_the_firewall_of_its_stage(self, synthesize, prod):
        distribution = prod.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
        acl = prod.one("Security", "AWS::WAFv2::WebACL")["Properties"]

        assert distribution["WebACLId"]
        assert acl["Scope"] == "CLOUDFRONT"
        assert len(acl["Rules"]) == 4
        assert synthesize("dev").of("Security", "AWS::WAFv2::WebACL") == {}


def regions(stacks):
    """Stack -> its region, as the CDK's command line deploys it."""
    artifacts = json.loads((stacks.folder / "manifest.json").read_text())["artifacts"]
    return {
        name: each["environment"].rpartition("/")[2]
        for name, each in artifacts.items()
        if each["type"] == "aws:cloudformation:stack"
    }


class TestAStageInAnotherRegion:
    """CloudFront takes its firewall from us-east-1 only, so that one thing lives there."""

    @pytest.fixture
    def abroad(self, synthesize):
        return synthesize("regulated+abroad")

    def test_has_its_firewall_in_us_east_1_and_nothing_else_there(self, abroad):
        assert regions(abroad) == {
            **dict.fromkeys((stack_id(part) for part in STACKS), "eu-central-1"),
            "OmnichannelSecurityEdgeStack": "us-east-1",
        }
        resources = abroad.templates["OmnichannelSecurityEdgeStack"]["Resources"]
        assert [each["Type"] for each in resources.values()] == ["AWS::WAFv2::WebACL"]
        assert abroad.of("Security", "AWS::WAFv2::WebACL") == {}

    def test_has_the_same_rules_as_one_in_us_east_1(self, abroad, synthesize):
        here = synthesize("regulated+full").one("Security", "AWS::WAFv2::WebACL")

        assert abroad.one("SecurityEdge", "AWS::WAFv2::WebACL") == here

    def test_gives_cloudfront_the_firewall_that_the_other_region_has(self, abroad):
        config = abroad.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
        artifacts = json.loads((abroad.folder / "manifest.json").read_text())["artifacts"]
        edge = artifacts["OmnichannelSecurityEdgeStack"]["properties"]

        read = config["WebACLId"]["Fn::GetStackOutput"]
        assert read == {
            "StackName": "OmnichannelSecurityEdgeStack-regulated", "OutputName": "FirewallArn", "Region": "us-east-1",
        }  # fmt: skip
        assert edge["stackName"] == read["StackName"]
        output = abroad.templates["OmnichannelSecurityEdgeStack"]["Outputs"][read["OutputName"]]
        (acl,) = abroad.of("SecurityEdge", "AWS::WAFv2::WebACL")
        assert output["Value"] == {"Fn::GetAtt": [acl, "Arn"]}

    def test_is_deployed_and_destroyed_in_the_order_that_this_needs(self, abroad):
        artifacts = json.loads((abroad.folder / "manifest.json").read_text())["artifacts"]

        assert "OmnichannelSecurityEdgeStack" in artifacts["OmnichannelApiStack"]["dependencies"]

    def test_runs_nothing_to_look_across_regions(self, abroad):
        """No custom resource, and so no function and no role that nobody asked for."""
        kinds = {each["Type"] for template in abroad.templates.values() for each in template["Resources"].values()}
        functions = [
            each["Properties"]["Handler"]
            for stack in (*STACKS, "SecurityEdge")
            for each in abroad.of(stack, "AWS::Lambda::Function").values()
        ]

        assert not [kind for kind in kinds if kind.startswith("Custom::") or "CustomResource" in kind]
        assert sorted(functions) == ["workers.delivery.handler", "workers.github.handler", "workers.scheduler.handler"]

    def test_needs_no_such_stack_without_a_firewall(self, synthesize):
        stacks = synthesize("dev+abroad")

        assert regions(stacks) == dict.fromkeys((stack_id(part) for part in STACKS), "eu-central-1")
        config = stacks.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
        assert "WebACLId" not in config

    def test_changes_nothing_for_one_in_us_east_1(self, prod):
        """There the Security stack has the firewall, and the Api stack imports it as it always did."""
        config = prod.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]

        assert set(regions(prod).values()) == {"us-east-1"}
        assert list(prod.of("Security", "AWS::WAFv2::WebACL")) == ["Firewall"]
        assert config["WebACLId"] == {
            "Fn::ImportValue": "OmnichannelSecurityStack:ExportsOutputFnGetAttFirewallArnBEB40EC9"
        }


class TestTheWorker:
    def test_is_as_large_as_the_design_says(self, prod):
        properties = prod.one("Worker", "AWS::Lambda::Function")["Properties"]

        assert (properties["MemorySize"], properties["Timeout"]) == (1024, 300)
        assert properties["Architectures"] == ["arm64"]
        assert properties["Handler"] == "workers.delivery.handler"

    def test_is_given_records_within_bounds(self, prod):
        properties = prod.one("Worker", MAPPING)["Properties"]

        assert properties["BatchSize"] == 10
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["BisectBatchOnFunctionError"] is True
        assert properties["MaximumRetryAttempts"] == 2
        assert properties["MaximumRecordAgeInSeconds"] == 120
        assert properties["ParallelizationFactor"] == 10
        assert properties["DestinationConfig"]["OnFailure"]["Destination"]

    def test_is_told_what_the_application_reads(self, prod):
        variables = prod.one("Worker", "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]

        assert {
            "TABLE_NAME", "SECRETS_ARN", "USE_AI_AGENT", "BEDROCK_MODEL_ID", "MEDIA_BUCKET", "OMNIPUB_MEDIA_URL",
            "OMNIPUB_KMS_KEY_ID",
        } == set(variables)  # fmt: skip


#: Whether hints go by a stream: as the profiles say, and the other way round.
TRANSPORTS = [("prod", True), ("regulated+full", True), ("dev", False), ("dev+swapped", True), ("prod+swapped", False)]


class TestTheWayToTheWorker:
    @pytest.mark.parametrize(("stage", "has_stream"), TRANSPORTS)
    def test_is_a_mapping_exactly_where_there_is_a_stream(self, synthesize, stage, has_stream):
        stacks = synthesize(stage)

        counts = [len(stacks.of("Data", "AWS::Kinesis::Stream")), len(stacks.of("Worker", MAPPING))]
        assert counts == [has_stream, has_stream]
        assert len(stacks.of("Worker", "AWS::Lambda::EventInvokeConfig")) == (not has_stream)
        assert ("StreamName" in stacks.templates["OmnichannelDataStack"]["Outputs"]) == has_stream
        if not has_stream:
            assert "kinesis" not in json.dumps(stacks.templates).lower()

    @pytest.mark.parametrize(("stage", "has_stream"), TRANSPORTS)
    def test_is_what_the_scheduler_is_told(self, synthesize, stage, has_stream):
        function = synthesize(stage).one("Scheduler", "AWS::Lambda::Function")["Properties"]
        variables = function["Environment"]["Variables"]

        assert ("KINESIS_STREAM_NAME" in variables) == has_stream
        assert variables.get("OMNIPUB_WORKER_FUNCTION") == (
            None if has_stream else f"omnipub-{stage.partition('+')[0]}-worker"
        )

    @pytest.mark.parametrize(("stage", "has_stream"), TRANSPORTS)
    def test_is_all_that_the_roles_of_its_users_gain_by_it(self, synthesize, stage, has_stream):
        stacks, name = synthesize(stage), f"omnipub-{stage.partition('+')[0]}"

        for stack, like in (("Api", "WebRole"), ("Scheduler", "SchedulerRole")):
            rights = [*statements(stacks, stack, like)]
            invoked = {
                where.rpartition(":")[2].strip('"]}') for action, where in rights if action == "lambda:InvokeFunction"
            }
            put = {action for action, _ in rights if action.startswith("kinesis:")}
            assert invoked == {f"{name}-scheduler", *([] if has_stream else [f"{name}-worker"])}
            assert put == ({"kinesis:PutRecord", "kinesis:PutRecords"} if has_stream else set())

    def test_without_a_stream_is_bounded_and_its_failures_are_kept(self, synthesize):
        dev = synthesize("dev")
        invocations = dev.one("Worker", "AWS::Lambda::EventInvokeConfig")["Properties"]
        failures = next(iter(dev.of("Worker", "AWS::SQS::Queue")))
        alarm = dev.one("Monitoring", "AWS::CloudWatch::Alarm", "WorkerFailures")["Properties"]

        assert (invocations["MaximumRetryAttempts"], invocations["MaximumEventAgeInSeconds"]) == (1, 120)
        assert invocations["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": [failures, "Arn"]}
        sent = [where for action, where in statements(dev, "Worker", "WorkerRole") if action == "sqs:SendMessage"]
        assert sent == [json.dumps({"Fn::GetAtt": [failures, "Arn"]})]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")

    @pytest.mark.parametrize(
        ("stage", "metric", "absent"),
        [
            ("prod", "GetRecords.IteratorAgeMilliseconds", "AsyncEventAge"),
            ("dev", "AsyncEventAge", "GetRecords.IteratorAgeMilliseconds"),
        ],
    )
    def test_is_on_the_dashboard_by_its_own_measure(self, synthesize, stage, metric, absent):
        body = json.dumps(synthesize(stage).one("Monitoring", "AWS::CloudWatch::Dashboard")["Properties"])

        assert metric in body
        assert absent not in body


class TestTheScheduler:
    def test_is_as_large_as_the_design_says(self, prod):
        properties = prod.one("Scheduler", "AWS::Lambda::Function")["Properties"]

        assert (properties["MemorySize"], properties["Timeout"]) == (256, 60)
        assert "ReservedConcurrentExecutions" not in properties

    def test_runs_every_minute_and_is_never_tried_again(self, prod):
        rule = prod.one("Scheduler", "AWS::Events::Rule")["Properties"]
        invocations = prod.one("Scheduler", "AWS::Lambda::EventInvokeConfig")["Properties"]

        assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
        assert rule["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] == 0
        assert (invocations["MaximumRetryAttempts"], invocations["MaximumEventAgeInSeconds"]) == (0, 60)
        assert invocations["DestinationConfig"]["OnFailure"]["Destination"]


def statements(stacks, stack, like):
    """What a role may do: (action, resource as text)."""
    role = stacks.one(stack, "AWS::IAM::Role", like)["Properties"]
    assert "ManagedPolicyArns" not in role
    for policy in role["Policies"]:
        for each in policy["PolicyDocument"]["Statement"]:
            if each["Effect"] == "Allow":
                actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
                resources = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
                yield from ((action, json.dumps(resource)) for action in actions for resource in resources)


ROLES_OF = [("Api", "WebRole"), ("Worker", "WorkerRole"), ("Scheduler", "SchedulerRole")]


_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
_TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
_ROWS = {
    "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
    "dynamodb:ConditionCheckItem", "dynamodb:DescribeTable",
}  # fmt: skip
#: Every role of a stage with every option -> all that it may do. Where a stage has less, a role has less.
RIGHTS = {
    ("Api", "WebRole"): {
        *_LOGS, *_TRACES, *_ROWS, "dynamodb:DeleteItem", "kms:GenerateDataKey", "secretsmanager:GetSecretValue",
        "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket",
        "cognito-idp:ListUsers", "cognito-idp:AdminListGroupsForUser", "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminAddUserToGroup", "kinesis:PutRecord", "kinesis:PutRecords", "lambda:InvokeFunction",
    },
    ("Api", "Caller"): {"lambda:InvokeFunction"},
    ("Worker", "WorkerRole"): {
        *_LOGS, *_TRACES, *_ROWS, "kms:Decrypt", "kms:GenerateDataKey", "s3:GetObject",
        "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
        "sqs:SendMessage", "ses:SendEmail", "sns:Publish",
    },
    ("Scheduler", "SchedulerRole"): {
        *_LOGS, *_TRACES, *_ROWS, "dynamodb:DeleteItem", "kinesis:PutRecord", "kinesis:PutRecords",
        "lambda:InvokeFunction", "s3:PutObject", "sqs:SendMessage",
    },
    ("Auth", "GitHubBridge"): {*_LOGS, *_TRACES, "secretsmanager:GetSecretValue"},
    ("Frontend", "Build"): {"ssm:GetParameter"},
    ("Monitoring", "CommandsRole"): {"lambda:InvokeFunction"},
}  # fmt: skip
#: AWS's own policy for it, and no other role has such a one: writing the logs of every gateway of the account.
_GATEWAYS_LOGS = ("Api", "GatewayCloudWatchRole")


class TestARole:
    @pytest.mark.parametrize(("stack", "like"), RIGHTS)
    def test_may_do_exactly_this(self, synthesize, stack, like):
        full = synthesize("regulated+full")

        assert {action for action, _ in statements(full, stack, like)} == RIGHTS[stack, like]

    def test_is_one_of_these(self, synthesize):
        full = synthesize("regulated+full")
        found = [(stack, name) for stack in STACKS for name in full.of(stack, "AWS::IAM::Role")]

        known = [*RIGHTS, _GATEWAYS_LOGS]
        assert len(found) == len(known)
        for stack, like in known:
            full.one(stack, "AWS::IAM::Role", like)
        gateways = full.one(*_GATEWAYS_LOGS[:1], "AWS::IAM::Role", _GATEWAYS_LOGS[1])["Properties"]
        assert [json.dumps(arn).rpartition("/")[2] for arn in gateways["ManagedPolicyArns"]] == [
            'AmazonAPIGatewayPushToCloudWatchLogs"]]}'
        ]
        # Nor is there a policy beside the roles' own.
        assert [kind for stack in STACKS for kind in full.of(stack, "AWS::IAM::Policy")] == []
        assert [kind for stack in STACKS for kind in full.of(stack, "AWS::IAM::ManagedPolicy")] == []

    @pytest.mark.parametrize("stage", ["dev", "prod"])
    @pytest.mark.parametrize(("stack", "like"), ROLES_OF)
    def test_may_do_no_more_where_a_stage_has_less(self, synthesize, stage, stack, like):
        may = {action for action, _ in statements(synthesize(stage), stack, like)}
        kinesis = {action for action in RIGHTS[stack, like] if action.startswith("kinesis:")}

        assert may == RIGHTS[stack, like] - (_TRACES | kinesis if stage == "dev" else set())

    def test_of_the_worker_adds_evidence_and_deletes_none(self, prod):
        queried = [where for _, where in statements(prod, "Worker", "WorkerRole") if "/index/" in where]

        assert len(queried) == 1
        assert table.BY_MONTH in queried[0]

    @pytest.mark.parametrize(("stack", "like"), ROLES_OF)
    def test_has_no_wildcard_among_its_actions(self, prod, stack, like):
        assert not [action for action, _ in statements(prod, stack, like) if "*" in action]

    @pytest.mark.parametrize(("stack", "like"), ROLES_OF)
    def test_reaches_everything_only_where_aws_has_no_resources(self, prod, stack, like):
        everywhere = {action for action, resource in statements(prod, stack, like) if resource == '"*"'}

        assert everywhere <= {"sns:Publish", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
        assert ("sns:Publish" in everywhere) == (stack == "Worker")

    @pytest.mark.parametrize(("stack", "like"), ROLES_OF)
    def test_cannot_scan_or_delete_the_table(self, prod, stack, like):
        actions = {action for action, _ in statements(prod, stack, like)}

        assert not actions & {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:PartiQLSelect"}

    def test_opens_credentials_in_the_worker_only(self, prod):
        opening = [
            stack for stack, like in ROLES_OF if "kms:Decrypt" in {each for each, _ in statements(prod, stack, like)}
        ]

        assert opening == ["Worker"]

    def test_of_the_worker_sends_mail_and_texts_but_to_no_topic(self, prod):
        actions = {action for action, _ in statements(prod, "Worker", "WorkerRole")}
        role = prod.one("Worker", "AWS::IAM::Role", "WorkerRole")["Properties"]
        written = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
        denied = [each for each in written if each["Effect"] == "Deny"]

        assert {"ses:SendEmail", "sns:Publish"} <= actions
        assert [(each["Action"], each["Resource"]) for each in denied] == [("sns:Publish", "arn:*:sns:*:*:*")]

    def test_of_the_scheduler_adds_audit_heads_and_takes_none_away(self, prod):
        allowed = {action: where for action, where in statements(prod, "Scheduler", "SchedulerRole") if "s3:" in action}
        listing = {action: where for action, where in statements(prod, "Api", "WebRole") if action == "s3:ListBucket"}

        assert set(allowed) == {"s3:PutObject"}
        assert allowed["s3:PutObject"].endswith('/heads/*"]]}')
        assert "AuditHeads" in listing["s3:ListBucket"]
        assert not [where for _, where in statements(prod, "Api", "WebRole") if "heads/*" in where]

    def test_of_the_web_function_asks_and_invites_users_of_its_own_pool_and_no_more(self, prod):
        rights = [each for each in statements(prod, "Api", "WebRole") if each[0].startswith("cognito-idp:")]

        assert {action for action, _ in rights} == {
            "cognito-idp:ListUsers",
            "cognito-idp:AdminListGroupsForUser",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminAddUserToGroup",
        }
        assert {":ExportsOutputFnGetAttPool" in where and "Arn" in where for _, where in rights} == {True}

    def test_of_the_scheduler_is_told_how_far_series_reach(self, prod, synthesize):
        for stacks, days in ((prod, "7"), (synthesize("regulated+full"), "21")):
            function = stacks.one("Scheduler", "AWS::Lambda::Function")["Properties"]
            assert function["Environment"]["Variables"]["OMNIPUB_SERIES_HORIZON"] == days

    def test_of_the_scheduler_reads_the_timers_and_no_other_index(self, prod):
        queried = {
            resource for action, resource in statements(prod, "Scheduler", "SchedulerRole") if "index" in resource
        }

        assert len(queried) == 1
        assert table.TIMERS in queried.pop()


class TestMailFeedback:
    def test_comes_signed_as_the_application_takes_it(self, prod):
        topic = prod.one("Api", "AWS::SNS::Topic", "MailFeedback")["Properties"]
        destination = prod.one("Api", "AWS::SES::ConfigurationSetEventDestination")["Properties"]["EventDestination"]

        assert topic["SignatureVersion"] == "2"
        assert {"SEND", "BOUNCE", "COMPLAINT"} <= set(destination["MatchingEventTypes"])


def exports(stacks):
    return {output["Export"]["Name"] for output in stacks.templates["OmnichannelDataStack"]["Outputs"].values()
            if "Export" in output}  # fmt: skip


class TestARestoredTable:
    """What `restored_table` in an operator's settings does; `docs/runbooks/backup-and-restore.md` uses it."""

    def test_is_what_every_function_is_told_and_may_reach(self, synthesize):
        restored = synthesize("prod+restored")

        for stack in ("Worker", "Scheduler"):
            variables = restored.one(stack, "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
            assert variables["TABLE_NAME"] == "restored-table"
        for stack, like in ROLES_OF:
            tables = {each for action, each in statements(restored, stack, like) if action.startswith("dynamodb:")}
            assert tables
            assert all(":table/restored-table" in each for each in tables)
        outputs = restored.templates["OmnichannelDataStack"]["Outputs"]
        assert outputs["TableName"]["Value"] == "restored-table"

    def test_leaves_the_stacks_own_table_and_what_others_import_of_it(self, synthesize, prod):
        restored = synthesize("prod+restored")

        own = restored.one("Data", "AWS::DynamoDB::Table")
        assert own == prod.one("Data", "AWS::DynamoDB::Table")
        # CloudFormation refuses to take an export away that a stack which is updated later still imports.
        assert exports(prod) <= exports(restored)


class TestMonitoring:
    def test_has_no_more_alarms_than_are_free_and_a_page_for_each(self, prod):
        alarms = [each["Properties"] for each in prod.of("Monitoring", "AWS::CloudWatch::Alarm").values()]

        pages = {re.findall(r"docs/runbooks/([a-z-]+)\.md", alarm["AlarmDescription"])[0] for alarm in alarms}
        assert len(alarms) <= 10
        assert all(alarm["AlarmActions"] for alarm in alarms)
        assert {alarm["AlarmName"].removeprefix("omnipub-prod-") for alarm in alarms} == pages
        written = {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")}
        assert written - {"README", "backup-and-restore"} == pages
        listed = re.findall(
            r"^\| \[([a-z-]+)\]\(\1\.md\) \|", (ROOT / "docs/runbooks/README.md").read_text(), re.MULTILINE
        )
        assert sorted(listed) == sorted(pages)

    def test_measures_every_fact_about_lateness_in_one_metric_that_an_alarm_reads(self, prod):
        filters = [each["Properties"] for each in prod.of("Monitoring", "AWS::Logs::MetricFilter").values()]
        facts = {
            (each["FilterPattern"], each["MetricTransformations"][0]["MetricValue"])
            for each in filters
            if each["MetricTransformations"][0]["MetricName"] == "Lateness"
        }
        alarm = prod.one("Monitoring", "AWS::CloudWatch::Alarm", "PublicationsLate")["Properties"]

        assert facts == {
            ('{ ($.event = "delivery.committed") && ($.late_ms >= 0) }', "$.late_ms"),
            ('{ ($.event = "scheduler.tick") && ($.overdue_ms >= 0) }', "$.overdue_ms"),
            ('{ ($.event = "canary.failed") && ($.late_ms >= 0) }', "$.late_ms"),
        }
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("Lateness", "Maximum", 20_000)
        assert alarm["Namespace"] == "Omnipub/prod"

    def test_has_no_more_metrics_of_its_own_than_the_estimate_counts(self, prod):
        filters = [each["Properties"] for each in prod.of("Monitoring", "AWS::Logs::MetricFilter").values()]
        names = {each["MetricTransformations"][0]["MetricName"] for each in filters}
        items = cost.estimate(PROFILES["prod"], cost.Load(requests_a_day=1, messages_a_day=1, channels=1))

        assert [item.units for item in items if item.price == "metric"] == [len(names)]

    def test_shows_lateness_and_doubt_on_the_dashboard(self, prod):
        body = json.dumps(prod.one("Monitoring", "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"])

        assert {"Lateness", "InDoubt", "Unconfirmed", "RecordsParked"} <= set(re.findall(r"[A-Z][A-Za-z]+", body))

    @pytest.mark.parametrize(
        ("name", "expression", "line"),
        [
            ("canary", "rate(1 hour)", "canary"),
            ("retention", "cron(7 0-5 * * ? *)", "retention run --limit 5000 --seconds 20"),
        ],
    )
    def test_runs_a_command_by_itself_where_the_stage_asks_for_it(self, synthesize, name, expression, line):
        full = synthesize("regulated+full")
        schedule = full.one("Monitoring", "AWS::Scheduler::Schedule", name.title())["Properties"]
        (role,) = full.of("Monitoring", "AWS::IAM::Role")

        assert (schedule["Name"], schedule["ScheduleExpression"]) == (f"omnipub-regulated-{name}", expression)
        # Exactly what the web function's handler takes for a command: tests/omnipub/test_function.py.
        assert json.loads(schedule["Target"]["Input"]) == {"manage": line}
        assert json.dumps(schedule["Target"]["Arn"]).endswith(':function:omnipub-regulated"]]}')
        assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0}
        assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
        assert "State" not in schedule

    def test_lets_the_schedules_run_the_web_function_and_nothing_else(self, synthesize):
        full = synthesize("regulated+full")
        (target,) = {where for _, where in statements(full, "Monitoring", "CommandsRole")}
        trusted = full.one("Monitoring", "AWS::IAM::Role")["Properties"]["AssumeRolePolicyDocument"]["Statement"]

        assert target.endswith(':function:omnipub-regulated"]]}')
        assert [each["Principal"] for each in trusted] == [{"Service": "scheduler.amazonaws.com"}]
        assert "aws:SourceAccount" in json.dumps(trusted)

    @pytest.mark.parametrize(
        ("site", "names"),
        [
            (Site(), []),
            (Site(canary_account="01KBCD0000000000000000000B"), ["canary"]),
            (Site(retention_days=30), ["retention"]),
            (Site(audit_retention_days=30), ["retention"]),
        ],
    )
    def test_runs_no_command_that_nobody_asked_for(self, site, names):
        assert [command.name for command in commands_of(site)] == names

    def test_has_no_schedule_and_no_role_for_one_where_nothing_asks_for_it(self, prod):
        assert prod.of("Monitoring", "AWS::Scheduler::Schedule") == {}
        assert prod.of("Monitoring", "AWS::IAM::Role") == {}

    def test_reads_critical_lines_of_the_worker_and_of_the_web_function(self, prod):
        """Feedback about a second publication, and a retention that failed, are told by the web function."""
        filters = [each["Properties"] for each in prod.of("Monitoring", "AWS::Logs::MetricFilter").values()]
        read = {
            (json.dumps(each["LogGroupName"]), each["FilterPattern"], each["MetricTransformations"][0]["MetricValue"])
            for each in filters
            if each["MetricTransformations"][0]["MetricName"] == "CriticalLogs"
        }
        alarm = prod.one("Monitoring", "AWS::CloudWatch::Alarm", "CriticalLogs")["Properties"]

        (worker,) = [group for group, _, _ in read if "OmnichannelWorkerStack" in group]
        (web,) = [group for group, _, _ in read if "OmnichannelApiStack" in group and "Logs" in group]
        critical = '{ $.level = "CRITICAL" }'
        assert read == {(worker, critical, "1"), (web, critical, "1")}
        assert (alarm["MetricName"], alarm["Threshold"], alarm["Statistic"]) == ("CriticalLogs", 1, "Sum")

    def test_notices_a_scheduler_that_does_not_run(self, prod):
        alarm = prod.one("Monitoring", "AWS::CloudWatch::Alarm", "SchedulerSilent")["Properties"]

        assert alarm["TreatMissingData"] == "breaching"


#: What is deployed somewhere, and where.
LINTED = [
    ("dev", "us-east-1"),
    ("prod", "us-east-1"),
    ("regulated+full", "us-east-1"),
    ("regulated+abroad", "eu-central-1"),
    ("regulated+abroad", "us-east-1"),
]


def templates_in(stacks, region):
    return [str(stacks.folder / f"{name}.template.json") for name, where in regions(stacks).items() if where == region]


@pytest.fixture(scope="module")
def linted(synthesize, tmp_path_factory):
    """What cfn-lint finds, by region: in one process for each, which reads its rules once, side by side."""
    template = json.loads((synthesize("prod").folder / "OmnichannelDataStack.template.json").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::DynamoDB::Table":
            resource["Properties"]["BillingMode"] = "PAY_WHEN_ASKED"
    wrong = tmp_path_factory.mktemp("linted") / "wrong.template.json"
    wrong.write_text(json.dumps(template))
    at_work = {}
    for region in dict.fromkeys(where for _, where in LINTED):
        templates = [
            each for stage, where in LINTED if where == region for each in templates_in(synthesize(stage), region)
        ]
        linter = str(Path(sys.executable).with_name("cfn-lint"))
        # W3005: dependencies that are there twice, which the CDK writes and CloudFormation ignores.
        # W6001: outputs that repeat another stack's, so that whoever deploys the web function reads one stack less.
        options = ["--format", "parseable", "--regions", region, "--ignore-checks", "W3005", "W6001"]
        command = [linter, *options, "--", str(wrong), *templates]
        at_work[region] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return {region: process.communicate()[0].splitlines() for region, process in at_work.items()}


_NAMES = {
    "Name", "RoleName", "FunctionName", "QueueName", "TopicName", "LogGroupName", "AlarmName", "DashboardName",
    "AliasName", "TrailName", "UserPoolName", "OriginAccessControlConfig", "Budget",
}  # fmt: skip
#: Named within something that has a name of its own.
_WITHIN = {"AWS::ApiGateway::Authorizer", "AWS::Cognito::UserPoolResourceServer"}


def names_in(stacks):
    """What a stage's resources are called where an account, or a region of it, has each name once."""
    found = set()
    for template in stacks.templates.values():
        for resource in template["Resources"].values():
            for key in _NAMES & set(resource.get("Properties", {})):
                value = resource["Properties"][key]
                name = value.get("Name") or value.get("BudgetName") if isinstance(value, dict) else value
                if name and resource["Type"] not in _WITHIN:
                    found.add((resource["Type"], key, name))
    return found


class TestTheStacks:
    @pytest.mark.parametrize(
        "stage", ["dev", "dev+swapped", "prod", "regulated+full", "dev+abroad", "regulated+abroad"]
    )
    def test_are_the_eight_of_the_design_and_pass_cdk_nag(self, synthesize, stage):
        stacks = synthesize(stage)  # refuses what cdk-nag finds

        edge = {stack_id(EDGE_PART)} if stage == "regulated+abroad" else set()
        assert set(stacks.templates) == {stack_id(part) for part in STACKS} | edge

    @pytest.mark.parametrize(("stage", "region"), LINTED)
    def test_are_templates_that_cfn_lint_accepts_in_their_regions(self, synthesize, linted, stage, region):
        assert templates_in(synthesize(stage), region)
        folder = f"{synthesize(stage).folder}/"

        assert [line for line in linted[region] if line.startswith(folder)] == []

    def test_are_linted_by_what_finds_something_wrong(self, linted):
        for found in linted.values():
            assert {line.partition("/wrong.template.json:")[2].split(":")[4] for line in found} == {"E3030", "E3639"}
            assert "PAY_WHEN_ASKED" in found[0]

    def test_hold_no_secret(self, synthesize):
        text = json.dumps(synthesize("regulated+full").templates)

        assert "BEGIN" not in text
        assert not re.search(r"AKIA[0-9A-Z]{16}", text)

    def test_of_two_stages_have_no_name_in_common_so_that_they_may_share_an_account(self, synthesize):
        named = {stage: names_in(synthesize(stage)) for stage in ("dev", "prod", "regulated+full")}

        assert all(len(names) > 25 for names in named.values())
        for stage, other in (("dev", "prod"), ("dev", "regulated+full"), ("prod", "regulated+full")):
            assert named[stage] & named[other] == set()

    @pytest.mark.parametrize("stage", ["dev", "prod", "regulated+full"])
    def test_name_no_bucket_so_that_no_name_can_be_taken(self, synthesize, stage):
        stacks = synthesize(stage)
        buckets = [
            resource["Properties"]
            for template in stacks.templates.values()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::S3::Bucket"
        ]

        assert len(buckets) >= 2
        assert not [bucket for bucket in buckets if "BucketName" in bucket]
        settings = json.loads((ROOT / "zappa_settings.json").read_text())
        assert not [name for name, each in settings.items() if "s3_bucket" in each]
