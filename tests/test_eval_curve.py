from xml.etree import ElementTree

import pytest

from eval.curve import to_svg, to_text
from eval.measures import CurvePoint

SVG = "{http://www.w3.org/2000/svg}"


def curve_of(*points):
    """Points of (coverage, risk), as curve_of() in eval.measures gives them: coverage falls."""
    return [CurvePoint(threshold, *point, None, {}) for threshold, point in enumerate(points)]


TWO = curve_of((1, 0.5), (0.5, 0.2))


def test_a_curve_is_drawn_where_its_points_are():
    picture = ElementTree.fromstring(to_svg({"fr": TWO}, "set"))
    # Axes: 70 to 580 across (510 wide), 380 up to 70 (310 high). (0.5, 0.2): 70 + 255 and 380 - 62; (1, 0.5): 580, 225.
    assert [line.get("points") for line in picture.iter(f"{SVG}polyline")] == ["325.0,318.0 580.0,225.0"]
    dots = [(dot.get("cx"), dot.get("cy")) for dot in picture.iter(f"{SVG}circle")]
    assert dots == [("325.0", "318.0"), ("580.0", "225.0")]


def test_axes_have_ticks_from_0_to_1_and_say_what_they_are():
    texts = [text.text for text in ElementTree.fromstring(to_svg({"fr": TWO}, "set")).iter(f"{SVG}text")]
    for tick in ("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"):
        assert texts.count(tick) == 2
    assert {"coverage: share of the questions answered", "risk: share of the answers that are wrong"} <= set(texts)


def test_curves_are_told_apart_by_colour_by_dashes_and_by_name():
    picture = ElementTree.fromstring(to_svg({"all": TWO, "fr": TWO, "en": TWO}, "set"))
    lines = list(picture.iter(f"{SVG}polyline"))
    assert len({line.get("stroke") for line in lines}) == len({line.get("stroke-dasharray") for line in lines}) == 3
    assert {"all", "fr", "en"} <= {text.text for text in picture.iter(f"{SVG}text")}


def test_who_does_not_see_the_picture_is_told_what_it_shows():
    picture = ElementTree.fromstring(to_svg({"fr": TWO}, "set test @ abc"))
    assert picture.get("role") == "img"
    assert picture[0].tag == f"{SVG}title"
    assert "set test @ abc" in picture[0].text
    assert "fr: risk 0.20 at coverage 0.50, 0.50 at 1.00." in picture.findtext(f"{SVG}desc")


def test_names_are_text_not_markup():
    picture = ElementTree.fromstring(to_svg({"<b>&": TWO}, "a < b & c"))
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert "<b>&" in texts
    assert "a < b & c" in texts


def test_the_picture_has_a_ground_of_its_own_under_all_else():
    shapes = [shape for shape in ElementTree.fromstring(to_svg({"fr": TWO}, "set")) if shape.get("fill")]
    assert shapes[0].tag == f"{SVG}rect"
    assert shapes[0].get("fill") == "#ffffff"


def test_columns_are_as_high_as_the_risk():
    # 31 columns. The first 15 stand for a share up to 15/31 < 0.5: risk 0.2, one row of five. The other 16 for more
    # than is answered at that point: risk 0.5, two rows and a half.
    assert to_text({"fr": TWO}, "set").split("\n") == [
        "set",
        "↑ risk: share of the answers that are wrong",
        "→ coverage: share of the questions answered",
        "     fr",
        "1.0 │",
        "0.8 │",
        "0.6 │" + " " * 15 + "▄" * 16,
        "0.4 │" + " " * 15 + "█" * 16,
        "0.2 │" + "█" * 31,
        "0.0 └" + "─" * 31,
        "    0" + " " * 30 + "1",
    ]


def test_a_risk_of_one_fills_the_column_and_none_leaves_it_empty():
    for risk, block in ((1, "█"), (0, "")):
        rows = to_text({"fr": curve_of((1, risk))}, "set").split("\n")[4:9]
        assert {row[5:] for row in rows} == {block * 31}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_lines_fit_a_terminal_however_many_curves(count):
    lines = to_text({f"curve {place}": TWO for place in range(count)}, "t" * 200).split("\n")
    assert max(len(line) for line in lines) <= 78
    assert lines[3].count("curve") == count
    assert lines[9].count("└") == count
