"""Notifications signed as SNS signs them, with a key and certificate of our own that outlive the process.

Written from the public description of the signature and not from the code that checks it, so that the two check one
another.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from local.plan import TOPIC
from local.platforms.base import timestamp

if TYPE_CHECKING:
    from pathlib import Path

_VALID_FOR = timedelta(days=3650)


class Signer:
    """Signs for one topic. Its key is made at the first start and kept."""

    def __init__(self, state_dir: Path, *, now: datetime) -> None:
        self._file = state_dir / "sns.pem"
        if not self._file.exists():
            _make(self._file, now)
        pem = self._file.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - made below
        self._key = key
        certificate = x509.load_pem_x509_certificate(pem)
        #: What is served; the key is not in it.
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM)
        #: Named after its content, as the real ones are: another certificate has another address.
        self.name = f"SimpleNotificationService-{certificate.fingerprint(hashes.SHA256()).hex()[:32]}.pem"

    def notify(self, content: str, *, number: str, address: str, now: datetime) -> bytes:
        """Return a notification with this content, as it is posted."""
        fields = {
            "Type": "Notification",
            "MessageId": number,
            "TopicArn": TOPIC,
            "Message": content,
            "Timestamp": timestamp(now),
        }
        return self._sign(fields, ("Message", "MessageId", "Timestamp", "TopicArn", "Type"), address)

    def ask(self, token: str, *, number: str, address: str, now: datetime) -> bytes:
        """Return the question whether an address wants the topic."""
        fields = {
            "Type": "SubscriptionConfirmation",
            "MessageId": number,
            "Token": token,
            "TopicArn": TOPIC,
            "Message": f"You have chosen to subscribe to the topic {TOPIC}.",
            "SubscribeURL": f"{address}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}",
            "Timestamp": timestamp(now),
        }
        names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        return self._sign(fields, names, address)

    def _sign(self, fields: dict[str, str], names: tuple[str, ...], address: str) -> bytes:
        lines = [line for name in names for line in (name, fields[name])]
        signed = ("\n".join(lines) + "\n").encode()
        signature = self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        envelope = {
            **fields,
            "SignatureVersion": "2",
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": f"{address}/{self.name}",
        }
        return json.dumps(envelope).encode()


def _make(file: Path, now: datetime) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID_FOR)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Under its name only once it is complete: a start may be killed at any point.
    draft = file.with_suffix(".new")
    draft.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    draft.chmod(0o600)
    draft.replace(file)
