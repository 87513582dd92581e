"""The provider as this process is configured: the user pool, or any other one that speaks OpenID Connect."""

import functools
import os
from dataclasses import dataclass

from publishing.adapters import secrets
from publishing.adapters.openid import CALL_SECONDS, Endpoints, Provider, ProviderSettings
from publishing.config import Config
from publishing.domain.web_session import SessionLimits
from publishing.http import HttpClient, OutgoingPolicy
from publishing.identity.id_tokens import IdTokenRules
from publishing.identity.keys import KeySet
from publishing.identity.roles import RoleMap
from publishing.identity.tokens import issuer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInService:
    """What signing in needs, made once a process."""

    provider: Provider
    rules: IdTokenRules
    limits: SessionLimits
    #: Whether anybody may sign in as a demo user: local mode only.
    has_demo: bool

    def keys(self) -> KeySet:
        """Return the provider's keys. Raises ProviderAwayError while it is not known where they are."""
        return _keys_at(self.provider.endpoints().jwks)


@functools.cache
def sign_in_service() -> SignInService:
    """Return the service, as this process is configured. Asks nobody anything yet."""
    config = Config.from_environment(os.environ)
    issuer = config.oidc_issuer or issuer_of(config)
    client_id = config.oidc_client_id or config.cognito_client_id
    settings = ProviderSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=_client_secret(config),
        scope=config.oidc_scope,
        discovery_url=config.oidc_discovery_url,
        endpoints=Endpoints(
            authorization=config.oidc_authorization_url,
            token=config.oidc_token_url,
            jwks=config.oidc_jwks_url,
            end_session=config.oidc_end_session_url,
        ),
    )
    return SignInService(
        provider=Provider(settings, _http()),
        rules=IdTokenRules(
            issuer=issuer,
            client_id=client_id,
            groups_claim=config.oidc_groups_claim,
            roles=RoleMap.from_config(config),
        ),
        limits=SessionLimits(idle=config.session_idle, lifetime=config.session_lifetime),
        has_demo=config.demo_sign_in,
    )


def forget() -> None:
    """Read configuration, description and keys anew at the next request. Call it when no request is under way."""
    if _http.cache_info().currsize:
        _http().close_idle()
    for cached in (sign_in_service, _keys_at, _http):
        cached.cache_clear()


@functools.cache
def _http() -> HttpClient:
    config = Config.from_environment(os.environ)
    return HttpClient(OutgoingPolicy(allow_private=config.allow_private_networks), call_seconds=CALL_SECONDS)


@functools.cache
def _keys_at(url: str) -> KeySet:
    # The few addresses that a description ever named; a description moves hardly ever.
    return KeySet(url, read=sign_in_service().provider.read)


def _client_secret(config: Config) -> str | None:
    """Return the secret of our client at the provider; None where the deployment's secrets hold none."""
    if not config.secrets_arn:
        return None
    return secrets.application_secrets(config.secrets_arn).get("oidc_client_secret")
