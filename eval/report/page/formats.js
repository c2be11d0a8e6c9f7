// Numbers as people read them. Nothing is written for what is not known but a dash.

const UNKNOWN = "–";
const known = (number) => number !== null && number !== undefined;

const percent = (share) => (known(share) ? `${(share * 100).toFixed(1)} %` : UNKNOWN);
const plain = (number, digits = 1) => (known(number) ? number.toFixed(digits) : UNKNOWN);
const plural = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

function interval(low, high) {
  return known(low) ? `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %` : UNKNOWN;
}

function amount(number) {
  if (!known(number)) return UNKNOWN;
  if (number >= 1e6) return `${+(number / 1e6).toPrecision(3)}M`;
  if (number >= 1e4) return `${+(number / 1e3).toPrecision(3)}k`;
  return `${Math.round(number)}`;
}

function duration(seconds) {
  if (!known(seconds)) return UNKNOWN;
  if (seconds >= 120) return `${+(seconds / 60).toPrecision(3)} min`;
  return `${seconds >= 10 ? seconds.toFixed(0) : seconds.toFixed(2)} s`;
}

function money(dollars) {
  return known(dollars) ? `$${dollars >= 0.1 || dollars === 0 ? dollars.toFixed(2) : dollars.toPrecision(2)}` : UNKNOWN;
}

// A number of some kind of cost.
function quantity(number, kind) {
  if (!known(number)) return UNKNOWN;
  return kind === "USD" ? money(number) : number < 100 ? plain(number) : amount(number);
}
