"""Who may do what, row by row."""

import itertools

import pytest

from publishing.domain.errors import NotAllowedError, NotFoundError
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import SYSTEM, Action, Allowed, Refused, ReviewRules, Role, approves, demand, may
from publishing.domain.roles import SCOPES
from tests.builders import build_account, build_actor, build_api_key, build_medium, build_message

A = Action
M, V, E, P, X = Role.MEMBER, Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN
EDITORS = {E, P, X}

OWN = build_message(owner="asker", status=MessageStatus.DRAFT)
OTHERS = build_message(owner="somebody-else", status=MessageStatus.DRAFT)
OPENED, CLOSED = build_account(open_to_members=True), build_account(open_to_members=False)

#: (action, object) → the roles that may, review being off.
TABLE = {
    (A.READ_MESSAGE, "own"): {M, V, *EDITORS},
    (A.READ_MESSAGE, "others"): {V, *EDITORS},
    (A.READ_MESSAGE, None): {M, V, *EDITORS},
    (A.CREATE_MESSAGE, None): {M, *EDITORS},
    (A.EDIT_MESSAGE, "own"): {M, *EDITORS},
    (A.EDIT_MESSAGE, "others"): EDITORS,
    (A.SCHEDULE_MESSAGE, "own"): {M, *EDITORS},
    (A.SCHEDULE_MESSAGE, "others"): EDITORS,
    (A.SUBMIT_MESSAGE, "own"): {M, *EDITORS},
    (A.SUBMIT_MESSAGE, "others"): EDITORS,
    (A.REVIEW_MESSAGE, "own"): set(),
    (A.REVIEW_MESSAGE, "others"): {P, X},
    (A.CANCEL_MESSAGE, "own"): {M, *EDITORS},
    (A.CANCEL_MESSAGE, "others"): EDITORS,
    (A.DELETE_MESSAGE, "own"): {M, *EDITORS},
    (A.DELETE_MESSAGE, "others"): EDITORS,
    (A.RETRY_DELIVERY, "own"): EDITORS,
    (A.RETRY_DELIVERY, "others"): EDITORS,
    (A.RESOLVE_DELIVERY, "own"): EDITORS,
    (A.RESOLVE_DELIVERY, "others"): EDITORS,
    (A.SEE_ACCOUNT, "opened"): {M, V, *EDITORS},
    (A.SEE_ACCOUNT, "closed"): {V, *EDITORS},
    (A.SEE_ACCOUNT, None): {M, V, *EDITORS},
    (A.USE_ACCOUNT, "opened"): {M, *EDITORS},
    (A.USE_ACCOUNT, "closed"): EDITORS,
    (A.MANAGE_ACCOUNTS, None): {X},
    (A.MANAGE_ACCOUNTS, "closed"): {X},
    (A.STOP_DISPATCH, None): {X},
    (A.READ_TEMPLATE, None): {V, *EDITORS},
    (A.EDIT_TEMPLATE, None): EDITORS,
    (A.READ_SERIES, None): {V, *EDITORS},
    (A.EDIT_SERIES, None): EDITORS,
    (A.MANAGE_USERS, None): {X},
    (A.READ_MEDIUM, "own picture"): {M, V, *EDITORS},
    (A.READ_MEDIUM, "others' picture"): {V, *EDITORS},
    (A.READ_MEDIUM, None): {M, V, *EDITORS},
    (A.UPLOAD_MEDIUM, None): {M, *EDITORS},
    (A.USE_MEDIUM, "own picture"): {M, *EDITORS},
    (A.USE_MEDIUM, "others' picture"): EDITORS,
    (A.EDIT_MEDIUM, "own picture"): {M, *EDITORS},
    (A.EDIT_MEDIUM, "others' picture"): EDITORS,
    (A.DELETE_MEDIUM, "own picture"): {M, *EDITORS},
    (A.DELETE_MEDIUM, "others' picture"): EDITORS,
    (A.MANAGE_KEYS, None): EDITORS,
    (A.MANAGE_KEYS, "own key"): EDITORS,
    (A.MANAGE_KEYS, "others' key"): {X},
    (A.READ_AUDIT, None): {X},
}
OWN_KEY, OTHERS_KEY = build_api_key(owner="asker"), build_api_key(owner="somebody-else")
OWN_PICTURE, OTHERS_PICTURE = build_medium(owner="asker"), build_medium(owner="somebody-else")
OBJECTS = {
    None: None, "own": OWN, "others": OTHERS, "opened": OPENED, "closed": CLOSED,
    "own picture": OWN_PICTURE, "others' picture": OTHERS_PICTURE, "own key": OWN_KEY, "others' key": OTHERS_KEY,
}  # fmt: skip


