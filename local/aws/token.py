"""Sign a demo user in at the emulator's user pool and return an access token, by the flow that a browser goes through.

Authorization code with PKCE: open the sign-in page, post its form, take the code from the redirect, redeem it.
`python -m local.aws.token --user editor@example.org` prints the bare token.
"""

import argparse
import base64
import hashlib
import html.parser
import json
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError

from local.aws import demo
from local.aws.provision import Pool, find_pool

SCOPE: Final = "openid omnipub/api"


class SignInError(Exception):
    """The user pool did not let the user in. The text says at which step, and what it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the pool hands out for a code."""

    access: str
    id: str
    refresh: str

    def __repr__(self) -> str:
        """Hide the tokens: they would let a reader in."""
        return "Tokens(...)"


def sign_in(pool: Pool, *, user: str, password: str = demo.PASSWORD, scope: str = SCOPE) -> Tokens:
    """Return tokens for a user of the pool. Raises `SignInError` where it refuses, `URLError` where it is not there."""
    verifier = secrets.token_urlsafe(48)
    state = secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    request = {
        "response_type": "code",
        "client_id": pool.client_id,
        "redirect_uri": pool.callback_url,
        "scope": scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    _, _, page = _call(f"{pool.endpoint}/oauth2/authorize?{urllib.parse.urlencode(request)}")
    form = {**_hidden_fields(page), "username": user, "password": password}
    _, location, page = _call(f"{pool.endpoint}/login", form)
    if not location:
        raise SignInError(f"The user pool did not accept {user} with that password.")
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
    if answer.get("state") != state or "code" not in answer:
        raise SignInError(f"The user pool sent no code for {user}: {answer.get('error', 'another state came back')}.")
    code = {
        "grant_type": "authorization_code",
        "client_id": pool.client_id,
        "redirect_uri": pool.callback_url,
        "code": answer["code"],
        "code_verifier": verifier,
    }
    status, _, body = _call(f"{pool.endpoint}/oauth2/token", code)
    if status != 200:
        raise SignInError(f"The user pool did not redeem the code of {user}: {status} {body[:200]}")
    tokens: dict[str, Any] = json.loads(body)
    return Tokens(access=tokens["access_token"], id=tokens["id_token"], refresh=tokens["refresh_token"])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Hand a redirect back instead of following it: the code is in its address."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def _call(url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Return status, redirect address and body."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with _opener.open(url, data, timeout=10) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            location = error.headers.get("Location", "")
            if error.code >= 400 and not url.endswith("/token"):
                raise SignInError(f"The user pool answered {error.code}: {error.read(300).decode()}") from error
            return error.code, location, error.read().decode()


class _Form(html.parser.HTMLParser):
    """Collects the hidden fields of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"] or ""] = found.get("value") or ""


def _hidden_fields(page: str) -> dict[str, str]:
    form = _Form()
    form.feed(page)
    return form.fields


def main() -> None:
    """Print an access token, or one sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="local.aws.token", description=__doc__.partition("\n")[0])
    parser.add_argument("--user", default=demo.email("editor"), help="e-mail address, or a role such as editor")
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566")
    arguments = parser.parse_args()
    user = arguments.user if "@" in arguments.user else demo.email(arguments.user)
    try:
        pool = find_pool(arguments.endpoint)
        if pool is None:
            sys.exit(f"The emulator on {arguments.endpoint} has no user pool yet; start everything with: make run")
        print(sign_in(pool, user=user).access)
    except SignInError as error:
        sys.exit(str(error))
    except (BotoCoreError, OSError):
        sys.exit(f"The AWS emulator does not answer on {arguments.endpoint}; start it with: make run")


if __name__ == "__main__":
    main()
