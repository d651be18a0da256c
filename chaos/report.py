"""The figures as they stand in docs/payments-chaos.md."""

from __future__ import annotations

from chaos.moments import PLACES
from chaos.run import Report


def printed(report: Report) -> str:
    found, counts = report.comparison, report.counts
    lines = [
        f"kills                         {report.kills} in {report.seconds:.0f} s",
        f"pay pressed                   {counts.pressed}",
        f"answers that never came       {counts.broken} (and {counts.outages} pages of an outage)",
        f"approved at the providers     {found.approved}",
        f"captured here                 {found.captured}, {report.recovered} of them by polls and notices afterwards",
        f"notices carried once more     {sum(report.repeated.values())} "
        f"({', '.join(f'{count} × {status}' for status, count in sorted(report.repeated.items()))})",
        f"letters                       {found.letters} receipts, {found.repeated_letters} handed over twice under "
        "the same Message-ID",
        f"files without a row           {found.orphaned_files}",
        f"attempts by state             {_counted(found.states)}",
        f"put aside                     {_counted(found.quarantine)}",
        f"lost                          {len(found.lost)}",
        f"doubled                       {len(found.doubled)}",
        f"wrong                         {len(found.wrong)}",
        f"outbox rows dead, stuck       {len(report.dead)}, {sum(report.stuck.values())}",
        f"flask ledger check            {report.books or 'ok'}",
        f"flask audit verify            {report.evidence or 'ok'}",
        "",
        "Who was killed:",
        *(f"  {count:>4}  {name}" for name, count in report.who.most_common()),
        "Where:",
        *(f"  {count:>4}  {name}" for name, count in sorted(report.where.items())),
    ]
    for title, problems in (
        ("Places that nobody came by", [place.name for place in PLACES if not report.where[place.name]]),
        ("Lost", found.lost),
        ("Doubled", found.doubled),
        ("Wrong", found.wrong),
        ("Dead", [f"{topic} {row}: {why}" for row, topic, why in report.dead]),
        ("Stuck", [f"{topic}: {count}" for topic, count in report.stuck.items()]),
        ("Strange to payers", sorted(set(counts.strange))),
    ):
        if problems:
            lines += [f"{title}:", *(f"  {problem}" for problem in problems[:40])]
    return "\n".join(lines)


def _counted(figures: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(figures.items())) or "nothing"
