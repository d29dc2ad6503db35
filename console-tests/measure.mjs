// Opens every page of a filled installation again and again: how long answers take, and what they weigh.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";

const TIMES = Number(process.env.TIMES ?? 50);
// What a page may take at its 95th percentile, and weigh with its style sheet and modules.
const MS_MAX = 100;
const BYTES_MAX = 100_000;
const [binary, folder, ...rest] = process.argv.slice(2);
const option = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : "");
const COOKIES = path.join(folder, "measure.cookies");
// Every page of the console, with the ways of asking that have most to read.
const PAGES = [
  "/console", "/console?period=24h", "/console?period=30d", "/console?period=90d",
  "/console/keys", "/console/keys?q=backend", "/console/keys?q=nothing-like-that", "/console/keys/new",
  "/console/keys/new?template=everything", "/console/keys/new?from={key}", "/console/keys/{key}",
  "/console/keys/{key}/edit", "/console/keys/{key}/first-call", "/console/keys/{key}/rotate",
  "/console/keys/{key}/revoke", "/console/keys/{key}/leaked",
  "/console/usage", "/console/usage?period=24h", "/console/usage?by=key", "/console/usage?by=key&period=7d",
  "/console/usage?by=key&period=90d", "/console/usage?by=key&period=24h", "/console/usage?by=key&measure=requests",
  "/console/usage?by=key&measure=tokens", "/console/usage?by=key&measure=errors", "/console/usage?by=key&model={served}",
  "/console/usage?by=key&provider={provider}", "/console/usage?by=model&key={key}",
  "/console/usage?by=model&key={key}&period=24h", "/console/usage?by=project", "/console/usage?by=member",
  "/console/usage?by=label", "/console/usage?by=provider", "/console/usage?model=nothing", "/console/advice",
  "/console/requests", "/console/requests?part=list", "/console/requests?status=errors",
  "/console/requests?status=server", "/console/requests?model={served}", "/console/requests?key={key}",
  "/console/requests/{request}", "/console/models", "/console/models/{model}", "/console/playground",
  "/console/budgets", "/console/budgets/{budget}", "/console/limits", "/console/credit", "/console/alerts",
  "/console/alerts/new", "/console/alerts/{alert}", "/console/projects", "/console/projects/{project}",
  "/console/members", "/console/members/{member}", "/console/roles", "/console/providers",
  "/console/providers?show=all", "/console/providers/new", "/console/providers/openai", "/console/routes",
  "/console/routes/new", "/console/routes/{route}", "/console/routes/{route}/edit",
  "/console/routes/simulator?model=auto", "/console/applications", "/console/applications?kind=limit_increase",
  "/console/applications/{application}", "/console/tiers", "/console/tiers/{tier}", "/console/review",
  "/console/review?after={old}", "/console/audit", "/console/audit/verify", "/console/settings", "/console/account",
  "/console/confirm?next=/console", "/docs", "/docs/endpoints/messages", "/docs/errors",
];
// Where an entry of a list leads, by the part of its address that is told apart.
const ENTRIES = {
  key: ["/console/keys", "/console/keys/(key_\\w+)"], request: ["/console/requests", "/console/requests/(req_\\w+)"],
  model: ["/console/models", "/console/models/([^\"/?]+)"], budget: ["/console/budgets", "/console/budgets/(bud_\\w+)"],
  alert: ["/console/alerts", "/console/alerts/(?!new)(\\w+)"], project: ["/console/projects", "/console/projects/(proj_\\w+)"],
  member: ["/console/members", "/console/members/(user_\\w+)"], route: ["/console/routes", "/console/routes/(route_\\w+)"],
  application: ["/console/applications", "/console/applications/(vrq_\\w+)"], tier: ["/console/tiers", "/console/tiers/(tier_\\w+)"],
  served: ["/console/usage?by=model", "[?&;]model=([^\"&]+)"], provider: ["/console/usage?by=provider", "[?&;]provider=([^\"&]+)"],
  old: ["/console/review", "/console/keys/(key_\\w+)"],
};
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const port = await new Promise((resolve) => {
  const probe = net.createServer().listen(0, "127.0.0.1", () => { const { port } = probe.address(); probe.close(() => resolve(port)); });
});
const server = spawn(path.resolve(binary), ["serve", "--data-dir", folder, "--listen", `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "inherit"] });
await new Promise((resolve) => server.stdout.once("data", resolve));
const jar = new Map(existsSync(COOKIES) ? JSON.parse(readFileSync(COOKIES)) : []);

function ask(method, url, fields) {
  const body = fields ? new URLSearchParams(fields).toString() : "";
  const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "), "sec-fetch-site": "same-origin" };
  if (fields) Object.assign(headers, { "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body) });
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const request = http.request({ port, host: "127.0.0.1", method, path: url, headers, agent }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        for (const cookie of answer.headers["set-cookie"] ?? []) {
          const [pair] = cookie.split(";");
          jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
        }
        resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString(), ms: Number(process.hrtime.bigint() - began) / 1e6, headers: answer.headers });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

const hidden = (page) => Object.fromEntries([...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((found) => [found[1], found[2]]));
async function enter() {
  const person = { name: "Ada", email: "ada@example.com", password: "violet-harbour-27" };
  const where = option("--link") || "/sign-in";
  const page = await ask("GET", where);
  const entered = await ask("POST", where.split("?")[0], { ...hidden(page.text), ...person });
  if (entered.status !== 303) throw new Error(`${where.split("?")[0]}: ${entered.status} ${entered.text.match(/<p class="notice[^<]*<[^<]*/)?.[0] ?? ""}`);
  writeFileSync(COOKIES, JSON.stringify([...jar]));
}

// One of what a filled folder has none of, so that its page can be opened; nothing where there is one.
async function make() {
  const send = async (list, from, fields) => {
    const has = new RegExp(`${list}/(route|vrq)_`).test((await ask("GET", list)).text);
    if (!has) await ask("POST", list, { ...hidden((await ask("GET", from)).text), ...fields });
  };
  await send("/console/routes", "/console/routes/new", { name: "fast", "model-1": "sandbox/echo", "model-2": "sandbox/slow", do: "apply" });
  await send("/console/applications", "/console/applications", { purpose: "A search engine for recipes" });
}

try {
  if ((await ask("GET", "/console")).status !== 200) await enter();
  if ((await ask("GET", "/console")).status !== 200) throw new Error("nobody is signed in: give --link with a fresh set-up link");
  await make();
  const ids = {};
  for (const [name, [url, pattern]] of Object.entries(ENTRIES)) ids[name] = (await ask("GET", url)).text.match(new RegExp(pattern))?.[1] ?? `no-${name}`;
  const home = (await ask("GET", "/console")).text;
  let files = 0;
  for (const [, url] of home.matchAll(/(?:src|href)="(\/_\/assets\/[^"]+)"/g)) files += (await ask("GET", url)).text.length;
  console.log(`style sheet and modules of a page: ${files} bytes\n`);
  console.log("status  p50 ms  p95 ms   bytes  page");
  let missed = 0;
  for (const page of PAGES) {
    const url = page.replace(/\{(\w+)\}/g, (_, name) => ids[name]);
    const times = [];
    let last;
    await ask("GET", url);
    for (let at = 0; at < TIMES; at += 1) { last = await ask("GET", url); times.push(last.ms); }
    times.sort((a, b) => a - b);
    const [p50, p95] = [times[Math.floor(TIMES * 0.5)], times[Math.ceil(TIMES * 0.95) - 1]];
    const weight = Buffer.byteLength(last.text);
    const misses = [last.status !== 200 && "STATUS", p95 >= MS_MAX && "SLOW", weight + files >= BYTES_MAX && "HEAVY"].filter(Boolean);
    missed += misses.length > 0;
    console.log(`${last.status}  ${p50.toFixed(1).padStart(8)}${p95.toFixed(1).padStart(8)}${String(weight).padStart(8)}  ${page}  ${misses.join(" ")}`.trimEnd());
  }
  console.log(`\n${missed} of ${PAGES.length} pages miss ${MS_MAX} ms or ${BYTES_MAX} bytes`);
} finally {
  server.kill("SIGTERM");
}
