"""The settings of the tests: those of the product under an environment that is the same on every machine.

`tests/conftest.py` would come too late: pytest-django reads the settings before it.
"""

import os

os.environ.update(
    {
        "OMNIPUB_SECRET_KEY": "only-for-tests-" + "0" * 50,
        "OMNIPUB_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "OMNIPUB_BASE_PATH": "",
        "OMNIPUB_PUBLIC_URL": "",
    }
)

from omnipub.settings import *  # noqa: F403 - the environment comes first
from omnipub.settings import INSTALLED_APPS as _PRODUCT
from omnipub.settings import MIDDLEWARE as _LAYERS

# A second application over DynamoDB, which shows that `publishing.dynadmin` is generic.
INSTALLED_APPS = [*_PRODUCT, "tests.dynadmin.apps.LibraryConfig"]
# Looking up 200 static files takes longer than most of what a client is made for.
MIDDLEWARE = [
    each.replace("whitenoise.middleware.WhiteNoiseMiddleware", "tests.statics.OnceLookedUp") for each in _LAYERS
]
