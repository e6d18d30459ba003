"""How a page looks and works for everybody: two widths, day and night, and the accessibility rules of axe."""

from collections.abc import Callable

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

LOOKS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
# A page enlarged four times on a screen of 1280 px (WCAG 2.2, 1.4.10).
NARROWEST = 320
# By night only colours are others: the document, its names and its order are those of the day.
_EVERYTHING = {"resultTypes": ["violations"]}
_COLOURS = {**_EVERYTHING, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def check(page: Page, name: str, snap: Callable[[Page, str], None]) -> None:
    """Look at the open page in all four ways, keep a picture of each, and find nothing that axe complains about; at
    the narrowest nobody has to scroll sideways."""
    # Pictures below the fold are loaded when somebody scrolls to them.
    page.evaluate("document.querySelectorAll('img[loading]').forEach(picture => { picture.loading = 'eager'; })")
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = complaints(page, _COLOURS if scheme == "dark" else _EVERYTHING)
        snap(page, f"{name}-{width}-{scheme}")
        assert found.violations_count == 0, f"{name}, {width} px, {scheme}:\n{found.generate_report()}"
        fits(page, name, width)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    fits(page, name, NARROWEST)
    page.set_viewport_size({"width": 1280, "height": 900})


def complaints(page: Page, options: dict) -> AxeResults:
    """What axe finds on the page. Its script is long, and a page reads it once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return AxeResults(page.evaluate("options => axe.run(options)", options))


def fits(page: Page, name: str, width: int) -> None:
    """Nobody has to scroll sideways."""
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways == 0, f"{name} scrolls sideways by {sideways} px at {width} px"
