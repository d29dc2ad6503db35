// Sends what is typed to one model or two, as any client of the data plane does, and shows answers as they come.
const form = document.querySelector("[data-playground]");
const DRAFT = "keyway-playground";
const KEPT = ["message", "system", "temperature", "max_tokens", "tools", "schema", "model-a", "model-b"];
const IMAGE_BYTES_MAX = 4_000_000;
const RAW_CHARS_MAX = 200_000;
const one = (name) => form.querySelector(`[data-${name}]`);
const field = (name) => form.elements[name];

function keep() {
  const draft = Object.fromEntries(KEPT.map((name) => [name, field(name).value]));
  try { localStorage.setItem(DRAFT, JSON.stringify(draft)); } catch { /* a private window keeps nothing */ }
}

function restore() {
  let draft = {};
  try { draft = JSON.parse(localStorage.getItem(DRAFT)) ?? {}; } catch { /* nothing was kept */ }
  const named = new URLSearchParams(location.search).has("model");
  for (const name of KEPT) {
    if (typeof draft[name] === "string" && !(named && name === "model-a")) field(name).value = draft[name] || field(name).value;
  }
}

// Tokens by project and kind, as long as they live.
const tokens = new Map();
async function token() {
  const name = `${field("project").value} ${field("mode").value}`;
  const known = tokens.get(name);
  if (known && known.expires_ms > Date.now() + 30_000) return known.token;
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: AbortSignal.timeout(10_000) });
  const said = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (said.confirm) { keep(); location.href = said.confirm; throw new Error("Confirm your password first."); }
  if (!said.token) throw new Error(answer.redirected ? "You are signed out." : "No token was given for this project.");
  tokens.set(name, said);
  return said.token;
}

function read(name, what) {
  const text = field(name).value.trim();
  if (!text) return undefined;
  try { return JSON.parse(text); } catch { throw new Error(`${what} is not JSON.`); }
}

async function image() {
  const file = field("image").files[0];
  if (!file) return undefined;
  if (file.size > IMAGE_BYTES_MAX) throw new Error("The image is larger than 4 MB.");
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error("The image cannot be read."));
    reader.readAsDataURL(file);
  });
}

const talks = { a: [], b: [] };
function body(model, talk) {
  const system = field("system").value.trim();
  const schema = read("schema", "The schema");
  const number = (name) => (field(name).value === "" ? undefined : Number(field(name).value));
  return {
    model,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...talk],
    temperature: number("temperature"),
    max_tokens: number("max_tokens"),
    tools: read("tools", "The list of tools"),
    response_format: schema && { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
    stream: true,
    stream_options: { include_usage: true },
  };
}

function add(column, kind, text) {
  const talk = form.querySelector(`[data-column="${column}"] [data-talk]`);
  talk.querySelector("[data-nothing]")?.remove();
  const element = document.createElement("div");
  element.className = kind;
  element.textContent = text;
  talk.append(element);
  talk.scrollTop = talk.scrollHeight;
  return element;
}

