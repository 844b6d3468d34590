"""The filters and tests a late value may pass through never fail, whatever a reader wrote."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined

from mailer.compose.fields import kind
from mailer.compose.filters import FILTERS, TESTS, Pure
from mailer.compose.late import COMPARISONS, closure
from mailer.compose.misuse import misuse

constants = st.one_of(st.text(max_size=8), st.integers(-9, 9), st.booleans()).map(lambda value: ["const", value])
leaves = st.one_of(
    constants,
    st.sampled_from(["name", "city"]).map(lambda field: ["get", "reader", field]),
    st.lists(constants, max_size=3).map(lambda items: ["list", items]),
    st.text("<&ab", max_size=4).map(lambda text: ["safe", text.replace("<", "&lt;")]),
)


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return expressions of the grammar around others, sensible or not."""
    few = st.lists(inner, max_size=3)
    compared = st.tuples(st.sampled_from(sorted(COMPARISONS)), inner).map(list)
    return st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(list),
        inner.map(lambda a: ["not", a]),
        st.tuples(st.just("if"), inner, inner, inner).map(list),
        few.map(lambda items: ["cat", items]),
        st.tuples(inner, st.lists(compared, min_size=1, max_size=2)).map(lambda both: ["cmp", *both]),
        st.tuples(st.just("filter"), st.sampled_from(sorted(FILTERS)), inner, few).map(list),
        st.tuples(st.just("test"), st.sampled_from(sorted(TESTS)), inner, few).map(list),
    )


def sound(expr: Any) -> bool:
    """Say whether nothing in an expression is misused."""
    inner = [part for part in expr[1:] if isinstance(part, list)]
    nested = [item for part in inner for item in (part if part and isinstance(part[0], list) else [part]) if item]
    nested = [item[1] if expr[0] == "cmp" and item[0] in COMPARISONS else item for item in nested]
    return not misuse(expr) and all(sound(item) for item in nested)


@given(st.recursive(leaves, grown, max_leaves=6).filter(sound), st.text(max_size=20), st.text(max_size=20))
def test_what_is_not_called_a_misuse_never_fails(expr: Any, name: str, city: str) -> None:
    value = closure(expr)({"reader.name": name, "reader.city": city})
    given_kind = kind(expr)
    assert given_kind != "text" or isinstance(value, str)
    assert given_kind != "number" or isinstance(value, (int, float))
    assert given_kind != "list" or isinstance(value, list)


@pytest.mark.parametrize(
    ("name", "value", "arguments", "result"),
    [
        ("default", "", ["there"], "there"),
        ("default", StrictUndefined(name="x"), ["there"], "there"),
        ("default", "here", ["there"], "here"),
        ("default", "", ["there", False], ""),
        ("split", "a, b,,c ", [], ["a", "b", "c"]),
        ("split", "a b", [" "], ["a", "b"]),
        ("split", "a", [""], ["a"]),
        ("first", "", [], ""),
        ("last", [], [], ""),
        ("truncate", "Mill Lane is open", [12], "Mill Lane…"),
        ("truncate", "Mill Lane is open", [12, True], "Mill Lane i…"),
        ("truncate", "Mill", [12], "Mill"),
        ("truncate", "Mill Lane", [0], "…"),
        ("int", "17 ", [], 17),
        ("int", "x", [3], 3),
        ("replace", "aaa", ["a", "b", 2], "bba"),
        ("join", ["a", "b"], [", "], "a, b"),
    ],
)
def test_what_they_return(name: str, value: object, arguments: list[object], result: object) -> None:
    assert FILTERS[name].function(value, *arguments) == result


def test_nothing_divides_by_nought() -> None:
    pure: Pure = TESTS["divisibleby"]
    assert pure.function(4, 2)
    assert not pure.function(4, 3)
    assert not pure.function(4, 0)
