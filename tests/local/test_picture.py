"""The demonstration's picture."""

from local.picture import make_picture
from publishing.adapters.pictures import render


class TestThePicture:
    def test_is_one_that_the_library_takes(self):
        (file,) = render(make_picture(), "image/png")

        assert (file.width, file.height) == (800, 450)
