"""How one comes in and goes out: the one-time link, logging in, one's own password, logging out."""

import asyncio
import re
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mailer.errors import BadInput, MailerError, NotFound, Refused
from mailer.staff import entry, passwords, second_step, team
from mailer.web.desk import own, second
from mailer.web.desk.call import COOKIE, Call
from mailer.web.house import Session

# Each check takes 64 MB for a moment.
_HASHING = asyncio.Semaphore(2)
# Where one may be led after logging in: pages of the desk, nowhere else.
INSIDE = re.compile(r"/desk(/[\w-]+)*")
WRONG = "Address or password is wrong."


async def show_login(call: Call) -> Response:
    """Show the form to log in; who is logged in already goes on to the desk."""
    wanted = _inside(call.asked("to"))
    return call.to(wanted) if call.visit else _login_page(call, wanted)


async def login(call: Call) -> Response:
    """Check address and password; wrong tries are slowed, per account and per network."""
    address, network = call.form.one("address").strip(), call.house.network(call.request)
    wanted = _inside(call.form.one("to"))
    wait = await call.write(entry.try_login, network, address)
    if wait:
        problem = f"There were too many wrong tries. Try again in {_spell(wait)}."
        return _login_page(call, wanted, problem, status=429, headers={"Retry-After": str(wait)})
    staff_id, password_hash = await call.read(entry.credentials, address)
    async with _HASHING:
        right = await run_in_threadpool(passwords.fits, password_hash, call.form.one("password"))
    if not right or not staff_id:
        return _login_page(call, wanted, WRONG, status=422)
    if await call.read(second_step.is_on, staff_id):
        return second.ask(call, second_step.ticket(call.house.keys, staff_id, password_hash), wanted)
    try:
        secret = await call.write(_begin, call, staff_id, password_hash, network, address)
    except Refused as error:
        return _login_page(call, wanted, f"{_said(error.problem)}.", status=409)
    return _let_in(call, call.to(wanted), secret)


async def login_with_code(call: Call) -> Response:
    """Check the code of somebody whose password was right."""
    ticket, wanted = call.form.one("ticket"), _inside(call.form.one("to"))
    try:
        secret = await second.check(call, ticket)
    except NotFound as error:
        return _login_page(call, wanted, f"{_said(error.problem)}; {error.cure}.", status=422)
    except Refused as error:
        return second.ask(call, ticket, wanted, f"{_said(error.problem)}.", 429)
    return _let_in(call, call.to(wanted), secret) if secret else second.ask(call, ticket, wanted, second.WRONG, 422)


async def logout(call: Call) -> Response:
    """End this browser's session."""
    await call.write(entry.end, call.me.session_id)
    answer = call.to("/desk/login")
    answer.delete_cookie(COOKIE, path=_path(call), httponly=True, samesite="lax", secure=_is_secure(call))
    return answer


async def show_setup(call: Call) -> Response:
    """Show where a one-time link leads; looking does not use it up."""
    try:
        opened = await call.read(entry.look_at, call.request.path_params["secret"])
    except NotFound as error:
        return _dead_link(call, error)
    return _setup_page(call, opened, opened.name, opened.address)


async def setup(call: Call) -> Response:
    """Use a one-time link: choose a password, and say who one is if it is the very first."""
    secret, form = call.request.path_params["secret"], call.form
    try:
        opened = await call.read(entry.look_at, secret)
    except NotFound as error:
        return _dead_link(call, error)
    name, address = (form.one("name"), form.one("address")) if opened.first else (opened.name, opened.address)
    try:
        password_hash = await _hashed(call, name, address)
        cookie = await call.write(_set_up, call, secret, opened.first, name, address, password_hash)
    except NotFound as error:
        return _dead_link(call, error)
    except Refused as error:
        return _setup_page(call, opened, name, address, error)
    # A link lets one choose a password; it does not stand for the code.
    return _let_in(call, call.to("/desk"), cookie) if cookie else call.to("/desk/login", "chosen")


async def change_password(call: Call) -> Response:
    """Change one's own password, knowing the old one; every other browser is logged out."""
    me, network = call.me, call.house.network(call.request)
    wait = await call.write(entry.try_login, network, me.address)
    if wait:
        return await own.page(call, f"There were too many wrong tries. Try again in {_spell(wait)}.", 429)
    staff_id, password_hash = await call.read(entry.credentials, me.address)
    async with _HASHING:
        right = await run_in_threadpool(passwords.fits, password_hash, call.form.one("old"))
    if not right or staff_id != me.staff_id:
        return await own.page(call, "The old password is wrong.", 422)
    try:
        fresh = await _hashed(call, me.name, me.address)
    except BadInput as error:
        return await own.page(call, f"The new password {error.problem}: {error.cure}.", 422)
    secret = await call.write(_change, call, fresh, network)
    return _let_in(call, call.to("/desk/me", "password"), secret)


def _begin(session: Session, call: Call, staff_id: int, password_hash: str, network: str, address: str) -> str:
    # A new secret at every login, and the one this browser had before is worth nothing any more.
    if call.visit:
        entry.end(session, call.visit.session_id)
    agent = call.request.headers.get("user-agent", "")
    return entry.begin(session, staff_id, password_hash, agent=agent, network=network, address=address)


def _set_up(session: Session, call: Call, secret: str, first: bool, name: str, address: str, password_hash: str) -> str:
    person = entry.use(session, secret)
    if first:
        team.name_first(session, person, name=name, address=address)
    team.set_password(session, person, password_hash, actor=f"desk:{person.name}")
    if second_step.is_on(session, person.id):
        return ""
    return entry.admit(session, person, agent=call.request.headers.get("user-agent", ""))


def _change(session: Session, call: Call, password_hash: str, network: str) -> str:
    person = team.need(session, call.me.staff_id)
    team.set_password(session, person, password_hash, actor=call.me.actor)
    agent = call.request.headers.get("user-agent", "")
    return entry.begin(session, person.id, password_hash, agent=agent, network=network, address=person.address)


async def _hashed(call: Call, name: str, address: str) -> str:
    password = call.form.one("password")
    if password != call.form.one("again"):
        raise BadInput("is not the same twice", place="password", cure="type it once more")
    async with _HASHING:
        return await run_in_threadpool(passwords.hashed, password, name=name, address=address)


def _let_in(call: Call, answer: Response, secret: str) -> Response:
    answer.set_cookie(COOKIE, secret, path=_path(call), httponly=True, samesite="lax", secure=_is_secure(call))
    return answer


def _path(call: Call) -> str:
    return call.house.prefix + "/desk"


def _is_secure(call: Call) -> bool:
    return call.config.site.base_url.startswith("https:")


def _inside(path: str) -> str:
    return path if INSIDE.fullmatch(path) else "/desk"


def _login_page(
    call: Call, to: str, problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    address = call.form.one("address")
    return call.page("desk/login.html", status=status, headers=headers, to=to, problem=problem, address=address)


def _setup_page(
    call: Call, opened: entry.Opened, name: str, address: str, error: MailerError | None = None
) -> Response:
    return call.page(
        "desk/setup.html",
        status=422 if error else 200,
        opened=asdict(opened),
        name=name,
        address=address,
        shortest=passwords.SHORTEST,
        error=error,
    )


def _dead_link(call: Call, error: NotFound) -> Response:
    text = f"{_said(error.problem)}. {_said(error.cure)}."
    return call.page("desk/refused.html", status=404, heading="This link does nothing", text=text)


def _said(words: str) -> str:
    return words[:1].upper() + words[1:]


def _spell(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
