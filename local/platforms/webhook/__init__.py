"""The receiver of a signed webhook."""

from local.platforms.webhook.platform import Webhook

__all__ = ["Webhook"]
