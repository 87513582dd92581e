"""What every model of the desk is: rows of the one table, whose absence is told as the rest of the application does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from publishing.adapters import clock
from publishing.domain.errors import UnavailableError
from publishing.dynadmin.access import Parts
from publishing.dynadmin.models import DynamoModel

#: Nothing was ever scheduled or recorded before.
_BEGINNING = (2026, 1)


class TableModel(DynamoModel):
    """A model over a row of the table."""

    #: What audit records call objects of this kind, before their ids.
    recorded_as: ClassVar[str] = ""

    class Meta(DynamoModel.Meta):
        """Nothing of it is a table of SQL."""

        abstract = True

    @classmethod
    @contextmanager
    def reading(cls) -> Iterator[None]:
        """Raise UnavailableError when the table cannot be read."""
        try:
            yield
        except (PynamoDBException, ClientError, BotoCoreError) as error:
            raise UnavailableError("The table could not be read.") from error


def months(*, ahead: int, front: int) -> Parts:
    """Return the months that can hold anything; the list begins so many months ahead of the present one."""
    now = clock.now()
    this = (now.year - _BEGINNING[0]) * 12 + now.month - _BEGINNING[1]
    names = [_month(number) for number in range(this + ahead + 1)]
    return Parts(names=names, front=this + front)


def _month(number: int) -> str:
    year, month = divmod(_BEGINNING[0] * 12 + _BEGINNING[1] - 1 + number, 12)
    return f"{year}-{month + 1:02d}"


def days() -> Parts:
    """Return the days up to this one, as partitions of records name them."""
    first = datetime(*_BEGINNING, 1, tzinfo=UTC).toordinal()
    today = clock.now().toordinal()
    return Parts(names=[f"{datetime.fromordinal(number):%Y-%m-%d}" for number in range(first, today + 1)])


def text(value: Any) -> str:  # noqa: ANN401 - an attribute that may be absent
    """Return an attribute's text; nothing where there is none."""
    return "" if value is None else str(value)
