"""Tables of the records of `benchmarks.prompts.adapters`. All answers are parsed again, so a better parser changes the
numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean
from typing import Any

import dspy
from dspy import AdapterParseError

from eval.numbers.paired import differences
from eval.tables.markdown import NONE, p_value, points, table
from program.adapters.choice import adapter_named
from program.adapters.form import answers_with_code
from program.adapters.reading import Reading, collected_readings
from program.rollout.trace import Call

HEADER = (
    "| adapter | stage | answers | read at once | after a second call | salvaged | fields lost | items dropped "
    "| hidden tests passed | prompt tokens | cached | answer tokens | seconds |"
)

Rates = Mapping[tuple[str, str], float]  # by problem name and program: share of hidden tests passed, 0 to 1


@dataclass(frozen=True)
class Asked:
    """One stage asked with one adapter: the first call and, if its answer could not be read, a second one.

    The second call shows the bad answer and asks for a correction; after an empty or endless answer it only asks again.
    """

    problem: str
    stage: str
    adapter: str
    calls: list[Call]
    signature: type[dspy.Signature]

    @property
    def lost(self) -> bool:
        """Whether infrastructure failed, so that there is no result."""
        return any(call.outcome == "lm_error" for call in self.calls)

    def key(self) -> tuple[str, str, str]:
        return self.problem, self.stage, self.adapter

    @cached_property
    def readings(self) -> list[Reading | None]:
        """The parsed answer of each call; None if it cannot be read."""
        return [read(self.adapter, self.signature, call.answer) for call in self.calls]

    def final(self) -> Reading | None:
        """The first readable answer."""
        return next((reading for reading in self.readings if reading is not None), None)

    def program(self) -> str | None:
        """The program in the answer of a stage that writes one, empty if unreadable; None for other stages."""
        if not answers_with_code(self.signature) or self.stage == "WriteGenerator":
            return None
        reading = self.final()
        return str(reading.values[list(self.signature.output_fields)[-1]]) if reading else ""


def read(adapter: str, signature: type[dspy.Signature], answer: str) -> Reading | None:
    """The answer parsed by the adapter with this name; None if it cannot be read."""
    with collected_readings() as readings:
        try:
            adapter_named(adapter).parse(signature, answer)
        except AdapterParseError:
            return None
    return readings[0]


def markdown(records: Sequence[Asked], adapters: Sequence[str], rates: Rates) -> str:
    """One row per adapter and stage, and one per adapter over all stages; `rates` are of all their programs."""
    lines = [HEADER, "|" + " --- |" * HEADER.count(" | ") + " --- |"]
    for adapter in adapters:
        mine = [record for record in records if record.adapter == adapter]
        stages = list(dict.fromkeys(record.stage for record in mine))
        lines += [_row(adapter, stage, [record for record in mine if record.stage == stage], rates) for stage in stages]
        if mine:
            lines.append(_row(f"**{adapter}**", "all", mine, rates))
    lost = sum(record.lost for record in records)
    return "\n".join([*lines, *([f"\n{lost} requests were lost to infrastructure and count nowhere."] if lost else [])])


def compared(records: Sequence[Asked], adapters: Sequence[str], rates: Rates) -> str:
    """The programs of every adapter compared with those of the first, as a table; empty if nothing is compared.

    The comparisons are one family. The unit is the problem: its rate is the mean over the stages that both adapters
    have.
    """
    by_adapter = {name: _programs(records, name, rates) for name in adapters}
    first, *others = adapters
    found = []
    for name in others:
        mine, theirs = by_adapter[first], by_adapter[name]
        shared: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key in sorted(set(mine) & set(theirs)):
            shared[key[0]].append(key)
        pairs = [(mean(mine[key] for key in keys), mean(theirs[key] for key in keys)) for keys in shared.values()]
        if pairs:
            found.append((name, sum(map(len, shared.values())), pairs))
    if not found:
        return ""
    tested = differences([([one for one, _ in pairs], [two for _, two in pairs]) for *_, pairs in found])
    rows = [
        [f"{name} against {first}", f"{programs}, {len(pairs)}", points(each.estimate), p_value(each.corrected)]
        for (name, programs, pairs), each in zip(found, tested, strict=True)
    ]
    return table(["adapter", "programs each, problems", "hidden tests passed (95 % CI)", "p (Holm)"], rows)


def _programs(records: Iterable[Asked], adapter: str, rates: Rates) -> dict[tuple[str, str], float]:
    """The rates of an adapter's programs, by problem and stage."""
    return {
        (record.problem, record.stage): rates[record.problem, program]
        for record in records
        if record.adapter == adapter and not record.lost and (program := record.program()) is not None
    }


def _row(adapter: str, stage: str, records: Iterable[Asked], rates: Rates) -> str:
    asked = [record for record in records if not record.lost]
    first = [record.readings[0] for record in asked]
    final = [record.final() for record in asked]
    right = [rates[record.problem, program] for record in asked if (program := record.program()) is not None]
    read_at_once = [reading for reading in first if reading is not None]
    fields = sum(len(record.signature.output_fields) for record in asked)
    got = sum(len(reading.values) for reading in final if reading is not None)
    kept = sum(_items(reading) for reading in final if reading is not None)
    dropped = sum(reading.dropped for reading in final if reading is not None)
    cells = [
        adapter,
        stage,
        str(len(asked)),
        _share(len(read_at_once), len(asked)),
        _share(sum(reading is not None for reading in final), len(asked)),
        _share(sum(reading.salvaged for reading in read_at_once), len(read_at_once)),
        _share(fields - got, fields),
        _share(dropped, kept + dropped),
        f"{sum(right) / len(right):.0%} of {len(right)}" if right else NONE,
        _mean(asked, lambda call: call.prompt_tokens, "{:.0f}"),
        _mean(asked, lambda call: call.cached_tokens, "{:.0f}"),
        _mean(asked, lambda call: call.completion_tokens, "{:.0f}"),
        _mean(asked, lambda call: call.seconds, "{:.1f}"),
    ]
    return f"| {' | '.join(cells)} |"


def _items(reading: Reading) -> int:
    return sum(len(value) for value in reading.values.values() if isinstance(value, list))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part}/{whole})" if whole else NONE


def _mean(records: Sequence[Asked], number: Callable[[Call], Any], form: str) -> str:
    """The mean over stages of the sum over calls, because a repair is part of an answer's cost."""
    sums = [sum(number(call) for call in record.calls) for record in records]
    return form.format(sum(sums) / len(sums)) if sums else NONE
