"""A newsletter and mailing-list sender for organisations that publish statements."""

__version__ = "0.1.0"
