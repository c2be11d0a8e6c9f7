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
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

// A part that is built when it is opened for the first time.
function unfolding(attributes, summary, build) {
  const details = make("details", attributes, make("summary", {}, summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(...[build()].flat());
  });
  return details;
}

function choice(label, options, change) {
  const items = options.map(([value, text]) => make("option", { value }, text));
  return make("label", {}, label, " ", make("select", { change }, items));
}
