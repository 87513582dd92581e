"""Webhooks: signed JSON to an address of one's own. The reference channel: copy it to start another."""

from publishing.channels.webhook.channel import WebhookChannel

__all__ = ["WebhookChannel"]
