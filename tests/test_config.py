"""What the environment may say about feedback."""

import pytest

from publishing.config import Config, ConfigError

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
