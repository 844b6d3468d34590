"""The family of errors; each class says who can put it right.

MailerError
├── ConfigError   the operator: a key of config.toml, an environment variable, a key file
├── Refused       the person who asked: a rule said no, and the text says what to do instead
│   └── BadInput  the same for what was handed in: a file, a field, an address, a template
├── NotFound      the person who asked: no such list, mailing, subscriber
├── WrongSchema   the operator: the store is of another version; the text names the command
└── Broken        us: something that cannot happen has happened
"""


class MailerError(Exception):
    """What went wrong, where, and the cure; ``str()`` is the one line a user reads."""

    def __init__(self, problem: str, *, place: str = "", cure: str = "") -> None:
        self.problem = problem
        self.place = place
        self.cure = cure
        super().__init__(problem)

    def __str__(self) -> str:
        """Return ``place: problem; cure`` as one line, leaving out what is empty."""
        head = f"{self.place}: {self.problem}" if self.place else self.problem
        line = f"{head}; {self.cure}" if self.cure else head
        return " ".join(line.split())


class ConfigError(MailerError):
    """The configuration is wrong; ``problems`` holds every mistake found, not just the first."""

    def __init__(
        self, problem: str, *, place: str = "", cure: str = "", problems: tuple[MailerError, ...] = ()
    ) -> None:
        super().__init__(problem, place=place, cure=cure)
        self.problems = problems


class Refused(MailerError):
    """A rule of the house said no; nothing was changed."""


class BadInput(Refused):
    """What was handed in cannot be used; nothing was changed."""


class NotFound(MailerError):
    """The thing that was named does not exist."""


class WrongSchema(MailerError):
    """The store's tables are of another version than this program."""


class Broken(MailerError):
    """A fault of the program itself."""
