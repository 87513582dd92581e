"""What the user pool knows about a user just now, and inviting one: whether they are let in, and their groups."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing.adapters import aws
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, UnavailableError
from publishing.domain.wording import phrase

#: The ids that a pool gives; nothing else can stand in its filter.
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,128}")
#: Addresses that stand in the pool's filter as they are; rarer forms that mail knows are not taken.
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A user whom the pool has by their address."""

    id: str
    #: The pool's name of them.
    name: str
    #: Whether the pool mailed them a first password just now.
    is_mailed: bool


def invite(pool_id: str, email: str) -> Invited:
    """Return the pool's own user with this address, made where there is none.

    Who has never signed in is mailed a first password, again if need be. Raises InvalidError for what is no address,
    ConflictError for what the pool refuses, UnavailableError.
    """
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address):
        detail = "This is no e-mail address that the user pool takes. Write one like ada@example.org."
        raise InvalidError(FieldProblem(pointer="/email", code="invalid", detail=detail))
    try:
        pool = aws.client("cognito-idp")
        found = _by_address(pool, pool_id, address)
        is_waiting = found is None or found["UserStatus"] == "FORCE_CHANGE_PASSWORD"
        user = _mail(pool, pool_id, address, is_new=found is None) if is_waiting else found
    except (ClientError, BotoCoreError) as error:
        raise _failed(error, phrase("user")) from error
    return Invited(id=_sub(user["Attributes"]), name=user["Username"], is_mailed=is_waiting)


def add_to_group(pool_id: str, name: str, group: str) -> None:
    """Put a user into a group; one who is in it stays. Raises ConflictError without the group, UnavailableError."""
    try:
        aws.client("cognito-idp").admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName=group)
    except (ClientError, BotoCoreError) as error:
        raise _failed(error, phrase(f"group {group}")) from error


def _by_address(pool: Any, pool_id: str, address: str) -> Any:  # noqa: ANN401 - as botocore answers
    """Return the pool's own user with an address; who came through another provider has an account of their own."""
    found = pool.list_users(UserPoolId=pool_id, Filter=f'email = "{address}"', Limit=60)["Users"]
    return next((each for each in found if each["UserStatus"] != "EXTERNAL_PROVIDER"), None)


def _mail(pool: Any, pool_id: str, address: str, *, is_new: bool) -> Any:  # noqa: ANN401 - as botocore answers
    # Verified by the word of who invites: only then does the pool take the address for signing in.
    attributes = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
    again = {} if is_new else {"MessageAction": "RESEND"}
    return pool.admin_create_user(
        UserPoolId=pool_id, Username=address, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"], **again
    )["User"]


def _sub(attributes: Iterable[Mapping[str, str]]) -> str:
    return next(each["Value"] for each in attributes if each["Name"] == "sub")


def _failed(error: Exception, what: str) -> ConflictError | UnavailableError:
    """Return what a refusal of the pool means; its own words may hold addresses, and are left out."""
    code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""
    if code == "ResourceNotFoundException":
        return ConflictError(
            f"There is no such user pool, or no {what} in it. Look at COGNITO_USER_POOL_ID and the pool."
        )
    if code == "AccessDeniedException":
        return UnavailableError("This process may not invite users. Deploy the Api stack anew, which gives the right.")
    if code.endswith("Exception") and code not in {"InternalErrorException", "TooManyRequestsException"}:
        return ConflictError(f"The user pool refused the {what} ({code}). Look whether it can mail this address.")
    return UnavailableError("The user pool does not answer. Try again.")
