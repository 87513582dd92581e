"""The control interface: make a platform misbehave, register accounts, read the evidence.

Refuses what it does not understand with a sentence, because a fault that silently did not take effect would turn a
test into a lie.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from local.platforms import images
from local.platforms.base import Platform, Request, Response, World, json_response, parse_object, timestamp
from local.platforms.faults import ANY, NAMES, Fault, FaultBook
from local.platforms.store import AccountSettings, Post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Fields = dict[str, object]


class RefusedError(Exception):
    """The request makes no sense; the sentence says why."""


class Control:
    """Everything under `/_control`."""

    def __init__(self, world: World, faults: FaultBook, platforms: Mapping[str, Platform]) -> None:
        self._world = world
        self._faults = faults
        self._platforms = platforms
        self._routes: Mapping[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "health"): lambda _: json_response({"status": "ok", "channels": sorted(platforms)}),
            ("GET", "faults"): lambda _: json_response({"faults": faults.list()}),
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "accounts"): lambda _: self._list_accounts(),
            ("POST", "accounts"): self._register,
            ("GET", "posts"): self._list_posts,
            ("DELETE", "posts"): lambda _: self._clear(world.store.clear_posts),
            ("GET", "notifications"): lambda _: self._list_notifications(),
            ("GET", "requests"): self._list_requests,
            ("DELETE", "requests"): lambda _: self._clear(world.store.clear_requests),
        }

    def answer(self, request: Request) -> Response:
        """Carry out one control request."""
        name = "/".join(request.parts[1:])
        route = self._routes.get((request.method, name))
        if route is None:
            known = ", ".join(sorted(f"{method} /_control/{path}" for method, path in self._routes))
            return json_response(
                {"error": f"There is no {request.method} /_control/{name}. Known: {known}."}, status=404
            )
        try:
            return route(request)
        except RefusedError as refused:
            return json_response({"error": str(refused)}, status=400)

    def _clear(self, clear: Callable[[], None]) -> Response:
        clear()
        return Response(status=204)

    # --- faults ------------------------------------------------------------------------------------------------------

    def _add_fault(self, request: Request) -> Response:
        fields = _read(request, required={"fault"}, optional={*Fault.__dataclass_fields__, "seed"})
        _check_choice(fields, "fault", sorted(NAMES))
        _check_choice(fields, "channel", [*self._platforms, ANY])
        _check_choice(fields, "on", ["create", "upload", "read", "delete", ANY])
        _check_choice(fields, "applied", ["before", "after"])
        _check_text(fields, "account")
        for name, least, most in (("share", 0, 1), ("retry_after", 0, 2_592_000), ("delay", 0, 600)):
            _check_number(fields, name, least=least, most=most)
        for name, least in (("count", 1), ("seed", 0)):
            _check_number(fields, name, least=least, most=2**53, whole=True)
        seed = cast("int | None", fields.pop("seed", None))
        number = self._faults.add(Fault(**cast("dict[str, Any]", fields)), seed=seed)
        return json_response(next(fault for fault in self._faults.list() if fault["id"] == number), status=201)

    def _clear_faults(self, request: Request) -> Response:
        query = _query(request, {"id", "channel", "account"})
        number = query.get("id")
        if number is not None and not (number.isascii() and number.isdigit() and len(number) < 20):
            raise RefusedError("id must be the number that a fault was given.")
        cleared = self._faults.clear(
            number=None if number is None else int(number),
            channel=query.get("channel", ANY),
            account=query.get("account", ANY),
        )
        return json_response({"cleared": cleared})

    # --- accounts ----------------------------------------------------------------------------------------------------

    def _register(self, request: Request) -> Response:
        allowed = {"credentials", "display_name", "options"}
        fields = _read(request, required={"channel", "account"}, optional=allowed)
        _check_choice(fields, "channel", sorted(self._platforms))
        for name in ("account", "display_name"):
            _check_text(fields, name)
        platform = self._platforms[str(fields["channel"])]
        credentials = fields.get("credentials", [])
        if not isinstance(credentials, list) or not all(isinstance(one, str) and one for one in credentials):
            raise RefusedError("credentials must be a list of the secrets that shall be valid from now on.")
        settings = AccountSettings(
            channel=platform.kind,
            account=str(fields["account"]),
            credentials=tuple(credentials),
            display_name=str(fields.get("display_name", "")),
            options=_read_options(platform, fields.get("options", {})),
        )
        self._world.store.put_account(settings)
        return json_response(self._show_account(settings), status=201)

    def _list_accounts(self) -> Response:
        accounts = [self._show_account(settings) for settings in self._world.store.list_accounts()]
        return json_response({"accounts": accounts})

    def _show_account(self, settings: AccountSettings) -> Fields:
        return {
            "channel": settings.channel,
            "account": settings.account,
            "display_name": settings.display_name,
            "options": dict(settings.options),
            "credential_count": len(settings.credentials),
            "base_url": self._platforms[settings.channel].base_url(settings.account),
        }

    # --- evidence ----------------------------------------------------------------------------------------------------

    def _list_posts(self, request: Request) -> Response:
        query = _query(request, {"channel", "account", "since"})
        posts = self._world.store.list_posts(
            channel=query.get("channel"), account=query.get("account"), since=_read_time(query.get("since"))
        )
        return json_response({"posts": [_show_post(post) for post in posts]})

    def _list_notifications(self) -> Response:
        every = self._world.store.list_notifications()
        rows = [{"content": json.loads(content), "status": status} for content, status in every]
        return json_response({"notifications": rows})

    def _list_requests(self, request: Request) -> Response:
        query = _query(request, {"channel", "account"})
        counts = [asdict(count) for count in self._world.store.list_requests()]
        return json_response(
            {"requests": [count for count in counts if all(count[name] == value for name, value in query.items())]}
        )


def _show_post(post: Post) -> Fields:
    return {
        "channel": post.channel,
        "account": post.account,
        "id": post.id,
        "text": post.text,
        "key": post.key,
        "received_at": post.received_at,
        "url": post.url,
        "deleted_at": post.deleted_at,
        "body": post.body.decode(errors="replace"),
        "images": list(images.of_post(post)),
    }


# --- reading what was asked -------------------------------------------------------------------------------------------


def _read(request: Request, *, required: set[str], optional: set[str]) -> Fields:
    # A page in a browser may not send this content type across origins without asking first.
    if request.media_type != "application/json":
        raise RefusedError("The content type must be application/json.")
    try:
        fields = parse_object(request.body)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if missing := sorted(required - fields.keys()):
        raise RefusedError(f"{missing[0]} is required.")
    if unknown := sorted(fields.keys() - required - optional):
        raise RefusedError(f"{unknown[0]} is not a known field. Known: {', '.join(sorted(required | optional))}.")
    return fields


def _query(request: Request, known: set[str]) -> Mapping[str, str]:
    if unknown := sorted(request.query.keys() - known):
        raise RefusedError(f"{unknown[0]} is not a known parameter. Known: {', '.join(sorted(known))}.")
    return request.query


def _check_choice(fields: Fields, name: str, choices: list[str]) -> None:
    if name in fields and fields[name] not in choices:
        raise RefusedError(f"{name} must be one of {', '.join(choices)}.")


def _check_text(fields: Fields, name: str) -> None:
    value = fields.get(name, "x")
    if not isinstance(value, str) or not 0 < len(value) <= 80:
        raise RefusedError(f"{name} must be a text of 1 to 80 characters.")


def _check_number(fields: Fields, name: str, *, least: float, most: float, whole: bool = False) -> None:
    if name not in fields:
        return
    value = fields[name]
    is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not is_number or not least <= cast("float", value) <= most:
        raise RefusedError(f"{name} must be a {'whole ' if whole else ''}number from {least} to {most}.")


def _read_options(platform: Platform, options: object) -> dict[str, int]:
    if not isinstance(options, dict):
        raise RefusedError("options must be an object.")
    for name, value in options.items():
        if name not in platform.options:
            raise RefusedError(f"{platform.kind} has no option {name}. Known: {', '.join(platform.options) or 'none'}.")
        if type(value) is not int or value not in platform.options[name]:
            raise RefusedError(f"The option {name} cannot be set to that value.")
    return options


def _read_time(value: str | None) -> str:
    if value is None:
        return ""
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError as error:
        raise RefusedError("since must be an ISO 8601 time such as 2026-01-31T12:00:00.000Z.") from error
    if moment.tzinfo is None:
        raise RefusedError("since must say its time zone, as in 2026-01-31T12:00:00.000Z.")
    return timestamp(moment.astimezone(UTC))
