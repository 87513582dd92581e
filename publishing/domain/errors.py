"""The small closed family of domain errors. Messages are sentences for the person who reads them, without secrets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one field of a request, and what to do about it."""

    #: JSON pointer of the field, `/schedule/at`.
    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """The request cannot be carried out. Nothing was written."""

    code = "error"


class InvalidError(DomainError):
    """One or more fields are wrong."""

    code = "invalid"

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__(" ".join(problem.detail for problem in problems))
        self.problems = problems


class NotFoundError(DomainError):
    """There is no such object, or the actor may not know that there is."""

    code = "not_found"


class NotAllowedError(DomainError):
    """The actor may not do this."""

    code = "not_allowed"


class ConflictError(DomainError):
    """The object is in a state that does not allow this."""

    code = "conflict"


class StaleError(DomainError):
    """The object changed since it was read."""

    code = "stale"


class LimitedError(DomainError):
    """The actor did this too often just now."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        #: Whole seconds after which it is taken again.
        self.retry_after = retry_after


class UnavailableError(Exception):
    """The table, the stream or a key service could not be reached; whether a write happened is unknown."""


class CredentialError(Exception):
    """A sealed credential cannot be opened: it was moved, changed, or its key is gone."""


class MediaGoneError(Exception):
    """A file of a medium is no longer there, or is not what was stored: nobody can publish it."""


class AnsweredError(Exception):
    """The idempotency key was used already by the same request; here is what that was answered."""

    def __init__(self, stored: object) -> None:
        super().__init__("This request was answered already.")
        #: A `publishing.domain.draft.StoredAnswer`.
        self.stored = stored


class KeyReusedError(DomainError):
    """The idempotency key was used for another request."""

    code = "idempotency_key_reused"


class RunningError(DomainError):
    """The same request is being carried out just now."""

    code = "still_running"
