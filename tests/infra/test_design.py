"""What the design asks of the stacks, sentence by sentence, where no other file of tests says it."""

import ast
import json
import re
from pathlib import Path

import pytest

from infra.names import STACKS
from infra.stages import PROFILES

ROOT = Path(__file__).parents[2]


def values(stacks, stack, kind):
    return [each["Properties"] for each in stacks.of(stack, kind).values()]


class TestTheFiles:
    @pytest.mark.parametrize("part", STACKS)
    def test_are_one_for_each_stack(self, part):
        tree = ast.parse((ROOT / f"infra/stacks/{part.lower()}.py").read_text())

        assert f"{part}Stack" in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}

    def test_are_what_the_document_lists_for_whoever_knows_the_owners_names(self):
        document = (ROOT / "docs/architecture-serverless.md").read_text()

        for part in STACKS:
            assert re.search(rf"^\| `Omnichannel{part}Stack` \|.*{part.lower()}\.py`", document, re.MULTILINE), part
        assert "## From `infra-fs/` to `infra/`" in document


class TestAnAcceptedFinding:
    """Of cdk-nag: accepted on one resource, one finding at a time, with a sentence beside it."""

    SOURCES = sorted([*(ROOT / "infra/stacks").glob("*.py"), *(ROOT / "infra/constructs").glob("*.py")])

    def test_is_accepted_by_one_door(self):
        using = {path.name for path in [*self.SOURCES, ROOT / "infra/app.py"] if "acknowledge(" in path.read_text()}

        assert using == {"waivers.py"}

    def test_is_never_accepted_for_a_whole_stack(self):
        scopes = {
            ast.unparse(node.args[0])
            for path in self.SOURCES
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"accept", "accept_warning"}
        }

        assert len(scopes) > 8
        assert not scopes & {"self", "app", "stack", "Stack.of(self)"}

    def test_of_a_wildcard_names_the_resource_and_its_reason(self):
        found = []
        for path in self.SOURCES:
            for text in re.findall(r'"((?:IAM4|IAM5)[^"]*)"', path.read_text()):
                found.append(text)
                assert re.match(r"IAM[45]\[(?:Resource|Policy|Action)::.+\]$", text), (path.name, text)
        assert len(found) > 6


