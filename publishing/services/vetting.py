"""What is wrong with an account as somebody wants to connect it: by form alone, every field at once, nobody asked."""

from collections.abc import Iterator, Mapping
from typing import Final

from publishing.channels.base.contract import Channel
from publishing.domain.account import CREDENTIAL_LIMIT, NAME_LIMIT, SETTING_LIMIT, Account
from publishing.domain.content import TEXT_LIMIT, has_lone_surrogate, is_blank
from publishing.domain.errors import FieldProblem
from publishing.domain.media import UPLOAD_LIMIT
from publishing.http import OutgoingPolicy

#: Settings that an account of any channel can have, each a whole number up to this one.
COMMON_SETTINGS: Final[Mapping[str, int]] = {"text_limit": TEXT_LIMIT, "image_size_limit": UPLOAD_LIMIT}
_SETTINGS: Final = "/settings/"


def name_problems(name: str) -> Iterator[FieldProblem]:
    """Yield what is wrong with an account's name."""
    if is_blank(name) or not name.isprintable() or has_lone_surrogate(name):
        detail = "The name is empty, or holds characters that cannot be seen. Write one line of text."
        yield FieldProblem(pointer="/name", code="bad_name", detail=detail)
    elif len(name) > NAME_LIMIT:
        detail = f"The name has {len(name):,} characters; at most {NAME_LIMIT} are possible. Shorten it."
        yield FieldProblem(pointer="/name", code="too_long", detail=detail)


def credential_problems(channel: Channel, credential: str) -> Iterator[FieldProblem]:
    """Yield what is wrong with a credential, without repeating any of it."""
    needs_one = channel.capabilities.needs_credential
    if needs_one and not credential.strip():
        detail = "The credential is empty. Paste the secret or token of the account."
        yield FieldProblem(pointer="/credential", code="required", detail=detail)
    if credential and not needs_one:
        # A secret that nobody opens would only be one more to lose.
        detail = (
            f"{channel.capabilities.name} accounts have no credential: the deployment's own role acts. Leave it out."
        )
        yield FieldProblem(pointer="/credential", code="not_needed", detail=detail)
    if len(credential) > CREDENTIAL_LIMIT:
        detail = f"The credential has more than {CREDENTIAL_LIMIT:,} characters. Paste the secret or token alone."
        yield FieldProblem(pointer="/credential", code="too_long", detail=detail)


def place_problems(channel: Channel, account: Account, outgoing: OutgoingPolicy) -> Iterator[FieldProblem]:
    """Yield what is wrong with where an account is: its address and its settings."""
    found = [*_address_problems(channel, account, outgoing), *_setting_problems(channel, account)]
    named = {problem.pointer for problem in found}
    found += [problem for problem in channel.account_problems(account) if problem.pointer not in named]
    yield from found
    yield from _missing(channel, account, named | {problem.pointer for problem in found})


def _address_problems(channel: Channel, account: Account, outgoing: OutgoingPolicy) -> Iterator[FieldProblem]:
    if account.base_url is None:
        return
    refusal = outgoing.refusal(account.base_url)
    own = channel.capabilities.base_url
    if not refusal and own and not outgoing.allow_private and account.base_url.rstrip("/") != own:
        # A credential for a platform goes to that platform. Only a laptop's simulated one is elsewhere.
        refusal = f"{channel.capabilities.name} has one address, {own}. Leave this empty."
    if refusal:
        yield FieldProblem(pointer="/base_url", code="bad_address", detail=refusal)


def _setting_problems(channel: Channel, account: Account) -> Iterator[FieldProblem]:
    fields = [field.pointer for field in channel.capabilities.connect_fields]
    known = {pointer.removeprefix(_SETTINGS) for pointer in fields if pointer.startswith(_SETTINGS)}
    known.update(COMMON_SETTINGS)
    for name, value in account.settings.items():
        pointer = _SETTINGS + name[:40].replace("~", "~0").replace("/", "~1")
        if name not in known:
            detail = f"{channel.capabilities.name} has no such setting. There are: {', '.join(sorted(known))}."
            yield FieldProblem(pointer=pointer, code="unknown", detail=detail)
        elif len(value) > SETTING_LIMIT or not value.isprintable():
            detail = f"This should be one line of at most {SETTING_LIMIT} characters."
            yield FieldProblem(pointer=pointer, code="bad_setting", detail=detail)
        elif name in COMMON_SETTINGS and not _is_limit(value, COMMON_SETTINGS[name]):
            detail = f"The limit should be a whole number from 1 to {COMMON_SETTINGS[name]:,}, in quotes."
            yield FieldProblem(pointer=pointer, code="bad_setting", detail=detail)


def _missing(channel: Channel, account: Account, named: set[str]) -> Iterator[FieldProblem]:
    given = {_SETTINGS + name for name, value in account.settings.items() if value}
    given |= {"/base_url"} if account.base_url else set()
    for field in channel.capabilities.connect_fields:
        if field.is_required and field.pointer not in {*given, *named, "/credential"}:
            yield FieldProblem(pointer=field.pointer, code="required", detail=f"This is missing. {field.detail}")


def _is_limit(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most
