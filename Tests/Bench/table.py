"""Figures and the tables that they stand in."""
import statistics


def median(values):
    return statistics.median(values) if values else float("nan")


def spread(values):
    """Median, and from the tenth to the ninetieth of a hundred."""
    if not values:
        return "none"
    ordered = sorted(values)
    last = len(ordered) - 1
    return f"{number(median(ordered))} ({number(ordered[round(last * 0.1)])} to {number(ordered[round(last * 0.9)])})"


def number(value):
    if value != value:
        return "?"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


class Table:
    def __init__(self, title, head, notes=()):
        self.title, self.head, self.rows, self.notes = title, head, [], list(notes)

    def add(self, *cells):
        self.rows.append([cell if isinstance(cell, str) else number(cell) for cell in cells])

    def terminal(self):
        widths = [max(len(row[i]) for row in [self.head] + self.rows) for i in range(len(self.head))]
        lines = [self.title] + ["  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths)))
                                for row in [self.head] + self.rows]
        return "\n".join(lines + ["  " + note for note in self.notes]) + "\n"

    def markdown(self):
        def row(cells):
            return "| " + " | ".join(cells) + " |"
        lines = [row(self.head), "|---" + "|--:" * (len(self.head) - 1) + "|"] + [row(cells) for cells in self.rows]
        return f"**{self.title}**\n\n" + "\n".join(lines) + "\n" + "".join(f"\n{note}\n" for note in self.notes)


class Verdict:
    """A budget, and whether it holds; if it does not, why."""

    def __init__(self, text, holds, figure, reason=""):
        self.text, self.holds, self.figure, self.reason = text, holds, figure, reason

    def line(self):
        return f"{'holds' if self.holds else 'DOES NOT HOLD'}: {self.text}: {self.figure}" + (f". {self.reason}" if self.reason and not self.holds else "")
