"""The domain app: layers outside, nouns inside. Imports point down; `docs/architecture.md` draws them."""

__version__ = "0.1.0"
