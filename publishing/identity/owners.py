"""What owners of API keys may do just now, asked of the user pool that vouched for them."""

import functools
import os
from collections.abc import Callable

from publishing.adapters import user_pool
from publishing.config import Config
from publishing.domain.permissions import Role
from publishing.identity.roles import RoleMap


@functools.cache
def owner_roles() -> Callable[[str], frozenset[Role]] | None:
    """Return what tells a user's present roles: none for who is disabled in the pool, or gone from it.

    None where the pool is not who vouches for people: with another provider, and for the demo users of a laptop.
    """
    config = Config.from_environment(os.environ)
    if not config.cognito_user_pool_id or config.oidc_issuer or config.demo_sign_in:
        return None
    roles = RoleMap.from_config(config)

    def ask(user_id: str) -> frozenset[Role]:
        found = user_pool.find_user(config.cognito_user_pool_id, user_id)
        return roles.roles(list(found.groups)) if found is not None and found.is_enabled else frozenset()

    return ask
