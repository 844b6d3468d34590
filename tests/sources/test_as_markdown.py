"""A statement's HTML as Markdown: read again, it is the same HTML, whatever stands in it."""

import pytest

from mailer.compose import content
from mailer.sources import as_markdown
from tests.compose.samples import STATEMENTS

BLOCKS = (
    "<p>A *star*, a_b_c, `tick`, [x](y), &lt;b&gt; and &amp;amp; too</p>",
    "<p>1. no list</p><p>12) nor this</p><p># no heading</p><p>- no item</p><p>2023. A year</p><p>&gt; no quote</p>",
    "<p>fo<strong>(o)</strong>bar <em>it</em><strong> blank </strong>H<sub>2</sub>O <code>a`b``c</code></p>",
    '<p><a href="https://x.example/a_(b)?c=1&amp;d=2">a <em>link</em></a> or <a href="https://y.example/">https://y.example/</a></p>',
    "<p>line<br>break<br># and mark</p>",
    "<ul><li>one<ul><li>in it</li></ul></li><li>two</li></ul><ol start=3><li>three</li><li>four</li></ol>",
    "<ul><li><p>a</p><p>b</p></li><li><p>c</p></li></ul>",
    "<blockquote><p>one</p><blockquote><p>two</p></blockquote></blockquote><hr><pre>a\n\n  ```b</pre>",
    "<table><thead><tr><th>A|B</th><th>C</th></tr></thead><tbody><tr><td>1</td><td><b>2</b></td></tr></tbody></table>",
    "<table><tbody><tr><td>no</td><td>head</td></tr><tr><td>c</td><td>d</td></tr></tbody></table>",
    "<figure><img src='https://x.example/a.png' alt='[A] pic'><figcaption>c</figcaption></figure>",
    "<h2>One</h2><h3>Two *x*</h3><p>t</p><h2>Three</h2>",
    "<dl><dt>t</dt><dd>d</dd></dl>",
    "",
)


def same(markdown: str, html: str) -> bool:
    levelled = as_markdown._levelled(content.from_markdown(markdown).html)
    return levelled == as_markdown._levelled(html)


@pytest.mark.parametrize("html", BLOCKS)
def test_it_is_the_same_again(html: str) -> None:
    safe = content.sanitise(html)
    markdown = as_markdown.from_safe(safe)
    assert same(markdown, safe), markdown


def test_samples_are_plain_markdown_again() -> None:
    for sample in STATEMENTS:
        statement = sample.statement()
        markdown = as_markdown.from_safe(statement.body_html)
        assert same(markdown, statement.body_html)
        assert content.from_markdown(markdown).text == statement.body_text
        assert "<p" not in markdown


def test_nothing_active_is_left_of_what_was_pasted() -> None:
    html = "<p onclick=x()>A<script>x()</script><a href='javascript:x()'>b</a><o:p>c</o:p></p><style>p{}</style>"
    assert as_markdown.from_html(html) == "Abc\n"
