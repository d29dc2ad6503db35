// Shows a list anew every two seconds while it is switched on and looked at. Off until somebody asks.
const button = document.querySelector("[data-live]");
const region = document.querySelector("[data-live-region]");
if (button && region) {
  let on = false;
  button.hidden = false;
  const look = async () => {
    if (!on) return;
    if (!document.hidden && !region.contains(document.activeElement)) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(10_000) });
        if (answer.redirected || answer.status === 401) { location.reload(); return; }
        const there = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live-region]");
        if (answer.ok && there && on) region.replaceChildren(...document.adoptNode(there).childNodes);
      } catch { /* the next look may find it */ }
    }
    setTimeout(look, 2000);
  };
  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    if (on) look();
  });
}
