"""What can go wrong between us and a platform. No text here holds a URL, a header or a body."""


class CourierError(Exception):
    """A request brought no answer."""


class NotSentError(CourierError):
    """Nothing of the request left: no address, no connection, no TLS, no free connection in time."""


class LostSightError(CourierError):
    """Bytes of the request may have left, and no answer came back: it may have been carried out."""


class RefusedError(CourierError):
    """Our own policy forbids this address. The text says what to change. Nothing left."""
