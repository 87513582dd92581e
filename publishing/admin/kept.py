"""Tells the browser which form was saved, so that it forgets what it kept of it (`static/publishing/kept.js`)."""

import re
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from publishing.identity.sessions import tell_scripts

#: Names the token under which a form was saved. The token is used up by then, and a secret it never was.
COOKIE: Final = "omnipub-saved"
_SECONDS: Final = 300
_TOKEN: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_NOTED: Final = "_omnipub_saved"


def note_saved(request: HttpRequest, form: Any) -> None:  # noqa: ANN401 - a DynamoForm
    """Remember, until the request is answered, that a form was saved."""
    setattr(request, _NOTED, form.cleaned_data.get("once", ""))


def tell_saved(request: HttpRequest, response: HttpResponse) -> None:
    """Say in the answer which form was saved, where one was. The next page of the desk reads and deletes it."""
    token = getattr(request, _NOTED, "")
    if _TOKEN.fullmatch(token):
        tell_scripts(response, COOKIE, token, seconds=_SECONDS)
