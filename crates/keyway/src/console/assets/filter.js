// Filters are sent when something is chosen; `/` leads to the search.
for (const form of document.querySelectorAll("form[data-filter]")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
  }
  // What is empty needs no place in the address.
  form.addEventListener("submit", () => {
    if (form.method !== "get") return;
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
  addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
}
const search = document.querySelector('form[data-filter] input[type="search"]');
if (search) {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });
}
