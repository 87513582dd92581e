"""The call that posts a status and the reading of its answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import ClassVar, Final

from publishing.channels.base.answers import bearer, not_understood, read_health, read_refusal
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import common_problems, no_titles
from publishing.channels.base.contract import Channel, Library, Payload, Prepared, Submission, Trace
from publishing.channels.base.images import pictures
from publishing.channels.base.quota import read_rate_limit
from publishing.channels.mastodon.lookup import StatusLookup, read_publication, read_reset
from publishing.channels.mastodon.media import Media, media_ids
from publishing.channels.mastodon.payload import IMAGES, TEXT_LIMIT, build_body, compose, measure, with_media_ids
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.health import Health, healthy, needs_reauth, unusable
from publishing.domain.outcome import Deferred, Finding, LookupFailed, Outcome, Published, Reason, Rejected
from publishing.domain.wording import phrase
from publishing.http import Courier, UnreadableError

#: The refusal of a status that its media may be the reason of: unknown, deleted or still being processed.
_MAY_MEAN_MEDIA: Final = 422


class MastodonChannel(Channel):
    """Posts statuses. The server remembers our key for an hour, so the identical request can be repeated in it."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="mastodon",
        name="Mastodon",
        deduplication=Deduplication.KEY,
        key_window=timedelta(minutes=54),
        can_look_up=True,
        can_check=True,
        text_limit=TEXT_LIMIT,
        text_unit=phrase("characters"),
        images=IMAGES,
        connect_fields=(
            required("/base_url", "The server's address, like https://mastodon.social."),
            required(
                "/credential",
                "An access token with the scopes write:statuses, write:media, read:statuses and read:accounts.",
            ),
            optional("/settings/visibility", "public, unlisted or private, if not what the account has set."),
            optional("/settings/remote_id", "The account's id there. It may be left out: the token knows its account."),
            optional("/settings/honors_key", "no, for servers that ignore the idempotency key."),
        ),
        documentation_url="https://docs.joinmastodon.org/methods/statuses/#create",
    )

    def key_window(self, account: Account) -> timedelta | None:
        """Return None for servers that ignore the key: doubt is then settled by looking, never by repeating."""
        return None if account.settings.get("honors_key") == "no" else self.capabilities.key_window

    def measure(self, content: Content) -> int:
        """Return the status's length as Mastodon counts it, link included."""
        return measure(compose(content))

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what Mastodon would refuse or leave out."""
        return common_problems(self, content, account) + no_titles(self, content)

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the status."""
        images = pictures(submission, self.image_rules(account))
        return Payload(
            text=compose(submission.content),
            body=build_body(submission, account.settings, images),
            delivery_key=submission.delivery_key,
            files=tuple(each.rendition for each in images),
        )

    def prepare(
        self, payload: Payload, destination: Destination, courier: Courier, *, library: Library, now: datetime
    ) -> Prepared | Deferred | Rejected:
        """Upload the next image, or see whether the server has processed all of them."""
        address = _address(destination)
        if not isinstance(address, tuple):
            return address
        return Media(base_url=address[0], headers=address[1], courier=courier, now=now).step(payload, library)

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Post the status under the delivery's key."""
        name = self.capabilities.name
        address = _address(destination)
        if not isinstance(address, tuple):
            return address
        base_url, token = address
        headers = {**token, "idempotency-key": payload.delivery_key}
        body = with_media_ids(payload.body, media_ids(payload))
        answer = courier.request("POST", f"{base_url}/api/v1/statuses", headers=headers, json=body, acts=True)
        refusal = read_refusal(answer, name=name, now=now, wait_until=read_reset(answer, now=now))
        if refusal is not None and payload.files and answer.status == _MAY_MEAN_MEDIA:
            media = Media(base_url=base_url, headers=token, courier=courier, now=now)
            return media.explain_refusal(payload) or refusal
        if refusal is not None:
            return refusal
        try:
            publication = read_publication(answer.json_object())
        except UnreadableError:
            return not_understood(name)
        return Published(publication=publication, quota=read_rate_limit(answer, prefix="x-ratelimit", now=now))

    def look_up(self, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
        """Read the account's own statuses back to the first commit."""
        name = self.capabilities.name
        base_url, token = _base_url(destination.account), bearer(destination.credential)
        if base_url is None:
            return LookupFailed(reason=Reason.DESTINATION, detail=f"{name} was not asked: the account names no server.")
        if token is None:
            detail = f"{name} was not asked: the account's token cannot be one. Connect the account again."
            return LookupFailed(reason=Reason.CREDENTIAL, detail=detail)
        remote_id = destination.account.settings.get("remote_id")
        lookup = StatusLookup(base_url=base_url, headers=token, remote_id=remote_id, courier=courier, now=now)
        return lookup.search(trace)

    def check(self, destination: Destination, courier: Courier, *, now: datetime) -> Health:
        """Ask whose token it is."""
        name, remote_id = self.capabilities.name, destination.account.settings.get("remote_id")
        base_url, token = _base_url(destination.account), bearer(destination.credential)
        if base_url is None:
            return unusable(Reason.DESTINATION, f"{name} was not asked: the account names no server.")
        if token is None:
            return needs_reauth(f"{name} was not asked: the account's token cannot be one. Connect the account again.")
        answer = courier.request("GET", f"{base_url}/api/v1/accounts/verify_credentials", headers=token, acts=False)
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return needs_reauth(f"{name} says that the token belongs to no account. Connect the account again.")
        refusal = read_refusal(answer, name=name, now=now, wait_until=read_reset(answer, now=now))
        health = read_health(refusal, answer, name=name)
        if health:
            return health
        stated = answer.json_object().get("id")
        if not isinstance(stated, str) or not stated:
            raise UnreadableError("The answer names no account.")
        if remote_id and stated != remote_id:
            detail = f"{name} says that the token is that of another account. Connect the account again."
            return unusable(Reason.DESTINATION, detail)
        return healthy(f"{name} accepts the account's token.")


def _address(destination: Destination) -> tuple[str, Mapping[str, str]] | Deferred | Rejected:
    """Return where the account's server is and the header with its token, or why nothing can be sent."""
    name = MastodonChannel.capabilities.name
    base_url, token = _base_url(destination.account), bearer(destination.credential)
    if base_url is None:
        return Rejected(reason=Reason.DESTINATION, detail=f"{name} was not called: the account names no server.")
    if token is None:
        detail = f"{name} was not called: the account's token cannot be one. Connect the account again."
        return Deferred(reason=Reason.CREDENTIAL, detail=detail)
    return base_url, token


def _base_url(account: Account) -> str | None:
    return account.base_url.rstrip("/") if account.base_url else None