function price(model, usage) {
  const row = [...document.querySelectorAll("#models option")].find((option) => option.value === model);
  if (!row?.dataset.input || !usage) return "";
  const usd = (usage.prompt_tokens * row.dataset.input + usage.completion_tokens * row.dataset.output) / 1e15;
  return usd === 0 ? ", no cost" : `, about $${usd > 0 && usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

// The events of a stream, one `data` each.
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (data && data !== "[DONE]") yield data;
    }
  }
}

const raw = one("raw");
function note(text) {
  if (raw.textContent.length < RAW_CHARS_MAX) raw.append(`${text}\n`);
}

async function ask(column, model, stop) {
  const sent = body(model, talks[column]);
  note(`POST /v1/chat/completions\n${JSON.stringify(sent, null, 2)}\n`);
  const began = performance.now();
  let first = 0, text = "", usage = null;
  const shown = add(column, "said assistant", "");
  const thought = document.createElement("div");
  thought.className = "thought";
  const words = document.createTextNode("");
  shown.append(words);
  try {
    const headers = { "content-type": "application/json", authorization: `Bearer ${await token()}` };
    const answer = await fetch("/v1/chat/completions", { method: "POST", headers, body: JSON.stringify(sent), signal: stop });
    if (!answer.ok) {
      const error = (await answer.json().catch(() => null))?.error;
      throw new Error(`${answer.status}: ${error?.message ?? "no reason was given"} (${answer.headers.get("x-request-id") ?? "no id"})`);
    }
    for await (const data of events(answer)) {
      note(`data: ${data}`);
      const event = JSON.parse(data);
      if (event.error) throw new Error(event.error.message);
      usage = event.usage ?? usage;
      const delta = event.choices?.[0]?.delta ?? {};
      const part = delta.content ?? "";
      const calls = delta.tool_calls?.map((call) => `${call.function?.name ?? ""}${call.function?.arguments ?? ""}`).join("") ?? "";
      if ((part || calls || delta.reasoning_content) && !first) first = performance.now() - began;
      if (delta.reasoning_content) { if (!thought.isConnected) shown.prepend(thought); thought.append(delta.reasoning_content); }
      text += part + calls;
      words.data = text;
      shown.parentElement.scrollTop = shown.parentElement.scrollHeight;
    }
  } catch (error) {
    if (!text) shown.remove();
    add(column, "said bad", error.name === "AbortError" ? "Stopped." : error.message);
  }
  if (text) {
    talks[column].push({ role: "assistant", content: text });
    const whole = performance.now() - began;
    const rate = usage && whole > first ? `, ${Math.round((usage.completion_tokens * 1000) / Math.max(whole - first, 1))} tokens/s` : "";
    const counts = usage ? `, ${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out` : "";
    add(column, "took", `first token after ${Math.round(first)} ms, in all ${whole < 1000 ? `${Math.round(whole)} ms` : `${(whole / 1000).toFixed(1)} s`}${rate}${counts}${price(model, usage)}`);
  }
}

let stopping = null;
async function send() {
  const text = field("message").value.trim();
  if (!text || stopping) return;
  stopping = new AbortController();
  one("send").disabled = true;
  one("stop").disabled = false;
  raw.textContent = "";
  keep();
  try {
    const picture = await image();
    const content = picture ? [{ type: "text", text }, { type: "image_url", image_url: { url: picture } }] : text;
    const asked = ["a", "b"].filter((column) => field(`model-${column}`).value.trim());
    for (const column of asked) {
      body("", []); // what is no JSON is said before anything is sent
      talks[column].push({ role: "user", content });
      add(column, "said user", picture ? `${text} [image]` : text);
    }
    await token();
    await Promise.all(asked.map((column) => ask(column, field(`model-${column}`).value.trim(), stopping.signal)));
    field("message").value = "";
    keep();
    one("said").textContent = "The answer is complete.";
  } catch (error) {
    add("a", "said bad", error.message);
  }
  stopping = null;
  one("send").disabled = false;
  one("stop").disabled = true;
  field("message").focus();
}

function sample(kind) {
  const talk = talks.a.length ? talks.a.filter((_, at) => at < talks.a.length - (talks.a.at(-1).role === "assistant" ? 1 : 0)) : [{ role: "user", content: field("message").value || "Hello!" }];
  const sent = JSON.parse(JSON.stringify({ ...body(field("model-a").value, talk), stream: undefined, stream_options: undefined }));
  const json = JSON.stringify(sent, null, 2), base = location.origin;
  if (kind === "curl") return `curl ${base}/v1/chat/completions \\\n  -H "Authorization: Bearer $KEYWAY_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${json.replaceAll("'", "'\\''")}'`;
  if (kind === "node") return `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${base}/v1", apiKey: process.env.KEYWAY_API_KEY });\nconst answer = await client.chat.completions.create(${json});\nconsole.log(answer.choices[0].message.content);`;
  return `import json, os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${base}/v1", api_key=os.environ["KEYWAY_API_KEY"])\nanswer = client.chat.completions.create(**json.loads(r'''${json}'''))\nprint(answer.choices[0].message.content)`;
}

if (form) {
  restore();
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  form.addEventListener("input", keep);
  field("message").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); } });
  one("stop").addEventListener("click", () => stopping?.abort());
  one("clear").addEventListener("click", () => {
    stopping?.abort();
    for (const column of ["a", "b"]) { talks[column] = []; form.querySelector(`[data-column="${column}"] [data-talk]`).replaceChildren(); }
  });
  for (const button of form.querySelectorAll("[data-take]")) {
    button.addEventListener("click", async () => {
      const before = button.textContent;
      let said = "Copied";
      try { await navigator.clipboard.writeText(sample(button.dataset.take)); } catch { raw.textContent = sample(button.dataset.take); one("raw-details").open = true; said = "See below"; }
      button.textContent = said;
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }
}
