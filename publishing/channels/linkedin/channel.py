"""The call that makes a post and the reading of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from publishing.channels.base.answers import bearer, not_understood
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import common_problems, no_titles
from publishing.channels.base.contract import Channel, Library, Payload, Prepared, Submission, Trace
from publishing.channels.base.images import pictures
from publishing.channels.base.uploads import finished
from publishing.channels.linkedin.answers import NAME, SITE, publication, read_answer
from publishing.channels.linkedin.health import ask_for_member, ask_for_posts
from publishing.channels.linkedin.images import Uploader
from publishing.channels.linkedin.lookup import PostLookup
from publishing.channels.linkedin.payload import (
    IMAGES,
    TEXT_LIMIT,
    author,
    build_body,
    compose,
    has_card,
    may_read,
    measure,
    version,
    with_images,
)
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.health import Health, needs_reauth, unusable
from publishing.domain.outcome import (
    Deferred,
    Finding,
    LookupFailed,
    Outcome,
    Published,
    Reason,
    Rejected,
    Undecidable,
)
from publishing.domain.wording import phrase
from publishing.http import Courier


class LinkedInChannel(Channel):
    """Posts as a member or an organization. LinkedIn refuses identical text; only organizations can be read back."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="linkedin",
        name=NAME,
        deduplication=Deduplication.CONTENT,
        base_url="https://api.linkedin.com",
        can_look_up=True,
        can_check=True,
        text_limit=TEXT_LIMIT,
        text_unit=phrase("characters"),
        images=IMAGES,
        connect_fields=(
            required(
                "/settings/remote_id",
                "Who publishes: urn:li:person:… for a member, urn:li:organization:… for an organization.",
            ),
            required(
                "/credential", "An access token with w_member_social; for organizations w_ and r_organization_social."
            ),
            optional("/settings/api_version", "The version of the API, like 202608, if not the usual one."),
            optional("/settings/reads", "no, where the token may not read the organization's posts back."),
        ),
        documentation_url="https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api",
    )

    def can_look_up(self, account: Account) -> bool:
        """Tell whether the author's posts can be read back: an organization's."""
        return may_read(account.settings)

    def probes(self, account: Account) -> bool:  # noqa: ARG002 - so it is for all authors
        """Say yes: an identical repeat is answered with the post that it makes or with the URN of the first."""
        return True

    def measure(self, content: Content) -> int:
        """Return the text's length, its link included unless that becomes a card."""
        return measure(compose(content))

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what LinkedIn would refuse or leave out: a title too, unless it can stand on the link's card."""
        return common_problems(self, content, account) + (() if has_card(content) else no_titles(self, content))

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the post."""
        shown = pictures(submission, self.image_rules(account))
        return Payload(
            text=compose(submission.content),
            body=build_body(submission, account.settings, shown),
            delivery_key=submission.delivery_key,
            files=tuple(picture.rendition for picture in shown),
        )

    def prepare(
        self, payload: Payload, destination: Destination, courier: Courier, *, library: Library, now: datetime
    ) -> Prepared | Deferred | Rejected:
        """Give LinkedIn the next image, or see whether it is done with all of them."""
        access = self._access(destination)
        if isinstance(access, Rejected | Deferred):
            return access
        uploader = Uploader(
            payload,
            base_url=access.base_url,
            headers=access.headers,
            owner=access.author,
            reads=may_read(destination.account.settings),
            courier=courier,
            now=now,
        )
        return uploader.step(library)

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Make the post. The proof is the header that names it: the body of the answer is empty."""
        access = self._access(destination)
        if isinstance(access, Rejected | Deferred):
            return access
        body = with_images(payload.body, [str(note["urn"]) for note in finished(payload).notes])
        answer = courier.request("POST", f"{access.base_url}/rest/posts", headers=access.headers, json=body, acts=True)
        site = self._site(destination.account)
        refusal = read_answer(answer, now=now, delivery_key=payload.delivery_key, site=site)
        if refusal:
            return refusal
        made = publication(answer.headers.get("x-restli-id"), site=site)
        return Published(publication=made) if made else not_understood(NAME)

    def look_up(self, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
        """Read an organization's posts back to the first commit. A member's cannot be read by anybody."""
        account = destination.account
        base_url, headers, who = self.base_url(account), _headers(destination), author(account.settings)
        if base_url is None or who is None:
            detail = f"{NAME} was not asked: the account does not say which member or organization publishes."
            return LookupFailed(reason=Reason.DESTINATION, detail=detail)
        if not may_read(account.settings):
            detail = f"{NAME} does not let anybody read this author's posts back. Look there, then say what you found."
            return Undecidable(detail=detail)
        if headers is None:
            return LookupFailed(reason=Reason.CREDENTIAL, detail=_no_token(phrase("asked")))
        lookup = PostLookup(
            base_url=base_url, site=self._site(account), headers=headers, author=who, courier=courier, now=now
        )
        return lookup.search(trace)

    def check(self, destination: Destination, courier: Courier, *, now: datetime) -> Health:
        """Ask for an organization's posts where they may be read, else whose token it is."""
        account = destination.account
        base_url, headers, who = self.base_url(account), _headers(destination), author(account.settings)
        if base_url is None or who is None:
            detail = f"{NAME} was not asked: the account does not say which member or organization publishes."
            return unusable(Reason.DESTINATION, detail)
        if headers is None:
            return needs_reauth(_no_token(phrase("asked")))
        if may_read(account.settings):
            return ask_for_posts(base_url, headers, who, courier=courier, now=now)
        return ask_for_member(base_url, headers, who, courier=courier, now=now)

    def _access(self, destination: Destination) -> "_Access | Rejected | Deferred":
        """Return what a call needs, or why there can be none."""
        account = destination.account
        base_url, headers, who = self.base_url(account), _headers(destination), author(account.settings)
        if base_url is None or who is None:
            detail = f"{NAME} was not called: the account does not say which member or organization publishes."
            return Rejected(reason=Reason.DESTINATION, detail=detail)
        if headers is None:
            return Deferred(reason=Reason.CREDENTIAL, detail=_no_token(phrase("called")))
        return _Access(base_url=base_url, headers=headers, author=who)

    def _site(self, account: Account) -> str:
        """Return where people see the posts: an account with a server of its own is shown there."""
        own = self.base_url(account)
        return SITE if own is None or own == self.capabilities.base_url else own


@dataclass(frozen=True, slots=True, kw_only=True)
class _Access:
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    author: str


def _headers(destination: Destination) -> Mapping[str, str] | None:
    token = bearer(destination.credential)
    if token is None:
        return None
    return {
        **token,
        "linkedin-version": version(destination.account.settings),
        "x-restli-protocol-version": "2.0.0",
    }


def _no_token(verb: str) -> str:
    return f"{NAME} was not {verb}: the account's token cannot be one. Connect the account again."
