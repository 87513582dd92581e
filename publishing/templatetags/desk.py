"""Parts of the desk's pages that templates repeat: icons, badges, channels, moments."""

from django import template

from publishing.admin import facts, marks, sentences, words
from publishing.domain.quota import Quota

register = template.Library()

for mark in (
    marks.icon, marks.badge, marks.channel, marks.channels, marks.channel_mark, marks.moment, marks.person,
):  # fmt: skip
    register.simple_tag(mark)
register.filter("known", facts.marked)


@register.filter
def reason(code: str) -> str:
    """Return why, in words."""
    return words.reason_of(code)


@register.filter
def say(sentence: str) -> str:
    """Return a sentence of a use case in the reader's language."""
    return sentences.say(sentence)


@register.filter
def device(browser: str) -> str:
    """Return what a browser called itself when its user signed in."""
    return words.device_name(browser)


@register.filter
def role_name(role: str) -> str:
    """Return what a role is called."""
    return str(words.ROLES.get(role, role))


@register.filter
def channel_name(kind: str) -> str:
    """Return a channel's name for people."""
    return words.channel_name(kind)


@register.filter
def quota_left(quota: Quota) -> str:
    """Return how much is left at a platform: `4,997 of 5,000 points left`."""
    return words.quota_left(quota)
