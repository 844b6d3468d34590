"""A small proof of work in the format of ALTCHA (version 2, PBKDF2), made and checked without keeping anything.

The browser looks for the counter whose derived key begins as ours does; we know it, so both know how long that takes.
"""

import base64
import hashlib
import json
import secrets
from typing import Any

from mailer import clock
from mailer.errors import BadInput
from mailer.tokens import Keys

PURPOSE = "proof of work"
ALGORITHM, KEY_BYTES = "PBKDF2/SHA-256", 32
# About a second of a browser's time, some seconds of an old telephone's; a third of a millisecond of ours.
COST, FEWEST, MOST = 1000, 500, 1500
DAY = 24 * 3600


def challenge(keys: Keys, about: str) -> dict[str, Any]:
    """Return a signed challenge that is good for a day and for what it is ``about`` only."""
    nonce, salt = secrets.token_bytes(16), secrets.token_bytes(16)
    counter = FEWEST + secrets.randbelow(MOST - FEWEST)
    parameters = {
        "algorithm": ALGORITHM,
        "cost": COST,
        "data": {"about": about},
        "expiresAt": int(clock.now().timestamp()) + DAY,
        "keyLength": KEY_BYTES,
        "keyPrefix": _derive(nonce, salt, counter)[: KEY_BYTES // 2].hex(),
        "nonce": nonce.hex(),
        "salt": salt.hex(),
    }
    return {"parameters": parameters, "signature": keys.ring.sign(PURPOSE, _digest(parameters))}


def check(keys: Keys, about: str, payload: str) -> str:
    """Return the name of a challenge that was solved, to be used up; BadInput for anything else."""
    try:
        given = json.loads(base64.b64decode(payload, validate=True))
        parameters, signature = given["challenge"]["parameters"], given["challenge"]["signature"]
        counter = given["solution"]["counter"]
        is_ours = keys.ring.read(PURPOSE, signature) == (_digest(parameters),)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, BadInput):
        is_ours = False
    if not is_ours or parameters["data"]["about"] != about or parameters["expiresAt"] < clock.now().timestamp():
        raise BadInput("this proof of work is not for this form", cure="try again")
    if type(counter) is not int or not 0 <= counter < 2**32:
        raise BadInput("this proof of work has no counter", cure="try again")
    nonce, salt = bytes.fromhex(parameters["nonce"]), bytes.fromhex(parameters["salt"])
    if not _derive(nonce, salt, counter).hex().startswith(parameters["keyPrefix"]):
        raise BadInput("this proof of work is not done", cure="try again")
    return str(parameters["nonce"])


def _derive(nonce: bytes, salt: bytes, counter: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", nonce + counter.to_bytes(4, "big"), salt, COST, KEY_BYTES)


def _digest(parameters: Any) -> int:
    canonical = json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:16], "big")
