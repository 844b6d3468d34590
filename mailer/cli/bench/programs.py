"""The programs of Postfix we measure beside: where they are, or how to get them."""

import os
import shutil
from collections.abc import Sequence

from mailer.errors import Refused

# Debian keeps them where ordinary users do not look.
BESIDE_PATH = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/lib/postfix/sbin", "/usr/libexec/postfix")
CURE = "install Postfix's test programs (Debian, Ubuntu: apt-get install postfix; no server has to run)"


def find(name: str) -> str:
    """Return the path of a program; Refused, saying how to install it, if it is not on this machine."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *BESIDE_PATH]))
    if found is None:
        raise Refused(f"there is no {name} on this machine", place="bench", cure=CURE)
    return found


def missing(names: Sequence[str] = ("smtp-sink", "smtp-source")) -> list[str]:
    """Return which of these programs are not there."""
    searched = os.pathsep.join([os.environ.get("PATH", ""), *BESIDE_PATH])
    return [name for name in names if shutil.which(name, path=searched) is None]
