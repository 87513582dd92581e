"""What is brought to `/hooks/ses/`: taken when SNS signed it for our topic just now, and done once."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from publishing.api import context
from publishing.domain.account import Account, AccountStatus
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.message import MessageStatus, build_targets
from publishing.domain.outcome import Publication
from publishing.store import accounts, messages, writes
from publishing.store.deliveries import list_attempts
from publishing.store.errors import ConditionFailedError
from publishing.store.feedback import list_feedback
from tests.api.conftest import Table
from tests.mail import REMOTE_ID, SETTINGS, TOPIC, Topic, build_event, changed, serving_topic
from tests.store.rows import put_message_row, put_row

S = DeliveryState


@pytest.fixture(scope="module")
def topic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topic]:
    with serving_topic(tmp_path_factory.mktemp("topic")) as topic:
        yield topic


@pytest.fixture
def hook(table: Table, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Bring bytes to the address, as SNS does."""
    for name, value in {
        "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true",
        "OMNIPUB_MAIL_TOPICS": TOPIC,
        "OMNIPUB_SNS_ADDRESS": topic.address,
    }.items():
        monkeypatch.setenv(name, value)
    context.mail_inbox.cache_clear()
    client = Client(raise_request_exception=False)
    yield lambda body: client.generic("POST", "/hooks/ses/", body, content_type="text/plain; charset=UTF-8")
    context.mail_inbox.cache_clear()


@pytest.fixture
def mailing(put_account: Callable[..., Account]) -> Account:
    return put_account(channel="email", name="Newsletter", base_url=None, settings=SETTINGS)


def put_delivery(account: Account, state: DeliveryState = S.UNKNOWN, **fields: Any) -> Delivery:
    """A message under way with one delivery by mail, in this state."""
    message = put_message_row(MessageStatus.PUBLISHING, targets=build_targets([(account.id, "email")]))
    return put_row(state, message_id=message.id, id="email", channel="email", account_id=account.id, **fields)


def read(delivery: Delivery) -> Delivery:
    found = messages.get_message(delivery.message_id).delivery(delivery.id)
    assert found is not None
    return found


def status_of(delivery: Delivery) -> MessageStatus:
    return messages.get_message(delivery.message_id).message.status


class TestFeedbackAboutMailInDoubt:
    @pytest.mark.parametrize("kind", ["Send", "Delivery", "DeliveryDelay", "Complaint"])
    @pytest.mark.parametrize("state", [S.UNKNOWN, S.UNCONFIRMED, S.COMMITTING])
    def test_that_proves_that_it_went_out_settles_it_as_published(self, hook, topic, mailing, kind, state):
        delivery = put_delivery(mailing, state)

        answer = hook(topic.notify(build_event(kind, delivery)))

        settled = read(delivery)
        assert (answer.status_code, answer.json()) == (200, {"result": "recorded"})
        assert (settled.state, settled.publication and settled.publication.id) == (S.PUBLISHED, REMOTE_ID)
        assert status_of(delivery) is MessageStatus.PUBLISHED

    def test_ends_the_attempt_whose_worker_has_not_said_anything_yet(self, hook, topic, mailing):
        delivery = put_delivery(mailing, S.COMMITTING, attempts=0)

        hook(topic.notify(build_event("Send", delivery)))

        (attempt,) = list_attempts(delivery.message_id, delivery.id)
        assert (attempt.outcome, attempt.publication and attempt.publication.id) == ("published", REMOTE_ID)
        assert read(delivery).attempts == 1

    @pytest.mark.parametrize(
        ("kind", "section", "reason", "words"),
        [
            ("Bounce", {}, "destination", "came back for good (5.1.1). Check the recipient's address."),
            (
                "Bounce",
                {"bounceType": "Transient", "bounceSubType": "MailboxFull"},
                "unavailable",
                "(MailboxFull, 5.1.1)",
            ),
            ("Reject", {}, "content", "Amazon SES took the mail and did not send it: it found a virus in it."),
            ("Rendering Failure", {}, "content", "did not send it: it could not be rendered."),
        ],
    )
    @pytest.mark.parametrize("state", [S.UNKNOWN, S.UNCONFIRMED])
    def test_that_says_it_did_not_arrive_settles_it_as_failed(
        self, hook, topic, mailing, state, kind, section, reason, words
    ):
        delivery = put_delivery(mailing, state)

        hook(topic.notify(build_event(kind, delivery, **section)))

        settled = read(delivery)
        assert (settled.state, settled.maybe_sent, settled.next_at) == (S.FAILED, False, None)
        assert settled.problem is not None
        assert (settled.problem.code, settled.problem.retryable) == (reason, True)
        assert words in settled.problem.detail
        assert status_of(delivery) is MessageStatus.FAILED

    def test_ends_anew_a_message_that_had_ended_in_doubt(self, hook, topic, mailing):
        message = put_message_row(MessageStatus.NEEDS_ATTENTION, targets=build_targets([(mailing.id, "email")]))
        delivery = put_row(
            S.UNCONFIRMED, message_id=message.id, id="email", channel="email", account_id=mailing.id
        )  # fmt: skip

        hook(topic.notify(build_event("Delivery", delivery)))

        assert status_of(delivery) is MessageStatus.PUBLISHED

    def test_leaves_a_message_under_way_that_has_other_deliveries(self, hook, topic, mailing):
        delivery = put_delivery(mailing)
        put_row(S.RETRY, message_id=delivery.message_id, id="webhook")

        hook(topic.notify(build_event("Delivery", delivery)))

        assert (read(delivery).state, status_of(delivery)) == (S.PUBLISHED, MessageStatus.PUBLISHING)


