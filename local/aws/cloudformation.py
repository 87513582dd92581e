"""CloudFormation types that the emulator lacks, so that the stacks deploy to it unchanged.

A type whose service the emulator has is made there. The others (firewall associations, detectors, hosting, budgets,
trails) are recorded and have the attributes that templates refer to: enough to prove wiring, and nothing else.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core.responses import get_account_id, get_region, set_request_region
from ministack.services import cognito
from ministack.services.cloudformation import engine, provisioners

Properties = Mapping[str, Any]
#: (physical id, properties) -> attribute's value.
Attribute = Callable[[str, Properties], str]

_SECRET: Final = "AWS::SecretsManager::Secret"  # noqa: S105 - a type's name


def install() -> None:
    """Teach the emulator the types that it does not know by itself."""
    for name, type_handlers in _TYPES.items():
        provisioners._RESOURCE_HANDLERS.setdefault(name, type_handlers)
    handlers = provisioners._RESOURCE_HANDLERS
    handlers[_SECRET] = _named_by_arn(handlers[_SECRET])
    _read_outputs_of_other_regions()


def _read_outputs_of_other_regions() -> None:
    """Let `Fn::GetStackOutput` look in the region that it names, as on AWS; the emulator looks in the stack's own."""
    resolve = engine._resolve_refs

    def resolve_in_its_region(value: Any, *rest: Any) -> Any:  # noqa: ANN401 - ministack's
        asked = value.get("Fn::GetStackOutput") if isinstance(value, dict) else None
        region = asked.get("Region") if isinstance(asked, dict) else None
        if not isinstance(region, str):
            return resolve(value, *rest)
        own = get_region()
        set_request_region(region)
        try:
            return resolve(value, *rest)
        finally:
            set_request_region(own)

    engine._resolve_refs = resolve_in_its_region


def _named_by_arn(handlers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a secret's handlers with its ARN as its id, as on AWS: `Ref` in a role's policy means the ARN."""

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        _, attributes = handlers["create"](logical_id, properties, stack)
        return attributes["Arn"], attributes

    def update(  # noqa: PLR0917 - ministack calls it so
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str = ""
    ) -> tuple[str, dict[str, str]]:
        _, attributes = handlers["update"](_secret_name(physical_id), old, new, stack, logical_id)
        return attributes.get("Arn", physical_id), attributes

    def delete(physical_id: str, properties: Properties) -> None:
        handlers["delete"](_secret_name(physical_id), properties)

    return {**handlers, "create": create, "update": update, "delete": delete}


def _secret_name(arn: str) -> str:
    return arn.partition(":secret:")[2].rpartition("-")[0]


def _recorded(new_id: Callable[[str, Properties, str], str], **attributes: Attribute) -> dict[str, Any]:
    """Return handlers of something that is only recorded."""

    def describe(physical_id: str, properties: Properties) -> dict[str, str]:
        return {name: value(physical_id, properties) for name, value in attributes.items()}

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        physical_id = new_id(logical_id, properties, stack)
        return physical_id, describe(physical_id, properties)

    def update(physical_id: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, dict[str, str]]:
        return physical_id, describe(physical_id, new)

    return {"create": create, "update": update, "delete": lambda _id, _properties: None}


def _arn(service: str, kind: str) -> Callable[[str, Properties, str], str]:
    """Return what makes ids that are ARNs."""
    return lambda _logical, _properties, _stack: (
        f"arn:aws:{service}:{get_region()}:{get_account_id()}:{kind}{uuid.uuid4().hex[:14]}"
    )


def _itself(physical_id: str, _properties: Properties) -> str:
    return physical_id


def _last(physical_id: str, _properties: Properties) -> str:
    return physical_id.rpartition("/")[2]


def _create_provider(_logical: str, properties: Properties, _stack: str) -> tuple[str, dict[str, str]]:
    _done(cognito._create_identity_provider({**properties}))
    return str(properties["ProviderName"]), {}


def _update_provider(physical_id: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, dict[str, str]]:
    _done(cognito._update_identity_provider({**new}))
    return physical_id, {}


def _delete_provider(_physical_id: str, properties: Properties) -> None:
    names = ("UserPoolId", "ProviderName")
    cognito._delete_identity_provider({name: properties.get(name) for name in names})


def _done(answer: tuple[int, Any, bytes]) -> None:
    """Raise ValueError where the service refused, as CloudFormation's handlers do."""
    status, _, body = answer
    if status >= 400:
        raise ValueError(body.decode()[:300])


_TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "AWS::Cognito::UserPoolIdentityProvider": {
        "create": _create_provider,
        "update": _update_provider,
        "delete": _delete_provider,
    },
    "AWS::GuardDuty::Detector": _recorded(lambda *_: uuid.uuid4().hex, Id=_itself),
    "AWS::SecurityHub::Hub": _recorded(_arn("securityhub", "hub/"), ARN=_itself),
    "AWS::CloudTrail::Trail": _recorded(lambda logical, _, stack: f"{stack}-{logical}", Arn=_itself),
    "AWS::Budgets::Budget": _recorded(lambda logical, _, stack: f"{stack}-{logical}"),
    "AWS::Amplify::App": _recorded(
        _arn("amplify", "apps/d"),
        AppId=_last,
        Arn=_itself,
        DefaultDomain=lambda physical_id, _: f"{physical_id.rpartition('/')[2]}.amplifyapp.com",
    ),
    "AWS::Amplify::Branch": _recorded(_arn("amplify", "branches/b"), Arn=_itself),
}
