"""The one HTTP client."""


class Courier:
    """Placeholder until the client lands."""
