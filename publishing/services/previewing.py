"""A dry run: what each account would publish, measured by the channels' own code. Nothing is written."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.channels.base.images import choose
from publishing.channels.base.registry import get_channel
from publishing.domain.account import Account
from publishing.domain.content import Content, MediaUse, Severity
from publishing.domain.draft import AccountPreview, Draft, Preview
from publishing.domain.message import Message, MessageStatus, build_targets
from publishing.domain.permissions import Action, Actor, demand
from publishing.services.checking import account_problems, check_draft
from publishing.services.context import Context


def preview_message(*, actor: Actor, draft: Draft, now: datetime, context: Context) -> Preview:
    """Return what a draft would become on each of its accounts; raise InvalidError for what cannot even be stored."""
    demand(actor, Action.CREATE_MESSAGE)
    draft, accounts = check_draft(actor=actor, draft=draft, now=now, context=context)
    message = Message(
        id="",
        owner=actor.id,
        status=MessageStatus.DRAFT,
        text=draft.text,
        title=draft.title,
        link=draft.link,
        media=draft.media,
        targets=build_targets((account.id, account.channel) for account in accounts),
        variants=draft.variants,
        scheduled_at=draft.due.at if draft.due else None,
        created_at=now,
        updated_at=now,
    )
    zone = ZoneInfo(draft.due.zone) if draft.due and draft.due.zone else UTC
    return Preview(
        accounts=tuple(_preview(message, account, context.media_url) for account in accounts),
        due_at=message.scheduled_at,
        due_local=message.scheduled_at.astimezone(zone) if message.scheduled_at else None,
        zone=draft.due.zone if draft.due else None,
    )


def _preview(message: Message, account: Account, media_url: str) -> AccountPreview:
    channel = get_channel(account.channel)
    content = message.content_for(account.channel)
    submission = Submission(
        message_id=message.id,
        delivery_id=account.channel,
        delivery_key="",
        content=content,
        due_at=message.scheduled_at or message.created_at,
        media_url=media_url,
    )
    found = account_problems(message, account)
    return AccountPreview(
        account_id=account.id,
        channel=account.channel,
        text=channel.build(submission, account).text,
        length=channel.measure(content),
        limit=channel.text_limit(account),
        unit=channel.capabilities.text_unit,
        media=_files(channel.capabilities.images, content),
        problems=tuple(problem for problem in found if problem.severity is Severity.PROBLEM),
        warnings=tuple(problem for problem in found if problem.severity is Severity.WARNING),
        facts=channel.facts(content),
    )


def _files(rules: ImageRules | None, content: Content) -> tuple[MediaUse, ...]:
    """Return the pictures as an account would show them: each with the one file that it takes, or with none."""
    chosen = [(use, choose(use, rules) if rules else None) for use in content.media]
    return tuple(replace(use, renditions=() if file is None else (file,)) for use, file in chosen)
