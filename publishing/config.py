"""Configuration: read once from the environment into a frozen value; everything that is missing is named at once."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

T = TypeVar("T")

#: What tells how hints reach the worker: a stream, else the worker function itself. One of them is a need of every
#: process that sends hints; where both are set, the stream is used.
HINTS: Final = ("KINESIS_STREAM_NAME", "OMNIPUB_WORKER_FUNCTION")


class ConfigError(Exception):
    """The environment lacks variables or holds values that cannot be used. The message names all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the processes are told by their environment. AWS endpoints and regions are the SDK's own business."""

    table_name: str
    kinesis_stream_name: str = ""
    #: Name of the worker function, which is sent the hints where there is no stream.
    worker_function: str = ""
    media_bucket: str = ""
    #: What the public addresses of media begin with; channels that fetch images themselves are given them.
    media_url: str = ""
    cognito_user_pool_id: str = ""
    cognito_client_id: str = ""
    secrets_arn: str = ""
    use_ai_agent: bool = False
    bedrock_model_id: str = ""
    #: Name of the scheduler function, invoked when something becomes due before its next tick.
    scheduler_function: str = ""
    #: Key of the key service that credentials are sealed with: an id, ARN or alias.
    kms_key_id: str = "alias/omnipub"
    #: Where the user pool's keys are read, and what it calls itself; both follow from the pool's id on AWS.
    jwks_url: str = ""
    token_issuer: str = ""
    #: Who people sign in at: any OpenID Connect provider; without an issuer, the user pool.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    #: Where the provider describes itself, when not at the usual place below its issuer.
    oidc_discovery_url: str = ""
    #: Addresses of the provider that win over its own description; all of them make the description unneeded.
    oidc_authorization_url: str = ""
    oidc_token_url: str = ""
    oidc_jwks_url: str = ""
    oidc_end_session_url: str = ""
    oidc_scope: str = "openid email profile"
    #: The claim that names a user's groups, and the role that each group gives; without any, groups are named as roles.
    oidc_groups_claim: str = "cognito:groups"
    roles_by_group: Mapping[str, str] = field(default_factory=dict)
    #: How long a web session lives without a request, and at most.
    session_idle: timedelta = timedelta(hours=2)
    session_lifetime: timedelta = timedelta(hours=8)
    #: Whether anybody may sign in as a demo user, without a password: local mode only.
    demo_sign_in: bool = False
    #: Origins whose scripts may call the API from a browser; none by default.
    cors_origins: tuple[str, ...] = ()
    #: How often the timers' index partitions are divided; 1 keeps the plain `STATUS#scheduled`.
    timer_shards: int = 1
    #: All durations of the protocol are divided by this; 1 in production.
    time_divisor: float = 1.0
    late_limit: timedelta = timedelta(hours=6)
    #: Whether messages need an approver before they can go out.
    review_on: bool = False
    #: Whether approvers may approve what they wrote themselves: for teams of one.
    review_own: bool = False
    #: How long before it is due a message of a series is made.
    series_horizon: timedelta = timedelta(days=7)
    #: For how long `manage.py retention run` keeps messages that ended, and days of the audit log; None for ever.
    retention: timedelta | None = None
    audit_retention: timedelta | None = None
    #: Whether channels may talk to private addresses over plain HTTP: local mode only.
    allow_private_networks: bool = False
    #: Topics of SNS whose notifications about mail are taken, as ARNs; none closes the address for them.
    mail_topics: frozenset[str] = frozenset()
    #: Where SNS is, in place of its own address: local mode only.
    sns_address: str = ""
    #: Requests a minute that the API takes from one user, and from one API key.
    api_limit: int = 1_200
    api_key_limit: int = 600
    #: Bucket that heads of the audit log are copied to, and verified against; empty for none.
    audit_bucket: str = ""
    #: The account that `manage.py canary` publishes to.
    canary_account: str = ""
    log_level: str = "INFO"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, needs: tuple[str | tuple[str, ...], ...] = ()
    ) -> "Config":
        """Read the environment. `needs` names variables that this process cannot do without, besides TABLE_NAME.

        A tuple among them names alternatives. Raises ConfigError naming everything that is missing or unreadable at
        once.
        """
        problems = list(_missing(("TABLE_NAME", *needs), environment))
        values: dict[str, object] = {}
        for attribute, (name, read) in _VARIABLES.items():
            text = environment.get(name, "")
            if text == "":
                continue
            try:
                values[attribute] = read(text)
            except ValueError:
                problems.append(f"{name} cannot be read: it should be {_EXPECTED[read]}")
        problems += _contradictions(values, environment)
        if problems:
            raise ConfigError(f"Configuration: {'; '.join(problems)}.")
        return cls(**values)  # type: ignore[arg-type]  # the table below pairs fields and readers

    @property
    def runs_on_aws(self) -> bool:
        """Whether this process is a deployed function; what must never be on there asks this."""
        return not self.allow_private_networks


