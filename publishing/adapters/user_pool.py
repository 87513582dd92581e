"""What the user pool knows about a user just now: whether they are let in, and their groups."""

import re
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.domain.errors import UnavailableError

#: The ids that a pool gives; nothing else can stand in its filter.
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUser:
    """A user as the pool has them."""

    is_enabled: bool
    groups: tuple[str, ...]


def find_user(pool_id: str, user_id: str) -> PoolUser | None:
    """Return the pool's user with this id (`sub`); None where it has none. Raises UnavailableError."""
    if not _ID.fullmatch(user_id):
        return None
    try:
        pool = aws.client("cognito-idp")
        # By `sub`, because users that came through another provider have a name of that provider's.
        found = pool.list_users(UserPoolId=pool_id, Filter=f'sub = "{user_id}"', Limit=1)["Users"]
        if not found:
            return None
        who = {"UserPoolId": pool_id, "Username": found[0]["Username"]}
        groups = pool.admin_list_groups_for_user(**who, Limit=60)["Groups"]
    except (ClientError, BotoCoreError) as error:
        raise UnavailableError("The user pool does not answer.") from error
    return PoolUser(is_enabled=found[0]["Enabled"], groups=tuple(group["GroupName"] for group in groups))
