"""Jinja templates are rendered once; what depends on the reader stays behind as tokens.

The late names are exactly ``reader`` and ``links``; everything else is evaluated now, in a sandbox.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateAssertionError,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailer.compose.catalogue import Words
from mailer.compose.cut import Cutter
from mailer.compose.filters import FILTERS, REPLACED, WITHDRAWN
from mailer.compose.guard import PLAIN
from mailer.compose.spots import Spots
from mailer.errors import BadInput

# The widest text or list a template may build by multiplication.
_WIDEST = 100_000


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja as a template author meets it: sandboxed, strict, escaping in HTML, never random."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, folders: tuple[Path, ...], kind: str, words: Words | None = None) -> None:
        super().__init__(
            extensions=["jinja2.ext.i18n"],
            loader=FileSystemLoader(folders),
            undefined=StrictUndefined,
            autoescape=kind == "html",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            finalize=_printable,
        )
        self.filters.update({name: FILTERS[name].function for name in REPLACED})
        for name in WITHDRAWN:
            del self.filters[name]
        self.globals = {name: self.globals[name] for name in ("range", "dict", "namespace", "_")}
        self._speak(words or Words())

    def _speak(self, words: Words) -> None:
        """Say the texts in _("…") and {% trans %} in a language; ``lang`` and ``dir`` are that language's."""
        self.policies["ext.i18n.trimmed"] = True
        self.install_gettext_callables(  # type: ignore[attr-defined]
            gettext=words.catalogue.gettext, ngettext=words.catalogue.ngettext, newstyle=True
        )
        self.globals |= {"lang": words.language, "dir": words.direction}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse the operators a few letters of which fill the memory."""
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise TemplateError(f'the operator "{operator}" is not available in templates here')
        if operator == "*" and not all(isinstance(value, (int, float)) for value in (left, right)):
            sizes = [len(value) if hasattr(value, "__len__") else value for value in (left, right)]
            if sizes[0] * sizes[1] > _WIDEST:
                raise TemplateError(f"a text or list of more than {_WIDEST} items is not made here")
        return super().call_binop(context, operator, left, right)


class LateSandbox(Sandbox):
    """The sandbox that cuts every template it loads: parents, includes and imported macros too."""

    def __init__(
        self, folders: tuple[Path, ...], kind: str, words: Words, known: dict[str, frozenset[str]], seed: str
    ) -> None:
        super().__init__(folders, kind, words)
        self.known = known
        self.spots = Spots(seed)
        self.late_mark = self.spots.mark
        self.late_plain = self.spots.plain
        self.filters[PLAIN] = self.spots.plain

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        Cutter(name or "template", self.known, self.spots).visit(tree)
        tree.set_environment(self)
        return tree


@dataclass(frozen=True)
class Draft:
    """A rendered template with its tokens still in place."""

    text: str
    spots: Spots


def render(
    name: str,
    early: Mapping[str, Any],
    *,
    folders: tuple[Path, ...],
    kind: str,
    known: dict[str, frozenset[str]],
    words: Words | None = None,
) -> Draft:
    """Render a template for everyone at once; ``kind`` is html, text or header, ``words`` are English if not given."""
    spelled = repr((name, kind, sorted(early.items()))).encode("utf-8", "replace")
    sandbox = LateSandbox(folders, kind, words or Words(), known, seed=hashlib.sha256(spelled).hexdigest()[:12])
    return Draft(filled(sandbox, name, early), sandbox.spots)


def filled(sandbox: Sandbox, name: str, values: Mapping[str, Any]) -> str:
    """Render one template; whatever goes wrong in it becomes a BadInput with file, line and cure."""
    try:
        return sandbox.get_template(name).render(values)
    except BadInput:
        raise
    except TemplateNotFound as error:
        raise BadInput(
            f'there is no template "{error.name}"',
            place=_place(error.__traceback__, sandbox) or name,
            cure="put the file into the templates folder or correct its name",
        ) from None
    except (TemplateSyntaxError, TemplateAssertionError) as error:
        cure = "see the template designer documentation of Jinja"
        raise BadInput(str(error.message), place=f"{error.name or name}:{error.lineno}", cure=cure) from None
    except RecursionError:
        raise BadInput("the template includes itself without end", place=name, cure="break the circle") from None
    except Exception as error:  # a template may call anything the sandbox allows, with any argument
        raise BadInput(
            " ".join(str(error).split()) or type(error).__name__,
            place=_place(error.__traceback__, sandbox) or name,
            cure="only the variables listed in docs/templates.md exist",
        ) from None


def _place(trace: TracebackType | None, sandbox: Sandbox) -> str:
    """Return file and line of the innermost template in a traceback; Jinja puts its own lines there."""
    place = ""
    folders = sandbox.loader.searchpath if isinstance(sandbox.loader, FileSystemLoader) else []
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        for folder in folders:
            if file.is_relative_to(folder):
                place = f"{file.relative_to(folder).as_posix()}:{trace.tb_lineno}"
                break
        trace = trace.tb_next
    return place


def _printable(value: Any) -> Any:
    if value is None:
        raise TemplateError("this would print None")
    return value
