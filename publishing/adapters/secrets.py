"""Secrets: credentials sealed with envelope encryption, and the application's own secrets.

A data key from the key service encrypts a credential with AES-256-GCM; the account's id and the credential's version
are additional data, so a ciphertext cannot be moved to another row or replaced by an older one. Sealing needs only the
right to make data keys; opening needs the right to decrypt, which the worker alone has.
"""

import json
import os
from functools import cache
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from publishing.adapters import aws
from publishing.domain.account import SealedCredential
from publishing.domain.errors import CredentialError, UnavailableError

_NONCE_BYTES: Final = 12
#: What the key service binds a data key to, besides the seal's own additional data.
_CONTEXT: Final = "omnipub:account"
#: Errors that another try cannot mend: the data key was changed, or its master key is gone.
_BROKEN: Final = frozenset({
    "InvalidCiphertextException", "NotFoundException", "DisabledException", "KMSInvalidStateException",
    "IncorrectKeyException", "InvalidKeyUsageException",
})  # fmt: skip


def seal(credential: str, *, account_id: str, version: int, key_id: str) -> SealedCredential:
    """Seal a credential for one account and version. Raises UnavailableError when the key service is out of reach."""
    try:
        answer = aws.client("kms").generate_data_key(
            KeyId=key_id, KeySpec="AES_256", EncryptionContext={_CONTEXT: account_id}
        )
    except (ClientError, BotoCoreError) as error:
        raise UnavailableError("The key service did not give a data key.") from error
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(answer["Plaintext"]).encrypt(nonce, credential.encode(), _bound_to(account_id, version))
    return SealedCredential(
        account_id=account_id, version=version, ciphertext=ciphertext, nonce=nonce, data_key=answer["CiphertextBlob"]
    )


def open_sealed(sealed: SealedCredential) -> str:
    """Open a sealed credential.

    Raises CredentialError when it was moved, changed or its key is gone, and UnavailableError when the key service is
    out of reach.
    """
    data_key = _data_key(sealed.data_key, sealed.account_id)
    try:
        clear = AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, _bound_to(sealed.account_id, sealed.version))
    except InvalidTag:
        raise CredentialError("A sealed credential does not belong to its row, or was changed.") from None
    return clear.decode()


@cache
def application_secrets(arn: str) -> dict[str, str]:
    """Return the application's own secrets (`django_secret_key`, …) from the secret's JSON; read once per process."""
    try:
        text = aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise UnavailableError("The application's secrets could not be read.") from error
    secrets: dict[str, str] = json.loads(text)
    return secrets


@cache
def _data_key(encrypted: bytes, account_id: str) -> bytes:
    """Return a data key in clear. A process keeps the few that it uses: the key service is asked once for each."""
    try:
        answer = aws.client("kms").decrypt(CiphertextBlob=encrypted, EncryptionContext={_CONTEXT: account_id})
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _BROKEN:
            raise CredentialError("The data key of a sealed credential cannot be opened.") from None
        raise UnavailableError("The key service did not open a data key.") from error
    except BotoCoreError as error:
        raise UnavailableError("The key service could not be reached.") from error
    plaintext: bytes = answer["Plaintext"]
    return plaintext


def _bound_to(account_id: str, version: int) -> bytes:
    return f"{account_id}|{version}".encode()
