"""Check what people ask for: everything that is wrong is named at once, by field, with what to do about it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from publishing.adapters.media import Bucket
from publishing.channels.base.registry import kinds
from publishing.domain.account import Account
from publishing.domain.content import (
    LINK_LIMIT,
    TITLE_LIMIT,
    has_lone_surrogate,
    text_problem,
)
from publishing.domain.draft import Draft
from publishing.domain.errors import FieldProblem, InvalidError
from publishing.domain.message import Message
from publishing.domain.permissions import Actor
from publishing.services.context import Context
from publishing.services.picturing import resolve
from publishing.services.sendable import account_problems as account_problems
from publishing.services.sendable import addressed_accounts, send_problems
from publishing.services.sendable import usable_accounts as usable_accounts

ACCOUNT_LIMIT: Final = 50


def check_draft(
    *, actor: Actor, draft: Draft, now: datetime, context: Context, used: Collection[str] = ()
) -> tuple[Draft, tuple[Account, ...]]:
    """Return a draft that can be stored, its media with their files, and its accounts; raise InvalidError otherwise.

    `used`: ids of media that the message uses already.
    """
    problems = list(_content_problems(draft))
    bucket = Bucket(context.media_bucket)
    media, media_problems = resolve(actor, draft.media, used=used, bucket=bucket, now=now)
    accounts, account_problems = addressed_accounts(actor, draft.account_ids)
    _raise(problems + media_problems + account_problems)
    return replace(draft, media=media), accounts


def check_content(
    *, actor: Actor, message: Message, now: datetime, context: Context, read: Message | None = None
) -> tuple[Message, tuple[Account, ...]]:
    """Return a message as it would be stored, and its accounts; raise InvalidError otherwise.

    Media that are those of `read` have their files, and cannot be deleted while a message that is not finished uses
    them: they are not looked at again.
    """
    draft = draft_of(message)
    if read is not None and message.media == read.media:
        _, accounts = check_draft(actor=actor, draft=replace(draft, media=()), now=now, context=context)
        return message, accounts
    used = {use.id for use in read.media} if read else set()
    checked, accounts = check_draft(actor=actor, draft=draft, now=now, context=context, used=used)
    return replace(message, media=checked.media), accounts


def draft_of(message: Message) -> Draft:
    """Return a message as a draft, to check or preview it."""
    return Draft(
        text=message.text,
        title=message.title,
        link=message.link,
        media=message.media,
        account_ids=tuple(target.account_id for target in message.targets),
        variants=message.variants,
    )


def check_sendable(message: Message, accounts: Sequence[Account]) -> None:
    """Raise InvalidError when a message cannot go out: nobody to send to, or content that an account would refuse."""
    _raise(send_problems(message, accounts))


def _content_problems(draft: Draft) -> Iterable[FieldProblem]:
    texts = [("/text", draft.text), *((f"/variants/{kind}/text", each.text) for kind, each in draft.variants.items())]
    for pointer, text in texts:
        problem = text_problem(text)
        if problem is not None:
            yield FieldProblem(pointer=pointer, code=problem[0], detail=problem[1])
    yield from _title_problems(draft.title)
    yield from _link_problems(draft.link)
    for kind in draft.variants:
        if kind not in kinds():
            known = ", ".join(kinds())
            detail = f"There is no channel {kind[:40]!r}. There are: {known}."
            yield FieldProblem(pointer=f"/variants/{kind[:40]}", code="unknown_channel", detail=detail)


def _title_problems(title: str) -> Iterable[FieldProblem]:
    if len(title) > TITLE_LIMIT:
        detail = f"The title has {len(title):,} characters; at most {TITLE_LIMIT} are possible. Shorten it."
        yield FieldProblem(pointer="/title", code="too_long", detail=detail)
    if has_lone_surrogate(title) or "\x00" in title:
        detail = "The title holds half of a character or a NUL character. Type it again."
        yield FieldProblem(pointer="/title", code="not_text", detail=detail)


def _link_problems(link: str | None) -> Iterable[FieldProblem]:
    if link is None:
        return
    if len(link) > LINK_LIMIT:
        detail = f"The link has {len(link):,} characters; at most {LINK_LIMIT:,} are possible."
        yield FieldProblem(pointer="/link", code="too_long", detail=detail)
    elif not _is_web_address(link):
        detail = "The link is no web address. Write it in full: https://example.org/page."
        yield FieldProblem(pointer="/link", code="not_a_link", detail=detail)


def _is_web_address(link: str) -> bool:
    if has_lone_surrogate(link) or any(character.isspace() or character < " " for character in link):
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _raise(problems: Sequence[FieldProblem]) -> None:
    if problems:
        raise InvalidError(*problems)
