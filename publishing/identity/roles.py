"""From the groups that a provider names to roles: by configuration, else groups are named as roles are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from publishing.config import Config, ConfigError
from publishing.domain.permissions import Role

_BY_NAME: Final[Mapping[str, Role]] = MappingProxyType({role.value: role for role in Role})


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleMap:
    """Which group gives which role."""

    by_group: Mapping[str, Role] = field(default_factory=lambda: _BY_NAME)

    @classmethod
    def from_config(cls, config: Config) -> "RoleMap":
        """Return the configured map. Raises ConfigError for a role that does not exist."""
        unknown = sorted(set(config.roles_by_group.values()) - set(_BY_NAME))
        if unknown:
            roles = ", ".join(_BY_NAME)
            named = ", ".join(unknown)
            raise ConfigError(f"Configuration: OMNIPUB_ROLES_BY_GROUP names {named}. There are the roles {roles}.")
        if not config.roles_by_group:
            return cls()
        return cls(by_group={group: _BY_NAME[role] for group, role in config.roles_by_group.items()})

    def roles(self, groups: object) -> frozenset[Role]:
        """Return the roles among the groups; other groups mean nothing here, and no group is no role."""
        names: Iterable[object] = groups if isinstance(groups, list) else ()
        return frozenset(self.by_group[name] for name in names if isinstance(name, str) and name in self.by_group)

    def group_of(self, role: Role) -> str | None:
        """Return a group that gives a role; None where the configuration names none."""
        return next((group for group, given in self.by_group.items() if given is role), None)
