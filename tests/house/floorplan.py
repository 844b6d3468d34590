"""What the house tests read: the layers, the modules with their syntax trees, the shipped files."""

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mailer"

# Top of the river first. Imports point only down; rooms on one line never import each other.
LAYERS = (
    ("cli",),
    ("app",),
    ("web", "api", "duties"),
    ("send",),
    ("outcomes",),
    ("mailing",),
    ("people", "sources"),
    ("compose", "staff"),
    ("store",),
    ("ground",),
)
# Single modules that everything stands on; a new one is named here, or it is in the wrong place.
CONFIG = ("config", "config_sections", "config_dkim", "config_forms", "config_errors")
GROUND = (*CONFIG, "errors", "clock", "crash", "address", "tokens", "maillog")
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
SENTENCE = " -> ".join("|".join(rooms) for rooms in LAYERS)


@dataclass(frozen=True)
class Module:
    """One Python file of ours."""

    name: str
    path: Path
    tree: ast.Module
    text: str

    @property
    def room(self) -> str:
        """Return the room it stands in; a single module that is no room by itself is ground."""
        parts = self.name.split(".")
        if len(parts) == 1 or parts[1] in (*GROUND, "__version__"):
            return "ground"
        return "cli" if parts[1] == "__main__" else parts[1]

    @property
    def place(self) -> str:
        """Return its room, for the ground floor the module: what may be the owner of a dependency."""
        return self.name.split(".")[-1] if self.room == "ground" else self.room

    def at(self, node: ast.AST) -> str:
        """Return file:line of ``node``, as an editor understands it."""
        return f"{self.path.relative_to(ROOT) if self.path.is_absolute() else self.path}:{lineno(node)}"


# Reads a module and yields a sentence for everything in it that breaks the rule.
Rule = Callable[[Module], Iterator[str]]


@dataclass(frozen=True)
class Import:
    """One module named in an import statement, and where it stands."""

    target: str
    node: ast.AST


def lineno(node: ast.AST) -> int:
    """Return the line a node begins on."""
    return int(getattr(node, "lineno", 1))


def dotted(path: Path) -> str:
    """Return the name Python imports a file by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read(path: Path) -> Module:
    """Return the file as a Module."""
    text = path.read_text()
    return Module(dotted(path), path, ast.parse(text, str(path)), text)


def sample(text: str, name: str) -> Module:
    """Return a Module that exists only here, to see that a rule bites."""
    return Module(name, Path(name.replace(".", "/") + ".py"), ast.parse(text), text)


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of mailer/."""
    return tuple(read(path) for path in sorted(PACKAGE.rglob("*.py")))


@cache
def all_modules() -> tuple[Module, ...]:
    """Return every module of mailer/, and of what tests and measures it."""
    others = (path for folder in ("tests", "bench") for path in sorted((ROOT / folder).rglob("*.py")))
    return (*modules(), *(read(path) for path in others))


@cache
def module_names() -> frozenset[str]:
    """Return the dotted names of everything in mailer/."""
    return frozenset(dotted(path) for path in PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[Import]:
    """Yield what a tree imports; ``from a import b`` is a.b where that is a module of ours, else a."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            wholes = {f"{base}.{alias.name}" for alias in node.names}
            ours = {whole for whole in wholes if base == "mailer" or whole in module_names()}
            yield from (Import(target, node) for target in sorted(ours | ({base} if ours != wholes else set())))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def shipped_files() -> tuple[Path, ...]:
    """Return every file of the project, as git sees it: committed, or new and not ignored."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    return tuple(path for path in (ROOT / name for name in listed if name) if path.is_file())


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Ask git about this folder, also when somebody else owns it, as on a build machine."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@cache
def templates() -> tuple[Path, ...]:
    """Return every file below templates/ that Jinja reads."""
    kinds = {".html", ".txt", ".css", ".jinja", ".xml", ".json"}
    return tuple(path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in kinds)
