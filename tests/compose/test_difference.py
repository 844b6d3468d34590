"""Where two texts differ: no word of either is lost, and a changed line shows its changed words."""

from mailer.compose.difference import GONE, NEW, SAME, Line, lines, shortened


def text(found: list[Line], *kinds: str) -> str:
    return "\n".join("".join(piece for piece, _ in line.pieces) for line in found if line.kind in kinds)


def test_both_texts_are_in_it() -> None:
    before, after = "a\nb c d\n\ne\nf", "a\nb x d\n\nf\ng"
    found = lines(before, after)
    assert text(found, SAME, GONE) == before
    assert text(found, SAME, NEW) == after
    assert Line(NEW, (("b ", False), ("x", True), (" d", False))) in found


def test_only_what_is_near_a_change_is_shown() -> None:
    many = [str(number) for number in range(40)]
    shown = shortened(lines("\n".join(many), "\n".join([*many[:20], "new", *many[20:]])))
    assert shown[0] is None
    assert shown[-1] is None
    assert len(shown) == 7
    assert shortened(lines("same", "same")) == [None]
