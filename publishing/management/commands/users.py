"""`manage.py users <what> <id>`: keep a user out, let them in again, end their web sessions, export and erase them.

`manage.py users invite --email … --role …` lets somebody in; the first admin of a deployment is made by it.
"""

import json
import os
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.config import Config, ConfigError
from publishing.domain.errors import DomainError, UnavailableError
from publishing.domain.permissions import SYSTEM, Role
from publishing.identity.roles import RoleMap
from publishing.services import inviting, privacy, signing_in
from publishing.store.binding import bind


class Command(BaseCommand):
    """Changes what a user may do at once, until the desk has a page for it and when it cannot be reached."""

    help = (
        "Invite somebody into the user pool with a role (invite --email ada@example.org --role admin); or, by id, "
        "show a user, disable or enable them, end all of their web sessions (sign-out), write all that is stored about "
        "them as JSON lines (export), or delete it (erase)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and to whom."""
        parser.add_argument("what", choices=("invite", "show", "disable", "enable", "sign-out", "export", "erase"))
        parser.add_argument(
            "user", nargs="?", default="", help="The user's id, as their access tokens name it (sub); all but invite."
        )
        parser.add_argument("--email", default="", help="With invite: the address that is mailed a first password.")
        parser.add_argument(
            "--role", choices=[role.value for role in Role], help="With invite: the role to give, by the group for it."
        )

    def handle(self, *_: object, what: str, user: str, email: str, role: str | None, **__: object) -> None:
        """Carry it out and say how things stand. Raises CommandError when there is no such user, or no table."""
        _check(what, user=user, email=email, role=role)
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            if role is not None:
                _invite(self, config, email, Role(role))
                return
            if what in _PRIVACY:
                _PRIVACY[what](self, user)
                return
            _carry_out(what, user)
            found = signing_in.get_user(actor=SYSTEM, user_id=user)
        except (ConfigError, DomainError, UnavailableError) as error:
            raise CommandError(str(error)) from error
        roles = ", ".join(sorted(found.roles)) or "no role"
        self.stdout.write(f"User {found.id} is {found.status} and has {roles}.")


def _check(what: str, *, user: str, email: str, role: str | None) -> None:
    if what == "invite":
        if user or not email or role is None:
            raise CommandError("Type: users invite --email ada@example.org --role admin")
    elif email or role is not None:
        raise CommandError(f"--email and --role belong to invite. Type: users {what} <id>")
    elif not user:
        raise CommandError(f"Name the user by their id (sub). Type: users {what} <id>")


def _invite(command: BaseCommand, config: Config, email: str, role: Role) -> None:
    if config.oidc_issuer or not config.cognito_user_pool_id:
        raise CommandError(
            "People sign in at another provider than the user pool. Invite them there, and put them into the group "
            "that gives the role."
        )
    group = RoleMap.from_config(config).group_of(role)
    if group is None:
        raise CommandError(f"OMNIPUB_ROLES_BY_GROUP names no group that gives {role}. Add one, or give another role.")
    invited = inviting.invite_user(
        actor=SYSTEM, email=email, role=role, group=group, pool_id=config.cognito_user_pool_id, now=clock.now()
    )
    told = "A first password was mailed to them." if invited.is_mailed else "They have a password already."
    command.stdout.write(f"User {invited.user_id} is in the group {group}, which gives {role}. {told}")


def _carry_out(what: str, user_id: str) -> None:
    match what:
        case "disable":
            signing_in.disable_user(actor=SYSTEM, user_id=user_id, now=clock.now())
        case "enable":
            signing_in.enable_user(actor=SYSTEM, user_id=user_id, now=clock.now())
        case "sign-out":
            signing_in.sign_out_everywhere(actor=SYSTEM, user_id=user_id, now=clock.now())


def _export(command: BaseCommand, user_id: str) -> None:
    for line in privacy.export_user(actor=SYSTEM, user_id=user_id, now=clock.now()):
        command.stdout.write(json.dumps(line, separators=(",", ":"), default=_plain))


def _erase(command: BaseCommand, user_id: str) -> None:
    deleted = privacy.erase_user(actor=SYSTEM, user_id=user_id, now=clock.now())
    command.stdout.write(f"User {user_id} is erased: {deleted} rows are deleted. Remove them from the provider too.")


def _plain(value: object) -> object:
    """Return what JSON has no form for as text or a list; mappings come as pairs."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


_PRIVACY: Final[Mapping[str, Callable[[BaseCommand, str], None]]] = {"export": _export, "erase": _erase}
