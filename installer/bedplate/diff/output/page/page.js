"use strict";
const tools = document.querySelector(".tools");
const search = document.getElementById("search");
const items = [...document.querySelectorAll("details.item")];
const folded = new Map();

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const risks = new Set([...tools.querySelectorAll("input:checked")].map((box) => box.value));
  let shown = 0;
  for (const item of items) {
    const text = words.length ? item.textContent.toLowerCase() : "";
    item.hidden = !risks.has(item.dataset.risk) || !words.every((word) => text.includes(word));
    shown += !item.hidden;
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = !section.querySelector("details.item:not([hidden])");
  }
  document.getElementById("count").textContent = shown === items.length ? "" : `${shown} of ${items.length}`;
}

function fold(open) {
  for (const item of items) item.open = open && !item.hidden;
}

tools.hidden = items.length === 0;
tools.addEventListener("input", filter);
tools.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("open").addEventListener("click", () => fold(true));
document.getElementById("close").addEventListener("click", () => fold(false));
window.addEventListener("beforeprint", () => {
  for (const item of items) { folded.set(item, item.open); item.open = true; }
});
window.addEventListener("afterprint", () => {
  for (const [item, open] of folded) item.open = open;
});
