"""Draw the beginning of a report as one SVG file, for the README and the documentation's first page.

    skimgrec compare digits --json result.json
    python tools/report_picture.py result.json docs/_static/report.svg

Verdict, table and chart are those of the report, in its colours. A picture of text needs no browser, and can be
compared line by line with the one before it.
"""

import re
import sys
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

from skimgrec import ComparisonResult

COLOURS = {
    "paper": ("#ffffff", "#14171c"),
    "ink": ("#1b1f27", "#e7eaef"),
    "muted": ("#596273", "#a3acba"),
    "line": ("#d9dde4", "#343a45"),
    "axis": ("#8d96a5", "#6b7483"),
    "accent": ("#1f5fbf", "#7fb0ff"),
}
RULES = """
text { fill: var(--ink); } .title { font-size: 20px; font-weight: 600; } .head, .best { font-weight: 600; }
.verdict, .tick, .axis-title { fill: var(--muted); } .tick, .name, .axis-title { font-size: 12.5px; }
.rule, .axis { stroke: var(--axis); } .grid { stroke: var(--line); } .front { stroke: var(--accent); fill: none; }
.point { fill: var(--paper); stroke: var(--muted); stroke-width: 1.5; }
.point.on-front { fill: var(--accent); stroke: var(--accent); } .name.on-front { font-weight: 600; }
"""
WIDTH, MARGIN, LINE, LETTERS = 860, 24, 22, 110


def rows_of_table(html):
    """Return the rows of the report's table of all models, as lists of text, the headings first."""
    table = html[html.index('aria-label="All models"') :]
    table = table[: table.index("</table>")]
    cells = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]
    return [[unescape(re.sub(r"<[^>]+>", " ", cell)).strip() for cell in row] for row in cells]


def chart(html):
    """Return the marks of the report's wide chart of scores against the time to fit, its title and its height."""
    section = html[html.index('id="time"') :]
    found = re.search(r'<svg class="wide" viewBox="0 0 \d+ (\d+)"[^>]*>(.*?)</svg>', section, re.DOTALL)
    title = re.search(r'<p class="y-title wide"[^>]*>(.*?)</p>', section)[1]
    return re.sub(r"\n+", "\n", found[2]), unescape(title), int(found[1])


def broken(words, letters):
    """Return text in lines of at most so many letters."""
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) >= letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def text(x, y, content, kind="", anchor="start"):
    """Return one line of text."""
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(content)}</text>'


def picture(result):
    """Return the SVG of a result."""
    html = result.to_html()
    name = result.data_name or "Pictures"
    folds = f"{result.n_samples:,} pictures, {result.n_classes} classes, {result.n_folds} folds"
    y = 42
    marks = [text(MARGIN, y, f"{name}: {folds}", "title")]
    for line in broken(result.verdict(), LETTERS):
        y += LINE
        marks.append(text(MARGIN, y, line, "verdict"))
    y += 12
    table = rows_of_table(html)
    # Scores with their spread need more room than the other columns.
    widths = [140 if "±" in cell else 95 for cell in table[1][1:]]
    places = [WIDTH - MARGIN - sum(widths[number + 1 :]) for number in range(len(widths))]
    for number, row in enumerate(table):
        y += LINE
        kind = {0: "head", 1: "best"}.get(number, "")
        marks.append(text(MARGIN, y, row[0], kind))
        marks += [text(x, y, cell, kind, "end") for x, cell in zip(places, row[1:], strict=True)]
        if number == 0:
            y += 8
            marks.append(f'<line class="rule" x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y}" y2="{y}"/>')
    drawn, title, height = chart(html)
    y += 40
    marks += [text(150, y, title, "axis-title"), f'<g transform="translate(150 {y})">{drawn}</g>']
    light, dark = (" ".join(f"--{name}: {pair[which]};" for name, pair in COLOURS.items()) for which in (0, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + height + 14}" font-family="system-ui, '
        'sans-serif" font-size="14">\n<title>The beginning of a report of skimgrec</title>\n'
        f"<style>\nsvg {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}{RULES}</style>\n"
        '<rect width="100%" height="100%" fill="var(--paper)"/>\n' + "\n".join(marks) + "\n</svg>\n"
    )


def main():
    """Write the picture."""
    source, target = sys.argv[1:]
    Path(target).write_text(picture(ComparisonResult.from_json(source)), encoding="utf-8")


if __name__ == "__main__":
    main()
