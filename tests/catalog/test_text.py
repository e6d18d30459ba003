"""Markdown, facts and reading time."""

import pytest

from apps.catalog import rules, text


def test_markdown_becomes_html():
    html = text.render("## Roots\n\n- **white**\n- [more](https://example.com)")
    assert "<h2>Roots</h2>" in html
    assert "<strong>white</strong>" in html
    assert '<a href="https://example.com" rel="noopener noreferrer">more</a>' in html


@pytest.mark.parametrize(
    ("source", "forbidden"),
    [
        ("<script>alert(1)</script>", "script"),
        ('<p onclick="x()">a</p>', "onclick"),
        ("[x](javascript:alert(1))", "href"),
        ('<a href="javascript:alert(1)">x</a>', "javascript"),
        ('<img src="https://elsewhere.example/pixel">', "img"),
        ('<p style="color:red">a</p>', "style"),
        ("<iframe src='/'></iframe>", "iframe"),
    ],
)
def test_what_could_do_harm_is_removed(source, forbidden):
    assert forbidden not in text.render(source)


def test_quotation_marks_and_dashes_are_those_of_print():
    assert text.render('"Mine", she said -- and that\'s that...') == "<p>“Mine”, she said – and that’s that…</p>\n"


def test_a_table_can_be_scrolled_by_keyboard():
    html = text.render("| a | b |\n|---|---|\n| 1 | 2 |")
    assert html.count('<div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table>') == 1
    assert html.count("</table></div>") == 1


@pytest.mark.parametrize(("count", "minutes"), [(0, 1), (1, 1), (238, 1), (239, 2), (476, 2), (477, 3)])
def test_reading_time_is_rounded_up(count, minutes):
    assert rules.reading_minutes("word " * count) == minutes


def test_facts_are_lines_with_a_colon():
    assert rules.facts("Height: 60 cm\n\nno colon\nRatio: 1:2 ") == [("Height", "60 cm"), ("Ratio", "1:2")]


def test_headings_of_the_second_level():
    assert rules.headings("# One\n## Two\ntext\n### Three\n##  Four ") == ["Two", "Four"]
