"""What the application's hooks may raise: the admin then shows it to the person, and keeps what they typed."""

from collections.abc import Mapping, Sequence


class RefusedError(Exception):
    """A change was refused. `errors` has the sentences for each field; those under None are about the whole form."""

    def __init__(self, errors: Mapping[str | None, Sequence[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = errors

    @classmethod
    def because(cls, sentence: str) -> "RefusedError":
        """Return a refusal of the whole form."""
        return cls({None: [sentence]})


class ConflictError(Exception):
    """Somebody else changed the object meanwhile. Who did is told by `DynamoModelAdmin.describe_conflict`."""


class UnservedError(TypeError):
    """A ModelAdmin lets people do what it does not say how to do: its `create`, `change` or `remove` is not defined."""

    def __init__(self, admin: str, method: str) -> None:
        """Name both."""
        super().__init__(f"{admin} lets people {method} objects and does not define {method}().")
