"""Every path that needs no token at the gateway. The gateway's stack and a test of the Django routes read this list.

Everything else under `/api/` needs an access token at the gateway, and the application checks it again.
"""

from typing import Final

#: As API Gateway resources: `{proxy+}` stands for one or more segments.
OPEN_PATHS: Final = (
    "/health",
    "/admin",
    "/admin/{proxy+}",
    "/static/{proxy+}",
    "/auth/{proxy+}",
    "/connect/{proxy+}",
    "/hooks/{proxy+}",
    # Programs with API keys: the application authenticates them.
    "/keyed/{proxy+}",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/docs/{proxy+}",
    "/api/v1/certifications/types",
)


def is_open(path: str) -> bool:
    """Tell whether a path is open at the gateway. A trailing slash makes no difference."""
    bare = path.rstrip("/") or "/"
    for pattern in OPEN_PATHS:
        if pattern.endswith("/{proxy+}"):
            prefix = pattern.removesuffix("{proxy+}")
            if bare.startswith(prefix) and bare != prefix.rstrip("/"):
                return True
        elif bare == pattern:
            return True
    return False
