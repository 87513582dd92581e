"""What the environment may say about feedback, and about signing in."""

from datetime import timedelta

import pytest

from publishing.config import HINTS, Config, ConfigError
from publishing.domain.permissions import Role
from publishing.identity.roles import RoleMap

TOPICS = "arn:aws:sns:eu-central-1:123456789012:mail, arn:aws-cn:sns:cn-north-1:123456789012:mail"


class TestTheTopicsOfMail:
    def test_are_read_from_a_list(self):
        config = Config.from_environment({"TABLE_NAME": "t", "OMNIPUB_MAIL_TOPICS": TOPICS})

        assert config.mail_topics == set(TOPICS.split(", "))

    @pytest.mark.parametrize("text", ["mail", "arn:aws:sqs:eu-central-1:123456789012:mail", f"{TOPICS}, *", "*"])
    def test_are_refused_when_one_is_none(self, text: str):
        with pytest.raises(ConfigError, match="OMNIPUB_MAIL_TOPICS cannot be read: it should be ARNs of SNS topics"):
            Config.from_environment({"TABLE_NAME": "t", "OMNIPUB_MAIL_TOPICS": text})


class TestAnotherAddressOfSns:
    def test_is_for_local_mode(self):
        variables = {"TABLE_NAME": "t", "OMNIPUB_SNS_ADDRESS": "http://127.0.0.1:8010/sns"}

        with pytest.raises(ConfigError, match="OMNIPUB_SNS_ADDRESS is for local mode"):
            Config.from_environment(variables)
        local = Config.from_environment({**variables, "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true"})

        assert local.sns_address == "http://127.0.0.1:8010/sns"


LOCAL = {"TABLE_NAME": "t", "OMNIPUB_DEMO_SIGN_IN": "true", "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true"}


class TestDemoUsers:
    @pytest.mark.parametrize(
        "changes",
        [
            {"OMNIPUB_ALLOW_PRIVATE_NETWORKS": ""},
            {"OMNIPUB_ALLOW_PRIVATE_NETWORKS": "false"},
            {"AWS_LAMBDA_FUNCTION_NAME": "omnipub-web"},
        ],
    )
    def test_cannot_be_switched_on_where_omnipub_is_deployed(self, changes: dict[str, str]):
        with pytest.raises(ConfigError, match="OMNIPUB_DEMO_SIGN_IN is for local mode and must not be set here"):
            Config.from_environment({**LOCAL, **changes})

    def test_are_switched_on_for_a_laptop_and_off_by_default(self):
        assert Config.from_environment(LOCAL).demo_sign_in
        assert not Config.from_environment({**LOCAL, "OMNIPUB_DEMO_SIGN_IN": ""}).demo_sign_in


class TestTheWayToTheWorker:
    @pytest.mark.parametrize("name", HINTS)
    def test_is_one_of_two(self, name: str):
        assert Config.from_environment({"TABLE_NAME": "t", name: "x"}, needs=(HINTS,))

    def test_is_named_with_what_to_do_where_there_is_none(self):
        said = (
            "neither KINESIS_STREAM_NAME nor OMNIPUB_WORKER_FUNCTION is set: set the first to the name of the stream "
            "of hints or, without a stream, the second to the name of the worker function; MEDIA_BUCKET is not set"
        )

        with pytest.raises(ConfigError, match=said):
            Config.from_environment({"TABLE_NAME": "t"}, needs=(HINTS, "MEDIA_BUCKET"))


class TestSigningIn:
    def test_gives_roles_by_group(self):
        config = Config.from_environment(
            {"TABLE_NAME": "t", "OMNIPUB_ROLES_BY_GROUP": "Press office = editor,it=admin"}
        )

        assert RoleMap.from_config(config).roles(["Press office", "editor"]) == {Role.EDITOR}

    def test_names_groups_as_roles_without_more(self):
        config = Config.from_environment({"TABLE_NAME": "t"})

        assert RoleMap.from_config(config).roles(["editor", "it", 7, None]) == {Role.EDITOR}
        assert RoleMap.from_config(config).roles("editor") == frozenset()

    def test_gives_no_role_that_does_not_exist(self):
        config = Config.from_environment({"TABLE_NAME": "t", "OMNIPUB_ROLES_BY_GROUP": "it=root"})

        with pytest.raises(ConfigError, match="OMNIPUB_ROLES_BY_GROUP names root"):
            RoleMap.from_config(config)

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("OMNIPUB_ROLES_BY_GROUP", "it"),
            ("OMNIPUB_ROLES_BY_GROUP", "=admin"),
            ("OMNIPUB_OIDC_ISSUER", "id.example.org"),
            ("OMNIPUB_SESSION_IDLE", "0"),
            ("OMNIPUB_CORS_ORIGINS", "*"),
            ("OMNIPUB_CORS_ORIGINS", "https://www.example.org/"),
            ("OMNIPUB_CORS_ORIGINS", "null"),
        ],
    )
    def test_refuses_what_it_cannot_read(self, name: str, text: str):
        with pytest.raises(ConfigError, match=f"{name} cannot be read"):
            Config.from_environment({"TABLE_NAME": "t", name: text})

    def test_at_a_provider_needs_the_name_of_our_client_there(self):
        with pytest.raises(ConfigError, match="OMNIPUB_OIDC_CLIENT_ID is not set"):
            Config.from_environment({"TABLE_NAME": "t", "OMNIPUB_OIDC_ISSUER": "https://id.example.org/"})

    def test_keeps_an_issuer_as_it_is_written(self):
        variables = {"OMNIPUB_OIDC_ISSUER": "https://id.example.org/", "OMNIPUB_OIDC_CLIENT_ID": "c"}

        assert Config.from_environment({"TABLE_NAME": "t", **variables}).oidc_issuer == "https://id.example.org/"

    def test_limits_sessions(self):
        variables = {"OMNIPUB_SESSION_IDLE": "0.5", "OMNIPUB_SESSION_LIFETIME": "4"}
        config = Config.from_environment({"TABLE_NAME": "t", **variables})

        assert (config.session_idle, config.session_lifetime) == (timedelta(minutes=30), timedelta(hours=4))
