"""The WSGI application. Refuses to start, naming everything that is missing, before the first request fails on it."""

import os

from django.core.wsgi import get_wsgi_application

from publishing import logs
from publishing.config import HINTS, Config
from publishing.identity.roles import RoleMap
from publishing.store.binding import bind

NEEDS = (HINTS, "COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "MEDIA_BUCKET", "OMNIPUB_MEDIA_URL")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omnipub.settings")
_key = "OMNIPUB_SECRET_KEY" if os.environ.get("OMNIPUB_SECRET_KEY") else "SECRETS_ARN"
_config = Config.from_environment(os.environ, needs=(*NEEDS, _key))
RoleMap.from_config(_config)
logs.configure(_config.log_level)
bind(_config.table_name, timer_shards=_config.timer_shards)
application = get_wsgi_application()
