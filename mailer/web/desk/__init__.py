"""The desk: where editors turn a statement into a mailing, send it, and read its account."""

from mailer.web.desk.ways import routes

__all__ = ["routes"]
