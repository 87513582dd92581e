"""Texts that staff use again: templates and groups of hashtags. Editors write them, staff reads and uses them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import ConflictError, FieldProblem, InvalidError, StaleError
from publishing.domain.ids import new_id
from publishing.domain.permissions import Action, Actor, demand
from publishing.domain.template import (
    COUNT_LIMIT,
    HashtagGroup,
    HashtagGroupDraft,
    Rendered,
    Template,
    TemplateDraft,
    group_problems,
    render_template,
    template_problems,
    with_marks,
)
from publishing.services.answers import answered
from publishing.store import answers, templates
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.templates import Reusable

Kind = TypeVar("Kind", Template, HashtagGroup)
_NOUNS: Final[Mapping[type[Reusable], str]] = {Template: "template", HashtagGroup: "hashtag_group"}
_STALE: Final = "Somebody changed it since you read it. Read it again, then repeat your change."


def list_templates(*, actor: Actor) -> tuple[Template, ...]:
    """Return all templates, by name."""
    demand(actor, Action.READ_TEMPLATE)
    return templates.list_all(Template)


def get_template(*, actor: Actor, template_id: str) -> Template:
    """Return a template; NotFoundError when there is none."""
    demand(actor, Action.READ_TEMPLATE)
    return templates.get(Template, template_id)


def create_template(
    *, actor: Actor, draft: TemplateDraft, now: datetime, answer: Callable[[Template], StoredAnswer] | None = None
) -> Template:
    """Create a template.

    Raises InvalidError naming every field that is wrong; ConflictError when there are too many; AnsweredError when the
    idempotency key of `answer` was used for this very request, KeyReusedError for another one.
    """
    demand(actor, Action.EDIT_TEMPLATE)
    template = Template(
        id=new_id(now), owner=actor.id, name=draft.name or "", text=draft.text or "", title=draft.title or "",
        created_at=now, updated_at=now,
    )  # fmt: skip
    _check(template_problems(template))
    return _create(actor, template, now, answer)


def edit_template(
    *, actor: Actor, template_id: str, changes: TemplateDraft, rev: int | None, now: datetime
) -> Template:
    """Change a template. Raises StaleError when `rev` is not its own; InvalidError; NotFoundError."""
    demand(actor, Action.EDIT_TEMPLATE)
    read = templates.get(Template, template_id)
    edited = replace(
        read,
        name=read.name if changes.name is None else changes.name,
        text=read.text if changes.text is None else changes.text,
        title=read.title if changes.title is None else changes.title,
    )
    _check(template_problems(edited))
    return _change(actor, read, edited, rev=rev, now=now)


def delete_template(*, actor: Actor, template_id: str, rev: int | None, now: datetime) -> None:
    """Delete a template; messages that were written with it stay as they are. Raises StaleError; NotFoundError."""
    demand(actor, Action.EDIT_TEMPLATE)
    _delete(actor, templates.get(Template, template_id), rev=rev, now=now)


def render(*, actor: Actor, template_id: str, values: Mapping[str, str]) -> Rendered:
    """Return a template with these values in the places of its variables; nothing is written.

    Raises InvalidError naming every variable without a value and every value without a variable; NotFoundError.
    """
    return render_template(get_template(actor=actor, template_id=template_id), values)


def list_hashtag_groups(*, actor: Actor) -> tuple[HashtagGroup, ...]:
    """Return all groups of hashtags, by name."""
    demand(actor, Action.READ_TEMPLATE)
    return templates.list_all(HashtagGroup)


def get_hashtag_group(*, actor: Actor, group_id: str) -> HashtagGroup:
    """Return a group of hashtags; NotFoundError when there is none."""
    demand(actor, Action.READ_TEMPLATE)
    return templates.get(HashtagGroup, group_id)


def create_hashtag_group(
    *,
    actor: Actor,
    draft: HashtagGroupDraft,
    now: datetime,
    answer: Callable[[HashtagGroup], StoredAnswer] | None = None,
) -> HashtagGroup:
    """Create a group of hashtags; raises as `create_template` does."""
    demand(actor, Action.EDIT_TEMPLATE)
    group = HashtagGroup(
        id=new_id(now), owner=actor.id, name=draft.name or "", hashtags=with_marks(draft.hashtags or ()),
        created_at=now, updated_at=now,
    )  # fmt: skip
    _check(group_problems(group))
    return _create(actor, group, now, answer)


def edit_hashtag_group(
    *, actor: Actor, group_id: str, changes: HashtagGroupDraft, rev: int | None, now: datetime
) -> HashtagGroup:
    """Change a group of hashtags. Raises StaleError when `rev` is not its own; InvalidError; NotFoundError."""
    demand(actor, Action.EDIT_TEMPLATE)
    read = templates.get(HashtagGroup, group_id)
    edited = replace(
        read,
        name=read.name if changes.name is None else changes.name,
        hashtags=read.hashtags if changes.hashtags is None else with_marks(changes.hashtags),
    )
    _check(group_problems(edited))
    return _change(actor, read, edited, rev=rev, now=now)


def delete_hashtag_group(*, actor: Actor, group_id: str, rev: int | None, now: datetime) -> None:
    """Delete a group of hashtags. Raises StaleError; NotFoundError."""
    demand(actor, Action.EDIT_TEMPLATE)
    _delete(actor, templates.get(HashtagGroup, group_id), rev=rev, now=now)


def _check(problems: Iterable[FieldProblem]) -> None:
    if found := tuple(problems):
        raise InvalidError(*found)


def _create(actor: Actor, value: Kind, now: datetime, answer: Callable[[Kind], StoredAnswer] | None) -> Kind:
    if templates.count(type(value)) >= COUNT_LIMIT:
        raise ConflictError(f"There are {COUNT_LIMIT} already, which is the most possible. Delete one first.")
    kept = answer(value) if answer else None
    writes = [templates.put(value)]
    writes += [] if kept is None else [answers.put_answer(kept, now=now)]
    try:
        transact_with_audit(writes, _record(actor, "create", value, now))
    except TransactionRefusedError as refusal:
        raise answered(kept, refusal) from refusal
    return value


def _change(actor: Actor, read: Kind, edited: Kind, *, rev: int | None, now: datetime) -> Kind:
    _demand_rev(read, rev)
    edited = replace(edited, rev=read.rev + 1, updated_at=now)
    try:
        transact_with_audit([templates.change(edited, read=read)], _record(actor, "edit", edited, now))
    except TransactionRefusedError as refusal:
        raise StaleError(_STALE) from refusal
    return edited


def _delete(actor: Actor, read: Reusable, *, rev: int | None, now: datetime) -> None:
    _demand_rev(read, rev)
    try:
        transact_with_audit([templates.delete(read)], _record(actor, "delete", read, now))
    except TransactionRefusedError as refusal:
        raise StaleError(_STALE) from refusal


def _demand_rev(read: Reusable, rev: int | None) -> None:
    if rev is not None and rev != read.rev:
        raise StaleError(_STALE)


def _record(actor: Actor, verb: str, value: Reusable, now: datetime) -> AuditRecord:
    noun = _NOUNS[type(value)]
    facts: dict[str, str | int | bool] = {"rev": value.rev}
    return AuditRecord(
        actor=actor.recorded_as, action=f"{noun}.{verb}", target=f"{noun}:{value.id}", at=now, facts=facts
    )
