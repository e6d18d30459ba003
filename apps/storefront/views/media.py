"""Uploaded pictures, where no server in front of the shop hands them out."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from apps.catalog import rules

_FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, name: str) -> FileResponse:
    """One file of a picture. Its address allows no names but our own, and what they hold never changes."""
    try:
        file = default_storage.open(f"{rules.PICTURES}/{name}")
    except FileNotFoundError as missing:
        raise Http404 from missing
    return FileResponse(file, content_type="image/webp", headers={"Cache-Control": _FOR_EVER})
