// Opens every page of a filled installation again and again: how long answers take, and what they weigh.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";

const TIMES = Number(process.env.TIMES ?? 50);
const [binary, folder, ...rest] = process.argv.slice(2);
const option = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : "");
const COOKIES = path.join(folder, "measure.cookies");
const PAGES = [
  "/console", "/console?period=30d", "/console/keys", "/console/keys?q=backend", "/console/keys/{key}",
  "/console/usage", "/console/usage?by=key", "/console/usage?by=key&period=90d", "/console/usage?period=24h&by=key",
  "/console/requests", "/console/requests?status=errors", "/console/requests?model=openai%2Fgpt-5-mini",
  "/console/requests?key={key}", "/console/requests/{request}", "/console/models", "/console/playground",
  "/console/budgets", "/console/limits", "/console/credit", "/console/projects", "/console/members",
  "/console/roles", "/console/review", "/console/audit", "/console/settings", "/console/account",
  "/console/requests?part=list", "/console/keys/new", "/console/keys/{key}/edit", "/console/keys/{key}/leaked",
  "/console/models/openai%2Fgpt-5-mini", "/console/routes", "/console/routes/new", "/console/routes/simulator",
  "/console/providers", "/console/providers/openai", "/console/alerts", "/console/alerts/new", "/console/advice",
  "/console/applications", "/console/tiers", "/console/audit/verify",
];
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

try {
  if ((await ask("GET", "/console")).status !== 200) await enter();
  if ((await ask("GET", "/console")).status !== 200) throw new Error("nobody is signed in: give --link with a fresh set-up link");
  const found = async (url, pattern) => (await ask("GET", url)).text.match(pattern)?.[1] ?? "none";
  const ids = { key: await found("/console/keys", /\/console\/keys\/(key_\w+)/), request: await found("/console/requests", /\/console\/requests\/(req_\w+)/) };
  const home = (await ask("GET", "/console")).text;
  let files = 0;
  for (const [, url] of home.matchAll(/(?:src|href)="(\/_\/assets\/[^"]+)"/g)) files += (await ask("GET", url)).text.length;
  console.log(`style sheet and modules of a page: ${files} bytes\n`);
  console.log("status  p50 ms  p95 ms   bytes  page");
  let slow = 0;
  for (const page of PAGES) {
    const url = page.replace(/\{(\w+)\}/g, (_, name) => ids[name]);
    const times = [];
    let last;
    await ask("GET", url);
    for (let at = 0; at < TIMES; at += 1) { last = await ask("GET", url); times.push(last.ms); }
    times.sort((a, b) => a - b);
    const [p50, p95] = [times[Math.floor(TIMES * 0.5)], times[Math.ceil(TIMES * 0.95) - 1]];
    if (last.status !== 200 || p95 >= 100 || last.text.length + files >= 100_000) slow += 1;
    console.log(`${last.status}  ${p50.toFixed(1).padStart(8)}${p95.toFixed(1).padStart(8)}${String(last.text.length).padStart(8)}  ${page}`);
  }
  console.log(`\n${slow} of ${PAGES.length} pages miss 100 ms or 100 KB`);
} finally {
  server.kill("SIGTERM");
}
