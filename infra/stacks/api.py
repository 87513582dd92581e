"""Api: the gateway, CloudFront before it (and before media and front end), the app client, the web function's role.

The function itself is Zappa's. The gateway calls it by its name, so that this stack is deployed first.
"""

from typing import Any

from aws_cdk import CfnOutput, CfnResource, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import gateway
from infra.constructs.context import Context
from infra.constructs.edge import Edge
from infra.constructs.feedback import MailFeedback
from infra.constructs.function import accept_own_logs, function_arn, log_group, traces, writes_logs
from infra.constructs.hints import sends_hints
from infra.constructs.rights import all_indexes, reads_and_writes, wakes_scheduler
from infra.constructs.waivers import accept
from infra.names import resource, scheduler_function, web_function, web_role
from infra.stacks.auth import AuthStack
from infra.stacks.data import DataStack
from infra.stacks.frontend import FrontendStack
from infra.stacks.security import SecurityStack


class ApiStack(Stack):
    """The way in."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        data: DataStack,
        auth: AuthStack,
        security: SecurityStack,
        frontend: FrontendStack,
        **kwargs: Any,  # noqa: ANN401 - CDK's
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self._context = context
        self._name = web_function(context.stage.name)
        self.api = self._gateway()
        self._add_routes(auth)
        gateway.answer_problems(self.api)
        self.edge = Edge(
            self,
            "Edge",
            context=context,
            api=self.api,
            media_bucket=data.media,
            frontend_domain=frontend.domain,
            web_acl_arn=security.web_acl_arn,
        )
        self.public_url = context.stage.site.public_url or f"https://{self.edge.distribution.distribution_domain_name}"
        self.client = self._client(auth)
        self.logs = log_group(self, "Logs", context, name=f"/aws/lambda/{self._name}")
        self._role(data, auth, security)
        self._tell_the_front_end(auth)
        self.feedback = MailFeedback(self, "MailFeedback", context=context)
        self._outputs(security)

    def _gateway(self) -> apigateway.RestApi:
        stage, site = self._context.stage, self._context.stage.site
        access_log = log_group(self, "AccessLog", self._context, name=f"/omnipub/{stage.name}/access")
        api = apigateway.RestApi(
            self,
            "Gateway",
            rest_api_name=resource(stage.name),
            description="omnipub: the API and the desk.",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],
            min_compression_size=None,
            # With a domain of its own the gateway has one address, and no other.
            disable_execute_api_endpoint=bool(site.api_domain_name),
            cloud_watch_role=True,
            deploy_options=apigateway.StageOptions(
                # Zappa's stage, the gateway's and the settings' are one name.
                stage_name=stage.name,
                throttling_rate_limit=stage.rate,
                throttling_burst_limit=stage.burst,
                metrics_enabled=True,
                tracing_enabled=stage.tracing,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=_ACCESS_LOG,
            ),
        )
        if site.api_domain_name:
            certificate = acm.Certificate.from_certificate_arn(self, "GatewayCertificate", site.api_certificate_arn)
            api.add_domain_name(
                "GatewayDomain",
                domain_name=site.api_domain_name,
                certificate=certificate,
                endpoint_type=apigateway.EndpointType.REGIONAL,
                security_policy=apigateway.SecurityPolicy.TLS_1_2,
            )
        accept(
            api,
            {
                "APIG2": "The application reads every request strictly; a second description of it would drift.",
                f"IAM4[Policy::{_LOGGING}]": "AWS's own role for the gateway's logs, one an account.",
            },
        )
        accept(api.deployment_stage, {"APIG3": "The firewall stands before CloudFront, where it sees who asks."})
        return api

    def _add_routes(self, auth: AuthStack) -> None:
        target = function_arn(self, self._name)
        # By a role and not by the function's own policy: the function need not exist yet.
        caller = iam.Role(
            self,
            "Caller",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={
                "InvokeWeb": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[target])]
                )
            },
        )
        integration = apigateway.Integration(
            type=apigateway.IntegrationType.AWS_PROXY,
            integration_http_method="POST",
            uri=f"arn:{self.partition}:apigateway:{self.region}:lambda:path/2015-03-31/functions/{target}/invocations",
            options=apigateway.IntegrationOptions(credentials_role=caller, timeout=Duration.seconds(29)),
        )
        authorizer = apigateway.CognitoUserPoolsAuthorizer(
            self, "Authorizer", authorizer_name="access-token", cognito_user_pools=[auth.pool]
        )
        for path, is_open in gateway.routes():
            method = self.api.root.resource_for_path(path).add_method(
                "ANY",
                integration,
                authorization_type=apigateway.AuthorizationType.NONE
                if is_open
                else apigateway.AuthorizationType.COGNITO,
                authorizer=None if is_open else authorizer,
                authorization_scopes=None if is_open else ["omnipub/api"],
            )
            if not is_open and self._context.stage.site.allowed_origins:
                self._add_preflight(path, integration)
            if is_open:
                accept(
                    method, dict.fromkeys(("APIG4", "COG4"), f"{path} is open: the application says who may do what.")
                )

    def _add_preflight(self, path: str, integration: apigateway.Integration) -> None:
        """Let browsers ask beforehand, without a token. The application knows the origins, and answers."""
        method = self.api.root.resource_for_path(path).add_method(
            "OPTIONS", integration, authorization_type=apigateway.AuthorizationType.NONE
        )
        accept(method, dict.fromkeys(("APIG4", "COG4"), "A preflight carries no token, and is told nothing but that."))

    def _client(self, auth: AuthStack) -> cognito.UserPoolClient:
        providers = [cognito.UserPoolClientIdentityProvider.COGNITO]
        providers += [
            cognito.UserPoolClientIdentityProvider.custom(name)
            for name in sorted(self._context.stage.site.identity_providers)
        ]
        client = cognito.UserPoolClient(
            self,
            "Client",
            user_pool=auth.pool,
            user_pool_client_name=resource(self._context.stage.name),
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[
                    cognito.OAuthScope.OPENID,
                    cognito.OAuthScope.EMAIL,
                    cognito.OAuthScope.PROFILE,
                    cognito.OAuthScope.resource_server(auth.resource_server, auth.api_scope),
                ],
                # The desk's, with their last slash, and the front end's.
                callback_urls=[f"{self.public_url}/auth/callback/", f"{self.public_url}/"],
                logout_urls=[f"{self.public_url}/auth/logout/", f"{self.public_url}/"],
            ),
            supported_identity_providers=providers,
        )
        # A password is typed into the pool's own page only. Without this line AWS would allow more.
        resource_of(client).add_property_override("ExplicitAuthFlows", ["ALLOW_REFRESH_TOKEN_AUTH"])
        for provider in auth.providers:
            client.node.add_dependency(provider)
        return client

    def _role(self, data: DataStack, auth: AuthStack, security: SecurityStack) -> iam.Role:
        """Make the web function's role; Zappa finds it by its name."""
        stage = self._context.stage
        statements = [
            writes_logs(f"/aws/lambda/{self._name}", self),
            *reads_and_writes(data.table, indexes=all_indexes()),
            # Credentials are sealed here and opened by the worker only.
            iam.PolicyStatement(actions=["kms:GenerateDataKey"], resources=[data.key.key_arn]),
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[data.secret.secret_arn]),
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                resources=[data.media.arn_for_objects(prefix) for prefix in ("media/*", "uploads/*")],
            ),
            # What owners of API keys may do just now.
            iam.PolicyStatement(
                actions=["cognito-idp:ListUsers", "cognito-idp:AdminListGroupsForUser"],
                resources=[auth.pool.user_pool_arn],
            ),
            # `users invite`, by which the first admin comes in: no route of the application reaches it.
            iam.PolicyStatement(
                actions=["cognito-idp:AdminCreateUser", "cognito-idp:AdminAddUserToGroup"],
                resources=[auth.pool.user_pool_arn],
            ),
            # Names of the audit log's heads, which `audit verify --heads` compares.
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[security.audit_heads.bucket_arn]),
            sends_hints(self, stage.name, data.stream),
            wakes_scheduler(self, stage.name),
            *([traces()] if stage.tracing else []),
        ]
        role = iam.Role(
            self,
            "WebRole",
            role_name=web_role(stage.name),
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Own": iam.PolicyDocument(statements=statements)},
        )
        accept_own_logs(role, self._name, has_tracing=stage.tracing)
        for prefix in ("media/*", "uploads/*"):
            reason = "Uploads and media get their names when they are made."
            accept(role, {f"IAM5[Resource::{data.media_in_findings}/{prefix}]": reason})
        return role

    def _tell_the_front_end(self, auth: AuthStack) -> None:
        # The front end's stack comes before this one; its build reads the rest of its environment from here.
        self.frontend_settings = ssm.StringParameter(
            self,
            "FrontendSettings",
            parameter_name=f"/omnipub/{self._context.stage.name}/frontend",
            description="What the front end's build needs to know.",
            string_value=self.to_json_string(
                {
                    "clientId": self.client.user_pool_client_id,
                    "publicUrl": self.public_url,
                    "signInUrl": auth.domain.base_url(),
                    "userPoolId": auth.pool.user_pool_id,
                }
            ),
        )

    def _outputs(self, security: SecurityStack) -> None:
        outputs = {
            "RestApiId": self.api.rest_api_id,
            "GatewayUrl": self.api.url,
            "PublicUrl": self.public_url,
            "MediaUrl": self.edge.media_url,
            "ClientId": self.client.user_pool_client_id,
            "MailTopicArn": self.feedback.topic.topic_arn,
            "MailConfigurationSet": self.feedback.configuration_set.ref,
            "MailFailuresQueueArn": self.feedback.failures.queue_arn,
            "SchedulerFunction": scheduler_function(self._context.stage.name),
            "AuditBucket": security.audit_heads.bucket_name,
            "DistributionDomain": self.edge.distribution.distribution_domain_name,
        }
        if origins := self._context.stage.site.allowed_origins:
            outputs["CorsOrigins"] = ",".join(origins)
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


_LOGGING = "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def resource_of(client: cognito.UserPoolClient) -> CfnResource:
    """Return the resource behind the client, for what its construct cannot say."""
    child = client.node.default_child
    assert isinstance(child, CfnResource)  # noqa: S101 - what every construct of this kind consists of
    return child


_ACCESS_LOG = apigateway.AccessLogFormat.json_with_standard_fields(
    caller=False, http_method=True, ip=True, protocol=True, request_time=True, resource_path=True,
    response_length=True, status=True, user=False,
)  # fmt: skip
