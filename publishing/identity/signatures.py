"""The key that a token says it was signed with, before anything else of the token is believed."""

from typing import Final

import jwt

from publishing.identity.keys import KeySet

ALGORITHM: Final = "RS256"
KID_LIMIT: Final = 200


def signing_key(token: str, keys: KeySet, *, size_limit: int, what: str, refuse: type[Exception]) -> jwt.PyJWK:
    """Return the key of a set that a token names.

    Raises `refuse` with a sentence about `what` ("access token") for one that is too long, cannot be read, is signed
    in another way or with a key that is not in the set; KeysUnavailableError when that cannot be told just now.
    """
    if len(token) > size_limit:
        raise refuse(f"The {what} is too long: at most {size_limit:,} characters are read.")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise refuse(f"The {what} cannot be read.") from None
    # Of the header only these two are looked at; jku, x5u and jwk name keys of the sender's choice.
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM:
        raise refuse(f"The {what} must be signed with {ALGORITHM}.")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_LIMIT:
        raise refuse(f"The {what} does not name its key.")
    key = keys.find(kid)
    if key is None:
        raise refuse(f"The {what} was signed with a key that its issuer does not have.")
    return key
