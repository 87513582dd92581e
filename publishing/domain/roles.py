"""Roles and actions: the two sides of the table in `domain.permissions`."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a user was given; one user can have several."""

    MEMBER = "member"
    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"


class Action(StrEnum):
    """What an actor can want to do."""

    READ_MESSAGE = "read_message"
    CREATE_MESSAGE = "create_message"
    EDIT_MESSAGE = "edit_message"
    SCHEDULE_MESSAGE = "schedule_message"
    SUBMIT_MESSAGE = "submit_message"
    REVIEW_MESSAGE = "review_message"
    CANCEL_MESSAGE = "cancel_message"
    DELETE_MESSAGE = "delete_message"
    RETRY_DELIVERY = "retry_delivery"
    RESOLVE_DELIVERY = "resolve_delivery"
    SEE_ACCOUNT = "see_account"
    USE_ACCOUNT = "use_account"
    MANAGE_ACCOUNTS = "manage_accounts"
    STOP_DISPATCH = "stop_dispatch"
    READ_MEDIUM = "read_medium"
    UPLOAD_MEDIUM = "upload_medium"
    USE_MEDIUM = "use_medium"
    EDIT_MEDIUM = "edit_medium"
    DELETE_MEDIUM = "delete_medium"
    READ_TEMPLATE = "read_template"
    EDIT_TEMPLATE = "edit_template"
    READ_SERIES = "read_series"
    EDIT_SERIES = "edit_series"
    MANAGE_USERS = "manage_users"
    MANAGE_KEYS = "manage_keys"
    READ_AUDIT = "read_audit"


#: What a key can be limited to. Keys and users are managed by people only, for a leaked key must not make others; and
#: the audit log is for people.
SCOPES: Final = frozenset(Action) - {Action.MANAGE_KEYS, Action.MANAGE_USERS, Action.READ_AUDIT}
