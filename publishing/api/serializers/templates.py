"""Templates and groups of hashtags in requests and answers."""

from typing import Any

from rest_framework import serializers

from publishing.api.serializers.base import (
    MomentField,
    StrictDictField,
    StrictListField,
    StrictSerializer,
    StringField,
    WordingField,
)
from publishing.domain.content import TITLE_LIMIT
from publishing.domain.template import (
    HASHTAG_LIMIT,
    HASHTAGS_LIMIT,
    NAME_LIMIT,
    VALUE_LIMIT,
    HashtagGroup,
    HashtagGroupDraft,
    Rendered,
    Template,
    TemplateDraft,
)


class TemplateIn(StrictSerializer):
    """A template that somebody wants."""

    name = StringField(max_length=NAME_LIMIT, help_text="For people.")
    text = WordingField(help_text="`{{ name }}` is the place of a value.")
    title = StringField(required=False, allow_blank=True, max_length=TITLE_LIMIT)

    def draft(self) -> TemplateDraft:
        """Return the value for the service."""
        return TemplateDraft(**self.validated_data)


class TemplateChangesIn(TemplateIn):
    """An edit; fields that are left out stay as they are."""

    name = StringField(required=False, max_length=NAME_LIMIT)
    text = WordingField(required=False)


class TemplateOut(serializers.Serializer[Template]):
    """A template."""

    id = serializers.CharField()
    owner = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    variables = serializers.ListField(child=serializers.CharField(), help_text="In the order of their first places.")
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()


class TemplatesOut(serializers.Serializer[Any]):
    """All templates."""

    results = TemplateOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ValuesIn(StrictSerializer):
    """Values for a template's variables."""

    values = StrictDictField(
        child=StringField(allow_blank=True, max_length=VALUE_LIMIT), required=False, help_text="Variable → its value."
    )


class RenderedOut(serializers.Serializer[Rendered]):
    """A template with values in it."""

    title = serializers.CharField()
    text = serializers.CharField()


class HashtagGroupIn(StrictSerializer):
    """A group of hashtags that somebody wants."""

    name = StringField(max_length=NAME_LIMIT, help_text="For people.")
    hashtags = StrictListField(
        child=StringField(max_length=HASHTAG_LIMIT),
        max_length=HASHTAGS_LIMIT,
        help_text="Each with or without its `#`, in their order.",
    )

    def draft(self) -> HashtagGroupDraft:
        """Return the value for the service."""
        values = self.validated_data
        hashtags = values.get("hashtags")
        return HashtagGroupDraft(name=values.get("name"), hashtags=None if hashtags is None else tuple(hashtags))


class HashtagGroupChangesIn(HashtagGroupIn):
    """An edit; fields that are left out stay as they are."""

    name = StringField(required=False, max_length=NAME_LIMIT)
    hashtags = StrictListField(
        required=False, child=StringField(max_length=HASHTAG_LIMIT), max_length=HASHTAGS_LIMIT, help_text="All of them."
    )


class HashtagGroupOut(serializers.Serializer[HashtagGroup]):
    """A group of hashtags."""

    id = serializers.CharField()
    owner = serializers.CharField()
    name = serializers.CharField()
    hashtags = serializers.ListField(child=serializers.CharField())
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()


class HashtagGroupsOut(serializers.Serializer[Any]):
    """All groups of hashtags."""

    results = HashtagGroupOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