class TestData:
    def test_takes_unfinished_and_unverified_uploads_away(self, synthesize, prod):
        def rules(stacks):
            bucket = stacks.one("Data", "AWS::S3::Bucket", "Media")["Properties"]
            return {each["Id"]: each for each in bucket["LifecycleConfiguration"]["Rules"]}

        kept = rules(prod)
        assert kept["unfinished"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        assert (kept["unverified"]["Prefix"], kept["unverified"]["ExpirationInDays"]) == ("uploads/", 1)
        assert kept["replaced"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        assert set(rules(synthesize("dev"))) == {"unfinished", "unverified"}
        # Media that a message shows never go by their age.
        assert not [each for each in kept.values() if "ExpirationInDays" in each and each.get("Prefix") != "uploads/"]


class TestAuth:
    def test_has_a_page_to_sign_in_at(self, prod):
        assert len(prod.of("Auth", "AWS::Cognito::UserPoolDomain")) == 1


class TestApi:
    def test_makes_the_client_with_the_address_that_people_type(self, synthesize, prod):
        full = synthesize("regulated+full").one("Api", "AWS::Cognito::UserPoolClient")["Properties"]
        plain = prod.one("Api", "AWS::Cognito::UserPoolClient")["Properties"]

        assert full["CallbackURLs"] == ["https://publish.example.org/auth/callback/", "https://publish.example.org/"]
        # Without one, CloudFront's own, which only its resource knows.
        assert "DomainName" in json.dumps(plain["CallbackURLs"])
        assert prod.of("Auth", "AWS::Cognito::UserPoolClient") == {}

    def test_has_a_domain_of_its_own_where_the_operator_has_one(self, synthesize, prod):
        kind = "AWS::ApiGateway::DomainName"
        (domain,) = values(synthesize("regulated+full"), "Api", kind)

        assert (domain["DomainName"], domain["SecurityPolicy"]) == ("api.example.org", "TLS_1_2")
        assert prod.of("Api", kind) == {}

    def test_stands_before_the_front_end_the_media_and_the_gateway(self, prod):
        config = prod.one("Api", "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
        origins = {each["Id"]: json.dumps(each["DomainName"]) for each in config["Origins"]}
        targets = {each["PathPattern"]: origins[each["TargetOriginId"]] for each in config["CacheBehaviors"]}

        assert "OmnichannelFrontendStack" in origins[config["DefaultCacheBehavior"]["TargetOriginId"]]
        assert "OmnichannelDataStack" in targets["media/*"]
        assert ".execute-api." in targets["api/*"]

    def test_keeps_what_was_asked_for_as_long_as_the_stage_says(self, synthesize):
        for stage, days in (("dev", 7), ("prod", 14), ("regulated+full", 365)):
            groups = values(synthesize(stage), "Api", "AWS::Logs::LogGroup")
            assert {each["RetentionInDays"] for each in groups} == {days}
            assert any(each["LogGroupName"].endswith("/access") for each in groups)


class TestScheduler:
    def test_keeps_ticks_that_were_lost(self, prod):
        (queue,) = prod.of("Scheduler", "AWS::SQS::Queue")
        (target,) = prod.one("Scheduler", "AWS::Events::Rule")["Properties"]["Targets"]

        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
        assert "Input" not in target


class TestMonitoring:
    def test_alarms_about_what_loses_delays_or_doubles_a_publication(self, prod):
        names = {each["AlarmName"] for each in values(prod, "Monitoring", "AWS::CloudWatch::Alarm")}

        assert {name.removeprefix("omnipub-prod-") for name in names} == {
            "api-errors", "critical-logs", "publications-late", "records-parked", "scheduler-failures",
            "scheduler-silent", "table-throttled", "unconfirmed", "worker-errors", "worker-failures",
        }  # fmt: skip

    def test_tells_of_a_month_that_will_cost_more_than_it_should(self, synthesize):
        for stage in ("dev", "prod", "regulated+full"):
            stacks = synthesize(stage)
            (topic,) = stacks.of("Monitoring", "AWS::SNS::Topic")
            (budget,) = values(stacks, "Monitoring", "AWS::Budgets::Budget")
            (told,) = budget["NotificationsWithSubscribers"]
            dollars = PROFILES[stage.partition("+")[0]].monthly_budget
            assert budget["Budget"]["BudgetLimit"] == {"Amount": dollars, "Unit": "USD"}
            assert told["Notification"]["NotificationType"] == "FORECASTED"
            assert told["Subscribers"] == [{"Address": {"Ref": topic}, "SubscriptionType": "SNS"}]

    def test_mails_alarms_to_whom_the_operator_names(self, synthesize, prod):
        (subscription,) = values(synthesize("regulated+full"), "Monitoring", "AWS::SNS::Subscription")

        assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "on-call@example.org")
        assert prod.of("Monitoring", "AWS::SNS::Subscription") == {}


class TestSecurity:
    def test_refuses_what_awss_rules_for_the_owasp_top_ten_refuse_and_who_asks_too_much(self, prod):
        acl = prod.one("Security", "AWS::WAFv2::WebACL")["Properties"]
        rules = {each["Name"]: each for each in sorted(acl["Rules"], key=lambda each: each["Priority"])}

        assert list(rules) == [
            "Rate", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet",
            "AWSManagedRulesAmazonIpReputationList",
        ]  # fmt: skip
        assert rules["Rate"]["Action"] == {"Block": {}}
        assert rules["Rate"]["Statement"]["RateBasedStatement"] == {"AggregateKeyType": "IP", "Limit": 2000}
        counted = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
        assert {each["Name"] for each in counted} == {"SizeRestrictions_BODY", "CrossSiteScripting_BODY"}
        assert all(rule["OverrideAction"] == {"None": {}} for name, rule in rules.items() if name != "Rate")

    @pytest.mark.parametrize(
        ("stage", "detectors", "hubs", "trails"),
        [("dev", 0, 0, 0), ("prod", 1, 0, 0), ("regulated+full", 1, 1, 1)],
    )
    def test_watches_as_much_as_the_stage_pays_for(self, synthesize, stage, detectors, hubs, trails):
        stacks = synthesize(stage)

        assert len(stacks.of("Security", "AWS::GuardDuty::Detector")) == detectors
        assert len(stacks.of("Security", "AWS::SecurityHub::Hub")) == hubs
        assert len(stacks.of("Security", "AWS::CloudTrail::Trail")) == trails

    def test_records_who_read_the_table_the_media_and_the_audit_heads(self, synthesize):
        (trail,) = values(synthesize("regulated+full"), "Security", "AWS::CloudTrail::Trail")
        recorded = {
            (resource["Type"], name)
            for selector in trail["EventSelectors"]
            for resource in selector["DataResources"]
            for name in ("Table", "Media", "AuditHeads")
            if re.search(rf"{name}[0-9A-F]{{8}}", json.dumps(resource["Values"]))
        }

        assert trail["EnableLogFileValidation"] is True
        assert recorded == {
            ("AWS::DynamoDB::Table", "Table"), ("AWS::S3::Object", "Media"), ("AWS::S3::Object", "AuditHeads"),
        }  # fmt: skip


class TestFrontend:
    def test_builds_the_front_end_with_what_the_other_stacks_know(self, synthesize):
        full = synthesize("regulated+full")
        (app,) = values(full, "Frontend", "AWS::Amplify::App")
        (branch,) = values(full, "Frontend", "AWS::Amplify::Branch")
        (told,) = values(full, "Api", "AWS::SSM::Parameter")
        environment = {each["Name"]: each["Value"] for each in app["EnvironmentVariables"]}

        assert "appRoot: frontend" in app["BuildSpec"]
        assert "npm ci" in app["BuildSpec"]
        assert environment["SETTINGS_PARAMETER"] == told["Name"] == "/omnipub/regulated/frontend"
        assert {"clientId", "publicUrl", "signInUrl", "userPoolId"} <= set(
            re.findall(r"[a-z]\w+", json.dumps(told["Value"]))
        )
        assert (branch["BranchName"], branch["EnableAutoBuild"]) == ("main", True)
        # A reference that CloudFormation resolves, not the token itself.
        assert "{{resolve:secretsmanager:omnipub/front:" in json.dumps(app["AccessToken"])

    def test_is_served_with_the_headers_that_browsers_obey(self, prod):
        (app,) = values(prod, "Frontend", "AWS::Amplify::App")

        for header in (
            "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
            "Content-Security-Policy",
        ):  # fmt: skip
            assert f"key: {header}" in app["CustomHeaders"]
        assert "unsafe" not in app["CustomHeaders"]

    def test_reads_its_settings_and_nothing_else_when_it_is_built(self, prod):
        (role,) = values(prod, "Frontend", "AWS::IAM::Role")
        (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]

        assert statement["Action"] == "ssm:GetParameter"
        assert json.dumps(statement["Resource"]).endswith(':parameter/omnipub/prod/frontend"]]}')


class TestAFlagOfAStage:
    def test_has_its_price_beside_it(self):
        source = (ROOT / "infra/stages.py").read_text()
        profile = source.partition("class Stage:")[2].partition("\n#:")[0]
        flags = re.findall(r"((?:    #: .*\n)*)    (\w+): bool = ", profile)

        assert len(flags) >= 8
        for comment, name in flags:
            assert re.search(r"\$\d|nothing|paid", comment), name

    def test_is_one_that_the_document_knows(self):
        document = (ROOT / "docs/deploy.md").read_text()

        assert "| | dev | prod | regulated |" in document
        budgets = " | ".join(f"${PROFILES[stage].monthly_budget}" for stage in ("dev", "prod", "regulated"))
        assert f"(`monthly_budget`) | {budgets} |" in document


#: By design: evidence, and what it cannot be read without. Nothing else outlives `destroy`.
RETAINED = {
    "Data": {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret"},
    "Auth": {"AWS::Cognito::UserPool"},
    "Security": {"AWS::S3::Bucket"},
}
#: One of each in an account and region, shared by all gateways there: other stages write their logs by it.
SHARED = {"AWS::ApiGateway::Account", "AWS::IAM::Role"}


class TestDestroying:
    @pytest.mark.parametrize(("stage", "buckets"), [("dev", 0), ("prod", 1), ("regulated+full", 2)])
    def test_leaves_nothing_but_what_is_retained_by_design(self, synthesize, stage, buckets):
        stacks = synthesize(stage)
        retained = {
            part: [
                each["Type"]
                for each in stacks.templates[f"Omnichannel{part}Stack"]["Resources"].values()
                if each.get("DeletionPolicy", "Delete") != "Delete"
            ]
            for part in STACKS
        }

        assert {part: set(kinds) for part, kinds in retained.items() if kinds} == {
            "Api": SHARED,
            **(RETAINED if buckets else {}),
        }
        assert retained["Security"].count("AWS::S3::Bucket") == buckets
        assert len(retained["Api"]) == 2

    def test_is_described_with_what_stays(self):
        (sentence,) = re.findall(
            r"^In prod, `destroy` leaves (.*?)\n\n", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE | re.DOTALL
        )

        for what in ("table", "media", "pool", "key", "secret", "audit heads", "role", "trail"):
            assert what in sentence, what
