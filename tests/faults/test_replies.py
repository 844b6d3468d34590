"""What relays answer, or do not: every reply at every step, told by the local parts of the readers.

To try another one, add a line to FAULTS: the mode as relay.py reads it, and the states a reader of it may end in.
"""

from collections import Counter

import pytest
from sqlalchemy import func, select

from mailer.mailing import mailings
from mailer.store.tables import Delivery, Suppression
from tests.faults.stage import CHUNKING, PIPELINING, PLAIN, SECONDS, Stage, staged, until

MANNERS = {"plain": PLAIN, "pipelining": PIPELINING, "chunking": CHUNKING}
# Who has no mode of their own: they share connections with the others, and must not feel it.
NEIGHBOURS = 30
EACH = 2
ACCEPTED, REFUSED = {"accepted"}, {"refused"}
# It was written, or may have been: tried once more, named, and at worst left to a person.
DOUBTED = {"accepted", "uncertain"}

FAULTS = {
    "answers": {
        "rcpt550": REFUSED, "rcpt551": REFUSED, "rcpt553": REFUSED, "end550": REFUSED, "end553": REFUSED,
        "rcpt552": ACCEPTED, "end552": ACCEPTED, "rcpt450": ACCEPTED, "rcpt451x2": ACCEPTED, "rcpt452": ACCEPTED,
        "rcpt999": ACCEPTED, "data451": ACCEPTED, "end450": ACCEPTED, "end451x2": ACCEPTED, "end452": ACCEPTED,
        "rcptlate": ACCEPTED, "endlate": ACCEPTED, "rcptdrip": ACCEPTED, "enddrip": ACCEPTED, "rcptlines": ACCEPTED,
        "endlines": ACCEPTED, "rcptlatin": ACCEPTED, "endlatin": ACCEPTED, "rcptlonecr": ACCEPTED,
    },
    "closings": {
        "rcpt421": ACCEPTED, "data421": ACCEPTED, "end421": ACCEPTED, "rcptrst": ACCEPTED, "datarst": ACCEPTED,
        "rcptfin": ACCEPTED, "datafin": ACCEPTED, "endrst": DOUBTED, "endfin": DOUBTED, "endaccrst": DOUBTED,
        "endaccfin": DOUBTED,
    },
    "silences": {"rcpthang": ACCEPTED, "datahang": ACCEPTED, "endhang": DOUBTED, "endacchang": DOUBTED},
    "noise": {
        "rcptgarbage": ACCEPTED, "endgarbage": DOUBTED, "rcptnocode": ACCEPTED, "endnocode": DOUBTED,
        "rcpttwice": ACCEPTED, "endtwice": DOUBTED, "rcptendless": ACCEPTED, "endendless": DOUBTED,
        "rcptnolf": ACCEPTED, "endnolf": DOUBTED,
    },
}  # fmt: skip
EVERY = {mode: states for group in FAULTS.values() for mode, states in group.items()}


def readers(modes) -> list[str]:
    """Return neighbours and readers with each of the modes, mixed."""
    told = [f"{mode}.{number}" for number in range(EACH) for mode in modes]
    return [name for number in range(NEIGHBOURS) for name in (f"reader{number}", *told[number::NEIGHBOURS])]


def doubting(faults: dict[str, set[str]]) -> dict[str, set[str]]:
    """Allow doubt of everybody: where several messages are written whole, a broken connection leaves it of all."""
    return {"": DOUBTED, **{mode: {*states, "uncertain"} for mode, states in faults.items()}}


def judge(stage: Stage, faults: dict[str, set[str]]) -> None:
    """Check the promises, and the state every reader ended in."""
    with stage.app.store.read() as session:
        found = [(row.address, row.state, row.why) for row in session.scalars(select(Delivery)).all()]
    wrong = [each for each in found if each[1] not in faults.get(each[0].partition(".")[0], faults.get("", ACCEPTED))]
    assert not wrong, wrong
    stage.check()


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("group", FAULTS)
def test_a_reply_that_goes_wrong_costs_nobody_their_mail(tmp_path, sqlite_url, group, manner) -> None:
    with staged(tmp_path, sqlite_url, *MANNERS[manner], patience=1.5) as stage:
        stage.mail(readers(FAULTS[group]))
        stage.send()
        stage.until_sent()
        judge(stage, doubting(FAULTS[group]) if manner == "chunking" else FAULTS[group])


def test_every_fault_in_one_mailing(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *CHUNKING, "--per-connection", "7", patience=1.5) as stage:
        stage.mail(readers(EVERY))
        stage.send()
        stage.until_sent()
        judge(stage, doubting(EVERY))


def test_a_relay_that_is_not_well_refuses_nobody(tmp_path, sqlite_url) -> None:
    with staged(tmp_path, sqlite_url, *PIPELINING, "--per-connection", "5") as stage:
        stage.relay.order(tell="connect421x2")
        stage.mail([f"reader{number}" for number in range(200)])
        stage.send()
        for mode in ("connect554", "connectrst", "ehlo421", "ehlofin", "mail421", "mail451", "mailrst", "quitrst"):
            stage.until_taken(10)
            stage.relay.order(tell=f"{mode}x2")
        stage.until_sent()
        assert stage.account.accepted == 200
        stage.check()


@pytest.mark.parametrize("manner", MANNERS)
def test_a_limit_of_messages_for_a_connection_is_no_fault_of_theirs(tmp_path, sqlite_url, manner) -> None:
    with staged(tmp_path, sqlite_url, *MANNERS[manner], "--per-connection", "7") as stage:
        stage.mail(readers(()) + [f"more{number}" for number in range(60)])
        stage.send()
        stage.until_sent()
        assert stage.account.accepted == NEIGHBOURS + 60
        assert stage.check().dup == 0


def test_who_refuses_us_pauses_the_mailing_and_suppresses_nobody(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *CHUNKING) as stage:
        stage.relay.order(tell=f"end554x{SECONDS * 1000}")
        stage.mail([f"reader{number}" for number in range(150)])
        stage.send()
        until(lambda: stage.state == "paused" and stage.account.begun == 0)
        assert stage.relay.taken() == 0
        stage.relay.order(tell="end554x0")
        with stage.app.store.write() as session:
            assert session.scalar(select(func.count()).select_from(Suppression)) == 0
            mailings.resume(session, mailings.need(session, stage.mailing_id))
        stage.until_sent()
        assert stage.account.accepted == 150
        assert stage.check().dup == 0


def test_the_table_names_every_mode_once() -> None:
    assert max(Counter(mode for group in FAULTS.values() for mode in group).values()) == 1
