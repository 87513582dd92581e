"""The product's static files, looked up once: each client of a test builds the middleware anew."""

from functools import cache
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware


class OnceLookedUp(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """WhiteNoise as it is, but for finding the same files again."""

    def add_files_from_finders(self) -> None:
        """Take the files that the first one of this process found."""
        self.files.update(_found())


@cache
def _found() -> dict[str, Any]:
    return dict(WhiteNoiseMiddleware(lambda _: None).files)
