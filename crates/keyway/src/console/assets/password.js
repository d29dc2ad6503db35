// Says while typing how far a new password is; the server decides.
for (const field of document.querySelectorAll('input[autocomplete="new-password"]')) {
  const hint = document.getElementById(`${field.id}-hint`);
  if (!hint) continue;
  const text = hint.textContent;
  field.addEventListener("input", () => {
    const missing = 10 - [...field.value].length;
    hint.textContent = !field.value || missing <= 0 ? text : `${missing} more character${missing === 1 ? "" : "s"}.`;
  });
}
