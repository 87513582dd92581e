"""GitHub as a provider of the user pool: the bridge function, and an address of its own before it.

GitHub has no OpenID Connect; `workers/github.py` speaks it in its place. The address comes first, because the function
writes it into its tokens. It keeps nothing: its role reads its one secret and writes its log.
"""

from typing import Final

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.context import Context
from infra.constructs.function import Function, invoked_by, log_group
from infra.constructs.waivers import accept
from infra.names import resource

#: What the bridge answers; `workers/github.py` has the same list, and a test compares them.
ROUTES: Final = (
    "GET /.well-known/openid-configuration", "GET /jwks", "GET /authorize", "GET /callback", "POST /token",
    "GET /userinfo", "POST /userinfo",
)  # fmt: skip
#: Requests a second, and burst: signing in is seldom, and everybody can ask here.
_RATE: Final = 10
_BURST: Final = 20


class GitHubBridge(Construct):
    """The function, its address, and nothing that it could keep anything in."""

    def __init__(self, scope: Construct, id_: str, *, context: Context, secret: str, redirect_uri: str) -> None:
        """Make the bridge; `secret` is the name or ARN of its secret, `redirect_uri` the pool's own address."""
        super().__init__(scope, id_)
        name = resource(context.stage.name, "github")
        self.api = apigateway.CfnApi(
            self,
            "Address",
            name=name,
            protocol_type="HTTP",
            description="omnipub: GitHub, spoken to as OpenID Connect.",
        )
        stack = Stack.of(self)
        self.issuer = f"https://{self.api.ref}.execute-api.{stack.region}.{stack.url_suffix}"
        self.bridge = Function(
            self,
            "Bridge",
            context=context,
            name=name,
            handler="workers.github.handler",
            # Half a processor: the pool waits five seconds, GitHub's answer included.
            memory=512,
            timeout=Duration.seconds(10),
            environment={
                "SECRETS_ARN": secret,
                "OMNIPUB_GITHUB_ISSUER": self.issuer,
                "OMNIPUB_GITHUB_REDIRECT_URI": redirect_uri,
            },
            rights=[iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[self._arn(secret)])],
        )
        self._answer()
        self._publish(context)

    def _arn(self, secret: str) -> str:
        if secret.startswith("arn:"):
            return secret
        named = secretsmanager.Secret.from_secret_name_v2(self, "Secret", secret)
        # AWS adds a dash and six characters to a secret's name.
        return f"{named.secret_arn}-??????"

    def _answer(self) -> None:
        integration = apigateway.CfnIntegration(
            self,
            "Integration",
            api_id=self.api.ref,
            integration_type="AWS_PROXY",
            integration_uri=self.bridge.function.function_arn,
            payload_format_version="2.0",
        )
        for number, route in enumerate(ROUTES):
            made = apigateway.CfnRoute(
                self,
                f"Route{number}",
                api_id=self.api.ref,
                route_key=route,
                authorization_type="NONE",
                target=f"integrations/{integration.ref}",
            )
            accept(made, {"APIG4": "The pool and people's browsers come here; the bridge proves its own requests."})
        address = Stack.of(self).format_arn(
            service="execute-api",
            resource=self.api.ref,
            resource_name="*/*/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        invoked_by(self, "AddressInvokes", self.bridge, service="apigateway", source_arn=address)

    def _publish(self, context: Context) -> None:
        access = log_group(self, "AccessLog", context, name=f"/omnipub/{context.stage.name}/github-access")
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.ref,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=_RATE, throttling_burst_limit=_BURST
            ),
            # Without the query, in which codes travel.
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=access.log_group_arn,
                format='{"requestId":"$context.requestId","route":"$context.routeKey","status":"$context.status",'
                '"ip":"$context.identity.sourceIp","time":"$context.requestTime"}',
            ),
        )
