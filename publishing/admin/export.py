"""Lists as CSV files, a row at a time. What a spreadsheet would run as a formula is written as text."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from publishing.domain import csv_cells
from publishing.models import Message

_COLUMNS: Final = ("id", "title", "text", "status", "channels", "due (UTC)", "owner", "made (UTC)", "changed (UTC)")


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def messages_as_csv(found: Iterator[Message | None], *, now: datetime) -> StreamingHttpResponse:
    """Return a file of messages, sent as they are read. None among them says that there are more than were read."""
    # Said now: the lines are sent when the request's language is no longer set.
    more = _("There are more messages. Filter the list by month and export each.")
    response = StreamingHttpResponse(_lines(found, more), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="messages-{now:%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(found: Iterator[Message | None], more: str) -> Iterator[str]:
    writer = csv.writer(_Line())
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff" + writer.writerow(_COLUMNS)
    for message in found:
        if message is None:
            yield writer.writerow([more])
            return
        yield writer.writerow([csv_cells.cell(cell) for cell in _cells(message)])


def _cells(message: Message) -> list[str]:
    return [
        message.id, message.title, message.summary or "", message.status, message.channels,
        _moment(message.scheduled_at), str(message.serializable_value("user_id") or ""),
        _moment(message.created_at), _moment(message.updated_at),
    ]  # fmt: skip


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"
