"""Who may sign in on a laptop, and how. These are demonstration data: the emulator answers on loopback only."""

from typing import Final

#: The groups of the user pool, each a role; and one demo user in each, `<role>@example.org`.
ROLES: Final = ("admin", "approver", "editor", "viewer", "member")
#: The password of every demo user. It meets Cognito's standard policy and is no secret.
PASSWORD: Final = "Demo-Passw0rd!"  # noqa: S105 - documented, for loopback only


def email(role: str) -> str:
    """Return a demo user's e-mail address, which is the name to sign in with."""
    return f"{role}@example.org"