def is_allowed(role: Role, action: Action, target=None, **options) -> bool:
    actor = build_actor(role, id="asker", scopes=options.pop("scopes", None))
    return isinstance(may(actor, action, target, **options), Allowed)


class TestARole:
    @pytest.mark.parametrize(("row", "role"), list(itertools.product(TABLE, Role)))
    def test_may_what_the_table_says(self, row, role):
        action, target = row

        assert is_allowed(role, action, OBJECTS[target]) == (role in TABLE[row])

    def test_has_a_row_for_every_action(self):
        assert {action for action, _ in TABLE} == set(Action)

    @pytest.mark.parametrize("status", sorted(set(MessageStatus) - {MessageStatus.DRAFT}))
    def test_of_a_member_deletes_drafts_only(self, status):
        assert not is_allowed(M, A.DELETE_MESSAGE, build_message(owner="asker", status=status))

    def test_of_a_member_takes_no_step_that_needs_an_object_without_one(self):
        without = {action for action in Action if is_allowed(M, action)}

        assert without == {A.CREATE_MESSAGE, A.READ_MESSAGE, A.SEE_ACCOUNT, A.READ_MEDIUM, A.UPLOAD_MEDIUM}

    def test_adds_to_others(self):
        both = build_actor(M, V, id="asker")

        assert isinstance(may(both, A.READ_MESSAGE, OTHERS), Allowed)
        assert isinstance(may(both, A.EDIT_MESSAGE, OWN), Allowed)

    def test_is_needed_for_everything(self):
        nobody = build_actor(id="asker", roles=frozenset())

        assert not [action for action in Action if isinstance(may(nobody, action), Allowed)]


ON, ALONE = ReviewRules(is_on=True), ReviewRules(is_on=True, may_approve_own=True)


class TestReview:
    @pytest.mark.parametrize("role", list(Role))
    def test_lets_only_approvers_schedule_what_was_not_approved_and_not_their_own(self, role):
        assert is_allowed(role, A.SCHEDULE_MESSAGE, OTHERS, review=ON) == (role in {P, X})
        assert not is_allowed(role, A.SCHEDULE_MESSAGE, OWN, review=ON)

    @pytest.mark.parametrize("role", list(Role))
    def test_lets_approvers_approve_their_own_where_that_is_set(self, role):
        assert is_allowed(role, A.SCHEDULE_MESSAGE, OWN, review=ALONE) == (role in {P, X})
        assert is_allowed(role, A.REVIEW_MESSAGE, OWN, review=ALONE) == (role in {P, X})

    @pytest.mark.parametrize("role", list(Role))
    def test_lets_editors_schedule_what_was_approved_as_it_is(self, role):
        approved = build_message(owner="asker", rev=3, approved_rev=3)
        changed = build_message(owner="asker", rev=4, approved_rev=3)

        assert is_allowed(role, A.SCHEDULE_MESSAGE, approved, review=ON) == (role in EDITORS)
        assert not is_allowed(role, A.SCHEDULE_MESSAGE, changed, review=ON)

    @pytest.mark.parametrize("role", [P, X])
    def test_takes_whoever_changed_it_last_for_its_author_too(self, role):
        changed = build_message(owner="somebody-else", edited_by="asker")

        assert not is_allowed(role, A.REVIEW_MESSAGE, changed)
        assert not is_allowed(role, A.SCHEDULE_MESSAGE, changed, review=ON)

    @pytest.mark.parametrize("role", [P, X])
    def test_asks_a_program_for_both_scopes_to_approve_by_scheduling(self, role):
        both = frozenset({A.SCHEDULE_MESSAGE, A.REVIEW_MESSAGE})

        assert is_allowed(role, A.SCHEDULE_MESSAGE, OTHERS, review=ON, scopes=both)
        assert not is_allowed(role, A.SCHEDULE_MESSAGE, OTHERS, review=ON, scopes=both - {A.REVIEW_MESSAGE})

    def test_lets_the_system_pass(self):
        assert isinstance(may(SYSTEM, A.SCHEDULE_MESSAGE, OTHERS, review=ON), Allowed)
        assert approves(SYSTEM, OTHERS, review=ON)

    @pytest.mark.parametrize("role", list(Role))
    def test_is_about_messages_and_not_about_whether_one_may_at_all(self, role):
        for action in (A.SCHEDULE_MESSAGE, A.REVIEW_MESSAGE):
            assert is_allowed(role, action, review=ON) == is_allowed(role, action)

    @pytest.mark.parametrize("action", sorted(set(Action) - {A.SCHEDULE_MESSAGE, A.REVIEW_MESSAGE}))
    def test_changes_nothing_else(self, action):
        for role, target in itertools.product(Role, OBJECTS.values()):
            assert is_allowed(role, action, target, review=ON) == is_allowed(role, action, target)


