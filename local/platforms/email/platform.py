"""Amazon SES as `SendEmail` knows it: one account per base URL, with an inbox in which every recipient's mail lands."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from local.platforms import aws, images
from local.platforms.base import Action, Call, Commit, Platform, Response, json_response, timestamp
from local.platforms.email import card
from local.platforms.email.draft import Mail, RefusedError, address_of, read_mail
from local.platforms.email.events import events_of
from local.platforms.email.reader import list_pictures
from local.platforms.store import Post

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

PATH = ("v2", "email", "outbound-emails")
#: Exceptions by status, where a fault asks for one; the JSON protocols put `Exception` behind the older names.
FAILURES = {
    401: (403, "ExpiredTokenException", "The security token included in the request is expired"),
    403: (403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail"),
    404: (404, "UnknownOperationException", ""),
    429: (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    500: (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    503: (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
}
_SIGNATURE_CODES = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "RequestExpired": "InvalidSignatureException",
    "IncompleteSignature": "IncompleteSignatureException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
}
#: What every mail client draws.
SHOWN_TYPES = ("image/jpeg", "image/png", "image/gif")
MOST_PICTURES = 50
#: Addresses that stay verified in the sandbox: the ones at this domain.
VERIFIED_DOMAIN = "example.org"


Handler = Callable[[Call], Response | Commit]


class Email(Platform):
    """Sends nothing; what it accepts is in the inbox at once."""

    kind = "email"
    title = "Email"
    hint = (
        "POST SendEmail to {url}/v2/email/outbound-emails, signed for ses in us-east-1 with {credential} (id/secret)."
    )
    #: Out of the sandbox, not paused, and without a quota unless it is set.
    options: ClassVar[Mapping[str, Container[int]]] = {
        "sandbox": range(2),
        "paused": range(2),
        "daily_quota": range(1, 1_000_001),
    }

    def default_credential(self, account: str) -> str:
        """Return key id and secret of local mode."""
        del account
        return aws.DEFAULT_CREDENTIAL

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error as SES does; it states no time to come back."""
        del retry_after
        answered, code, sentence = FAILURES[status]
        return _error(answered, code, sentence)

    def card(self, post: Post) -> str:
        """Draw a mail as a mail client shows it."""
        return card.draw(post, self.world.now())

    def route(self, call: Call) -> Action | None:
        """Accept `SendEmail`, `GetAccount` and `GetEmailIdentity`."""
        match (call.request.method, call.path):
            case ("POST", path) if path == PATH:
                return Action(kind="create", begin=lambda: self._guard(call, self._send))
            case ("GET", ("v2", "email", "account")):
                return Action(kind="read", begin=lambda: self._guard(call, self._account))
            case ("GET", ("v2", "email", "identities", _)):
                return Action(kind="read", begin=lambda: self._guard(call, self._identity))
        return None

    def _guard(self, call: Call, handler: Handler) -> Response | Commit:
        try:
            aws.verify(call.request, service="ses", credentials=self.credentials(call.account), now=self.world.now())
            return handler(call)
        except aws.NotSignedError as refused:
            return _error(HTTPStatus.FORBIDDEN, _SIGNATURE_CODES[refused.code], refused.sentence)
        except RefusedError as refused:
            return _error(refused.status, refused.code, refused.sentence)

    def _send(self, call: Call) -> Commit:
        mail = read_mail(call.request)
        self._check_account(call.account, mail)
        return lambda: self._accept(call, mail)

    def _account(self, call: Call) -> Response:
        options = self.world.store.get_account(self.kind, call.account).options
        is_paused = bool(options.get("paused"))
        return json_response(
            {
                "EnforcementStatus": "SHUTDOWN" if is_paused else "HEALTHY",
                "ProductionAccessEnabled": not options.get("sandbox"),
                "SendingEnabled": not is_paused,
                "SendQuota": {
                    "Max24HourSend": options.get("daily_quota", 50_000),
                    "MaxSendRate": 14,
                    "SentLast24Hours": self.world.store.count_posts(self.kind, call.account).get(call.account, 0),
                },
            }
        )

    def _identity(self, call: Call) -> Response:
        """Domains are verified: all of them, or in the sandbox the one that may be written to. Addresses are not."""
        identity = call.path[-1].lower()
        is_sandboxed = self.world.store.get_account(self.kind, call.account).options.get("sandbox")
        if "@" in identity or (is_sandboxed and identity != VERIFIED_DOMAIN):
            raise RefusedError("NotFoundException", f"Email identity {identity} does not exist.", status=404)
        return json_response({"IdentityType": "DOMAIN", "VerifiedForSendingStatus": True})

    def _check_account(self, account: str, mail: Mail) -> None:
        options = self.world.store.get_account(self.kind, account).options
        if options.get("paused"):
            raise RefusedError("SendingPausedException", "Account is paused")
        if self.world.store.count_posts(self.kind, account).get(account, 0) >= options.get("daily_quota", 1_000_001):
            raise RefusedError("LimitExceededException", "Daily message quota exceeded.")
        strangers = [
            address
            for address in map(address_of, (mail.sender, *mail.recipients))
            if not address.lower().endswith(f"@{VERIFIED_DOMAIN}")
        ]
        if options.get("sandbox") and strangers:
            sentence = (
                "Email address is not verified. The following identities failed the check in region "
                f"{aws.REGION.upper()}: {', '.join(strangers)}"
            )
            raise RefusedError("MessageRejected", sentence)

    def _accept(self, call: Call, mail: Mail) -> Response:
        now = self.world.now()
        number = self.world.store.next_number()
        post_id = f"{int(now.timestamp() * 1000):016x}-{number:08x}-000000"
        self.world.store.add_post(
            Post(
                channel=self.kind,
                account=call.account,
                id=post_id,
                text=mail.text,
                key=mail.tags.get("omnipub-key"),
                received_at=timestamp(call.received_at),
                url=f"{self.world.url}/wall/email/{call.account}/{post_id}",
                body=call.request.body,
                details={
                    "sender": mail.sender,
                    "recipients": list(mail.recipients),
                    "reply_to": list(mail.reply_to),
                    "subject": mail.subject,
                    "html": mail.html,
                    "tags": dict(mail.tags),
                    "images": self._load(call.account, mail),
                },
            )
        )
        for event in events_of(mail, post_id=post_id, now=now):
            self.world.notify(json.dumps(event))
        return json_response({"MessageId": post_id})

    def _load(self, account: str, mail: Mail) -> list[dict[str, object]]:
        """Load the pictures that the mail names, as a reader does who allows it; one that is not there is left out."""
        loaded = []
        for address, description in list_pictures(mail.html)[:MOST_PICTURES]:
            try:
                upload = images.read_image(
                    images.fetch(address),
                    upload_id=f"picture-{self.world.store.next_number()}",
                    types=SHOWN_TYPES,
                    max_size=images.FETCH_LIMIT,
                    max_pixels=100_000_000,
                )
            except images.BadImageError:
                continue
            self.world.store.add_upload(self.kind, account, upload.id, upload.body)
            loaded.append({**images.shown(upload, description), "address": address})
        return loaded


def _error(status: int, code: str, sentence: str) -> Response:
    headers = (("x-amzn-ErrorType", f"{code}:http://internal.amazon.com/coral/com.amazonaws.services.simpleemail/"),)
    return json_response({"message": sentence}, status=status, headers=headers)
