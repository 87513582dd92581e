"""Email through Amazon SES: one sender and one recipient address per account."""

from publishing.channels.email.channel import EmailChannel

__all__ = ["EmailChannel"]