class TestFeedbackAboutMailThatEnded:
    @pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint", "Reject"])
    @pytest.mark.parametrize("state", [S.PUBLISHED, S.FAILED, S.CANCELLED])
    def test_changes_nothing_and_is_kept(self, hook, topic, mailing, state, kind):
        delivery = put_delivery(mailing, state)
        before = read(delivery)

        answer = hook(topic.notify(build_event(kind, delivery)))

        (kept,) = list_feedback(delivery.message_id, delivery.id)
        assert answer.json() == {"result": "recorded"}
        assert read(delivery) == before
        assert (kept.publication_id, kept.gen) == (REMOTE_ID, 1)

    def test_is_shown_with_the_delivery_in_the_order_in_which_it_happened(self, hook, topic, mailing, sign_in):
        delivery = put_delivery(mailing)
        for kind in ("Complaint", "Delivery", "Send"):
            hook(topic.notify(build_event(kind, delivery)))

        shown = sign_in("viewer").get(f"messages/{delivery.message_id}/deliveries/email/").json()

        assert shown["state"] == "published"
        assert [one["kind"] for one in shown["receipt"]["feedback"]] == ["sent", "delivered", "complained"]
        assert shown["receipt"]["feedback"][2] | {"received_at": ""} == {
            "kind": "complained",
            "generation": 1,
            "at": "2026-12-01T09:00:00Z",
            "received_at": "",
            "publication_id": REMOTE_ID,
            "detail": "The recipient complained about the mail (abuse).",
        }

    def test_of_an_earlier_generation_leaves_the_present_one_alone(self, hook, topic, mailing):
        delivery = put_delivery(mailing, S.UNKNOWN, gen=3)
        earlier = replace(delivery, gen=1)

        answer = hook(topic.notify(build_event("Send", earlier)))

        (kept,) = list_feedback(delivery.message_id, delivery.id)
        assert (answer.json(), kept.gen, read(delivery).state) == ({"result": "recorded"}, 1, S.UNKNOWN)

    def test_that_names_a_second_mail_raises_the_alarm(self, hook, topic, mailing, caplog):
        delivery = put_delivery(mailing, S.PUBLISHED, publication=Publication(id="another-mail"))

        hook(topic.notify(build_event("Send", delivery)))

        assert [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL] == [
            "delivery.second_publication"
        ]


class TestARepeatedNotification:
    def test_is_answered_and_does_nothing(self, hook, topic, mailing, table):
        delivery = put_delivery(mailing)
        body = topic.notify(build_event("Bounce", delivery))
        hook(body)
        before = table.snapshot()

        answer = hook(body)

        assert (answer.status_code, answer.json()) == (200, {"result": "known"})
        assert table.snapshot() == before

    def test_is_known_although_it_was_published_to_the_topic_twice(self, hook, topic, mailing, table):
        delivery = put_delivery(mailing)
        event = build_event("Delivery", delivery)
        hook(topic.notify(event, number="one"))
        before = table.snapshot()

        answer = hook(topic.notify(event, number="another"))

        assert (answer.json(), table.snapshot()) == ({"result": "known"}, before)

    def test_completes_what_a_crash_left_undone(self, hook, topic, mailing):
        delivery = put_delivery(mailing)
        body = topic.notify(build_event("Delivery", delivery))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(messages, "finalise", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("killed")))
            assert hook(body).status_code == 500
        assert status_of(delivery) is MessageStatus.PUBLISHING

        hook(body)

        assert status_of(delivery) is MessageStatus.PUBLISHED

    def test_does_not_block_again_what_an_administrator_unblocked(self, hook, topic, mailing, sign_in):
        body = topic.notify(build_event("Bounce", put_delivery(mailing)))
        hook(body)
        sign_in("admin").post(f"accounts/{mailing.id}/unblock/", {})

        hook(body)

        assert accounts.get_account(mailing.id).status is AccountStatus.OK


