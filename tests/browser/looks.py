"""How a page looks and works for everybody: two widths, day and night, and the accessibility rules of axe."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
_axe = Axe()


def check(page: Page, name: str, snap: Callable[[Page, str], None]) -> None:
    """Look at the open page in all four ways, keep a picture of each, and find nothing that axe complains about."""
    # Pictures below the fold are loaded when somebody scrolls to them.
    page.evaluate("document.querySelectorAll('img[loading]').forEach(picture => { picture.loading = 'eager'; })")
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = _axe.run(page)
        snap(page, f"{name}-{width}-{scheme}")
        assert found.violations_count == 0, f"{name}, {width} px, {scheme}:\n{found.generate_report()}"
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways == 0, f"{name} scrolls sideways by {sideways} px at {width} px"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
