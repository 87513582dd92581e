"""From a request to a response: platforms first, then the control interface, else the wall. Knows no sockets."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from local.platforms.base import Call, Platform, Request, Response, World, json_response
from local.platforms.control import Control
from local.platforms.faults import FaultBook, play
from local.platforms.registry import PLATFORMS
from local.platforms.wall import Wall

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class App:
    """The simulated platforms without their sockets."""

    def __init__(
        self, world: World, sleep: Callable[[float], object], topics: Callable[[Request], Response] | None = None
    ) -> None:
        self._world = world
        self._topics = topics
        self._sleep = sleep
        self._faults = FaultBook()
        self._platforms = {kind: platform(world) for kind, platform in PLATFORMS.items()}
        self._control = Control(world, self._faults, self._platforms)
        self._wall = Wall(world, self._platforms)

    def answer(self, request: Request) -> Response:
        """Answer any request; whatever breaks in here becomes a 500 and one log entry."""
        try:
            return self._dispatch(request)
        except Exception:
            log.exception("A simulated platform broke")
            return json_response({"error": "The simulator itself broke; its log says how."}, status=500)

    def _dispatch(self, request: Request) -> Response:
        head = request.parts[0] if request.parts else ""
        if head in self._platforms:
            return self._visit(self._platforms[head], request)
        if head == "_control":
            return self._control.answer(request)
        if head == "sns" and self._topics is not None:
            return self._topics(request)
        if head == "elsewhere":
            # Only a client that follows a redirect comes here; the counts show it.
            call = Call(request=request, account="", path=(), received_at=self._world.now())
            self._count(call, channel="elsewhere", kind="other", status=404)
            return json_response({"error": "Nothing is here."}, status=HTTPStatus.NOT_FOUND)
        return self._wall.answer(request)

    def _visit(self, platform: Platform, request: Request) -> Response:
        account = request.parts[1] if len(request.parts) > 1 else ""
        if not ACCOUNT_NAME.fullmatch(account):
            return platform.failure(404)
        call = Call(request=request, account=account, path=request.parts[2:], received_at=self._world.now())
        page = platform.page(call) if request.method == "GET" else None
        if page is not None:
            return self._wall.show(platform.kind, page)
        action = platform.route(call)
        if action is None:
            self._count(call, channel=platform.kind, kind="other", status=404)
            return platform.failure(404)
        fault = self._faults.draw(platform.kind, account, action.kind)
        answer = play(fault, action, platform, self._sleep)
        status = 0 if answer.hang_up else answer.status
        name = fault.fault if fault else ""
        self._count(call, channel=platform.kind, kind=action.kind, status=status, fault=name)
        return answer

    def _count(self, call: Call, *, channel: str, kind: str, status: int, fault: str = "") -> None:
        self._world.store.count_request(
            channel=channel,
            account=call.account,
            method=call.request.method,
            kind=kind,
            status=status,
            fault=fault,
        )


def parse_host(header: str) -> str:
    """Return the name in a Host header, without its port."""
    return header.rpartition(":")[0] if re.fullmatch(r".*:\d+", header) else header
