"""Django's settings for the web process. What the domain needs to know is in `publishing.config.Config`.

Importing this reads the environment, and the network only for the signing key where SECRETS_ARN names one. Commands of
a build (`collectstatic`, `spectacular`) run without any variable; the server itself refuses to start (`wsgi.py`).
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent


def _application_secrets() -> dict[str, str]:
    if key := os.environ.get("OMNIPUB_SECRET_KEY", ""):
        return {"django_secret_key": key}
    if arn := os.environ.get("SECRETS_ARN", ""):
        from publishing.adapters.secrets import application_secrets  # a build has no need of the SDK

        return application_secrets(arn)
    # Django itself refuses to sign anything with an empty key.
    return {"django_secret_key": ""}


def _former(name: str) -> list[str]:
    """Return the keys before a rotation, which still prove what was signed with them; separated by spaces."""
    return _SECRETS.get(f"{name}_former", "").split()


DEBUG = False
_SECRETS = _application_secrets()
SECRET_KEY = _SECRETS["django_secret_key"]
SECRET_KEY_FALLBACKS = _former("django_secret_key")
#: Lists' cursors have a key of their own where the secret holds one, so that either can be replaced alone.
CURSOR_KEY = _SECRETS.get("cursor_key", "") or SECRET_KEY
CURSOR_KEY_FALLBACKS = _former("cursor_key") or SECRET_KEY_FALLBACKS
ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get("OMNIPUB_ALLOWED_HOSTS", "127.0.0.1,localhost").split(",") if host.strip()
]
ROOT_URLCONF = "omnipub.urls"
WSGI_APPLICATION = "omnipub.wsgi.application"

INSTALLED_APPS = [
    # Before Django's admin: our templates win over its own.
    "publishing",
    "publishing.dynadmin",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "corsheaders",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "publishing.api.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "publishing.api.middleware.SecurityHeadersMiddleware",
    # Within what adds headers, so that a refusal has them too.
    "publishing.api.middleware.HostMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "publishing.api.middleware.BodyLimitMiddleware",
    "publishing.admin.middleware.PageLocaleMiddleware",
    # Views of the API are exempt, as they know no cookie; everything else that takes a form is not.
    "django.middleware.csrf.CsrfViewMiddleware",
    "publishing.identity.middleware.WebSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "publishing.admin.middleware.DeskMiddleware",
    "publishing.admin.zones.PageZoneMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Users are rows of the table; Django's admin gets to see them as these.
AUTH_USER_MODEL = "publishing.User"
AUTHENTICATION_BACKENDS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# What a page says once after a redirect ("Saved.") travels in a signed cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
# Web sessions are our own (`publishing.identity.sessions`); Django's sessions are not installed.
SILENCED_SYSTEM_CHECKS = ["admin.E410"]

# All state is in one DynamoDB table; any accidental call of the ORM fails loudly.
DATABASES: dict[str, dict[str, object]] = {}
# A sandbox's memory is nobody's cache.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

# Paths: nothing guesses the base path. Empty means that the application answers at the root.
FORCE_SCRIPT_NAME = os.environ.get("OMNIPUB_BASE_PATH", "").rstrip("/")
#: Scheme and host that links in answers begin with; empty for those that the request came to.
PUBLIC_URL = os.environ.get("OMNIPUB_PUBLIC_URL", "").rstrip("/")
# A request without its last slash is told about it; redirecting a POST would lose its body.
APPEND_SLASH = False

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "omnipub-language"
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Static files: collected and hashed at build time; found in the packages where nothing was collected (a laptop).
# With the base path in it: a relative one would be completed by whatever path the process saw first.
STATIC_URL = f"{FORCE_SCRIPT_NAME}/static/"
_COLLECTED = BASE_DIR / "staticfiles"
_IS_COLLECTED = (_COLLECTED / "staticfiles.json").is_file() or "collectstatic" in sys.argv
STATIC_ROOT = _COLLECTED if _IS_COLLECTED else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _IS_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _IS_COLLECTED
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Limits.
BODY_LIMIT = 256 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# Cookies. Everywhere but on a laptop the world speaks https with us, and cookies go nowhere else; `__Host-` then keeps
# neighbours under the same domain from planting one. It demands the path `/`, whatever the base path.
_IS_LOCAL = os.environ.get("OMNIPUB_ALLOW_PRIVATE_NETWORKS", "").lower() in {"true", "1", "yes"}
IS_HTTPS = not _IS_LOCAL or PUBLIC_URL.startswith("https://")
_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_TOKEN_COOKIE = f"{_PREFIX}omnipub-session"
SIGN_IN_COOKIE = f"{_PREFIX}omnipub-sign-in"
CSRF_COOKIE_NAME = f"{_PREFIX}omnipub-csrf"
CSRF_COOKIE_PATH = "/"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None
# Before the gateway another name stands, which is what browsers see.
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_FAILURE_VIEW = "publishing.admin.pages.csrf_failed"

# No other origin's script reads anything, unless the operator lists it; and then with a token, never with a cookie.
CORS_ALLOWED_ORIGINS = [
    origin.strip() for origin in os.environ.get("OMNIPUB_CORS_ORIGINS", "").split(",") if origin.strip()
]
CORS_URLS_REGEX = r"^/(api|keyed)/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ("GET", "POST", "PATCH", "DELETE")
CORS_ALLOW_HEADERS = ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id")
CORS_EXPOSE_HEADERS = ("etag", "location", "retry-after", "x-request-id")

#: Origins that pages show pictures from.
_MEDIA = urlsplit(os.environ.get("OMNIPUB_MEDIA_URL", ""))
MEDIA_ORIGINS = (f"{_MEDIA.scheme}://{_MEDIA.netloc}",) if _MEDIA.netloc else ()


def upload_origins(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the origin of the bucket that browsers post uploads to: where the SDK signs their forms for."""
    bucket, region = environment.get("MEDIA_BUCKET", ""), environment.get("AWS_REGION", "")
    endpoint = environment.get("AWS_ENDPOINT_URL_S3", "") or environment.get("AWS_ENDPOINT_URL", "")
    if endpoint:
        parts = urlsplit(endpoint)
        return (f"{parts.scheme}://{parts.netloc}",)
    # The first region's own name is the one without a region in it.
    host = "s3.amazonaws.com" if region == "us-east-1" else f"s3.{region}.amazonaws.com"
    return (f"https://{bucket}.{host}",) if bucket and region else ()


