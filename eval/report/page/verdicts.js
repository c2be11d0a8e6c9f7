// What the signs on the page mean.

const MARKS = { s: ["●", "solved"], f: ["○", "failed"], n: ["–", "not judged"] };
const STATUS_LETTERS = { solved: "s", failed: "f", "not judged": "n" };
const VERDICTS = {
  AC: "accepted: the output is right",
  WA: "wrong answer",
  TLE: "time limit exceeded",
  MLE: "memory limit exceeded",
  OLE: "output limit exceeded: it prints too much",
  RE: "runtime error: an exception, a signal or a non-zero exit status",
  CE: "compilation error: the program is not valid Python",
};

function verdict(name) {
  return make("abbr", { title: VERDICTS[name] ?? "", class: name === "AC" ? "verdict" : "verdict bad" }, name);
}

function legend() {
  const signs = Object.entries(MARKS).map(([state, [sign, name]]) => [make("span", { class: `mark ${state}` }, sign), name]);
  const rows = [
    ...signs,
    ...Object.entries(VERDICTS).map(([name, words]) => [verdict(name), words]),
    ["solved", "the program passes every test: the public ones, which it may see, and the hidden ones, which it may not"],
    ["better, worse", "problems that a program solves in more, or in fewer, of its samples than the first program"],
  ];
  return make(
    "details",
    { class: "part legend-of-signs" },
    make("summary", {}, "What the signs mean"),
    make("dl", {}, rows.map(([sign, words]) => [make("dt", {}, sign), make("dd", {}, words)])),
    make("p", { class: "quiet" }, "The verdict on several tests is that of the first kind that any of them has: CE, RE, MLE, TLE, OLE, WA, AC."),
  );
}
