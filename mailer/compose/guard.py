"""What a template may not do with late values, refused with file, line and cure."""

from collections.abc import Sequence
from typing import NoReturn

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from mailer.compose.express import Scope, refuse_argument
from mailer.compose.late import LATE_NAMES

Statements = list[nodes.Node]

# Names under which the environment holds what the cut calls; templates cannot reach attributes of it.
MARK, PLAIN = "late_mark", "late_plain"


class Guard(NodeTransformer):
    """Walks a template and refuses what could not be kept until the reader is known."""

    def __init__(self, template: str) -> None:
        self.scope = Scope(template)

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        """Refuse assigning late values, and assigning inside a late block."""
        if self.scope.mentions(node.node):
            self._refuse("a late value cannot be assigned", node, "print it where it is needed instead of {% set %}")
        self._refuse_inside(node, "an assignment")
        return self._visited(node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        """Refuse late values in a ``set`` block; what it catches must be free of tokens."""
        self._refuse_late(node, "a set block")
        self._refuse_inside(node, "an assignment")
        visited = self._visited(node)
        node.filter = self._plain_first(node.filter, node.lineno)
        return visited

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
        """Refuse late values in a ``filter`` block; what it catches must be free of tokens."""
        self._refuse_late(node, "a filter block")
        visited = self._visited(node)
        node.filter = self._plain_first(node.filter, node.lineno)
        return visited

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier) -> nodes.Node:
        """Refuse late values where escaping is switched: their escaping follows the place, always."""
        self._refuse_late(node, "an autoescape block")
        return self._visited(node)

    def visit_With(self, node: nodes.With) -> nodes.Node:
        """Refuse late values bound by ``with``."""
        if self.scope.mentions(*node.values):
            self._refuse("a late value cannot be assigned", node, "print it where it is needed instead of {% with %}")
        names = {name.name for target in node.targets for name in [target] if isinstance(name, nodes.Name)}
        self._reserve(names, node.lineno)
        node.values = [self.visit(value) for value in node.values]
        outer, self.scope = self.scope, self.scope.without(names)
        node.body = self._body(node.body)
        self.scope = outer
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        """Cut a macro's body on its own terms; refuse a macro made inside a late block."""
        self._refuse_inside(node, "a macro")
        self._reserve({node.name, *(argument.name for argument in node.args)}, node.lineno)
        return self._visited(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        """Cut the body of a ``call`` block; refuse late arguments of the call."""
        names = {argument.name for argument in node.args}
        self._reserve(names, node.lineno)
        if self.scope.mentions(node.call, *node.defaults):
            refuse_argument(self.scope, node.lineno)
        node.call = self._call(node.call)
        outer, self.scope = self.scope, self.scope.without(names)
        node.body = self._body(node.body)
        self.scope = outer
        return node

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        """Refuse a late include name, and includes that would need a late loop's variable."""
        if self.scope.mentions(node.template):
            self._refuse(
                "the name of an include cannot depend on the reader",
                node,
                "include each file inside its own {% if %}",
            )
        if self.scope.looped and node.with_context:
            self._refuse("an include inside a late loop cannot see the loop's variable", node, 'add "without context"')
        return self._visited(node)

    def visit_Extends(self, node: nodes.Extends) -> nodes.Node:
        """Refuse a late parent."""
        if self.scope.mentions(node.template):
            self._refuse("the parent of a template cannot depend on the reader", node, "extend one named file")
        return self._visited(node)

    def visit_Import(self, node: nodes.Import) -> nodes.Node:
        """Refuse an import that is late or inside a late block."""
        self._reserve({node.target}, node.lineno)
        return self._import(node)

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:
        """Refuse an import that is late or inside a late block."""
        self._reserve({name if isinstance(name, str) else name[1] for name in node.names}, node.lineno)
        return self._import(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        """Refuse a block inside a late loop: what overrides it could not see the loop's variable."""
        if self.scope.looped:
            self._refuse("a block cannot stand inside a late loop", node, "put the loop inside the block")
        return self._visited(node)

    def visit_Name(self, node: nodes.Name) -> nodes.Name:
        """Refuse binding a late name."""
        if node.ctx != "load":
            self._reserve({node.name}, node.lineno)
        return node

    def _import(self, node: nodes.Import | nodes.FromImport) -> nodes.Node:
        if self.scope.mentions(node.template):
            self._refuse("the name of an import cannot depend on the reader", node, "import one named file")
        self._refuse_inside(node, "an import")
        return self._visited(node)

    def _visited(self, node: nodes.Node) -> nodes.Node:
        visited: nodes.Node = self.generic_visit(node)
        return visited

    def _call(self, node: nodes.Call) -> nodes.Call:
        self.generic_visit(node)
        return node

    def _body(self, statements: Sequence[nodes.Node]) -> Statements:
        done: Statements = []
        for statement in statements:
            visited = self.visit(statement)
            done += visited if isinstance(visited, list) else [visited]
        return done

    def _plain_first(self, chain: nodes.Filter | None, line: int) -> nodes.Filter:
        first = nodes.Filter(None, PLAIN, [nodes.Const(self.scope.place(line))], [], None, None, lineno=line)
        if chain is None:
            return first
        innermost = chain
        while isinstance(innermost.node, nodes.Filter):
            innermost = innermost.node
        innermost.node = first
        return chain

    def _reserve(self, names: set[str], line: int) -> None:
        for name in sorted(names & set(LATE_NAMES)):
            self.scope.refuse(f'"{name}" is the name of a late value', line, "choose another name")

    def _refuse(self, problem: str, node: nodes.Node, cure: str) -> NoReturn:
        self.scope.refuse(problem, node.lineno, cure)

    def _refuse_late(self, node: nodes.Node, where: str) -> None:
        for name in node.find_all(nodes.Name):
            if name.name in self.scope.late:
                self._refuse(f'"{name.name}" cannot be used in {where}', name, "print it outside of the block")

    def _refuse_inside(self, node: nodes.Node, what: str) -> None:
        if self.scope.inside:
            self._refuse(
                f"{what} cannot stand inside a block that depends on the reader",
                node,
                "move it before the block",
            )

    def _refuse_recursion(self, node: nodes.For) -> None:
        if node.recursive:
            self._refuse("a late loop cannot be recursive", node, "remove the word recursive")