def _missing(needs: tuple[str | tuple[str, ...], ...], environment: Mapping[str, str]) -> Iterator[str]:
    """Say of each need that is not met what should be set."""
    for need in needs:
        names = (need,) if isinstance(need, str) else need
        if any(environment.get(name) for name in names):
            continue
        if need == HINTS:
            yield (
                f"neither {' nor '.join(HINTS)} is set: set the first to the name of the stream of hints or, without a "
                "stream, the second to the name of the worker function"
            )
        else:
            yield f"{' or '.join(names)} is not set"


def _contradictions(values: Mapping[str, object], environment: Mapping[str, str]) -> list[str]:
    """Return what cannot be set together, or not here."""
    problems = []
    is_local = bool(values.get("allow_private_networks"))
    if values.get("sns_address") and not is_local:
        problems.append("OMNIPUB_SNS_ADDRESS is for local mode and must not be set here")
    # Lambda itself sets the second name: a function that was put into local mode by mistake still has no such door.
    if values.get("demo_sign_in") and (not is_local or environment.get("AWS_LAMBDA_FUNCTION_NAME")):
        problems.append("OMNIPUB_DEMO_SIGN_IN is for local mode and must not be set here")
    if values.get("oidc_issuer") and not values.get("oidc_client_id"):
        problems.append("OMNIPUB_OIDC_CLIENT_ID is not set, and OMNIPUB_OIDC_ISSUER needs it")
    return problems


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError(text)
    return text.rstrip("/")


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _hours(text: str) -> timedelta:
    hours = float(text)
    if hours <= 0:
        raise ValueError(text)
    return timedelta(hours=hours)


def _days(text: str) -> timedelta:
    days = int(text)
    if not 1 <= days <= 60:
        raise ValueError(text)
    return timedelta(days=days)


def _kept_days(text: str) -> timedelta:
    days = int(text)
    if not 30 <= days <= 36_500:
        raise ValueError(text)
    return timedelta(days=days)


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise ValueError(text)
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100:
        raise ValueError(text)
    return number


def _rate(text: str) -> int:
    number = int(text)
    if not 10 <= number <= 1_000_000:
        raise ValueError(text)
    return number


_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")


def _topics(text: str) -> frozenset[str]:
    topics = frozenset(topic.strip() for topic in text.split(",") if topic.strip())
    if not all(_TOPIC.fullmatch(topic) for topic in topics):
        raise ValueError(text)
    return topics


def _issuer(text: str) -> str:
    # Compared character by character with what tokens say, so that nothing is taken off.
    if not text.startswith(("https://", "http://")):
        raise ValueError(text)
    return text


def _groups(text: str) -> Mapping[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not all(group.strip() and role.strip() for group, _, role in pairs):
        raise ValueError(text)
    return {group.strip(): role.strip() for group, _, role in pairs}


_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(",") if origin.strip())
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError(text)
    return origins


_EXPECTED: Final[Mapping[Callable[[str], object], str]] = {
    str: "text",
    _address: "an address that begins with https://",
    _boolean: "true or false",
    _days: "a whole number of days from 1 to 60",
    _kept_days: "a whole number of days from 30 to 36500",
    _hours: "a positive number of hours",
    _positive: "a positive number",
    _count: "a whole number from 1 to 100",
    _rate: "a whole number from 10 to 1000000",
    _topics: "ARNs of SNS topics, separated by commas",
    _issuer: "an address that begins with https://",
    _groups: "pairs such as newsroom=editor, separated by commas",
    _origins: "origins such as https://www.example.org, separated by commas",
}