class TestABadRecipient:
    @pytest.mark.parametrize(
        ("kind", "sentence"),
        [
            ("Bounce", "The mail came back for good (5.1.1). Check the recipient's address."),
            ("Complaint", "The recipient complained about the mail (abuse)."),
        ],
    )
    def test_blocks_every_account_that_sends_to_it(self, hook, topic, mailing, put_account, sign_in, kind, sentence):
        same = put_account(channel="email", settings={**SETTINGS, "recipient": "LIST@Example.org"})
        other = put_account(channel="email", settings={**SETTINGS, "recipient": "others@example.org"})

        hook(topic.notify(build_event(kind, put_delivery(mailing, S.PUBLISHED))))

        shown = sign_in("viewer").get(f"accounts/{mailing.id}/").json()
        assert (shown["status"], shown["problem"]) == (
            "blocked",
            {"code": "blocked_recipient", "detail": sentence, "retryable": False},
        )
        assert accounts.get_account(same.id).status is AccountStatus.BLOCKED
        assert accounts.get_account(other.id).status is AccountStatus.OK

    @pytest.mark.parametrize(
        ("kind", "section"),
        [
            ("Bounce", {"bounceType": "Transient"}),
            ("Bounce", {"bounceType": "Undetermined"}),
            ("Delivery", {}),
            ("DeliveryDelay", {}),
            ("Reject", {}),
            ("Complaint", {"complaintFeedbackType": "not-spam"}),
        ],
    )
    def test_is_not_seen_in_what_may_be_better_next_time(self, hook, topic, mailing, kind, section):
        hook(topic.notify(build_event(kind, put_delivery(mailing, S.PUBLISHED), **section)))

        assert accounts.get_account(mailing.id).status is AccountStatus.OK

    def test_is_not_the_accounts_when_its_address_was_changed_since(self, hook, topic, mailing):
        hook(topic.notify(build_event("Bounce", put_delivery(mailing, S.PUBLISHED), recipient="former@example.org")))

        assert accounts.get_account(mailing.id).status is AccountStatus.OK

    def test_refuses_a_draft_with_a_sentence(self, hook, topic, mailing, api):
        hook(topic.notify(build_event("Bounce", put_delivery(mailing, S.PUBLISHED))))

        answer = api.post("messages/", {"text": "Hello", "accounts": [mailing.id]})

        (problem,) = answer.json()["errors"]
        assert (answer.status_code, problem["pointer"], problem["code"]) == (400, "/accounts/0", "blocked_recipient")
        assert problem["detail"] == (
            "Newsletter is blocked. The mail came back for good (5.1.1). Check the recipient's address. Choose another "
            "account, or ask an administrator to lift the block."
        )

    def test_refuses_to_schedule_what_was_written_before(self, hook, topic, mailing, api):
        draft = api.post("messages/", {"text": "Hello", "accounts": [mailing.id]}).json()
        hook(topic.notify(build_event("Bounce", put_delivery(mailing, S.PUBLISHED))))

        answer = api.post(f"messages/{draft['id']}/publish/", {})

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "blocked_recipient")

    def test_address_is_stored_nowhere_but_in_the_account(self, hook, topic, mailing, table, caplog):
        caplog.set_level(logging.DEBUG, "publishing")
        hook(topic.notify(build_event("Bounce", put_delivery(mailing))))

        rows = [row for row in table.rows() if "list@example.org" in json.dumps(row, default=repr).lower()]

        assert [row["PK"]["S"] for row in rows] == [f"ACCOUNT#{mailing.id}"]
        assert "list@example.org" not in caplog.text


