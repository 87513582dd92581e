"""Media in requests and answers. No answer has what the names of files are derived from."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from publishing.api.context import public_url
from publishing.api.serializers.accounts import ProblemNoteOut
from publishing.api.serializers.base import MomentField, StrictIntegerField, StrictSerializer, StringField, choices_of
from publishing.domain.content import ALT_TEXT_LIMIT
from publishing.domain.media import (
    MEDIA_TYPES,
    NAME_LIMIT,
    UPLOAD_LIMIT,
    MediaStatus,
    Medium,
    MediumChanges,
    NewMedium,
    Rendition,
    Upload,
)
from publishing.domain.video import VIDEO_LIMIT, VideoFacts


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": VIDEO_LIMIT})
class SizeField(StrictIntegerField):
    """How large a file is; judged by the domain's rule, in the domain's words."""


class MediumIn(StrictSerializer):
    """A file that somebody wants to upload."""

    name = StringField(max_length=NAME_LIMIT, help_text="The file's name, for people.")
    media_type = StringField(max_length=100, help_text=f"One of {', '.join(MEDIA_TYPES)}.")
    size = SizeField(help_text=f"In bytes, exactly; at most {UPLOAD_LIMIT:,} of a picture, {VIDEO_LIMIT:,} of a video.")
    alt_text = StringField(required=False, allow_blank=True, default="", max_length=ALT_TEXT_LIMIT)

    def wanted(self) -> NewMedium:
        """Return the value for the service."""
        return NewMedium(**self.validated_data)


class MediumChangesIn(StrictSerializer):
    """An edit; fields that are left out stay as they are."""

    name = StringField(required=False, max_length=NAME_LIMIT)
    alt_text = StringField(required=False, allow_blank=True, max_length=ALT_TEXT_LIMIT)

    def changes(self) -> MediumChanges:
        """Return the value for the service."""
        return MediumChanges(**self.validated_data)


class VideoOut(serializers.Serializer[VideoFacts]):
    """What a video says of itself."""

    duration_ms = serializers.IntegerField()
    codec = serializers.CharField(help_text="Four letters: `avc1` for H.264, `hvc1` for HEVC.")
    sound = serializers.CharField(allow_null=True, help_text="The same of its sound; null where there is none.")


class RenditionOut(serializers.Serializer[Rendition]):
    """One file made of a medium."""

    url = serializers.SerializerMethodField(help_text="Public; it never changes what it shows.")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    frames = serializers.IntegerField()
    sha256 = serializers.CharField()
    video = VideoOut(allow_null=True, help_text="Null of a picture.")

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, file: Rendition) -> str:
        """Return its public address."""
        return public_url(file.key)


class MediumOut(serializers.Serializer[Medium]):
    """One picture or video of the library."""

    id = serializers.CharField()
    owner = serializers.CharField()
    status = serializers.ChoiceField(choices=choices_of(MediaStatus))
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes, as it was uploaded.")
    alt_text = serializers.CharField()
    url = serializers.SerializerMethodField(
        help_text="Of the picture in full, or of the video; null until it is ready."
    )
    renditions = RenditionOut(
        many=True, help_text="The picture in full, then a smaller one where one is of use; of a video, the file itself."
    )
    problem = ProblemNoteOut(allow_null=True, help_text="Why it was refused.")
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_url(self, medium: Medium) -> str | None:
        """Return the public address of the first file."""
        return public_url(medium.renditions[0].key) if medium.renditions else None


class UploadOut(serializers.Serializer[Upload]):
    """Permission to upload the file: post a multipart/form-data form with these fields, then the field `file`."""

    url = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]  # DRF keeps both apart
    expires_at = MomentField()


class NewMediumOut(MediumOut):
    """A new medium, and how to upload its file."""

    upload = UploadOut()


def present_upload(medium: Medium, upload: Upload) -> dict[str, Any]:
    """Return a new medium with the permission to upload its file as it is answered."""
    return {**MediumOut(medium).data, "upload": UploadOut(upload).data}


class MediaOut(serializers.Serializer[Any]):
    """A page of media."""

    results = MediumOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")
    previous = serializers.CharField(allow_null=True)
