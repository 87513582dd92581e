"""Findings of cdk-nag that are accepted, each beside its resource and with its reason."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on one resource and what it consists of: rule, or `rule[finding]`, -> reason."""
    for rule, reason in reasons.items():
        Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def accept_warning(scope: IConstruct, warning: str, reason: str) -> None:
    """Accept a warning of the CDK's own."""
    Validations.of(scope).acknowledge(Acknowledgment(id=f"Annotation::@aws-cdk/{warning}", reason=reason))