UPLOAD_ORIGINS = upload_origins(os.environ)

# What every answer says to browsers. The Content-Security-Policy is in `publishing.api.middleware`.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# `publishing.logs` sets up logging in wsgi.py; Django's own set-up would write around it.
LOGGING_CONFIG = None

REST_FRAMEWORK = {
    # Deny by default: an open view says so itself, and a test walks all routes.
    "DEFAULT_AUTHENTICATION_CLASSES": ["publishing.identity.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["publishing.identity.authentication.IsActor"],
    "DEFAULT_RENDERER_CLASSES": ["publishing.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["publishing.api.parsing.StrictJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "publishing.api.schema.Schema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "publishing.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_THROTTLE_CLASSES": [],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "omnipub",
    "DESCRIPTION": (
        "Write a message once; it is published at its due second to every connected account. "
        "Programs with an API key use the same addresses under /keyed/v1/, with Authorization: Api-Key <key>."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "MessageStatus": "publishing.domain.message.MessageStatus",
        "DeliveryState": "publishing.domain.delivery.DeliveryState",
        "AccountStatus": "publishing.domain.account.AccountStatus",
        "FeedbackKind": "publishing.domain.feedback.FeedbackKind",
        "HealthVerdict": "publishing.domain.health.HealthVerdict",
        "AttemptOutcome": "publishing.domain.attempt.AttemptOutcome",
        "Reason": "publishing.domain.outcome.Reason",
        "CancelVerdict": "publishing.domain.draft.CancelVerdict",
        "Deduplication": "publishing.channels.base.capabilities.Deduplication",
        "Role": "publishing.domain.permissions.Role",
        "MediaStatus": "publishing.domain.media.MediaStatus",
        "Action": "publishing.domain.permissions.Action",
        "Scope": "publishing.api.serializers.api_keys.SCOPE_CHOICES",
        "ApiKeyStatus": "publishing.domain.api_key.ApiKeyStatus",
    },
    "PREPROCESSING_HOOKS": ["publishing.api.schema.describe_once"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "publishing.api.schema.add_problems",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "OAS_VERSION": "3.1.0",
}
