"""Stages: what each costs and holds, as frozen profiles; and the operator's own settings from `infra/deploy.toml`.

Prices are those of us-east-1 in US dollars a month, from price records of 2024-07 and 2024-11 (`infra/prices.json`).
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from infra.names import EDGE_REGION

SETTINGS: Final = Path(__file__).with_name("deploy.toml")
#: Names another file with the same, of operators who keep theirs outside of the checkout.
ELSEWHERE: Final = "OMNIPUB_DEPLOY_SETTINGS"
#: Sign-ins beside the pool's own; each needs a secret that holds its client's id and secret.
#: GitHub's holds `github_client_id`, `github_client_secret`, `github_signing_key` and `github_sealing_key` instead.
PROVIDERS: Final = ("GitHub", "Google", "LinkedIn")


#: Scheme, host and port, as browsers write them: no path, no wildcard.
_ORIGIN: Final = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
#: Regions of the partition that has CloudFront, Cognito and Amplify: not those of China, governments and others.
_REGION: Final = re.compile(
    r"(?:af|ap|ca|eu|il|me|mx|sa|us)-(?:central|north|south|east|west|(?:north|south)(?:east|west))-[1-9]"
)


class SettingsError(Exception):
    """The stage's settings cannot be used. The message says what to type instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What differs from operator to operator. Everything is optional: a deployment without any of it works."""

    region: str = "us-east-1"
    #: Where people reach the deployment, without a last slash; empty for CloudFront's own address.
    public_url: str = ""
    #: Of CloudFront; the certificate lives in us-east-1.
    domain_name: str = ""
    certificate_arn: str = ""
    #: Of the gateway, behind CloudFront: with it the execute-api address is closed.
    api_domain_name: str = ""
    api_certificate_arn: str = ""
    #: Alarms are mailed there, once the address has confirmed.
    alarm_email: str = ""
    #: Provider -> name or ARN of the secret that holds its `client_id` and `client_secret`.
    identity_providers: Mapping[str, str] = field(default_factory=dict)
    #: Repository of the front end and the name of the secret with its access token; empty deploys by hand.
    frontend_repository: str = ""
    frontend_token_secret: str = ""
    #: Sites whose scripts may call the API with a token: `https://www.example.org`, separated by commas.
    cors_origins: str = ""
    #: Id of the webhook account that canaries are sent to; empty sends none.
    canary_account: str = ""
    #: Name of a table that was restored from a backup, which everything then uses in place of the stack's own.
    restored_table: str = ""
    #: Where the table's audit heads and the like are kept from deletion, in days.
    audit_days: int = 365
    #: Whether messages need an approver before they can go out, and whether approvers may approve their own work.
    review: bool = False
    review_own: bool = False
    #: How many days before it is due a message of a series is made.
    series_horizon: int = 7
    #: For how many days `manage.py retention run` keeps ended messages, and the audit log; 0 for ever.
    retention_days: int = 0
    audit_retention_days: int = 0

    def __post_init__(self) -> None:
        problems = self._problems()
        if problems:
            raise SettingsError(f"{SETTINGS.name}: {' '.join(problems)}")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Return the sites whose scripts may call the API."""
        return tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())

    def _problems(self) -> list[str]:
        problems = []
        for name in ("public_url",):
            value = getattr(self, name)
            if value and (not value.startswith("https://") or value.endswith("/")):
                problems.append(f"{name} should begin with https:// and end without a slash.")
        unknown = sorted(set(self.identity_providers) - set(PROVIDERS))
        if unknown:
            problems.append(f"Unknown identity providers: {', '.join(unknown)}; known are {', '.join(PROVIDERS)}.")
        problems += [
            f"The identity provider {name} needs the name of its secret."
            for name, secret in self.identity_providers.items()
            if not secret
        ]
        problems += [
            f"cors_origins should be addresses like https://www.example.org, separated by commas; {origin!r} is none."
            for origin in self.allowed_origins
            if not _ORIGIN.fullmatch(origin)
        ]
        if bool(self.frontend_repository) != bool(self.frontend_token_secret):
            problems.append("frontend_repository and frontend_token_secret go together: set both or neither.")
        return problems + self._wrong_places() + self._wrong_days()

    def _wrong_places(self) -> list[str]:
        problems = []
        if not _REGION.fullmatch(self.region):
            problems.append(f"region should be one of AWS's own, like eu-central-1; {self.region!r} is none.")
        for domain, certificate, region in (
            ("domain_name", "certificate_arn", EDGE_REGION),
            ("api_domain_name", "api_certificate_arn", self.region),
        ):
            arn = getattr(self, certificate)
            if bool(getattr(self, domain)) != bool(arn):
                problems.append(f"{domain} and {certificate} go together: set both or neither.")
            elif arn and f":{region}:" not in arn:
                problems.append(f"{certificate} should name a certificate in {region}, where it is read.")
        return problems

    def _wrong_days(self) -> list[str]:
        problems = [] if 1 <= self.series_horizon <= 60 else ["series_horizon should be a number of days from 1 to 60."]
        return problems + [
            f"{name} should be a number of days from 30 to 36500, or 0 for ever."
            for name in ("retention_days", "audit_retention_days")
            if getattr(self, name) and not 30 <= getattr(self, name) <= 36_500
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage's profile. Flags are the optional parts, each with its price."""

    name: str
    #: The stream of hints, at $10.95 a month for each shard. Without it the worker itself is invoked (docs/adr/0015).
    stream: bool = True
    shards: int = 1
    #: Lanes of one shard that are worked on at a time; invocations are paid, not lanes.
    parallelization: int = 10
    #: Web ACL of CloudFront: $5, $1 a rule, $0.60 a million requests.
    firewall: bool = False
    #: About $4 a million management events: $0.50 to $2 for an account like this.
    guard_duty: bool = False
    #: $0.0010 a check; with Config's records about $10.
    security_hub: bool = False
    #: CloudTrail of the table's and the buckets' data: $0.10 per 100,000 events, plus their storage.
    data_trail: bool = False
    #: $5 a million traces; 5 % of the requests are traced.
    tracing: bool = False
    #: Copies of the media bucket's objects for each change, at $0.023 a GB.
    keep_versions: bool = False
    #: Cognito's Plus features (adaptive sign-in): $0.02 a user who signs in.
    threat_protection: bool = False
    #: Whether the last table and pool survive `destroy` and cannot be deleted by accident. Costs nothing.
    is_protected: bool = True
    log_days: int = 14
    #: Requests a second and burst that the gateway lets through. Costs nothing, bounds everything.
    rate: int = 50
    burst: int = 100
    #: arm64 is a fifth cheaper than x86_64.
    architecture: str = "arm64"
    #: Lets the worker ask a model to adapt wording; paid by the token.
    use_ai_agent: bool = False
    bedrock_model_id: str = ""
    #: Dollars a month; a forecast above it is an alarm.
    monthly_budget: int = 12
    site: Site = Site()

    @property
    def has_edge_stack(self) -> bool:
        """Whether the firewall needs a stack of its own: CloudFront looks for it elsewhere than the stage lives."""
        return self.firewall and self.site.region != EDGE_REGION


