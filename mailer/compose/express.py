"""Jinja expressions that mention a late name become expressions of the closed grammar."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import isfinite
from typing import Any, NoReturn

from jinja2 import Undefined, nodes
from markupsafe import Markup

from mailer.compose import fields
from mailer.compose.filters import FILTERS, TESTS
from mailer.compose.late import LATE_NAMES, LOOP_FIELDS, Expr
from mailer.compose.misuse import misuse
from mailer.errors import BadInput


@dataclass(frozen=True)
class Scope:
    """What is late at a place of a template, and whether the place is inside a late block or loop."""

    template: str
    late: frozenset[str] = frozenset(LATE_NAMES)
    inside: bool = False
    looped: bool = False

    def without(self, names: set[str]) -> "Scope":
        """Return the scope in which the names are bound early."""
        return replace(self, late=self.late - names)

    def place(self, line: int) -> str:
        """Return ``page.html:12``."""
        return f"{self.template}:{line}"

    def refuse(self, problem: str, line: int, cure: str) -> NoReturn:
        """Raise BadInput that names file, line and cure."""
        raise BadInput(problem, place=self.place(line), cure=cure)

    def mentions(self, *trees: nodes.Node | None) -> bool:
        """Say whether any tree looks at a name that is late here."""
        return any(
            name.name in self.late
            for tree in trees
            if tree is not None
            for name in (*tree.find_all(nodes.Name), *([tree] if isinstance(tree, nodes.Name) else []))
        )


@dataclass
class Expression:
    """One late expression under construction: its early parts are collected as holes."""

    scope: Scope
    known: dict[str, frozenset[str]]

    def __post_init__(self) -> None:
        self.holes: list[nodes.Node] = []

    def build(self, node: nodes.Node, *, may_be_undefined: bool = False) -> Expr:
        """Return the expression with ``["hole", n]`` for each early part; BadInput if it cannot be kept."""
        if not self.scope.mentions(node):
            self.holes.append(node)
            return ["hole", len(self.holes) - 1, may_be_undefined]
        builder = getattr(self, f"_{type(node).__name__.lower()}", None)
        if builder is None:
            self._cannot(node)
        expr: Expr = builder(node)
        return expr

    def _cannot(self, node: nodes.Node) -> NoReturn:
        what = _NAMED.get(type(node).__name__, type(node).__name__.lower())
        self.scope.refuse(
            f"{what} cannot be kept until the reader is known",
            node.lineno,
            "use comparison, and/or/not, ~, if … else and the filters " + ", ".join(sorted(FILTERS)),
        )

    def _name(self, node: nodes.Name) -> Expr:
        if node.name in self.known:
            some = ", ".join(f"{node.name}.{field}" for field in sorted(self.known[node.name])[:4])
            self.scope.refuse(f'"{node.name}" alone has no value', node.lineno, f"name one of its fields: {some}")
        if node.name == "loop":
            self.scope.refuse('"loop" alone has no value', node.lineno, "name one of its fields: loop.index")
        return ["var", node.name]

    def _getattr(self, node: nodes.Getattr) -> Expr:
        return self._field(node, node.attr)

    def _getitem(self, node: nodes.Getitem) -> Expr:
        if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, str):
            self.scope.refuse(
                "an index into a late value cannot be kept",
                node.lineno,
                "use |first, |last or |truncate, and write a field as reader.city",
            )
        return self._field(node, node.arg.value)

    def _field(self, node: nodes.Getattr | nodes.Getitem, field: str) -> Expr:
        owner = node.node
        if isinstance(owner, nodes.Name) and owner.name in self.known:
            if field not in self.known[owner.name]:
                self._unknown(owner.name, field, node.lineno)
            return ["get", owner.name, field]
        if isinstance(owner, nodes.Name) and owner.name == "loop":
            if field not in LOOP_FIELDS:
                self.scope.refuse(
                    f"loop.{field} does not exist in a late loop",
                    node.lineno,
                    "use one of loop." + ", loop.".join(LOOP_FIELDS),
                )
            return ["loop", field]
        problem = f'a late value has no attribute "{field}"'
        return self.scope.refuse(problem, node.lineno, "use a filter such as |upper instead")

    def _unknown(self, name: str, field: str, line: int) -> NoReturn:
        known = sorted(self.known[name])
        near = get_close_matches(field, known, n=1)
        if near:
            cure = f"did you mean {name}.{near[0]}?"
        elif name == "reader":
            cure = f"declare it under [people.attributes] or use one of: {', '.join(known)}"
        else:
            cure = f"use one of: {', '.join(known)}"
        sort = "is not a declared attribute" if name == "reader" else "does not exist here"
        self.scope.refuse(f"{name}.{field} {sort}", line, cure)

    def _call(self, node: nodes.Call) -> Expr:
        handed = [*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs]
        if self.scope.mentions(*handed):
            refuse_argument(self.scope, node.lineno)
        self.scope.refuse(
            "a late value has no methods",
            node.lineno,
            "use a filter: reader.name|upper, not reader.name.upper()",
        )

    def _and(self, node: nodes.And) -> Expr:
        return ["and", self.build(node.left), self.build(node.right)]

    def _or(self, node: nodes.Or) -> Expr:
        return ["or", self.build(node.left), self.build(node.right)]

    def _not(self, node: nodes.Not) -> Expr:
        return ["not", self.build(node.node)]

    def _condexpr(self, node: nodes.CondExpr) -> Expr:
        if node.expr2 is None:
            self.scope.refuse("an inline if without else has no value for some readers", node.lineno, 'add else ""')
        return ["if", self.build(node.test), self.build(node.expr1), self.build(node.expr2)]

    def _concat(self, node: nodes.Concat) -> Expr:
        return ["cat", [self.build(part) for part in node.nodes]]

    def _list(self, node: nodes.List) -> Expr:
        return ["list", [self.build(item) for item in node.items]]

    def _tuple(self, node: nodes.Tuple) -> Expr:
        return ["list", [self.build(item) for item in node.items]]

    def _compare(self, node: nodes.Compare) -> Expr:
        ops = [[operand.op, self.build(operand.expr)] for operand in node.ops]
        return ["cmp", self.build(node.expr), ops]

    def _filter(self, node: nodes.Filter) -> Expr:
        if node.name not in FILTERS:
            near = get_close_matches(node.name, sorted(FILTERS), n=1)
            self.scope.refuse(
                f'the filter "{node.name}" cannot be used on a late value',
                node.lineno,
                f"did you mean {near[0]}?" if near else f"use one of: {', '.join(sorted(FILTERS))}",
            )
        return ["filter", node.name, *self._applied(node, node.name in ("default", "d"))]

    def _test(self, node: nodes.Test) -> Expr:
        if node.name in ("in", "=="):
            operator = {"in": "in", "==": "eq"}[node.name]
            return ["cmp", self.build(node.node), [[operator, self.build(node.args[0])]]]
        if node.name not in TESTS:
            self.scope.refuse(
                f'the test "{node.name}" cannot be used on a late value',
                node.lineno,
                f"use a comparison or one of: {', '.join(sorted(TESTS))}",
            )
        return ["test", node.name, *self._applied(node, False)]

    def _applied(self, node: nodes.Filter | nodes.Test, may_be_undefined: bool) -> list[Any]:
        if node.kwargs or node.dyn_args or node.dyn_kwargs or node.node is None:
            self.scope.refuse(
                f'"{node.name}" on a late value takes its arguments by position only',
                node.lineno,
                f"write {node.name}(value) instead of {node.name}(name=value)",
            )
        value = self.build(node.node, may_be_undefined=may_be_undefined)
        return [value, [self.build(argument) for argument in node.args]]


def refuse_argument(scope: Scope, line: int) -> NoReturn:
    """Refuse a late value handed to a macro or function."""
    scope.refuse(
        "a late value cannot be an argument of a macro or function",
        line,
        "print it where it is needed: reader and links may be used inside the macro itself",
    )


def complete(expr: Expr, values: tuple[Any, ...], place: str) -> Expr:
    """Return the expression, holes filled with early values, decided branches gone; BadInput if unfit."""
    whole = fields.simplify(_filled(expr, values, place))
    for part in fields.walk(whole):
        problem = misuse(part)
        if part == ["const", None]:
            problem = "a value beside a late one is none"
        if problem:
            raise BadInput(problem, place=place, cure="compare like with like; |int makes a number of a text")
    return whole


def _filled(expr: Expr, values: tuple[Any, ...], place: str) -> Expr:
    if expr[0] == "hole":
        return constant(values[expr[1]], place, may_be_undefined=expr[2])
    return [_filled_item(item, values, place) if isinstance(item, list) else item for item in expr]


def _filled_item(item: list[Any], values: tuple[Any, ...], place: str) -> list[Any]:
    if item and isinstance(item[0], str):
        return _filled(item, values, place)
    return [_filled_item(inner, values, place) for inner in item]


def constant(value: Any, place: str, *, may_be_undefined: bool = False) -> Expr:
    """Return an early value as a constant; BadInput if it is not text, number or a list of them."""
    if isinstance(value, Undefined):
        if may_be_undefined:
            return ["const", ""]
        str(value)  # StrictUndefined says which name it was
    if isinstance(value, Markup):
        if "<" in value:
            # It would miss its styles: they are written on the elements before the reader is known.
            raise BadInput(
                "tags cannot be chosen inside a late expression",
                place=place,
                cure="write them in the branches of {% if %}",
            )
        return ["safe", str(value)]
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and isfinite(value)):
        return ["const", value]
    if isinstance(value, (list, tuple)):
        return ["list", [constant(item, place) for item in value]]
    raise BadInput(
        f"this value ({type(value).__name__}) cannot be kept beside a late one",
        place=place,
        cure="print one of its fields",
    )


_NAMED = {
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "**",
    "Neg": "-",
    "Pos": "+",
    "Slice": "a slice",
    "Dict": "a mapping",
}
