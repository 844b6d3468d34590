"""``python -m mailer`` is ``mailer``."""

from mailer.cli.main import run

if __name__ == "__main__":
    run()
