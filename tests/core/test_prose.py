"""Markdown becomes HTML, and nothing in it becomes a script."""

from apps.core.templatetags.prose import markdown


def test_headings_lists_and_emphasis():
    html = markdown("## The idea\nA **line**.\n\n- one\n- two")
    assert "<h2>The idea</h2>" in html
    assert "<strong>line</strong>" in html
    assert html.count("<li>") == 2


def test_html_and_scripts_are_text():
    html = markdown(
        '<script>alert(1)</script> <img src=x onerror="x"> [a](javascript:alert(1)) ![b](data:text/html,x)'
    )
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html
