"""Markdown: CommonMark with tables, strikethrough and bare links, as HTML and as blocks for the text part."""

from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from mailer.compose import links, tidy, tree, walk
from mailer.compose.blocks import Block, Heading, Items, Paragraph, Quote, Rule, Table, Verbatim
from mailer.compose.plaintext import Notes


def tokens(text: str) -> list[Token]:
    """Return the token stream of a Markdown text."""
    return _READER.parse(text)


def html(stream: list[Token]) -> str:
    """Return the stream as HTML that still has to be sanitised: raw HTML of the writer is in it."""
    rendered: str = _READER.renderer.render(stream, _READER.options, {})
    return rendered


def blocks(stream: list[Token], base: str, notes: Notes) -> tuple[Block, ...]:
    """Return the stream as blocks, with the headings still at the levels they were written."""
    return _Reader(base, notes).blocks(SyntaxTreeNode(stream).children)


def plain(token: Token) -> str:
    """Return the running text of an inline token without any link notes."""
    return _Reader("", Notes()).inline(SyntaxTreeNode([token]).children[0], noted=False)


class _Reader:
    """Reads a syntax tree block by block."""

    def __init__(self, base: str, notes: Notes) -> None:
        self._base = base
        self._notes = notes

    def blocks(self, nodes: Iterable[SyntaxTreeNode]) -> tuple[Block, ...]:
        return tuple(block for node in nodes for block in self._block(node))

    def _block(self, node: SyntaxTreeNode) -> tuple[Block, ...]:
        match node.type:
            case "heading":
                return (Heading(int(node.tag[1:]), self._line(node)),)
            case "bullet_list":
                return (Items(tuple(self.blocks(item.children) for item in node.children)),)
            case "ordered_list":
                start = int(node.attrs.get("start", 1))
                return (Items(tuple(self.blocks(item.children) for item in node.children), start),)
            case "blockquote":
                return (Quote(self.blocks(node.children)),)
            case "fence" | "code_block":
                return (Verbatim(node.content),)
            case "hr":
                return (Rule(),)
            case "table":
                rows = [row for part in node.children for row in part.children]
                head = sum(len(part.children) for part in node.children if part.type == "thead")
                return (Table(tuple(tuple(self._line(cell) for cell in row.children) for row in rows), head),)
            case "html_block":
                return walk.blocks(tidy.tidied(tree.parse(node.content), self._base), self._notes)
            case _:
                text = self._line(node)
                return (Paragraph(text),) if text.strip() else ()

    def _line(self, node: SyntaxTreeNode) -> str:
        return "".join(self.inline(child) for child in node.children).strip()

    def inline(self, node: SyntaxTreeNode, *, noted: bool = True) -> str:
        if any(each.type == "html_inline" for each in node.children):
            return self._through_html(node, noted)
        return "".join(self._piece(child, noted) for child in node.children)

    def _piece(self, node: SyntaxTreeNode, noted: bool) -> str:
        match node.type:
            case "text" | "code_inline":
                return node.content
            case "softbreak":
                return " "
            case "hardbreak":
                return "\n"
            case "image":
                alt = "".join(self._piece(child, noted=False) for child in node.children)
                src = links.image(str(node.attrs.get("src", "")), self._base) if noted else ""
                return self._notes.picture(alt, src)
            case "link":
                label = "".join(self._piece(child, noted=False) for child in node.children)
                url = links.absolute(str(node.attrs.get("href", "")), self._base)
                return self._notes.link(label, url) if noted else label
            case "html_inline":
                return ""
            case kind:
                return walk.mark(kind, "".join(self._piece(child, noted) for child in node.children))

    def _through_html(self, node: SyntaxTreeNode, noted: bool) -> str:
        """A line with raw HTML in it is read as HTML, so that the text says what the page shows."""
        body = tidy.tidied(tree.parse(html(node.to_tokens())), self._base)
        return "\n".join(walk.inline(block, self._notes if noted else Notes()) for block in body)


def _bare_links(state: StateCore) -> None:
    """Turn bare addresses in running text into links, except inside a link."""
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        inside = 0
        children: list[Token] = []
        for child in token.children:
            inside += child.nesting if child.type in ("link_open", "link_close") else 0
            if child.type == "text" and not inside:
                children += _linked(child)
            else:
                children.append(child)
        token.children = children


def _linked(token: Token) -> list[Token]:
    found: list[Token] = []
    for text, url in links.bare(token.content):
        piece = Token("text", "", 0, content=text, level=token.level)
        if url:
            opening = Token("link_open", "a", 1, attrs={"href": url}, level=token.level)
            found += [opening, piece, Token("link_close", "a", -1, level=token.level)]
        else:
            found.append(piece)
    return found


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True, "maxNesting": 30})
    reader.enable(["table", "strikethrough"])
    reader.core.ruler.push("bare_links", _bare_links)
    return reader


_READER = _reader()