#: About $1.60 with the always-free tiers at 1,000 requests a day: the key, the secret.
DEV: Final = Stage(name="dev", stream=False, is_protected=False, log_days=7)
#: About $25 at 10,000 requests a day.
PROD: Final = Stage(name="prod", firewall=True, guard_duty=True, tracing=True, keep_versions=True, monthly_budget=50)
#: As prod, and what auditors ask for.
REGULATED: Final = replace(
    PROD, name="regulated", security_hub=True, data_trail=True, threat_protection=True, log_days=365, monthly_budget=80
)
PROFILES: Final[Mapping[str, Stage]] = {stage.name: stage for stage in (DEV, PROD, REGULATED)}


def load(name: str, *, path: Path | None = None) -> Stage:
    """Return a stage's profile with the operator's settings. Raises SettingsError naming all that is wrong."""
    path = path or Path(os.environ.get(ELSEWHERE) or SETTINGS)
    if name not in PROFILES:
        raise SettingsError(f"There is no stage {name!r}. Use -c stage=NAME with one of: {', '.join(PROFILES)}.")
    profile = PROFILES[name]
    given = _read(path).get(name, {})
    if not isinstance(given, dict):
        raise SettingsError(f"{path.name}: [{name}] should be a table of settings.")
    site = {key: value for key, value in given.items() if key in _TYPES[Site]}
    rest = {key: value for key, value in given.items() if key in _TYPES[Stage] and key not in {"name", "site"}}
    unknown = sorted(set(given) - set(site) - set(rest))
    if unknown:
        known = sorted({*_TYPES[Site], *_TYPES[Stage]} - {"name", "site"})
        raise SettingsError(
            f"{path.name}: [{name}] has unknown settings {', '.join(unknown)}. Known: {', '.join(known)}."
        )
    _check_types(path, name, {**site, **rest})
    stage = replace(profile, **rest, site=Site(**site))
    if "shards" in rest and not stage.stream:
        raise SettingsError(
            f"{path.name}: [{name}] shards are of the stream, and the stage has none. Set stream = true there, too."
        )
    return stage


def shared_variables(site: Site) -> dict[str, str]:
    """Return what the web function and the scheduler must be told alike: the rules of review, how far series reach."""
    told = {"OMNIPUB_REVIEW": site.review, "OMNIPUB_REVIEW_OWN": site.review_own}
    flags = {name: "true" for name, is_on in told.items() if is_on}
    return {**flags, "OMNIPUB_SERIES_HORIZON": str(site.series_horizon)}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise SettingsError(
            f"{path} is missing: the stages' settings. Restore it with: git checkout infra/deploy.toml, "
            f"or set {ELSEWHERE} to the file that has yours."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path.name} is not valid TOML: {error}") from None


def _check_types(path: Path, name: str, given: Mapping[str, object]) -> None:
    for key, value in given.items():
        wanted = {**_TYPES[Site], **_TYPES[Stage]}[key]
        if type(value) is not wanted:
            raise SettingsError(f"{path.name}: [{name}] {key} should be a {_WORDS[wanted]}.")


_WORDS: Final = {str: "text in quotes", int: "whole number", bool: "true or false", dict: "table"}
_TYPES: Final[Mapping[type, Mapping[str, type]]] = {
    Site: {each.name: each.type if isinstance(each.type, type) else dict for each in fields(Site)},
    Stage: {each.name: each.type for each in fields(Stage) if isinstance(each.type, type)},
}