_VARIABLES: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "table_name": ("TABLE_NAME", str),
    "kinesis_stream_name": ("KINESIS_STREAM_NAME", str),
    "worker_function": ("OMNIPUB_WORKER_FUNCTION", str),
    "media_bucket": ("MEDIA_BUCKET", str),
    "media_url": ("OMNIPUB_MEDIA_URL", _address),
    "cognito_user_pool_id": ("COGNITO_USER_POOL_ID", str),
    "cognito_client_id": ("COGNITO_CLIENT_ID", str),
    "secrets_arn": ("SECRETS_ARN", str),
    "use_ai_agent": ("USE_AI_AGENT", _boolean),
    "bedrock_model_id": ("BEDROCK_MODEL_ID", str),
    "scheduler_function": ("OMNIPUB_SCHEDULER_FUNCTION", str),
    "kms_key_id": ("OMNIPUB_KMS_KEY_ID", str),
    "canary_account": ("OMNIPUB_CANARY_ACCOUNT", str),
    "jwks_url": ("OMNIPUB_JWKS_URL", str),
    "token_issuer": ("OMNIPUB_TOKEN_ISSUER", str),
    "oidc_issuer": ("OMNIPUB_OIDC_ISSUER", _issuer),
    "oidc_client_id": ("OMNIPUB_OIDC_CLIENT_ID", str),
    "oidc_discovery_url": ("OMNIPUB_OIDC_DISCOVERY_URL", _address),
    "oidc_authorization_url": ("OMNIPUB_OIDC_AUTHORIZATION_URL", _address),
    "oidc_token_url": ("OMNIPUB_OIDC_TOKEN_URL", _address),
    "oidc_jwks_url": ("OMNIPUB_OIDC_JWKS_URL", _address),
    "oidc_end_session_url": ("OMNIPUB_OIDC_END_SESSION_URL", _address),
    "oidc_scope": ("OMNIPUB_OIDC_SCOPE", str),
    "oidc_groups_claim": ("OMNIPUB_OIDC_GROUPS_CLAIM", str),
    "roles_by_group": ("OMNIPUB_ROLES_BY_GROUP", _groups),
    "session_idle": ("OMNIPUB_SESSION_IDLE", _hours),
    "session_lifetime": ("OMNIPUB_SESSION_LIFETIME", _hours),
    "demo_sign_in": ("OMNIPUB_DEMO_SIGN_IN", _boolean),
    "cors_origins": ("OMNIPUB_CORS_ORIGINS", _origins),
    "timer_shards": ("OMNIPUB_TIMER_SHARDS", _count),
    "time_divisor": ("OMNIPUB_TIME_DIVISOR", _positive),
    "late_limit": ("OMNIPUB_LATE_LIMIT", _hours),
    "review_on": ("OMNIPUB_REVIEW", _boolean),
    "series_horizon": ("OMNIPUB_SERIES_HORIZON", _days),
    "retention": ("OMNIPUB_RETENTION_DAYS", _kept_days),
    "audit_retention": ("OMNIPUB_AUDIT_RETENTION_DAYS", _kept_days),
    "review_own": ("OMNIPUB_REVIEW_OWN", _boolean),
    "allow_private_networks": ("OMNIPUB_ALLOW_PRIVATE_NETWORKS", _boolean),
    "mail_topics": ("OMNIPUB_MAIL_TOPICS", _topics),
    "sns_address": ("OMNIPUB_SNS_ADDRESS", str),
    "api_limit": ("OMNIPUB_API_LIMIT", _rate),
    "api_key_limit": ("OMNIPUB_API_KEY_LIMIT", _rate),
    "audit_bucket": ("OMNIPUB_AUDIT_BUCKET", str),
    "log_level": ("OMNIPUB_LOG_LEVEL", str),
}
