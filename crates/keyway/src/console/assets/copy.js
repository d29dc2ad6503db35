// Buttons that copy a text; without this module they stay hidden and the text can be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  const from = document.getElementById(button.dataset.copy);
  const said = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
  if (!from) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = "value" in from ? from.value : from.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard without https beyond this machine: select it, so that the keyboard can.
      const range = document.createRange();
      if (from.select) from.select();
      else { range.selectNodeContents(from); getSelection().removeAllRanges(); getSelection().addRange(range); }
      return;
    }
    const before = button.textContent;
    button.textContent = "Copied";
    if (said) said.textContent = "Copied";
    setTimeout(() => { button.textContent = before; if (said) said.textContent = ""; }, 1500);
  });
}
