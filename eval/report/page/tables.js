// Tables that are sorted by a click on the head of a column.

// columns: {name, key, cell}: what a row is sorted by, and what is shown of it. `key` of what is chosen holds the order.
function sortedTable(id, key) {
  const table = make("table", { id });
  const body = make("tbody");
  let columns = [];
  let rows = [];
  const order = () => chosen[key] ?? { column: 0, down: false };
  const sort = (column) => {
    choose(key, { column, down: order().column === column ? !order().down : columns[column].down ?? false });
    show();
  };
  const show = () => {
    const { column, down } = order();
    const by = columns[column]?.key ?? columns[0].key;
    const sorted = rows.map((row, place) => [by(row), place, row]).sort((one, two) => compared(one, two, down ? -1 : 1));
    table.querySelectorAll("thead th").forEach((head, index) => {
      head.setAttribute("aria-sort", index !== column ? "none" : down ? "descending" : "ascending");
    });
    body.replaceChildren(
      ...sorted.map(([, , row]) => make("tr", {}, columns.map(({ cell }, index) => make(index ? "td" : "th", {}, cell(row))))),
    );
  };
  const refill = (newColumns, newRows) => {
    [columns, rows] = [newColumns, newRows];
    const heads = columns.map(({ name }, index) =>
      make("th", { scope: "col" }, make("button", { type: "button", class: "sort", click: () => sort(index) }, name)),
    );
    table.replaceChildren(make("thead", {}, make("tr", {}, heads)), body);
    show();
  };
  return { table, refill };
}

// What is not known comes last in both directions, and equals stay in their order.
function compared([one, first], [two, second], direction) {
  if (!known(one) || !known(two)) return known(two) - known(one) || first - second;
  const found = typeof one === "string" ? one.localeCompare(two, "en", { numeric: true }) : one - two;
  return found * direction || first - second;
}
