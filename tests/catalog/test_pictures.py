"""Pictures: what is refused, what becomes of the rest, and how it is shown and served."""

import re
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, ImageFile

from apps.catalog import pictures, rules
from apps.catalog.models import Product, ProductPicture
from tests.catalog.images import picture
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def office(client):
    client.force_login(accounts.staff())
    return client


def save(office, product: Product, *rows: dict, known: int = 0):
    """Send the product's page of the back office with these rows of pictures."""
    form = {
        "name": product.name, "slug": product.slug, "kind": product.kind, "category": product.category_id,
        "summary": product.summary, "status": product.status, "position": 0,
        "variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0, "slots-TOTAL_FORMS": 0, "slots-INITIAL_FORMS": 0,
        "guide-TOTAL_FORMS": 0, "guide-INITIAL_FORMS": 0,
        "pictures-TOTAL_FORMS": len(rows), "pictures-INITIAL_FORMS": known,
    }  # fmt: skip
    for number, row in enumerate(rows):
        facts = {"product": product.pk, "position": number, "alt": "A spade", "variant": "", **row}
        form |= {f"pictures-{number}-{name}": value for name, value in facts.items()}
    return office.post(reverse("admin:catalog_product_change", args=[product.pk]), form)


def opened(content) -> Image.Image:
    return Image.open(BytesIO(content.read()))


def test_a_picture_is_drawn_anew_upright_and_says_nothing_of_the_camera():
    exif = Image.Exif()
    exif[0x0112] = 6  # held sideways
    exif[0x010F] = "Camera of Ada"
    drawn = opened(pictures.prepare(picture(2400, 1200, exif=exif)))
    assert (drawn.format, drawn.size) == ("WEBP", (800, 1600))
    assert not drawn.getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_types_are_taken(kind):
    assert opened(pictures.prepare(picture(kind=kind))).size == (1200, 800)


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (SimpleUploadedFile("a.svg", DRAWING), "no picture that we can read"),
        (SimpleUploadedFile("a.jpg", b"<html>not a picture</html>"), "no picture that we can read"),
        (SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50), "no picture that we can read"),
        (SimpleUploadedFile("a.jpg", b""), "no picture that we can read"),
        (SimpleUploadedFile("a.jpg", b"x" * (pictures.LARGEST_FILE + 1)), "larger than 10 MB"),
        (picture(299, 800), "at least 300 pixels"),
        (picture(8001, 5000), "at most 40 million"),
        (picture(kind="GIF", mode="P"), "no picture that we can read"),
    ],
    ids=["svg", "html", "broken", "empty", "heavy", "small", "large", "gif"],
)
def test_what_is_no_good_is_refused(upload, said):
    with pytest.raises(ValidationError, match=said):
        pictures.prepare(upload)


def test_a_cut_off_picture_is_refused(monkeypatch):
    # As WeasyPrint leaves it once it has drawn a PDF.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = picture()
    with pytest.raises(ValidationError, match="no picture that we can read"):
        pictures.prepare(SimpleUploadedFile("cut.jpg", whole.read()[:-2000]))


def test_staff_upload_and_the_shop_shows_every_size(office):
    spade = catalog.product(slug="spade")
    assert save(office, spade, {"file": picture()}, {"file": picture(700, 700), "alt": "Its handle"}).status_code == 302
    first, second = ProductPicture.objects.all()
    spade.refresh_from_db()
    assert spade.cover == first
    assert re.fullmatch(r"products/[0-9a-f]{32}\.webp", first.file.name)
    assert (first.width, first.height, first.sizes) == (1200, 800, [320, 640, 960, 1200])
    assert second.sizes == [320, 640, 700]
    for width in first.sizes[:-1]:
        with default_storage.open(rules.sized(first.file.name, width)) as file:
            assert opened(file).size == (width, round(800 * width / 1200))

    html = office.get("/shop/spade/").content.decode()
    assert f'srcset="{first.srcset}"' in html
    assert 'width="1200" height="800"' in html
    assert 'alt="Its handle"' in html
    assert first.src == f"/media/{rules.sized(first.file.name, 640)}"
    served = office.get(first.src)
    assert (served.status_code, served["Content-Type"]) == (200, "image/webp")
    assert "immutable" in served["Cache-Control"]
    assert opened(BytesIO(b"".join(served.streaming_content))).size == (640, 427)


def test_a_refused_file_changes_nothing(office):
    spade = catalog.product()
    response = save(office, spade, {"file": SimpleUploadedFile("a.svg", DRAWING)})
    assert response.status_code == 200
    assert "no picture that we can read" in response.content.decode()
    assert not ProductPicture.objects.exists()
    assert not default_storage.exists(rules.PICTURES)


def test_a_picture_of_another_products_variant_is_refused(office):
    spade, rake = catalog.product(), catalog.product()
    response = save(office, spade, {"file": picture(), "variant": rake.variants.get().pk})
    assert "a variant of another product" in response.content.decode()
    assert not ProductPicture.objects.exists()


def test_the_first_picture_is_the_cover_and_removed_ones_are_gone(office, django_capture_on_commit_callbacks):
    spade = catalog.product()
    save(office, spade, {"file": picture()}, {"file": picture(500, 500)})
    first, second = ProductPicture.objects.all()
    with django_capture_on_commit_callbacks(execute=True):
        save(office, spade, {"id": first.pk, "DELETE": "on"}, {"id": second.pk, "position": 1}, known=2)
    spade.refresh_from_db()
    assert spade.cover == second
    assert not default_storage.exists(first.file.name)
    assert not default_storage.exists(rules.sized(first.file.name, 320))
    assert default_storage.exists(second.file.name)


@pytest.mark.parametrize(
    "name", ["../secret", "%2e%2e/settings.py", "x.webp", f"{'a' * 32}.svg", f"{'a' * 32}.webp", f"{'a' * 32}-320.webp"]
)
def test_nothing_but_pictures_is_served(client, name):
    assert client.get(f"/media/products/{name}").status_code == 404


def test_pictures_cost_a_shelf_no_query(client, office, django_assert_num_queries):
    room = catalog.category(slug="shed")
    spade = catalog.product(category=room)
    with django_assert_num_queries(1):
        list(Product.objects.for_cards("EUR"))
    save(office, spade, {"file": picture()})
    with django_assert_num_queries(1):
        assert [product.cover.alt for product in Product.objects.for_cards("EUR")] == ["A spade"]
    assert "/media/products/" in client.get("/shop/c/shed/").content.decode()
