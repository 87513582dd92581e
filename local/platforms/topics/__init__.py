"""Amazon SNS as far as it brings events to a web address: it signs, asks whether it is wanted, and comes again."""

from local.platforms.topics.notifier import Notifier
from local.platforms.topics.signer import Signer

__all__ = ["Notifier", "Signer"]
