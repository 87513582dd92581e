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

# A second application over DynamoDB, which shows that `publishing.dynadmin` is generic.
INSTALLED_APPS = [*_PRODUCT, "tests.dynadmin.apps.LibraryConfig"]
