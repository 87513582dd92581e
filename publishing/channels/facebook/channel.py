"""The call that posts to a page and the reading of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlencode

from publishing.channels.base.answers import not_understood, read_health
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import common_problems, no_titles
from publishing.channels.base.contract import Channel, Library, Payload, Prepared, Submission, Trace
from publishing.channels.base.images import pictures
from publishing.channels.base.quota import read_usage
from publishing.channels.base.uploads import finished
from publishing.channels.facebook.graph import NAME, read_answer, read_publication
from publishing.channels.facebook.lookup import FeedLookup
from publishing.channels.facebook.payload import (
    IMAGES,
    TEXT_LIMIT,
    build_body,
    compose,
    measure,
    page_path,
    proof,
    split_credential,
    with_photos,
)
from publishing.channels.facebook.photos import give_next
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.health import Health, healthy, needs_reauth, unusable
from publishing.domain.outcome import Deferred, Finding, LookupFailed, Outcome, Published, Reason, Rejected
from publishing.domain.wording import phrase
from publishing.http import Courier, UnreadableError

#: Percentages of what the app, the page and the use case may ask for, on every answer that a limit applies to.
#: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
_USAGE: Final = ("x-app-usage", "x-page-usage", "x-business-use-case-usage")


class FacebookChannel(Channel):
    """Posts to pages. Facebook refuses a repeat of the page's latest post only, so doubt is settled by its feed."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="facebook",
        name=NAME,
        deduplication=Deduplication.CONTENT,
        base_url="https://graph.facebook.com",
        can_look_up=True,
        can_check=True,
        text_limit=TEXT_LIMIT,
        text_unit=phrase("characters"),
        images=IMAGES,
        connect_fields=(
            optional("/settings/remote_id", "The page's id. It may be left out: the token knows its page."),
            required(
                "/credential",
                "A page token with pages_manage_posts and pages_read_engagement, then a space and the app's secret.",
            ),
            optional("/settings/api_version", "The version of the Graph API, like v26.0, if not the usual one."),
        ),
        documentation_url="https://developers.facebook.com/docs/pages-api/posts",
    )

    def measure(self, content: Content) -> int:
        """Return the text's length; the link is a card below it, unless images take its place."""
        return measure(compose(content))

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what Facebook would refuse or leave out."""
        return common_problems(self, content, account) + no_titles(self, content)

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the post."""
        shown = pictures(submission, self.image_rules(account))
        return Payload(
            text=compose(submission.content),
            body=build_body(submission, shown),
            delivery_key=submission.delivery_key,
            files=tuple(picture.rendition for picture in shown),
        )

    def prepare(
        self,
        payload: Payload,
        destination: Destination,
        courier: Courier,
        *,
        library: Library,  # noqa: ARG002 - Facebook fetches the files itself
        now: datetime,
    ) -> Prepared | Deferred | Rejected:
        """Let Facebook fetch the next image."""
        access = self._access(destination)
        if isinstance(access, Rejected | Deferred):
            return access
        return give_next(
            payload,
            page_url=access.page_url,
            headers=access.headers,
            authority=access.authority,
            courier=courier,
            now=now,
        )

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Post to the page's feed."""
        access = self._access(destination)
        if isinstance(access, Rejected | Deferred):
            return access
        # The permalink comes with the same answer, so that no second call is needed.
        url = f"{access.page_url}/feed?fields=id,permalink_url"
        fields = with_photos(payload.body, [str(note["id"]) for note in finished(payload).notes])
        answer = courier.request("POST", url, headers=access.headers, json={**fields, **access.authority}, acts=True)
        refusal = read_answer(answer, now=now)
        if refusal:
            return refusal
        try:
            publication = read_publication(answer.json_object())
        except UnreadableError:
            return not_understood(NAME)
        return Published(publication=publication, quota=read_usage(answer, names=_USAGE))

    def look_up(self, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
        """Read the page's feed back to the first commit."""
        access = self._access(destination)
        if isinstance(access, Rejected | Deferred):
            return LookupFailed(reason=access.reason, detail=access.detail)
        lookup = FeedLookup(
            feed_url=f"{access.page_url}/published_posts",
            headers=access.headers,
            authority=access.authority,
            courier=courier,
            now=now,
        )
        return lookup.search(trace)

    def check(self, destination: Destination, courier: Courier, *, now: datetime) -> Health:
        """Ask for the page itself, with its token."""
        access = self._access(destination)
        if isinstance(access, Deferred):
            return needs_reauth(access.detail)
        if isinstance(access, Rejected):
            return unusable(access.reason, access.detail)
        query = urlencode({"fields": "id,name", **access.authority})
        answer = courier.request("GET", f"{access.page_url}?{query}", headers=access.headers, acts=False)
        refusal = read_answer(answer, now=now)
        if isinstance(refusal, Rejected) and refusal.reason is Reason.PERMISSION:
            return unusable(refusal.reason, refusal.detail)
        health = read_health(refusal, answer, name=NAME)
        if health:
            return health
        stated, wanted = read_publication(answer.json_object()).id, destination.account.settings.get("remote_id")
        if wanted and wanted not in {"me", stated}:
            return unusable(Reason.DESTINATION, f"{NAME} answers with another page. Check the account's remote_id.")
        return healthy(f"{NAME} shows the page to the account's token.")

    def _access(self, destination: Destination) -> "_Access | Rejected | Deferred":
        """Return what every call needs, or why there can be none."""
        account = destination.account
        base_url, path = self.base_url(account), page_path(account.settings)
        if base_url is None or path is None:
            detail = f"{NAME} was not called: the account names no page or version that could be one."
            return Rejected(reason=Reason.DESTINATION, detail=detail)
        parts = split_credential(destination.credential)
        if parts is None:
            detail = f"{NAME} was not called: the account's token cannot be one. Connect the account again."
            return Deferred(reason=Reason.CREDENTIAL, detail=detail)
        token, secret = parts
        return _Access(
            page_url=base_url + path,
            headers={"authorization": f"Bearer {token}"},
            authority={"appsecret_proof": proof(token, secret)} if secret else {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Access:
    page_url: str
    headers: Mapping[str, str] = field(repr=False)
    authority: Mapping[str, str] = field(repr=False)
