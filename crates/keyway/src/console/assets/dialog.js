// Opens dialogs in browsers that do not know `command` yet.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  for (const button of document.querySelectorAll('[command="show-modal"]')) {
    button.addEventListener("click", () => document.getElementById(button.getAttribute("commandfor"))?.showModal());
  }
}
// Pages of a menu that was left open on a narrow screen begin closed again.
for (const menu of document.querySelectorAll("details.menu")) {
  addEventListener("keydown", (event) => { if (event.key === "Escape") menu.open = false; });
}
