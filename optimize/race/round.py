"""One round of a race: candidates run on blocks of problems with the same draws, and drop out on the way. Shared
prompts are asked only once, because every answer is in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eval.numbers.cost import price_ratio
from eval.numbers.criteria import outcomes, shares
from eval.numbers.intervals import Estimate
from eval.rollouts.rollout import Rollout
from optimize.gate.gate_outcome import CHEAPER, MARGIN
from optimize.job.candidates import RaceLine
from optimize.job.copying import Copying, copying_in
from optimize.job.job import Job
from optimize.race.dropping import Standing, difference, dropped, looks
from optimize.race.variants import Variant
from program.paid.halted import CapReached
from program.problem import Problem


@dataclass(frozen=True)
class Round:
    """A finished round.

    name: of its folder.
    first: the candidate to beat.
    standings: of every candidate on its own rollouts, by name; costs are relative to the first one.
    gains: of every candidate, by name: the difference from the first one on the rollouts of both, which have the same
        problems and draws.
    out: why candidates dropped out, by name.
    variants: the candidates by name.
    copied: for candidates with demonstrations, by stage, how many answers copied from them.
    """

    name: str
    first: str
    standings: Mapping[str, Standing]
    gains: Mapping[str, Estimate]
    out: Mapping[str, str]
    variants: Mapping[str, Variant]
    copied: Mapping[str, Mapping[str, Copying]] = field(default_factory=dict)

    @property
    def finalists(self) -> list[str]:
        """The candidates that ran to the end, the best first."""
        left = [name for name in self.standings if name not in self.out]
        return sorted(left, key=lambda name: (-self.standings[name].share, self.standings[name].cost))

    @property
    def winner(self) -> Variant:
        """The finalist that solves most; or the cheapest of those that solve nearly as much at a much lower cost. A
        change has to earn its place: the candidate to beat stays if none is clearly ahead of it or much cheaper."""
        places = [name for name in self.finalists if name == self.first or self._earns_its_place(name)]
        cheap = [name for name in places if self._is_as_good_for_less(name, places[0])]
        return self.variants[min(cheap, key=lambda name: self.standings[name].cost) if cheap else places[0]]

    def _earns_its_place(self, name: str) -> bool:
        if self.first in self.out:
            return True
        ahead = self.standings[name].share >= self.standings[self.first].share + MARGIN
        return ahead or self._is_as_good_for_less(name, self.first)

    def _is_as_good_for_less(self, name: str, other: str) -> bool:
        """Whether it solves nearly as much as the other at a much lower cost."""
        one, two = self.standings[name], self.standings[other]
        return one.share >= two.share - MARGIN and one.cost <= CHEAPER * two.cost

    def lines(self) -> list[RaceLine]:
        """The results of all candidates, finalists first."""
        order = [*self.finalists, *self.out]
        return [self._line(name) for name in order]

    def _line(self, name: str) -> RaceLine:
        standing = self.standings[name]
        value, low, high = self.gains[name]
        return RaceLine(
            candidate=name,
            round=self.name,
            first=name == self.first,
            changes=dict(self.variants[name].changes),
            problems=len(standing.solved),
            rollouts=standing.rollouts,
            solved=round(standing.share, 4),
            gain=round(value, 4),
            interval=(round(low, 4), round(high, 4)),
            cost=round(standing.cost, 4),
            unit=standing.unit,
            copied=dict(self.copied.get(name, {})),
            out=self.out.get(name, ""),
        )


def run_round(job: Job, name: str, variants: Sequence[Variant], problems: Sequence[Problem], rollouts: int) -> Round:
    """Run a round.

    Args:
        job: the compilation.
        name: of the folder, and of the phase.
        variants: the candidates; the first is the one to beat.
        problems: in order of running.
        rollouts: of a candidate that runs to the end; if there are fewer problems, each is drawn more than once.

    Raises:
        Halted: a cap is reached before the first comparison; finished rollouts are stored. At a later cap the result
            is that of the last comparison, and `job.stopped` says so.
    """
    by_name = {variant.name: variant for variant in variants}
    # The candidate to beat won the last round partly by lucky draws, so every round has draws of its own.
    samples = -(-rollouts // len(problems))
    first_draw = samples * len(job.run_folders)
    programs = {key: each.program(job.inputs) for key, each in by_name.items()}
    runs = job.program_runs(name, programs, problems, samples, first_draw)
    alive, out = list(by_name), dict[str, str]()
    made, first = list[Rollout](), variants[0].name

    def standings(names: Iterable[str]) -> dict[str, Standing]:
        return _standings(made, names, first, job.token_weights)

    planned = looks(rollouts, len(variants))
    for number, (count, keep) in enumerate(planned, 1):
        try:
            made = runs.run(alive, count, f"part {number} of {len(planned)}")
        except CapReached as reached:
            if not made:
                raise
            job.stopped = reached.said
            break
        standing = standings(alive)
        leader = max(alive, key=lambda each: standing[each].share)
        job.reserve([each for each in made if each.arm == leader])
        if count < rollouts:
            out |= dropped(standing, keep, first)
            alive = [each for each in alive if each not in out]
        if len(alive) == 1:
            break
    path, worded = job.folder.path.parent / name, [key for key, each in by_name.items() if each.words]
    copied = {key: copying_in(path, [each for each in made if each.arm == key]) for key in worded}
    gains = {key: _gain(made, first, key) for key in by_name}
    return Round(name, first, standings(by_name), gains, out, by_name, copied)


def _standings(
    rollouts: Sequence[Rollout], names: Iterable[str], first: str, weights: Mapping[str, float]
) -> dict[str, Standing]:
    found = {}
    for name in names:
        own = [each for each in rollouts if each.arm == name]
        cost, unit = price_ratio(*_common(rollouts, first, name), weights) or (1.0, "nothing that is known")
        found[name] = Standing(shares(outcomes(own)), cost, unit, len(own))
    return found


def _gain(rollouts: Sequence[Rollout], first: str, second: str) -> Estimate:
    """Second minus first on the rollouts of both: one may have dropped out before the other's further draws."""
    return difference(*(shares(outcomes(each)) for each in _common(rollouts, first, second)))


def _common(rollouts: Sequence[Rollout], first: str, second: str) -> tuple[list[Rollout], list[Rollout]]:
    """The rollouts of both candidates with the same problems and draws."""
    arms = [{each.key()[1:]: each for each in rollouts if each.arm == name} for name in (first, second)]
    keys = sorted(arms[0].keys() & arms[1].keys())
    one, two = ([arm[key] for key in keys] for arm in arms)
    return one, two
