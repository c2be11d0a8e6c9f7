// Two rollouts of one problem side by side.

const MOST_COMPARED = 4e6; // pairs of lines; longer programs are shown without a difference

function pairChooser(data, story, number, rollout, second) {
  const others = story.rollouts.filter((each) => each !== rollout);
  if (!others.length) return undefined;
  const value = (each) => `${each.arm} ${each.sample}`;
  const text = (each) => `${data.arms[each.arm].name}, sample ${each.sample} ${MARKS[STATUS_LETTERS[each.status]][0]}`;
  const options = [["", "nothing"], ...others.map((each) => [value(each), text(each)])];
  const go = (to) => {
    const [arm, sample] = to.split(" ");
    location.hash = address(number, rollout.arm, rollout.sample) + (to ? `&with=${arm}&other=${sample}` : "");
  };
  return make("p", {}, choice("Side by side with", options, second && second !== rollout ? value(second) : "", go, "pair"));
}

function pair(data, story, ...both) {
  const [first, second] = both.map((rollout) => answerOf(story, rollout));
  const names = both.map((rollout) => `${data.arms[rollout.arm].name}, sample ${rollout.sample}`);
  return [
    make("div", { class: "pair" }, both.map((rollout) => rolloutHead(data, rollout))),
    statementPart(story),
    first && second && make("details", { class: "part", open: true, id: "difference" }, make("summary", {}, `The answers: from ${names[0]} to ${names[1]}`), answersCompared(first, second)),
    make("div", { class: "pair" }, both.map((rollout) => make("div", {}, make("h2", {}, names[both.indexOf(rollout)]), rolloutRest(story, rollout)))),
  ];
}

function answersCompared(first, second) {
  if (first === second) return make("p", {}, "They are the same program.");
  const opcodes = lineChanges(linesOf(first), linesOf(second));
  if (!opcodes) return make("p", { class: "quiet" }, "They are too long for a comparison here.");
  return [make("p", {}, tally(opcodes)), changes(first, second, opcodes)];
}

// The changes from one list of lines to another, as [from, to, from, to]; what they share in order is kept. Undefined
// where that would take too long.
function lineChanges(one, two) {
  if (one.length * two.length > MOST_COMPARED) return undefined;
  const width = two.length + 1;
  const longest = new Uint32Array((one.length + 1) * width); // of what the ends from i and from j on share
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = two.length - 1; j >= 0; j--) {
      const [below, right] = [longest[(i + 1) * width + j], longest[i * width + j + 1]];
      longest[i * width + j] = one[i] === two[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(below, right);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < two.length) {
    if (i < one.length && j < two.length && one[i] === two[j]) {
      [i, j] = [i + 1, j + 1];
      continue;
    }
    const [from, to] = [i, j];
    while ((i < one.length || j < two.length) && !(i < one.length && j < two.length && one[i] === two[j])) {
      const removes = j === two.length || (i < one.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1]);
      if (removes) i++;
      else j++;
    }
    found.push([from, i, to, j]);
  }
  return found;
}
