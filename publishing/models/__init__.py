"""Unmanaged Django models: how the desk's admin sees items. Metadata, forms and permissions; nothing here writes."""

from publishing.models.account import Account
from publishing.models.api_key import ApiKey
from publishing.models.audit import AuditEntry
from publishing.models.message import Message
from publishing.models.reusable import HashtagGroup, Template
from publishing.models.series import Series
from publishing.models.user import User

__all__ = ["Account", "ApiKey", "AuditEntry", "HashtagGroup", "Message", "Series", "Template", "User"]
