"""Tells the browser which form was saved, so that it forgets what it kept of it (`static/publishing/kept.js`)."""

import re
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

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
        response.set_cookie(
            COOKIE, token, max_age=_SECONDS, path="/", secure=settings.IS_HTTPS, httponly=False, samesite="Lax"
        )  # fmt: skip