class TestLiftingABlock:
    def test_is_for_administrators_and_in_the_audit(self, hook, topic, mailing, table, sign_in):
        hook(topic.notify(build_event("Bounce", put_delivery(mailing, S.PUBLISHED))))

        refused = sign_in("editor").post(f"accounts/{mailing.id}/unblock/", {})
        lifted = sign_in("admin", sub="ada").post(f"accounts/{mailing.id}/unblock/", {})

        blocked, record = sorted(table.records(), key=lambda row: row["SK"]["S"])
        assert (refused.status_code, lifted.status_code) == (403, 200)
        assert (lifted.json()["status"], lifted.json()["problem"]) == ("ok", None)
        assert (blocked["actor"]["S"], blocked["action"]["S"]) == ("system", "account.block")
        assert (record["actor"]["S"], record["action"]["S"]) == ("ada", "account.unblock")
        assert record["target"]["S"] == f"account:{mailing.id}"
        assert "facts" not in record

    def test_that_there_is_none_of_is_a_conflict(self, mailing, sign_in):
        answer = sign_in("admin").post(f"accounts/{mailing.id}/unblock/", {})

        assert (answer.status_code, answer.json()["detail"]) == (409, "The account is ok; there is no block to lift.")

    def test_is_lost_by_nobody_who_changes_the_account_at_the_same_time(self, hook, topic, mailing):
        hook(topic.notify(build_event("Bounce", put_delivery(mailing, S.PUBLISHED))))

        with pytest.raises(ConditionFailedError):
            writes.run(accounts.change_account(mailing, read=mailing))


FOREIGN_TOPIC = "arn:aws:sns:us-east-1:999999999999:other"
OTHER_HOSTS = [
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
    "https://evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "{address}.evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "{address}/?Action=ConfirmSubscription&x=.pem",
    "{address}/../SimpleNotificationService-0123456789abcdef.pem",
    "{address}/SimpleNotificationService-0123456789abcdef.pem?x",
    "file:///etc/SimpleNotificationService-0123456789abcdef.pem",
    "",
]


class TestWhatSnsDidNotSendUs:
    """Every one is answered with 4xx, which SNS does not repeat, and changes nothing."""

    @pytest.fixture
    def body(self, topic: Topic, mailing: Account) -> bytes:
        return topic.notify(build_event("Bounce", put_delivery(mailing)))

    @pytest.fixture
    def refused(self, hook, table, caplog) -> Callable[[bytes], Any]:
        caplog.set_level(logging.DEBUG, "publishing")

        def bring(body: bytes) -> Any:
            before = table.snapshot()
            answer = hook(body)
            assert table.snapshot() == before
            assert "list@example.org" not in caplog.text + answer.content.decode()
            assert "Signature" not in caplog.text
            return answer

        return bring

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"Message": "{}"}, "signature does not hold"),
            ({"MessageId": "another"}, "signature does not hold"),
            ({"Subject": "Something new"}, "signature does not hold"),
            ({"Signature": "AAAA"}, "signature does not hold"),
            ({"Signature": "not base 64"}, "signature does not hold"),
            ({"TopicArn": FOREIGN_TOPIC}, "topic that is not configured"),
            ({"SignatureVersion": "1"}, "not signed with version 2"),
            ({"Timestamp": "2026-01-01T00:00:00.000Z"}, "too old"),
            ({"Timestamp": "2199-01-01T00:00:00.000Z"}, "from the future"),
            ({"Type": "UnsubscribeConfirmation", "Token": "t", "SubscribeURL": "https://x.example/"}, "does not hold"),
        ],
    )
    def test_is_refused_when_it_was_changed(self, refused, body, fields, sentence):
        answer = refused(changed(body, **fields))

        assert (answer.status_code, answer.json()["code"]) == (403, "not_genuine")
        assert sentence in answer.json()["detail"]

    @pytest.mark.parametrize("url", OTHER_HOSTS)
    def test_is_refused_when_its_certificate_is_elsewhere(self, refused, topic, body, url):
        before = len(topic.server.requests)

        answer = refused(changed(body, SigningCertURL=url.format(address=topic.address)))

        assert (answer.status_code, answer.json()["code"]) == (403, "not_genuine")
        assert len(topic.server.requests) == before

    def test_is_refused_when_somebody_else_signed_it(self, refused, topic, body, tmp_path):
        with serving_topic(tmp_path) as stranger:
            forged = stranger.signer.notify("{}", number="1", address=topic.address, now=datetime.now(UTC))

        answer = refused(changed(forged, SigningCertURL=json.loads(body)["SigningCertURL"]))

        assert (answer.status_code, answer.json()["code"]) == (403, "not_genuine")

    @pytest.mark.parametrize("age", [timedelta(minutes=66), timedelta(minutes=-6)])
    def test_is_refused_when_it_is_not_fresh_although_it_is_signed(self, refused, topic, mailing, age):
        delivery = put_delivery(mailing)

        answer = refused(topic.notify(build_event("Bounce", delivery), now=datetime.now(UTC) - age))

        assert (answer.status_code, answer.json()["code"]) == (403, "not_genuine")

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"Type": "Notification"}', b'{"Type": ["x"]}',
         b'{"eventType": "Bounce", "mail": {}}'],
    )  # fmt: skip
    def test_is_refused_when_it_is_no_notification(self, refused, body):
        answer = refused(body)

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "no_notification")

    def test_is_refused_when_it_is_too_large(self, refused, body):
        answer = refused(changed(body, Message="x" * 300_000))

        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
    def test_is_refused_by_any_other_method(self, hook, method):
        answer = getattr(Client(), method)("/hooks/ses/")

        assert answer.status_code == 405

    def test_is_not_found_where_no_topic_is_configured(self, hook, monkeypatch, body):
        monkeypatch.setenv("OMNIPUB_MAIL_TOPICS", "")
        context.mail_inbox.cache_clear()

        assert hook(body).status_code == 404


