"use strict";

// Filters the tags. The filter is kept in the fragment of the address, so that a filtered page can be linked to.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filter");
  const text = byId("tag");
  const problems = byId("problems");
  const boxes = [...document.querySelectorAll("input.platform")];
  const rows = [...document.querySelectorAll("#tags tbody tr")];

  // A pattern with * matches the whole tag, other text a part of it.
  const matcher = (pattern) => {
    const wanted = pattern.trim().toLowerCase();
    if (!wanted.includes("*")) {
      return (tag) => tag.toLowerCase().includes(wanted);
    }
    const escaped = wanted.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    const expression = new RegExp(`^${escaped.join(".*")}$`);
    return (tag) => expression.test(tag.toLowerCase());
  };

  const apply = () => {
    const matches = matcher(text.value);
    const chosen = boxes.flatMap((box, column) => (box.checked ? [column] : []));
    let shown = 0;
    for (const row of rows) {
      const supported = row.dataset.supported;
      const isShown =
        matches(row.dataset.tag) &&
        chosen.every((column) => supported.includes(` ${column} `)) &&
        (!problems.checked || "problem" in row.dataset);
      row.hidden = !isShown;
      shown += isShown ? 1 : 0;
    }
    const hidden = boxes.flatMap((box, column) => (chosen.length && !box.checked ? [column + 3] : []));
    const cells = hidden.map((place) => `#tags tr > :nth-child(${place})`);
    byId("columns").textContent = cells.length ? `${cells.join(",")} { display: none }` : "";
    byId("count").textContent = `${shown} of ${rows.length} tags`;
    byId("nothing").hidden = shown > 0;
  };

  const toAddress = () => {
    const filter = new URLSearchParams();
    if (text.value.trim()) filter.set("tag", text.value.trim());
    for (const box of boxes) if (box.checked) filter.append("platform", box.value);
    if (problems.checked) filter.set("problems", "1");
    const fragment = filter.toString();
    history.replaceState(null, "", fragment ? `#${fragment}` : "#");
  };

  const fromAddress = () => {
    // The skip link has a fragment, too, which is no filter.
    if (location.hash === "#tags") return apply();
    const filter = new URLSearchParams(location.hash.slice(1));
    const platforms = filter.getAll("platform");
    text.value = filter.get("tag") ?? "";
    problems.checked = filter.get("problems") === "1";
    for (const box of boxes) box.checked = platforms.includes(box.value);
    return apply();
  };

  const changed = () => {
    apply();
    toAddress();
  };
  const reset = () => {
    text.value = "";
    problems.checked = false;
    for (const box of boxes) box.checked = false;
    changed();
    text.focus();
  };

  form.hidden = false;
  for (const hint of document.querySelectorAll(".filter-hint")) hint.hidden = false;
  for (const box of boxes) {
    box.hidden = false;
    box.addEventListener("change", changed);
  }
  text.addEventListener("input", changed);
  problems.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    reset();
  });
  byId("reset").addEventListener("click", reset);
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
