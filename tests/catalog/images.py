"""Pictures to upload."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def picture(width: int = 1200, height: int = 800, *, kind: str = "JPEG", mode: str = "RGB", **options):
    """An uploaded picture of one colour."""
    target = BytesIO()
    Image.new(mode, (width, height), "orange").save(target, kind, **options)
    return SimpleUploadedFile(f"../../evil name.{kind.lower()}", target.getvalue())