class TestWhatSesDidNotSayAboutUs:
    @pytest.mark.parametrize(
        "tags",
        [
            {"no": ["tags of ours"]},
            None,
            "tags",
            {"omnipub-key": ["0" * 32], "omnipub-message": ["01KBCD0000000000000000000Z"]},
            {"omnipub-key": ["0" * 32], "omnipub-message": ["../../etc"]},
            {"omnipub-key": ["a", "b"], "omnipub-message": ["01KBCD0000000000000000000Z"]},
            {"omnipub-key": "a", "omnipub-message": {}},
        ],
        ids=["others", "null", "text", "unknown", "malformed", "two keys", "no lists"],
    )
    def test_is_ignored(self, hook, topic, mailing, table, tags):
        event = build_event("Bounce", put_delivery(mailing))
        event["mail"]["tags"] = tags
        before = table.snapshot()

        answer = hook(topic.notify(event))

        assert (answer.status_code, answer.json()) == (200, {"result": "ignored"})
        assert table.snapshot() == before

    def test_is_ignored_when_the_key_is_that_of_another_message(self, hook, topic, mailing, table):
        delivery, other = put_delivery(mailing), put_delivery(mailing)
        event = build_event("Bounce", delivery)
        event["mail"]["tags"]["omnipub-message"] = [other.message_id]
        before = table.snapshot()

        answer = hook(topic.notify(event))

        assert (answer.json(), table.snapshot()) == ({"result": "ignored"}, before)

    @pytest.mark.parametrize("kind", ["Open", "Click", "Subscription", "New kind"])
    def test_is_ignored_when_no_delivery_depends_on_it(self, hook, topic, mailing, table, kind):
        event = build_event(kind, put_delivery(mailing))
        before = table.snapshot()

        assert hook(topic.notify(event)).json() == {"result": "ignored"}
        assert table.snapshot() == before

    @pytest.mark.parametrize(
        "change",
        [
            lambda event: event.pop("mail"),
            lambda event: event["mail"].update(messageId=""),
            lambda event: event["mail"].update(messageId=7),
            lambda event: event["bounce"].update(timestamp="yesterday"),
            lambda event: event["bounce"].update(timestamp="2026-12-01T08:00:00"),
        ],
        ids=["mail", "id", "id of another type", "time", "zone"],
    )
    def test_is_refused_when_it_lacks_what_is_documented(self, hook, topic, mailing, table, change):
        event = build_event("Bounce", put_delivery(mailing))
        change(event)
        before = table.snapshot()

        answer = hook(topic.notify(event))

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "no_report")
        assert table.snapshot() == before

    @pytest.mark.parametrize("content", ["hello", "[]", "Successfully validated SNS topic for Amazon SES."])
    def test_is_refused_when_it_is_no_event(self, hook, topic, content):
        assert hook(topic.notify(content)).status_code == 400


class TestASubscription:
    def test_is_confirmed_for_our_topic(self, hook, topic):
        question = topic.signer.ask("the-token", number="1", address=topic.address, now=datetime.now(UTC))

        answer = hook(question)

        assert (answer.status_code, answer.json()) == (200, {"result": "confirmed"})
        asked = topic.server.requests[-1].decode().partition(" HTTP")[0]
        assert asked.startswith("GET /sns/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aus-east-1")
        assert "Token=the-token" in asked

    def test_is_never_confirmed_where_the_question_points_to(self, hook, topic):
        question = topic.signer.ask("the-token", number="1", address=topic.address, now=datetime.now(UTC))

        answer = hook(changed(question, SubscribeURL="https://evil.example/"))

        assert answer.status_code == 403

    def test_to_another_topic_is_not_confirmed(self, hook, topic):
        question = topic.signer.ask("the-token", number="1", address=topic.address, now=datetime.now(UTC))
        before = len(topic.server.requests)

        answer = hook(changed(question, TopicArn=FOREIGN_TOPIC))

        assert (answer.status_code, len(topic.server.requests)) == (403, before)
