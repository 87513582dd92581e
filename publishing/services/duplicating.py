"""Copy a message: a draft of the actor's own, in the wording of another one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from publishing.domain.draft import Duplicate, StoredAnswer
from publishing.domain.errors import ConflictError, InvalidError
from publishing.domain.message import MessageWithDeliveries
from publishing.domain.permissions import Action, Actor, demand
from publishing.services.checking import draft_of, usable_accounts
from publishing.services.context import Context
from publishing.services.scheduling import create_message
from publishing.store import messages

#: Builds the answer that is kept under an idempotency key, from the copy that was made.
AnswerBuilder = Callable[[Duplicate], StoredAnswer]


def duplicate_message(
    *, actor: Actor, message_id: str, now: datetime, context: Context, answer: AnswerBuilder | None = None
) -> Duplicate:
    """Copy a message as a draft of the actor's: text, title, link, media, variants, and accounts.

    It has no due time, whatever became of the first one. Accounts that the actor may not use, or that receive nothing
    any more, are left out and named. Raises ConflictError when the copy could not be stored as it is, because a medium
    is gone for one; NotFoundError and NotAllowedError; AnsweredError and KeyReusedError as `create_message` does.
    """
    found = messages.get_message(message_id)
    demand(actor, Action.READ_MESSAGE, found.message)
    draft = draft_of(found.message)
    kept = usable_accounts(actor, draft.account_ids)
    dropped = tuple(account_id for account_id in draft.account_ids if account_id not in kept)

    def duplicate(result: MessageWithDeliveries) -> Duplicate:
        return Duplicate(result=result, dropped_account_ids=dropped)

    try:
        created = create_message(
            actor=actor,
            draft=replace(draft, account_ids=kept),
            now=now,
            context=context,
            answer=None if answer is None else lambda result: answer(duplicate(result)),
        )
    except InvalidError as error:
        raise ConflictError(f"The message cannot be copied as it is. {error}") from error
    return duplicate(created)
