"""CloudFront: one address for the API and the desk, the media that platforms fetch, and the front end."""

from typing import Final

from aws_cdk import Duration, Fn, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs import gateway
from infra.constructs.context import Context
from infra.constructs.waivers import accept, accept_warning
from infra.names import resource

_HTTPS: Final = cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS


class Edge(Construct):
    """The distribution. Media are cached for long under unguessable names; the API is never cached."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        api: apigateway.RestApi,
        media_bucket: s3.IBucket,
        frontend_domain: str,
        web_acl_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        self._context = context
        site = context.stage.site
        web = self._web(api)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=resource(context.stage.name),
            default_behavior=self._frontend(frontend_domain),
            additional_behaviors={
                **{pattern: web for name in gateway.top_level() for pattern in _patterns(name)},
                "static/*": self._static(api),
                "media/*": self._media(media_bucket),
            },
            domain_names=[site.domain_name] if site.domain_name else None,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", site.certificate_arn)
            if site.certificate_arn
            else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if site.certificate_arn else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            # North America and Europe; the cheapest class.
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            web_acl_id=web_acl_arn,
        )
        #: What the public addresses of media begin with; an object's key, `media/...`, follows.
        self.media_url = f"https://{site.domain_name or self.distribution.distribution_domain_name}"
        reasons = {
            "CFR1": "Platforms and editors may be anywhere.",
            "CFR3": "The gateway's access log has every request to the API; media are public.",
        }
        if not web_acl_arn:
            reasons["CFR2"] = "The firewall is a part of the prod and regulated stages: $9 a month and more."
        if not site.certificate_arn:
            reasons["CFR4"] = "CloudFront's own certificate fixes the protocol; a domain of one's own raises it."
        accept(self.distribution, reasons)
        accept_warning(
            self.distribution,
            "aws-cloudfront-origins:updateImportedBucketPolicyOac",
            "The Data stack's own bucket policy lets CloudFront read the public media.",
        )

    def _origin(self, api: apigateway.RestApi) -> cloudfront.IOrigin:
        site = self._context.stage.site
        if site.api_domain_name:
            return origins.HttpOrigin(site.api_domain_name, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY)
        stack = Stack.of(self)
        domain = Fn.join("", [api.rest_api_id, ".execute-api.", stack.region, ".", stack.url_suffix])
        return origins.HttpOrigin(
            domain,
            origin_path=f"/{self._context.stage.name}",
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
        )

    def _web(self, api: apigateway.RestApi) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self._origin(api),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # The gateway tells deployments apart by the host, which must stay its own.
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            compress=True,
        )

    def _static(self, api: apigateway.RestApi) -> cloudfront.BehaviorOptions:
        # Their names carry a hash of their content, so the function is asked for each once.
        return cloudfront.BehaviorOptions(
            origin=self._origin(api),
            viewer_protocol_policy=_HTTPS,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            compress=True,
        )

    def _media(self, bucket: s3.IBucket) -> cloudfront.BehaviorOptions:
        # By name, because the bucket's own stack, which holds its policy, comes before this one.
        named = s3.Bucket.from_bucket_attributes(
            self,
            "MediaBucket",
            bucket_arn=bucket.bucket_arn,
            bucket_regional_domain_name=bucket.bucket_regional_domain_name,
        )
        headers = cloudfront.ResponseHeadersPolicy(
            self,
            "MediaHeaders",
            response_headers_policy_name=resource(self._context.stage.name, "media"),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="default-src 'none'; sandbox", override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=True, override=True
                ),
            ),
        )
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(named),
            viewer_protocol_policy=_HTTPS,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            response_headers_policy=headers,
            compress=False,
        )

    def _frontend(self, domain: str) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin(
                domain,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            ),
            viewer_protocol_policy=_HTTPS,
            # The front end's own headers say how long; Amplify is asked again when they say nothing.
            cache_policy=cloudfront.CachePolicy.USE_ORIGIN_CACHE_CONTROL_HEADERS,
            compress=True,
        )


def _patterns(name: str) -> tuple[str, ...]:
    """Return a path's pattern and that of all below; static files have a behaviour of their own."""
    return () if name == "static" else (name, f"{name}/*")
