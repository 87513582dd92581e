"""Auth: the user pool, its groups (one a role), the API's scope, the sign-in page and the providers beside it."""

from typing import Any, Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.constructs.context import Context
from infra.constructs.github_bridge import GitHubBridge
from infra.constructs.waivers import accept
from infra.names import resource

#: The application reads a user's roles from their groups.
ROLES: Final = ("admin", "approver", "editor", "viewer", "member")
SCOPE: Final = "api"


class AuthStack(Stack):
    """Who may sign in."""

    def __init__(self, scope: Construct, id_: str, *, context: Context, **kwargs: Any) -> None:  # noqa: ANN401 - CDK's
        super().__init__(scope, id_, **kwargs)
        self._context = context
        self.pool = self._pool()
        for role in ROLES:
            self.pool.add_group(role.capitalize(), group_name=role, description=f"Have the role {role}.")
        self.api_scope = cognito.ResourceServerScope(scope_name=SCOPE, scope_description="Use the API.")
        self.resource_server = self.pool.add_resource_server(
            "Api", identifier="omnipub", user_pool_resource_server_name="omnipub", scopes=[self.api_scope]
        )
        # The prefix is one name space for all of AWS; the account's number keeps it apart.
        self.domain = self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"{resource(context.stage.name)}-{self.account}"),
        )
        self.providers = [self._provider(name, secret) for name, secret in self._providers()]
        CfnOutput(self, "UserPoolId", value=self.pool.user_pool_id)
        CfnOutput(self, "SignInUrl", value=self.domain.base_url())

    def _pool(self) -> cognito.UserPool:
        stage = self._context.stage
        made = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=resource(stage.name),
            # Whoever an admin did not invite comes through a provider, has no group, and so may do nothing.
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            keep_original=cognito.KeepOriginalAttrs(email=True),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            feature_plan=cognito.FeaturePlan.PLUS if stage.threat_protection else cognito.FeaturePlan.LITE,
            standard_threat_protection_mode=cognito.StandardThreatProtectionMode.FULL_FUNCTION
            if stage.threat_protection
            else None,
            deletion_protection=stage.is_protected,
            removal_policy=RemovalPolicy.RETAIN if stage.is_protected else RemovalPolicy.DESTROY,
        )
        accept(made, {"COG2": "A second factor is optional in the pool; the desk asks its own users for one."})
        if not stage.threat_protection:
            accept(made, {"COG8": "The Plus plan is $0.02 a user who signs in: the regulated stage's choice."})
        return made

    def _providers(self) -> list[tuple[str, str]]:
        return sorted(self._context.stage.site.identity_providers.items())

    def _provider(self, name: str, secret: str) -> cognito.IUserPoolIdentityProvider:
        if name == "GitHub":
            return self._github(secret)
        # References that CloudFormation resolves: the template holds the secret's name only.
        client_id = SecretValue.secrets_manager(secret, json_field="client_id").unsafe_unwrap()
        client_secret = SecretValue.secrets_manager(secret, json_field="client_secret")
        if name == "Google":
            return cognito.UserPoolIdentityProviderGoogle(
                self,
                name,
                user_pool=self.pool,
                client_id=client_id,
                client_secret_value=client_secret,
                scopes=["openid", "email", "profile"],
                attribute_mapping=_ATTRIBUTES,
            )
        return cognito.UserPoolIdentityProviderOidc(
            self,
            name,
            name=name,
            user_pool=self.pool,
            client_id=client_id,
            client_secret=client_secret.unsafe_unwrap(),
            issuer_url="https://www.linkedin.com/oauth",
            scopes=["openid", "email", "profile"],
            attribute_mapping=_ATTRIBUTES,
            # Cognito does not follow LinkedIn's discovery document, whose issuer has another path.
            endpoints=cognito.OidcEndpoints(
                authorization="https://www.linkedin.com/oauth/v2/authorization",
                token="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106 - an address
                user_info="https://api.linkedin.com/v2/userinfo",
                jwks_uri="https://www.linkedin.com/oauth/openid/jwks",
            ),
        )

    def _github(self, secret: str) -> cognito.IUserPoolIdentityProvider:
        back = f"{self.domain.base_url()}/oauth2/idpresponse"
        bridge = GitHubBridge(self, "GitHubBridge", context=self._context, secret=secret, redirect_uri=back)
        CfnOutput(self, "GitHubCallbackUrl", value=f"{bridge.issuer}/callback")
        return cognito.UserPoolIdentityProviderOidc(
            self,
            "GitHub",
            name="GitHub",
            user_pool=self.pool,
            client_id=SecretValue.secrets_manager(secret, json_field="github_client_id").unsafe_unwrap(),
            client_secret=SecretValue.secrets_manager(secret, json_field="github_client_secret").unsafe_unwrap(),
            issuer_url=bridge.issuer,
            scopes=["openid", "email", "profile"],
            attribute_mapping=_ATTRIBUTES,
            attribute_request_method=cognito.OidcAttributeRequestMethod.GET,
            # Named, so that the pool asks nothing of an address that is still being made.
            endpoints=cognito.OidcEndpoints(
                authorization=f"{bridge.issuer}/authorize",
                token=f"{bridge.issuer}/token",
                user_info=f"{bridge.issuer}/userinfo",
                jwks_uri=f"{bridge.issuer}/jwks",
            ),
        )


_ATTRIBUTES: Final = cognito.AttributeMapping(
    email=cognito.ProviderAttribute.other("email"),
    fullname=cognito.ProviderAttribute.other("name"),
    email_verified=cognito.ProviderAttribute.other("email_verified"),
)
