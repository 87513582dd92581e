"""The call that puts a post into its account's repository, and the reading of its answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from publishing.channels.base.answers import not_understood
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import common_problems, no_titles
from publishing.channels.base.contract import Channel, Library, Payload, Prepared, Submission, Trace
from publishing.channels.base.images import pictures
from publishing.channels.base.quota import read_rate_limit
from publishing.channels.base.uploads import resume
from publishing.channels.bluesky.blobs import KEPT, blobs, blobs_gone, read_answer, send_blob
from publishing.channels.bluesky.errors import (
    BLOB_GONE,
    NAME,
    credential_refused,
    error_name,
    is_token_refused,
    read_error,
    restricted,
)
from publishing.channels.bluesky.lookup import find_record, read_publication
from publishing.channels.bluesky.payload import (
    BYTE_LIMIT,
    GRAPHEME_LIMIT,
    IMAGES,
    build_body,
    byte_length,
    compose,
    has_card,
    measure,
    with_blobs,
)
from publishing.channels.bluesky.session import NoSessionError, Session, Sessions
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.health import Health, cannot_tell, healthy, needs_reauth, unusable
from publishing.domain.outcome import Deferred, Finding, LookupFailed, Outcome, Published, Reason, Rejected
from publishing.domain.quota import QuotaUnit
from publishing.domain.wording import phrase
from publishing.http import Answer, Courier, UnreadableError


class BlueskyChannel(Channel):
    """Puts posts at record keys of its own choice: a repeat of the identical request changes nothing.

    Keeps sessions in memory, and nothing that a new process would miss.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="bluesky",
        name=NAME,
        deduplication=Deduplication.KEY,
        # The key itself never ends: it is the post's own place. It is trusted for as long as a delivery is tried
        # (`Timing.give_up`). Later the place is looked at first, so that a post that a person deleted in the meantime
        # does not come back.
        key_window=timedelta(hours=6),
        can_look_up=True,
        can_check=True,
        text_limit=GRAPHEME_LIMIT,
        text_unit=phrase("characters"),
        images=IMAGES,
        connect_fields=(
            required(
                "/base_url", "The account's server: https://bsky.social for most, else the address of the own PDS."
            ),
            required(
                "/credential",
                "The handle and an app password, divided by a colon: name.bsky.social:xxxx-xxxx-xxxx-xxxx.",
            ),
            optional("/settings/web_url", "Where posts are read, if not on https://bsky.app."),
        ),
        documentation_url="https://docs.bsky.app/docs/api/com-atproto-repo-put-record",
    )

    def __init__(self) -> None:
        self._sessions = Sessions()

    def measure(self, content: Content) -> int:
        """Return the text's length in graphemes, as Bluesky counts; with images, the link is part of it."""
        return measure(content)

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what Bluesky would refuse or leave out."""
        found = common_problems(self, content, account)
        if not has_card(content):
            found += no_titles(self, content)  # Otherwise the title is the card's.
        length = byte_length(content)
        if length > BYTE_LIMIT:
            detail = (
                f"{NAME} takes {BYTE_LIMIT:,} bytes; this has {length:,}, because one emoji can need 25 of them. "
                "Use fewer of them, or shorten the text."
            )
            found += (ContentProblem(code="too_long", detail=detail),)
        return found

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the record and its key."""
        images = pictures(submission, self.image_rules(account))
        return Payload(
            text=compose(submission.content),
            body=build_body(submission, images),
            delivery_key=submission.delivery_key,
            files=tuple(each.rendition for each in images),
        )

    def prepare(
        self, payload: Payload, destination: Destination, courier: Courier, *, library: Library, now: datetime
    ) -> Prepared | Deferred | Rejected:
        """Upload the next image, with a session that is opened or renewed before if need be."""
        base_url = _base_url(destination.account)
        if base_url is None:
            return Rejected(reason=Reason.DESTINATION, detail=f"{NAME} was not called: the account names no server.")
        uploads = resume(payload, longest=KEPT, now=now)
        file = uploads.next_file(payload)
        if file is None:
            return uploads.prepared(is_complete=True)
        content = library.read(file)
        for _ in range(2):  # Where only the token was refused, sending a blob again does no harm.
            try:
                session = self._sessions.get(destination, base_url, courier, now=now)
            except NoSessionError as error:
                return error.outcome
            answer = send_blob(file, content, base_url=base_url, session=session, courier=courier)
            if not is_token_refused(answer):
                return read_answer(answer, payload, uploads, now=now)
            self._sessions.expire(destination, base_url, session, now=now)
            if session.is_fresh:
                break
        return credential_refused()

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Put the post at its key, with a session that is opened or renewed before if need be."""
        base_url = _base_url(destination.account)
        if base_url is None:
            return Rejected(reason=Reason.DESTINATION, detail=f"{NAME} was not called: the account names no server.")
        try:
            session = self._sessions.get(destination, base_url, courier, now=now)
        except NoSessionError as error:
            return error.outcome
        body = {"repo": session.did, **with_blobs(payload.body, blobs(payload))}
        url = f"{base_url}/xrpc/com.atproto.repo.putRecord"
        answer = courier.request("POST", url, headers=session.headers, json=body, acts=True)
        if is_token_refused(answer):
            self._sessions.expire(destination, base_url, session, now=now)
            return _session_ended(session)
        if answer.status == 400 and error_name(answer) == BLOB_GONE:
            return blobs_gone(payload)
        refusal = read_error(answer, now=now)
        return refusal or _published(answer, session, payload.body, destination.account, now=now)

    def look_up(self, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
        """Read the place where the post would be."""
        base_url = _base_url(destination.account)
        if base_url is None:
            return LookupFailed(reason=Reason.DESTINATION, detail=f"{NAME} was not asked: the account names no server.")
        try:
            finding = self._find(trace, destination, base_url, courier=courier, now=now)
            if finding is None:  # Only the token was refused, and asking again does no harm.
                finding = self._find(trace, destination, base_url, courier=courier, now=now)
        except NoSessionError as error:
            refusal = error.outcome
            not_before = refusal.not_before if isinstance(refusal, Deferred) else None
            return LookupFailed(reason=refusal.reason, detail=refusal.detail, not_before=not_before)
        if finding is None:
            detail = f"{NAME} refused to say what is there: it does not accept the session that it gave."
            return LookupFailed(reason=Reason.CREDENTIAL, detail=detail)
        return finding

    def check(self, destination: Destination, courier: Courier, *, now: datetime) -> Health:
        """Open a session anew: one that is kept would outlive an app password that was withdrawn."""
        base_url = _base_url(destination.account)
        if base_url is None:
            return unusable(Reason.DESTINATION, f"{NAME} was not asked: the account names no server.")
        try:
            session = self._sessions.open_anew(destination, base_url, courier, now=now)
        except NoSessionError as error:
            return _unopened(error.outcome)
        if not session.is_active:
            refusal = restricted()
            return unusable(refusal.reason, refusal.detail)
        return healthy(f"{NAME} accepts the account's app password.")

    def _find(
        self, trace: Trace, destination: Destination, base_url: str, *, courier: Courier, now: datetime
    ) -> Finding | None:
        session = self._sessions.get(destination, base_url, courier, now=now)
        finding = find_record(
            trace, account=destination.account, base_url=base_url, session=session, courier=courier, now=now
        )
        if finding is None:
            self._sessions.expire(destination, base_url, session, now=now)
        return finding


def _published(
    answer: Answer, session: Session, body: Mapping[str, object], account: Account, *, now: datetime
) -> Outcome:
    try:
        publication = read_publication(answer.json_object(), session.did, str(body["rkey"]), account)
    except UnreadableError:
        return not_understood(NAME)
    quota = read_rate_limit(answer, prefix="ratelimit", now=now, unit=QuotaUnit.POINTS)
    return Published(publication=publication, quota=quota)


def _unopened(outcome: Deferred | Rejected) -> Health:
    """Return what it says about an account that no session could be opened."""
    if outcome.reason is Reason.CREDENTIAL:
        return needs_reauth(outcome.detail)
    return unusable(outcome.reason, outcome.detail) if isinstance(outcome, Rejected) else cannot_tell(outcome.detail)


def _session_ended(session: Session) -> Deferred:
    """Return the outcome of a refused token. The next attempt has another one, unless this one was new already."""
    if session.is_fresh:
        return credential_refused()
    return Deferred(reason=Reason.UNAVAILABLE, detail=f"{NAME} ended the session. Another one is opened for it.")


def _base_url(account: Account) -> str | None:
    return account.base_url.rstrip("/") if account.base_url else None
