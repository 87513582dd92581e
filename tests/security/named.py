"""The tests that docs/security.md names as proof. `python -m tests.security.named` prints them for pytest."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/security.md"
_NAME = re.compile(r"`(tests/[\w/]+\.py(?:::\w+){0,2})`")


def named(text: str) -> list[str]:
    """Return every test, class or file of tests that a text names, each once."""
    return list(dict.fromkeys(_NAME.findall(text)))


def missing(name: str, root: Path = ROOT) -> str:
    """Return what of a name does not exist; empty when all of it does and holds a test.

    Read from the source: it costs nothing, and holds of tests that run elsewhere (`tests/infra`, `make e2e`).
    """
    file, *parts = name.split("::")
    path = root / file
    if not path.is_file():
        return f"There is no {file}."
    scope: ast.AST = ast.parse(path.read_text())
    for part in parts:
        inner = [node for node in ast.iter_child_nodes(scope) if getattr(node, "name", None) == part]
        if not inner:
            return f"{file} has no {part}."
        scope = inner[0]
    return "" if _tests(scope) else f"{name} holds no test."


def _tests(scope: ast.AST) -> bool:
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for node in ast.walk(scope)
    )


def here(names: list[str]) -> list[str]:
    """Return the names that `pytest` runs by itself, without those of other environments and of `make e2e`."""
    mine = [name for name in names if not name.startswith(("tests/infra/", "tests/e2e/"))]
    files = {name for name in mine if "::" not in name}
    return [name for name in mine if name in files or name.split("::")[0] not in files]


if __name__ == "__main__":
    sys.stdout.write(" ".join(here(named(DOCUMENT.read_text()))))
