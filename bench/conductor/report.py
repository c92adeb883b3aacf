"""What is told: a table in Markdown and a plot in SVG."""

import statistics


def median(runs, field):
    """Of all rounds."""
    return statistics.median(getattr(run, field) for run in runs)


def rate(runs):
    """The median with the least and the most."""
    rates = sorted(run.rate for run in runs)
    return f"{statistics.median(rates):,.0f} ({rates[0]:,.0f}–{rates[-1]:,.0f})"


def table(lines):
    """One row a case. A ratio is the median of the ratios of each round, so that drift cancels."""
    text = ["| work | connections | req/s | p50 ms | p99 ms | CPU µs | limit req/s | limit CPU µs | rate ÷ limit | CPU ÷ limit | failed |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for line in lines:
        ours, limit = line["ours"], line["limit"]
        cells = [line["title"], str(line["connections"]), rate(ours), f"{median(ours, 'p50'):.2f}", f"{median(ours, 'p99'):.2f}",
                 f"{median(ours, 'cost'):.1f}"]
        if limit:
            cells += [rate(limit), f"{median(limit, 'cost'):.1f}", f"{ratio(line, 'rate'):.2f}", f"{ratio(line, 'cost'):.2f}"]
        else:
            cells += ["–"] * 4
        text.append("| " + " | ".join([*cells, str(sum(run.failed for run in ours))]) + " |")
    return "\n".join(text) + "\n"


def peers(lines):
    """Other servers beside ours; nothing where none was measured."""
    rows = []
    for line in lines:
        for name, runs in line["peers"].items():
            cells = [line["title"], str(line["connections"]), name, rate(runs), f"{median(runs, 'p50'):.2f}", f"{median(runs, 'p99'):.2f}",
                     f"{median(runs, 'cost'):.1f}", f"{ratio(line, 'rate', runs):.1f}", str(sum(run.failed for run in runs))]
            rows.append("| " + " | ".join(cells) + " |")
    if not rows:
        return ""
    head = ["| work | connections | peer | req/s | p50 ms | p99 ms | CPU µs | ours ÷ peer | failed |",
            "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    return "\n".join([*head, *rows]) + "\n\n"


def ratio(line, field, others=None):
    """Ours by the limit's or another's, round by round."""
    pairs = zip(line["ours"], others or line["limit"])
    return statistics.median(getattr(a, field) / max(getattr(b, field), 1e-9) for a, b in pairs)


STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .soft { fill: #59636e } .bar { fill: #0f766e }
.rail { fill: #e7eaee } .aim { stroke: #b45309; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .soft { fill: #9198a1 } .rail { fill: #2a313a } .bar { fill: #2dd4bf } }
"""


def plot(lines, heading):
    """Bars: how near each rate comes to the limit program's, with the target as a mark."""
    rows = [line for line in lines if line["limit"]]
    left, width, step = 360, 420, 30
    height = 64 + step * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 70} {height}" role="img" aria-label="{heading}">',
             f"<style>{STYLE}</style>", f'<text x="0" y="20" font-weight="600">{heading}</text>',
             '<text x="0" y="40" class="soft">share of the limit program\'s rate on the same machine in the same run; the mark is the target</text>']
    for number, line in enumerate(rows):
        y = 56 + step * number
        value = ratio(line, "rate")
        parts.append(f'<text x="0" y="{y + 14}">{line["title"]} · {line["connections"]}</text>')
        parts.append(f'<rect class="rail" x="{left}" y="{y}" width="{width}" height="20" rx="3"/>')
        parts.append(f'<rect class="bar" x="{left}" y="{y}" width="{min(value, 1) * width:.0f}" height="20" rx="3"/>')
        if line["target"]:
            x = left + line["target"] * width
            parts.append(f'<line class="aim" x1="{x:.0f}" y1="{y - 3}" x2="{x:.0f}" y2="{y + 23}"/>')
        parts.append(f'<text x="{left + width + 8}" y="{y + 14}">{value:.2f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
