// Looks every second whether what a page waits for has happened, and shows it when it has. Stops while
// the window is hidden, and after ten minutes.
const waiting = document.querySelector("[data-wait]");
if (waiting) {
  const began = Date.now();
  const look = async () => {
    if (!waiting.isConnected || Date.now() - began > 600_000) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(waiting.dataset.wait, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(10_000) });
        if (answer.ok && !answer.redirected) {
          const there = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-came]");
          if (there) { waiting.replaceWith(document.adoptNode(there)); return; }
        }
      } catch { /* the next look may find it */ }
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 500);
}
