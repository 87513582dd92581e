"""What Zappa's handler reads: how the web function answers. The same for all stages; Lambda's variables differ."""

from typing import Final

APP_MODULE: Final = "omnipub.wsgi"
APP_FUNCTION: Final = "application"
APP_TYPE: Final = "wsgi"
DJANGO_SETTINGS: Final = "omnipub.settings"
#: Zappa would log whole events otherwise, with cookies and tokens.
LOG_LEVEL: Final = "INFO"
DEBUG: Final = False
BINARY_SUPPORT: Final = True
ADDITIONAL_TEXT_MIMETYPES: Final = ("application/problem+json",)
CONTEXT_HEADER_MAPPINGS: Final[dict[str, str]] = {}
EXCEPTION_HANDLER: Final = None
ENVIRONMENT_VARIABLES: Final[dict[str, str]] = {}
#: OMNIPUB_BASE_PATH says where the application is; nothing guesses it from a host's name.
DOMAIN: Final = None
BASE_PATH: Final = None
PROJECT_NAME: Final = "omnipub"
API_STAGE: Final = ""
AWS_EVENT_MAPPING: Final[dict[str, str]] = {}
AWS_BOT_EVENT_MAPPING: Final[dict[str, str]] = {}
COGNITO_TRIGGER_MAPPING: Final[dict[str, str]] = {}
ASYNC_RESPONSE_TABLE: Final = ""
