"""Brings notifications to a web address, one after the other, and comes again where that failed."""

from __future__ import annotations

import secrets
import sys
import threading
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING

from local.platforms.base import Request, Response, json_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local.platforms.store import Store
    from local.platforms.topics.signer import Signer

#: SNS comes again after 20 s; a demonstration need not wait that long.
AGAIN_AFTER = 1.0
TIMEOUT = 15.0


class Notifier:
    """One subscription: a thread delivers what was published, in order, until it is stopped."""

    def __init__(self, *, hook: str, address: str, signer: Signer, store: Store, now: Callable[[], datetime]) -> None:
        self._hook = hook
        self._address = address
        self._signer = signer
        self._store = store
        self._now = now
        self._token = secrets.token_hex(32)
        self._is_confirmed = False
        self._stopping = threading.Event()
        self._work = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier")
        # No proxy of the person's environment stands before loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not delivered is delivered after the next start."""
        self._stopping.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join()

    def publish(self, content: str) -> None:
        """Keep a notification to be delivered; it is on disk when this returns."""
        self._store.add_notification(content)
        self._work.set()

    def answer(self, request: Request) -> Response:
        """Answer as SNS: its certificate, and the confirmation of the subscription."""
        if request.parts[1:] == (self._signer.name,):
            return Response(headers=(("Content-Type", "application/x-pem-file"),), body=self._signer.certificate)
        if request.query.get("Action") == "ConfirmSubscription" and request.query.get("Token") == self._token:
            self._is_confirmed = True
            return Response(headers=(("Content-Type", "text/xml"),), body=b"<ConfirmSubscriptionResponse/>")
        return json_response({"error": "SNS has nothing here."}, status=HTTPStatus.NOT_FOUND)

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared before looking, so that what is published meanwhile is looked for again.
            self._work.clear()
            is_done = self._is_confirmed or self._ask()
            if is_done and self._deliver_all():
                self._work.wait()
            else:
                self._stopping.wait(AGAIN_AFTER)

    def _ask(self) -> bool:
        body = self._signer.ask(self._token, number=_new_number(), address=self._address, now=self._now())
        self._post(body, kind="SubscriptionConfirmation")
        return self._is_confirmed

    def _deliver_all(self) -> bool:
        """Deliver what waits; tell whether nothing is left."""
        for number, content in self._store.list_waiting_notifications():
            if self._stopping.is_set():
                return False
            body = self._signer.notify(content, number=_new_number(), address=self._address, now=self._now())
            status = self._post(body, kind="Notification")
            if status == 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
                return False
            # Any other answer is the last word, as for SNS.
            self._store.end_notification(number, status)
        return True

    def _post(self, body: bytes, *, kind: str) -> int:
        """Return the status of the answer, 0 where there was none."""
        headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": kind}
        request = urllib.request.Request(self._hook, data=body, headers=headers)  # noqa: S310 - configured
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    print(f"{self._hook} refused a {kind}: {error.code}.", file=sys.stderr, flush=True)
                return error.code
        except OSError:
            return 0


def _new_number() -> str:
    number = secrets.token_hex(16)
    return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
