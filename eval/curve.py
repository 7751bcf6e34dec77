"""Risk-coverage curves as a picture (SVG) and as text: how often answers are wrong, as more questions are answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from eval.measures import CurvePoint

_RISK = "risk: share of the answers that are wrong"
_COVERAGE = "coverage: share of the questions answered"

_WIDTH, _HEIGHT = 600, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 580, 70, 380
"""Where the axes lie in the picture."""
_TICKS = [tick / 5 for tick in range(6)]
_PAPER, _INK, _GRID = "#ffffff", "#1f2328", "#d8dee4"
"""A light ground of its own: an SVG shown as an image knows nothing of the colours of the page around it."""
_LINES = (("#1f2328", ""), ("#0969da", "8 3"), ("#bc4c00", "2 3"), ("#1a7f37", "8 3 2 3"))
"""Colour and dashes of each curve in turn: they can be told apart without colours too."""

_COLUMNS, _ROWS = 78, 5
_BLOCKS = " ▁▂▃▄▅▆▇█"
_MARGIN, _GAP, _WIDEST = 4, 2, 32


def to_svg(curves: Mapping[str, Sequence[CurvePoint]], title: str) -> str:
    """A picture of one curve or more, by name, both axes from 0 to 1. The same curves give the same text."""
    drawn = [_curve(place, name, points) for place, (name, points) in enumerate(curves.items())]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f"<title>Risk and coverage: {escape(title)}</title>",
        f"<desc>{escape(_described(curves))}</desc>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{_PAPER}"/>',
        _text(_LEFT, 28, title, 'font-weight="600"'),
        *_axes(),
        *drawn,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _described(curves: Mapping[str, Sequence[CurvePoint]]) -> str:
    """The curves in words, for whoever does not see them."""
    ends = []
    for name, points in curves.items():
        first, last = (chosen(points, key=lambda point: point.coverage) for chosen in (min, max))
        ends.append(
            f"{name}: risk {first.risk:.2f} at coverage {first.coverage:.2f}, {last.risk:.2f} at {last.coverage:.2f}."
        )
    return " ".join([f"Across, {_COVERAGE}. Upwards, {_RISK}.", *ends])


def _axes() -> Iterator[str]:
    for tick in _TICKS:
        x, y = _place(tick, tick)
        yield f'<path d="M{x:.1f} {_TOP}V{_BOTTOM}M{_LEFT} {y:.1f}H{_RIGHT}" stroke="{_GRID}"/>'
        yield _text(x, _BOTTOM + 20, f"{tick:.1f}", 'text-anchor="middle"')
        yield _text(_LEFT - 8, y + 4, f"{tick:.1f}", 'text-anchor="end"')
    yield f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="{_INK}"/>'
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 44, _COVERAGE, 'text-anchor="middle"')
    x, y = 22, (_TOP + _BOTTOM) / 2
    yield _text(x, y, _RISK, f'text-anchor="middle" transform="rotate(-90 {x} {y:.1f})"')


def _curve(place: int, name: str, points: Sequence[CurvePoint]) -> str:
    """A curve with a dot at each point, and its name above the axes."""
    colour, dashes = _LINES[place % len(_LINES)]
    places = [_place(point.coverage, point.risk) for point in sorted(points, key=lambda point: point.coverage)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    stroke = f'stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dashes}"' if dashes else "")
    x = _LEFT + 120 * place
    return "\n".join(
        [
            f'<polyline points="{line}" fill="none" {stroke}/>',
            *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places),
            f'<path d="M{x} 50h28" {stroke}/>',
            _text(x + 34, 54, name),
        ]
    )


def _place(coverage: float, risk: float) -> tuple[float, float]:
    return _LEFT + coverage * (_RIGHT - _LEFT), _BOTTOM - risk * (_BOTTOM - _TOP)


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_INK}" {attributes}>{escape(text)}</text>'.replace(" >", ">")


def to_text(curves: Mapping[str, Sequence[CurvePoint]], title: str) -> str:
    """Up to four curves side by side in lines of at most 78 characters, without a line break behind the last.

    The height of a column is the risk where at least its share of the questions is answered, 0 to 1.
    """
    width = min(_WIDEST, (_COLUMNS - _MARGIN) // len(curves) - _GAP)
    labels = ["", *(f"{(row + 1) / _ROWS:.1f}" for row in reversed(range(_ROWS))), "0.0", ""]
    charts = [_chart(name, points, width) for name, points in curves.items()]
    lines = [label.ljust(_MARGIN) + (" " * _GAP).join(parts) for label, *parts in zip(labels, *charts, strict=True)]
    return "\n".join(line.rstrip() for line in [title[:_COLUMNS], f"↑ {_RISK}", f"→ {_COVERAGE}", *lines])


def _chart(name: str, points: Sequence[CurvePoint], width: int) -> Iterator[str]:
    """A curve in lines of `width` characters: its name, its columns, the axis and its ends."""
    yield f" {name}".ljust(width)[:width]
    columns = width - 1
    levels = [round(_risk_at(points, (column + 1) / columns) * _ROWS * 8) for column in range(columns)]
    for row in reversed(range(_ROWS)):
        yield "│" + "".join(_BLOCKS[min(8, max(0, level - 8 * row))] for level in levels)
    yield "└" + "─" * columns
    yield "0" + "1".rjust(columns)


def _risk_at(points: Sequence[CurvePoint], coverage: float) -> float:
    """The risk where at least this share is answered, and as little more as the points allow."""
    return min((point for point in points if point.coverage >= coverage), key=lambda point: point.coverage).risk
