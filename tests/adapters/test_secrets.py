"""Sealed credentials, with the emulator's key service."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from publishing.adapters import aws, secrets
from publishing.domain.errors import CredentialError
from publishing.items.base import TableItem
from publishing.store import writes
from tests.system import System

KEY = "alias/omnipub"
CLEAR = "a very secret token"


def seal(account_id: str = "A", version: int = 1):
    return secrets.seal(CLEAR, account_id=account_id, version=version, key_id=KEY)


def bound_to(account_id: str) -> dict[str, str]:
    """What the key service binds a data key to."""
    return {"omnipub:account": account_id}


class TestASealedCredential:
    def test_opens_in_its_own_row(self, table: str):
        assert secrets.open_sealed(seal()) == CLEAR

    @pytest.mark.parametrize(
        "moved", [{"account_id": "B"}, {"version": 2}, {"ciphertext": b"x" * 40}, {"nonce": b"x" * 12}]
    )
    def test_does_not_open_elsewhere_or_changed(self, table: str, moved: dict[str, object]):
        sealed = replace(seal(), **moved)

        with pytest.raises(CredentialError) as refused:
            secrets.open_sealed(sealed)

        assert CLEAR not in str(refused.value)

    def test_is_bound_to_its_account_even_under_a_data_key_of_another(self, table: str):
        sealed, kms = seal(account_id="A"), aws.client("kms")
        clear = kms.decrypt(CiphertextBlob=sealed.data_key, EncryptionContext=bound_to("A"))["Plaintext"]
        others = kms.encrypt(KeyId=KEY, Plaintext=clear, EncryptionContext=bound_to("B"))["CiphertextBlob"]

        with pytest.raises(CredentialError, match="does not belong to its row"):
            secrets.open_sealed(replace(sealed, account_id="B", data_key=others))

    def test_has_a_data_key_that_the_key_service_opens_for_its_account_only(self, table: str):
        sealed, kms = seal(account_id="A"), aws.client("kms")

        with pytest.raises(ClientError, match="InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=sealed.data_key, EncryptionContext=bound_to("B"))

    def test_is_nowhere_in_the_table_or_in_its_own_words(self, system: System):
        system.connect("webhook", "newsroom", credential=CLEAR)

        rows = writes.dispatch("Scan", {"TableName": TableItem.Meta.table_name})["Items"]

        assert len(rows) >= 3
        assert CLEAR not in json.dumps(rows, default=str)
        assert CLEAR not in repr(seal())
