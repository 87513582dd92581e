"""Amazon SES, and the inbox of whoever gets its mail."""

from local.platforms.email.platform import Email

__all__ = ["Email"]
