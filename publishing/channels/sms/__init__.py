"""Text messages through Amazon SNS: one phone number per account."""

from publishing.channels.sms.channel import SmsChannel

__all__ = ["SmsChannel"]
