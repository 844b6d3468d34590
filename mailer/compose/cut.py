"""The pass over a template's syntax tree that cuts out what only the reader decides.

Each output, ``if`` and ``for`` that mentions a late name is replaced by calls that issue a token where it
stood; everything else stays Jinja and is evaluated now.
"""

from collections.abc import Sequence
from dataclasses import replace

from jinja2 import nodes

from mailer.compose.express import Expression, Scope
from mailer.compose.guard import MARK, PLAIN, Guard, Statements
from mailer.compose.late import Expr
from mailer.compose.spots import Site, Spots


class Cutter(Guard):
    """Cuts one template; the sites it makes are kept in ``spots`` until the tokens are issued."""

    def __init__(self, template: str, known: dict[str, frozenset[str]], spots: Spots) -> None:
        super().__init__(template)
        self.known = known
        self.spots = spots

    # -- what is cut out

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        """Cut the late expressions of an output."""
        node.nodes = [self._printed(child) for child in node.nodes]
        return node

    def _printed(self, node: nodes.Expr) -> nodes.Expr:
        if self.scope.mentions(node):
            expr, holes = self._expression(node)
            return self._mark("spot", expr, holes, node.lineno)
        if isinstance(node, nodes.Call):
            return self._call(node)
        if isinstance(node, nodes.CondExpr):
            node.test = self.visit(node.test)
            node.expr1 = self._printed(node.expr1)
            node.expr2 = node.expr2 and self._printed(node.expr2)
            return node
        if isinstance(node, nodes.Concat):
            node.nodes = [self._printed(part) for part in node.nodes]
            return node
        visited: nodes.Expr = self.visit(node)
        return visited

    def visit_If(self, node: nodes.If) -> Statements:
        """Cut an ``if`` whose test is late; leading tests that are early stay where they are."""
        rest: Sequence[nodes.Node] = node.else_
        if node.elif_:
            head, *tail = node.elif_
            rest = [nodes.If(head.test, head.body, tail, node.else_, lineno=head.lineno)]
        if not self.scope.mentions(node.test):
            yes, no = self._body(node.body), self._body(rest)
            return [nodes.If(self.visit(node.test), yes, [], no, lineno=node.lineno)]
        outer, self.scope = self.scope, replace(self.scope, inside=True)
        statements = self._late_if(node.test, self._body(node.body), self._body(rest), node.lineno)
        self.scope = outer
        return statements

    def _late_if(self, test: nodes.Node, yes: Statements, no: Statements, line: int) -> Statements:
        if isinstance(test, nodes.And) and not self.scope.mentions(test.left):
            # An early condition in front may be what makes the body safe to render: it is decided first.
            inner = self._late_if(test.right, yes, no, line)
            return [nodes.If(self.visit(test.left), inner, [], no, lineno=line)]
        expr, holes = self._expression(test)
        return [
            self._marked("if", expr, holes, line),
            *yes,
            self._marked("other", [], [], line),
            *no,
            self._marked("close", [], [], line),
        ]

    def visit_For(self, node: nodes.For) -> Statements | nodes.For:
        """Cut a ``for`` over late items, or over early items with a late condition."""
        names = {name.name for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name)}
        self._reserve(names, node.lineno)
        if self.scope.mentions(node.iter):
            return self._late_loop(node)
        inner = self.scope.without({*names, "loop"})
        if node.test is not None and inner.mentions(node.test):
            return self._chosen_loop(node, inner)
        node.iter = self.visit(node.iter)
        outer, self.scope = self.scope, inner
        node.test = node.test and self.visit(node.test)
        node.body = self._body(node.body)
        self.scope = outer
        node.else_ = self._body(node.else_)
        return node

    def _late_loop(self, node: nodes.For) -> Statements:
        if not isinstance(node.target, nodes.Name):
            self._refuse("a late loop has one variable", node, "name a single variable after for")
        self._refuse_recursion(node)
        expr, holes = self._expression(node.iter)
        outer = self.scope
        late = outer.late | {node.target.name}
        self.scope = replace(outer, late=late, inside=True, looped=True)
        test: Expr = ["const", True]
        if node.test is not None:
            builder = Expression(self.scope, self.known)
            test, offset = builder.build(node.test), len(holes)
            test, holes = _shifted(test, offset), [*holes, *builder.holes]
        self.scope = replace(self.scope, late=late | {"loop"})
        body = self._body(node.body)
        self.scope = replace(outer, inside=True)
        inner = [
            self._marked("for", ["list", [expr, test]], holes, node.lineno, name=node.target.name),
            *body,
            self._marked("other", [], [], node.lineno),
            *self._body(node.else_),
            self._marked("close", [], [], node.lineno),
        ]
        self.scope = outer
        return inner

    def _chosen_loop(self, node: nodes.For, inner: Scope) -> Statements:
        """Unroll a loop over early items with a late condition: every item is rendered, the reader picks."""
        self._refuse_recursion(node)
        if node.test is None:
            raise ValueError("a chosen loop has a test")
        items, outer = self.visit(node.iter), self.scope
        self.scope = replace(inner, inside=True)
        expr, holes = self._expression(node.test)
        self.scope = replace(inner, inside=True, late=inner.late | {"loop"})
        body = [self._marked("case", expr, holes, node.lineno), *self._body(node.body)]
        self.scope = replace(outer, inside=True)
        statements = [
            self._marked("pick", [], [], node.lineno),
            nodes.For(node.target, items, body, [], None, False, lineno=node.lineno),
            self._marked("other", [], [], node.lineno),
            *self._body(node.else_),
            self._marked("close", [], [], node.lineno),
        ]
        self.scope = outer
        return statements

    def visit_Call(self, node: nodes.Call) -> nodes.Call:
        """Let the result of a call be used only if it holds no token."""
        return self._environment_call(
            PLAIN, [self._call(node), nodes.Const(self.scope.place(node.lineno))], node.lineno
        )

    # -- the parts of the work

    def _expression(self, node: nodes.Node) -> tuple[Expr, list[nodes.Node]]:
        builder = Expression(self.scope, self.known)
        expr = builder.build(node)
        return expr, [self.visit(hole) for hole in builder.holes]

    def _mark(self, role: str, expr: Expr, holes: list[nodes.Node], line: int, name: str = "") -> nodes.Call:
        number = self.spots.add_site(Site(role, self.scope.place(line), expr, name))
        return self._environment_call(MARK, [nodes.Const(number), nodes.Tuple(holes, "load")], line)

    def _marked(self, role: str, expr: Expr, holes: list[nodes.Node], line: int, name: str = "") -> nodes.Node:
        return nodes.Output([self._mark(role, expr, holes, line, name)], lineno=line)

    def _environment_call(self, name: str, arguments: list[nodes.Node], line: int) -> nodes.Call:
        return nodes.Call(nodes.EnvironmentAttribute(name), arguments, [], None, None, lineno=line)


def _shifted(expr: Expr, offset: int) -> Expr:
    if expr[:1] == ["hole"]:
        return ["hole", expr[1] + offset, expr[2]]
    return [_shifted(item, offset) if isinstance(item, list) else item for item in expr]
