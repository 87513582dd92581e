"""The base of models that describe items: fields, forms and permissions. pynamodb reads; nothing writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from django.core import checks
from django.db import models

from publishing.dynadmin.access import Access
from publishing.dynadmin.query import DynamoManager


class WritesNothingError(TypeError):
    """Somebody called what writes in Django. Changes are use cases: see `DynamoModelAdmin.change`."""


class DynamoModel(models.Model):
    """An unmanaged model over a pynamodb item class."""

    #: The pynamodb model whose attributes are called like this model's fields.
    item_class: ClassVar[Any] = None
    #: How it can be listed; the first that fits is taken, and one that answers more by its key goes before.
    access_patterns: ClassVar[tuple[Access, ...]] = ()
    #: Fields that `from_item` makes of something else; they have no attribute of their own.
    derived: ClassVar[frozenset[str]] = frozenset()
    #: The field that grows with every change, by which a lost update is noticed; None where nothing is edited.
    version_field: ClassVar[str | None] = None

    objects = DynamoManager()

    class Meta:
        """Nothing of it is a table of SQL."""

        abstract = True
        managed = False
        base_manager_name = "objects"
        default_manager_name = "objects"

    def save(self, *args: Any, **options: Any) -> None:
        """Refuse: nothing here writes."""
        raise WritesNothingError("Save by a use case of the application.")

    @classmethod
    def item_key(cls, pk: Any) -> Any:  # noqa: ARG003 - what subclasses take
        """Return the key of an instance's item: what the item class's `get` takes."""
        raise TypeError(f"{cls.__name__} does not say how an instance's item is found: define item_key.")

    @classmethod
    def from_item(cls, item: Any) -> Self:
        """Return the instance of an item, or of what an index projects of one."""
        values = {
            field.attname: getattr(item, field.attname, None)
            for field in cls._meta.concrete_fields
            if field.attname not in cls.derived
        }
        made = cls(**{**values, **cls.derive(item)})
        made._state.adding, made._state.db = False, "default"
        made.item = item
        return made

    @classmethod
    def derive(cls, item: Any) -> dict[str, Any]:
        """Return the values of the derived fields."""
        del item
        return {}

    #: The item that it was made of.
    item: Any = None

    @classmethod
    def read(cls, ids: Sequence[Any]) -> list[Self]:
        """Return the instances that exist among these ids, in their order, strongly consistent; a hundred at once."""
        return [cls.from_item(item) for item in cls._items([cls.item_key(pk) for pk in ids])]

    @classmethod
    def complete(cls, items: Sequence[Any]) -> list[Any]:
        """Return items in full, of which an index gave a part; one that is gone meanwhile is left out."""
        return cls._items([_key_of(item) for item in items])

    @classmethod
    def _items(cls, keys: Sequence[Any]) -> list[Any]:
        if not keys:
            return []
        found = {_key_of(item): item for item in cls.item_class.batch_get(list(keys), consistent_read=True)}
        return [found[key] for key in keys if key in found]

    @classmethod
    @contextmanager
    def reading(cls) -> Iterator[None]:
        """Surround every reading; override it to raise the application's own error when the table is away."""
        yield

    def validate_unique(self, exclude: Any = None) -> None:
        """Leave it to the application: the table has no unique constraints beside its keys."""

    def validate_constraints(self, exclude: Any = None) -> None:
        """Leave it to the application, as above."""

    def delete(self, *args: Any, **options: Any) -> Any:
        """Refuse: nothing here writes."""
        raise WritesNothingError("Delete by a use case of the application.")

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        """Read the item again."""
        self.__dict__.update(type(self).objects.get(pk=self.pk).__dict__)

    @classmethod
    def check(cls, **options: Any) -> list[checks.CheckMessage]:
        """Check that the fields have attributes, and that access patterns name fields and indexes that exist."""
        found = list(super().check(**options))
        if cls.item_class is None:
            return found
        return [*found, *_field_problems(cls), *_access_problems(cls)]


def _key_of(item: Any) -> Any:
    kind = type(item)
    hash_key = getattr(item, kind._hash_key_attribute().attr_name)
    sort = kind._range_key_attribute()
    return hash_key if sort is None else (hash_key, getattr(item, sort.attr_name))


def _field_problems(model: type[DynamoModel]) -> Iterator[checks.CheckMessage]:
    attributes = model.item_class.get_attributes()
    for field in model._meta.concrete_fields:
        if field.attname not in attributes and field.attname not in model.derived:
            text = f"{model._meta.label}.{field.attname} has no attribute in {model.item_class.__name__}."
            yield checks.Error(
                text, hint="Name it like an attribute, or list it in `derived`.", obj=model, id="dynadmin.E001"
            )
    if model.version_field is not None and model.version_field not in {field.name for field in model._meta.fields}:
        yield checks.Error(f"{model._meta.label} has no field {model.version_field!r}.", obj=model, id="dynadmin.E002")


def _access_problems(model: type[DynamoModel]) -> Iterator[checks.CheckMessage]:
    names = {field.attname for field in model._meta.concrete_fields}
    for access in model.access_patterns:
        for name in sorted((access.needs | {access.sort or model._meta.pk.attname}) - names):
            text = f"An access pattern of {model._meta.label} names {name!r}, which is no field of it."
            yield checks.Error(text, obj=model, id="dynadmin.E003")
        if access.index is not None and access.index not in model.item_class._indexes:
            text = f"An access pattern of {model._meta.label} names the index {access.index!r}, which there is not."
            yield checks.Error(text, obj=model, id="dynadmin.E004")
        if ("{part}" in access.partition) is not (access.parts is not None):
            text = f"An access pattern of {model._meta.label} needs both `{{part}}` and `parts`, or neither."
            yield checks.Error(text, obj=model, id="dynadmin.E005")
