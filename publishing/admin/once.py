"""Forms that create something do so once, however often they are sent: a double click, the Back button."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError, KeyReusedError
from publishing.domain.ids import digest
from publishing.domain.permissions import Actor
from publishing.dynadmin.errors import RefusedError
from publishing.services.answers import find_answer

Made = TypeVar("Made")

_SALT = "publishing.admin.once"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was created: its id, and whether it had been before."""

    id: str
    is_repeated: bool = False


def create_once(
    *,
    actor: Actor,
    token: str,
    content: Iterable[str],
    create: Callable[[Callable[[Made], StoredAnswer]], Made],
    id_of: Callable[[Made], str],
) -> Outcome:
    """Create something under a form's token, or say what it created before.

    `create` gets what builds the answer that its own transaction keeps. `content` is what was asked for: under the same
    token with another content nothing is created, and RefusedError says what to do; so it does without a token.
    """
    if not token:
        text = _("This form is not whole. Copy what you typed, load the page again and paste it.")
        raise RefusedError.because(text)
    # Under the application's own secret: a form can hold a credential, which must not be guessable from a hash.
    asked = salted_hmac(_SALT, digest(*content), algorithm="sha256").hexdigest()
    key = _key(token)

    def keep(made: Made) -> StoredAnswer:
        return StoredAnswer(user_id=actor.id, key_sha=key, request_sha=asked, status=201, body=id_of(made))

    try:
        return Outcome(id_of(create(keep)))
    except AnsweredError as error:
        stored = error.stored
        return Outcome(stored.body if isinstance(stored, StoredAnswer) else "", is_repeated=True)
    except KeyReusedError as error:
        text = _("This form was sent before with other contents, and that was carried out. Open a new form for more.")
        raise RefusedError.because(text) from error


def created_by(*, actor: Actor, token: str) -> str | None:
    """Return the id of what a form created under its token, or None."""
    kept = find_answer(user_id=actor.id, key_sha=_key(token))
    return None if kept is None else kept.body


def _key(token: str) -> str:
    """Return under what the answer is kept. Keys of forms are apart from those that clients of the API choose."""
    return digest("desk", token)
