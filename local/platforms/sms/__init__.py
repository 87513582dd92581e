"""Amazon SNS, and the phone of whoever gets its messages."""

from local.platforms.sms.platform import Sms

__all__ = ["Sms"]
