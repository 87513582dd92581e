"""The call that makes a post and the reading of its answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from publishing.channels.base.answers import bearer, not_understood
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import common_problems, no_titles
from publishing.channels.base.contract import Channel, Payload, Submission, Trace
from publishing.channels.linkedin.answers import NAME, SITE, publication, read_answer
from publishing.channels.linkedin.health import ask_for_member, ask_for_posts
from publishing.channels.linkedin.lookup import Lookup
from publishing.channels.linkedin.payload import TEXT_LIMIT, author, build_body, compose, may_read, measure, version
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
        text_unit="characters",
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

    def measure(self, content: Content) -> int:
        """Return the text's length, its link included unless that becomes a card."""
        return measure(compose(content))

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what LinkedIn would refuse or leave out: a title too, unless it can stand on the link's card."""
        return common_problems(self, content, account) + (() if content.link else no_titles(self, content))

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the post."""
        return Payload(
            text=compose(submission.content),
            body=build_body(submission, account.settings),
            delivery_key=submission.delivery_key,
        )

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Make the post. The proof is the header that names it: the body of the answer is empty."""
        base_url, headers = self.base_url(destination.account), _headers(destination)
        if base_url is None or author(destination.account.settings) is None:
            detail = f"{NAME} was not called: the account does not say which member or organization publishes."
            return Rejected(reason=Reason.DESTINATION, detail=detail)
        if headers is None:
            return Deferred(reason=Reason.CREDENTIAL, detail=_no_token("called"))
        answer = courier.request("POST", f"{base_url}/rest/posts", headers=headers, json=dict(payload.body), acts=True)
        refusal = read_answer(answer, now=now, delivery_key=payload.delivery_key)
        if refusal:
            return refusal
        made = publication(answer.headers.get("x-restli-id"), site=self._site(destination.account))
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
            return LookupFailed(reason=Reason.CREDENTIAL, detail=_no_token("asked"))
        lookup = Lookup(
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
            return needs_reauth(_no_token("asked"))
        if may_read(account.settings):
            return ask_for_posts(base_url, headers, who, courier=courier, now=now)
        return ask_for_member(base_url, headers, who, courier=courier, now=now)

    def _site(self, account: Account) -> str:
        """Return where people see the posts: an account with a server of its own is shown there."""
        own = self.base_url(account)
        return SITE if own is None or own == self.capabilities.base_url else own


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
