"use strict";
// Elements are built from names, attributes and text nodes, never from markup: what a model wrote stays text.

function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// An attribute that is a function listens to the event of its name; false and undefined ones are left out.
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// A part that is built when it is opened for the first time; `build` may take its time.
function unfolding(attributes, summary, build) {
  const details = make("details", attributes, make("summary", {}, summary));
  let built = false;
  details.addEventListener("toggle", async () => {
    if (!details.open || built) return;
    built = true;
    fill(details, {}, [await build()]);
  });
  return details;
}

// A choice among [value, text]; `chosen` is its first value, `change` is called with the new one.
function choice(label, options, chosen, change, id) {
  const items = options.map(([value, text]) => make("option", { value, selected: value === chosen }, text));
  return make("label", {}, label, " ", make("select", { id, change: (event) => change(event.target.value) }, items));
}

// Something wide, which scrolls by itself and can be reached by keyboard.
function wide(label, ...children) {
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, children);
}

function section(title, ...children) {
  return make("section", {}, make("h2", {}, title), children);
}

function copyButton(text) {
  const button = make("button", { type: "button", class: "copy", "aria-live": "polite" }, "copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copied(text)) ? "copied" : "not copied";
    setTimeout(() => (button.textContent = "copy"), 1500);
  });
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not every browser lets a page that was opened from disk use the clipboard in this way.
    const field = make("textarea", { class: "aside" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

// What is chosen on the page; it survives a reload, and the address stays as it is.
const chosen = { ...history.state };

function choose(key, value) {
  chosen[key] = value;
  history.replaceState(chosen, "");
}