class TestAKey:
    def test_may_what_its_owners_roles_and_its_scopes_both_allow(self):
        scopes = frozenset({A.READ_MESSAGE, A.STOP_DISPATCH})

        assert {action for action in Action if is_allowed(E, action, OWN, scopes=scopes)} == {A.READ_MESSAGE}

    def test_can_have_every_scope_but_those_that_are_for_people(self):
        assert set(Action) - SCOPES == {A.MANAGE_KEYS, A.MANAGE_USERS, A.READ_AUDIT}

    def test_is_recorded_besides_whom_it_acts_for(self):
        assert build_actor(E, id="asker").recorded_as == "asker"
        assert build_actor(E, id="asker", key_id="K1").recorded_as == "asker/key:K1"

    def test_is_told_which_scope_it_lacks(self):
        actor = build_actor(E, id="asker", scopes=frozenset())

        assert may(actor, A.EDIT_MESSAGE, OWN) == Refused(reason="This key lacks the scope edit_message.")

    def test_learns_nothing_of_what_its_owner_may_not_read(self):
        actor = build_actor(M, id="asker", scopes=frozenset({A.READ_MESSAGE}))

        verdict = may(actor, A.EDIT_MESSAGE, OTHERS)

        assert isinstance(verdict, Refused)
        assert verdict.hidden


class TestAnObjectThatMayNotBeRead:
    @pytest.mark.parametrize("target", [OTHERS, CLOSED, OTHERS_PICTURE, OWN_KEY, OTHERS_KEY])
    def test_seems_not_to_exist(self, target):
        for action in Action:
            verdict = may(build_actor(M, id="asker"), action, target)

            assert isinstance(verdict, Refused)
            assert verdict.hidden

    def test_is_not_found(self):
        with pytest.raises(NotFoundError, match="There is no such object"):
            demand(build_actor(M, id="asker"), A.READ_MESSAGE, OTHERS)

    @pytest.mark.parametrize(("role", "target"), [(V, OTHERS), (M, OWN), (M, OPENED)])
    def test_differs_from_one_that_may_be_read_but_not_changed(self, role, target):
        with pytest.raises(NotAllowedError, match="Your roles do not allow this: resolve delivery"):
            demand(build_actor(role, id="asker"), A.RESOLVE_DELIVERY, target)


class TestTheSystem:
    @pytest.mark.parametrize("action", list(Action))
    def test_may_everything(self, action):
        demand(SYSTEM, action, OTHERS, review=ON)
