"""What belongs into which package, and how large it may become."""

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One package."""

    name: str
    #: The locked dependencies in `requirements/`.
    requirements: str
    #: Folders and modules of the project.
    sources: tuple[str, ...]
    #: Of those, what stays out.
    without: tuple[str, ...] = ()
    #: Locked distributions that only the deploying side needs.
    without_distributions: tuple[str, ...] = ()
    #: Parts of distributions that nothing imports.
    without_files: tuple[str, ...] = ()
    #: Services whose descriptions botocore needs; all others are left out.
    services: tuple[str, ...]
    #: Modules that have to be importable from the package alone.
    entry_points: tuple[str, ...]
    zipped_limit: int
    unpacked_limit: int
    #: Whether static files are collected into it.
    has_static_files: bool = False


WORKER: Final = Recipe(
    name="worker",
    requirements="worker",
    sources=("publishing", "workers"),
    without=(
        "publishing/admin", "publishing/api", "publishing/dynadmin", "publishing/identity", "publishing/locale",
        "publishing/management", "publishing/models", "publishing/static", "publishing/templates",
        "publishing/templatetags",
    ),
    services=("dynamodb", "kinesis", "kms", "lambda", "s3", "secretsmanager", "sts", "bedrock-runtime"),
    entry_points=("workers.delivery", "workers.scheduler", "workers.github"),
    zipped_limit=16 * MEGABYTE,
    unpacked_limit=60 * MEGABYTE,
)  # fmt: skip

WEB: Final = Recipe(
    name="web",
    requirements="web",
    sources=("publishing", "omnipub"),
    without_distributions=(
        # Zappa's own, for deploying.
        "argcomplete", "cfn-flip", "click", "colorama", "hjson", "pip", "placebo", "python-slugify", "setuptools",
        "text-unidecode", "toml", "tqdm", "troposphere", "wheel",
    ),
    without_files=(
        "zappa/cli.py", "zappa/core.py", "zappa/letsencrypt.py", "zappa/policies",
        "django/contrib/gis", "django/contrib/postgres",
        "boto3/examples",
        # Collected, compressed and named by their hashes in `staticfiles/`.
        "drf_spectacular_sidecar/static", "rest_framework/static", "publishing/static", "django/contrib/admin/static",
        # Another page for the API's description, which is not ours.
        "staticfiles/drf_spectacular_sidecar/redoc",
    ),
    services=("dynamodb", "kinesis", "kms", "lambda", "s3", "secretsmanager", "sts", "cognito-idp"),
    entry_points=("omnipub.function",),
    zipped_limit=36 * MEGABYTE,
    unpacked_limit=130 * MEGABYTE,
    has_static_files=True,
)  # fmt: skip

RECIPES: Final = {recipe.name: recipe for recipe in (WORKER, WEB)}
