"""What provisioning makes, and that it makes it once."""

import json

import pytest

from local.aws.demo import ROLES, email
from local.aws.provision import find_pool, provision
from publishing import table


class TestProvisioning:
    def test_makes_everything_once(self, start_emulator, tmp_path):
        running = start_emulator(tmp_path / "empty")
        assert find_pool(running.url) is None

        first = provision(running.url)
        second = provision(running.url)

        assert {"table", "stream", "bucket", "key", "secret", "queue", "user pool", "app client"} <= set(first.created)
        assert second.created == ()
        assert second.environment() == first.environment()
        assert find_pool(running.url) == first.pool

    def test_moves_the_callback_address_with_the_port(self, start_emulator):
        running = start_emulator()
        before = provision(running.url)

        after = provision(running.url, public_url="http://127.0.0.1:8123")

        assert after.created == ("callback address",)
        assert after.pool.callback_url == "http://127.0.0.1:8123/auth/callback/"
        assert find_pool(running.url) == after.pool
        assert after.pool.client_id == before.pool.client_id

    def test_names_what_the_processes_need(self, emulator):
        assert set(emulator.environment) == {
            *("TABLE_NAME", "KINESIS_STREAM_NAME", "MEDIA_BUCKET", "COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID"),
            *("SECRETS_ARN", "OMNIPUB_KMS_KEY_ID", "OMNIPUB_JWKS_URL", "OMNIPUB_MEDIA_URL"),
            *("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            "OMNIPUB_OIDC_DISCOVERY_URL",
        }
        assert all(emulator.environment.values())

    def test_gives_the_table_its_shape_expiry_and_backups(self, emulator):
        name = emulator.environment["TABLE_NAME"]
        dynamodb = emulator.client("dynamodb")

        described = dynamodb.describe_table(TableName=name)["Table"]

        wanted = table.definition(name)
        assert described["KeySchema"] == wanted["KeySchema"]
        assert {index["IndexName"] for index in described["GlobalSecondaryIndexes"]} == {
            table.BY_OWNER,
            table.TIMERS,
            table.BY_MONTH,
        }
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": table.TTL_ATTRIBUTE}
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"

    def test_makes_a_stream_of_one_shard(self, emulator):
        kinesis = emulator.client("kinesis")

        shards = kinesis.list_shards(StreamName=emulator.environment["KINESIS_STREAM_NAME"])["Shards"]

        assert len(shards) == 1

    def test_makes_up_the_applications_secrets(self, emulator):
        manager = emulator.client("secretsmanager")

        found = json.loads(manager.get_secret_value(SecretId=emulator.environment["SECRETS_ARN"])["SecretString"])

        assert set(found) == {"django_secret_key", "cursor_key"}
        assert found["django_secret_key"] != found["cursor_key"]
        assert min(map(len, found.values())) >= 50

    @pytest.mark.parametrize("role", ROLES)
    def test_puts_a_demo_user_into_each_group(self, emulator, role):
        cognito = emulator.client("cognito-idp")

        users = cognito.list_users_in_group(UserPoolId=emulator.environment["COGNITO_USER_POOL_ID"], GroupName=role)[
            "Users"
        ]

        (user,) = users
        assert {"Name": "email", "Value": email(role)} in user["Attributes"]
        assert user["UserStatus"] == "CONFIRMED"

    def test_makes_a_public_client_that_cannot_take_a_password(self, emulator):
        cognito = emulator.client("cognito-idp")
        pool = emulator.provisioned.pool

        described = cognito.describe_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id)["UserPoolClient"]

        assert "ClientSecret" not in described
        assert described["AllowedOAuthFlows"] == ["code"]
        assert set(described["AllowedOAuthScopes"]) == {"openid", "email", "profile", "omnipub/api"}
        # The emulator does not hold a client to this; AWS does.
        assert described["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
