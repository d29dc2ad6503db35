// Shows a list anew every few seconds while it is switched on and looked at. Off until somebody asks, or the
// address does; it ends by itself after a while, with the session, and when the server says no.
const button = document.querySelector("[data-live]");
const region = document.querySelector("[data-live-region]");
const said = document.querySelector("[data-live-said]");
const FAILURES_MAX = 3;
const TIMEOUT_MS = 10_000;

if (button && region && said) {
  let until = 0, failures = 0, timer = 0, asking = null;
  const address = (name, value) => {
    const url = new URL(location.href);
    if (value) url.searchParams.set(name, value); else url.searchParams.delete(name);
    return url;
  };
  const end = (why) => {
    until = 0;
    clearTimeout(timer);
    asking?.abort();
    button.setAttribute("aria-pressed", "false");
    said.textContent = why;
    history.replaceState(null, "", address("live", ""));
  };
  const show = (text) => {
    const there = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live-region]");
    if (!there) return;
    const known = new Set([...region.querySelectorAll("tbody a")].map((link) => link.href));
    region.replaceChildren(...document.adoptNode(there).childNodes);
    if (known.size === 0) return;
    for (const row of region.querySelectorAll("tbody tr")) {
      const link = row.querySelector("a");
      if (link && !known.has(link.href)) row.classList.add("come");
    }
  };
  const ask = async () => {
    asking = new AbortController();
    const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const answer = await fetch(address("part", "list"), { headers: { accept: "text/html" }, redirect: "manual", signal });
      // The session is over: the page leads to signing in, and from there back to itself.
      if (answer.type === "opaqueredirect" || answer.status === 401) { location.reload(); return; }
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        region.replaceChildren();
        end("Live has ended: this list is not yours to see any longer.");
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      if (!until) return;
      show(text);
      if (failures > 0) said.textContent = "Live again.";
      failures = 0;
    } catch {
      if (!until) return;
      failures += 1;
      if (failures >= FAILURES_MAX) end("Live has ended: the server does not answer. Switch it on to try again.");
      else said.textContent = "The server does not answer. Another try follows.";
    }
  };
  const look = async () => {
    if (Date.now() > until) { end("Live has ended by itself. Switch it on to go on."); return; }
    // What is looked through by keyboard is not taken away below the fingers.
    if (!document.hidden && !region.contains(document.activeElement)) await ask();
    if (until) timer = setTimeout(look, Number(button.dataset.every) * (1 + failures));
  };
  const begin = () => {
    until = Date.now() + Number(button.dataset.lasts);
    failures = 0;
    button.setAttribute("aria-pressed", "true");
    said.textContent = "Live: what comes shows by itself.";
    history.replaceState(null, "", address("live", "on"));
    look();
  };
  button.hidden = false;
  button.addEventListener("click", () => (until ? end("Live is off.") : begin()));
  if (new URLSearchParams(location.search).get("live") === "on") begin();
}
