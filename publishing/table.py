"""The table's shape as plain data: key, index and TTL names. The items, the infrastructure and the emulator read it.

Key strings of items are composed in `publishing.items.keys`; this module knows only attributes and indexes.
"""

from typing import Final

PARTITION_KEY: Final = "PK"
SORT_KEY: Final = "SK"
TTL_ATTRIBUTE: Final = "ttl"

#: By owner: `USER#<id>` / `MSG#<id>`. Projects what lists show.
BY_OWNER: Final = "GSI1"
#: Timers, sparse, KEYS_ONLY: `STATUS#scheduled` / `<scheduled_at>` and kin. It costs a write only when a timer moves.
TIMERS: Final = "GSI2"
#: Editors' lists by month, sparse: `MONTH#MSG#<yyyy-mm>` / `<at>#<id>`. Projects what lists show. Lists of other kinds
#: are in it too: accounts, and `LIST#SENT#<account id>` / `<at>` for the attempts at an account.
BY_MONTH: Final = "GSI3"

#: What lists show, so that a list is one query and reads no base item. Bodies are cut to `summary`.
LIST_ATTRIBUTES: Final = (
    "kind", "id", "status", "title", "summary", "user_id", "scheduled_at", "zone", "created_at", "updated_at",
    "rev", "gen", "targets", "name", "channel", "base_url", "open_to_members", "problem", "media_type", "size",
    "alt_text", "renditions",
)  # fmt: skip


def index_keys(index: str) -> tuple[str, str]:
    """Return an index's partition and sort key attribute names."""
    return f"{index}PK", f"{index}SK"


def definition(table_name: str) -> dict[str, object]:
    """Return the arguments of DynamoDB's CreateTable for this table, on-demand billing.

    TTL and point-in-time recovery are separate calls of the API; see `TTL_ATTRIBUTE`.
    """
    keys = [PARTITION_KEY, SORT_KEY, *(key for index in (BY_OWNER, TIMERS, BY_MONTH) for key in index_keys(index))]
    return {
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": _key_schema(PARTITION_KEY, SORT_KEY),
        "GlobalSecondaryIndexes": [
            _index(BY_OWNER, {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(LIST_ATTRIBUTES)}),
            _index(TIMERS, {"ProjectionType": "KEYS_ONLY"}),
            _index(BY_MONTH, {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(LIST_ATTRIBUTES)}),
        ],
    }


def _index(name: str, projection: dict[str, object]) -> dict[str, object]:
    return {"IndexName": name, "KeySchema": _key_schema(*index_keys(name)), "Projection": projection}


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
