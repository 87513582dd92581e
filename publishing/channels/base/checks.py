"""Problems that every channel finds in the same way, from its capabilities."""

from dataclasses import replace

from publishing.channels.base.contract import Channel
from publishing.channels.base.images import image_problems, video_problems
from publishing.domain.account import Account
from publishing.domain.content import LINK_LIMIT, Content, ContentProblem, Severity, text_problem


def common_problems(channel: Channel, content: Content, account: Account) -> tuple[ContentProblem, ...]:
    """Return what is wrong with a content by the channel's capabilities and the account's own limits."""
    unusable = text_problem(content.text)
    if unusable:
        return (ContentProblem(code=unusable[0], detail=unusable[1]),)
    found = (_too_long(channel, content, account), _bad_link(content))
    images = image_problems(channel.capabilities.name, channel.image_rules(account), content)
    videos = video_problems(channel.capabilities.name, content, takes_videos=channel.capabilities.takes_videos)
    return (*(problem for problem in found if problem), *images, *videos)


def no_titles(channel: Channel, content: Content) -> tuple[ContentProblem, ...]:
    """Warn that a title will not appear, on a channel that has none."""
    if not content.title:
        return ()
    detail = f"{channel.capabilities.name} has no titles: this one will not appear there."
    return (ContentProblem(code="title_dropped", detail=detail, field="title", severity=Severity.WARNING),)


def account_problems(channel: Channel, account: Account) -> tuple[ContentProblem, ...]:
    """Return what is wrong with the account itself, worded as problems of whatever is addressed to it."""
    return tuple(
        ContentProblem(code=problem.code, detail=problem.detail, field="accounts")
        for problem in channel.account_problems(account)
    )


def _too_long(channel: Channel, content: Content, account: Account) -> ContentProblem | None:
    limit = channel.text_limit(account)
    if limit is None:
        return None
    length = channel.measure(content)
    if length <= limit:
        return None
    # Where the link is no part of the text, shortening it would not help.
    counts_link = length != channel.measure(replace(content, link=None))
    detail = (
        f"{channel.capabilities.name} takes {limit:,} {channel.capabilities.text_unit}; this has {length:,}"
        f"{', its link included' if counts_link else ''}. Shorten it by {length - limit:,}."
    )
    return ContentProblem(code="too_long", detail=detail)


def _bad_link(content: Content) -> ContentProblem | None:
    link = content.link
    if link is None or (link.startswith(("https://", "http://")) and len(link) <= LINK_LIMIT and link.isprintable()):
        return None
    detail = f"The link must start with https:// and have at most {LINK_LIMIT:,} characters."
    return ContentProblem(code="bad_link", detail=detail, field="link")
