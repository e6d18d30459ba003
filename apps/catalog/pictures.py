"""What becomes of a picture that staff upload: it is checked, drawn anew, and kept in several sizes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from . import rules
from .models import Product, ProductPicture

LARGEST_FILE = 10 * 1024 * 1024
SHORTEST_SIDE = 300
MOST_PIXELS = 40_000_000
_LARGEST_SIDE = 1600
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82


def prepare(upload: UploadedFile) -> ContentFile:
    """The picture drawn anew as WebP, upright, at most 1600 pixels wide or high, without what the camera wrote into it.

    Raises ValidationError for what is no JPEG, PNG or WebP, too large a file, or a picture too small or too large. A
    drawing (SVG) is refused: it may carry scripts.
    """
    if upload.size is None or upload.size > LARGEST_FILE:
        raise ValidationError(_("The file is larger than %(mb)d MB.") % {"mb": LARGEST_FILE // 1024 // 1024})
    upload.seek(0)
    try:
        with _whole_files_only(), Image.open(upload, formats=_FORMATS) as opened:
            _check_dimensions(opened)
            drawn = ImageOps.exif_transpose(opened)
            drawn = drawn.convert("RGBA" if drawn.has_transparency_data else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as problem:
        raise ValidationError(_("This is no picture that we can read. Send a JPEG, PNG or WebP.")) from problem
    drawn.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    return ContentFile(_webp(drawn), name="picture.webp")


@contextmanager
def _whole_files_only() -> Iterator[None]:
    """WeasyPrint tells Pillow, for the whole process, to fill up with grey what is missing of a picture."""
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


@transaction.atomic
def settle(product: Product) -> None:
    """Write the sizes of the product's pictures that are missing, and make the first picture its cover."""
    pictures = list(product.pictures.all())
    for picture in pictures:
        _write_sizes(picture)
    cover = pictures[0] if pictures else None
    Product.objects.filter(pk=product.pk).update(cover=cover)
    product.cover = cover


def remove_files(picture: ProductPicture) -> None:
    """Take the picture's files away once its row is gone for good."""
    storage, names = picture.file.storage, [picture.name, *_names(picture).values()]
    for name in names:
        transaction.on_commit(partial(storage.delete, name))


def _check_dimensions(picture: Image.Image) -> None:
    if min(picture.size) < SHORTEST_SIDE:
        raise ValidationError(_("The picture is too small: at least %(n)d pixels each way.") % {"n": SHORTEST_SIDE})
    if picture.width * picture.height > MOST_PIXELS:
        raise ValidationError(
            _("The picture has too many pixels: at most %(n)d million.") % {"n": MOST_PIXELS // 10**6}
        )


def _names(picture: ProductPicture) -> dict[int, str]:
    return {width: rules.sized(picture.name, width) for width in picture.sizes if width != picture.width}


def _write_sizes(picture: ProductPicture) -> None:
    storage = picture.file.storage
    missing = {width: name for width, name in _names(picture).items() if not storage.exists(name)}
    if not missing:
        return
    with storage.open(picture.name) as file, Image.open(file, formats=["WEBP"]) as large:
        for width, name in missing.items():
            height = max(1, round(large.height * width / large.width))
            storage.save(name, ContentFile(_webp(large.resize((width, height)))))


def _webp(picture: Image.Image) -> bytes:
    target = BytesIO()
    picture.save(target, "WEBP", quality=_QUALITY)
    return target.getvalue()
