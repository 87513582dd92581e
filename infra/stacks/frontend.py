"""Frontend: Amplify Hosting for the single-page application in `frontend/`."""

from typing import Any, Final

from aws_cdk import ArnFormat, CfnOutput, SecretValue, Stack
from aws_cdk import aws_amplify as amplify
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.context import Context
from infra.names import resource

BRANCH: Final = "main"

#: What Amplify runs. The settings that only the Api stack knows are read when the front end is built.
_BUILD: Final = """\
version: 1
applications:
  - appRoot: frontend
    frontend:
      phases:
        preBuild:
          commands:
            - npm ci
            - aws ssm get-parameter --name "$SETTINGS_PARAMETER" --query Parameter.Value --output text > settings.json
        build:
          commands:
            - npm run build
      artifacts:
        baseDirectory: dist
        files:
          - '**/*'
      cache:
        paths:
          - node_modules/**/*
"""
_HEADERS: Final = """\
customHeaders:
  - pattern: '**'
    headers:
      - key: Strict-Transport-Security
        value: max-age=31536000; includeSubDomains
      - key: X-Content-Type-Options
        value: nosniff
      - key: X-Frame-Options
        value: DENY
      - key: Referrer-Policy
        value: same-origin
      - key: Content-Security-Policy
        value: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' https://*.amazoncognito.com; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'
      - key: Cache-Control
        value: no-cache
  - pattern: 'assets/**'
    headers:
      - key: Cache-Control
        value: public, max-age=31536000, immutable
"""  # noqa: E501 - a policy is one line


class FrontendStack(Stack):
    """Hosts the front end; without a repository it is deployed by hand. Idle, it costs nothing."""

    def __init__(self, scope: Construct, id_: str, *, context: Context, **kwargs: Any) -> None:  # noqa: ANN401 - CDK's
        super().__init__(scope, id_, **kwargs)
        stage, site = context.stage, context.stage.site
        parameter = f"/omnipub/{stage.name}/frontend"
        app = amplify.CfnApp(
            self,
            "App",
            name=resource(stage.name),
            platform="WEB",
            build_spec=_BUILD,
            custom_headers=_HEADERS,
            # Every address of the application is its one page.
            custom_rules=[
                amplify.CfnApp.CustomRuleProperty(
                    source=r"</^[^.]+$|\.(?!(css|gif|ico|jpg|js|json|png|svg|txt|webp|webmanifest|woff2)$)([^.]+$)/>",
                    target="/index.html",
                    status="200",
                )
            ],
            environment_variables=[
                amplify.CfnApp.EnvironmentVariableProperty(name="SETTINGS_PARAMETER", value=parameter),
                amplify.CfnApp.EnvironmentVariableProperty(name="AMPLIFY_MONOREPO_APP_ROOT", value="frontend"),
            ],
            iam_service_role=self._role(parameter).role_arn,
            repository=site.frontend_repository or None,
            access_token=SecretValue.secrets_manager(site.frontend_token_secret).unsafe_unwrap()
            if site.frontend_token_secret
            else None,
        )
        amplify.CfnBranch(
            self,
            "Branch",
            app_id=app.attr_app_id,
            branch_name=BRANCH,
            stage="PRODUCTION" if stage.is_protected else "DEVELOPMENT",
            enable_auto_build=bool(site.frontend_repository),
        )
        #: Where CloudFront finds it.
        self.domain = f"{BRANCH}.{app.attr_default_domain}"
        CfnOutput(self, "AppId", value=app.attr_app_id)
        CfnOutput(self, "Domain", value=self.domain)

    def _role(self, parameter: str) -> iam.Role:
        """Return the role of the build: it may read the one parameter, and nothing else of the account."""
        arn = self.format_arn(
            service="ssm", resource="parameter", resource_name=parameter.lstrip("/"),
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )  # fmt: skip
        return iam.Role(
            self,
            "Build",
            assumed_by=iam.ServicePrincipal("amplify.amazonaws.com"),
            inline_policies={
                "Settings": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(actions=["ssm:GetParameter"], resources=[arn])]
                )
            },
        )
