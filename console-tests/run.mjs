// Starts the server, runs the suite against it, and counts.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CLIENT, startIdp } from "./idp.mjs";
import { suite } from "./suite.mjs";

const READY_MS = 30_000;
const here = path.dirname(fileURLToPath(import.meta.url));
const [binary, ...rest] = process.argv.slice(2);
const work = path.resolve(rest[rest.indexOf("--work") + 1] ?? path.join(here, "../target/console-tests"));

function install() {
  mkdirSync(work, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(path.join(here, file), path.join(work, file));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--silent"], { cwd: work, stdio: "inherit" });
  return createRequire(path.join(work, "package.json"));
}

function chromium() {
  const named = process.env.CHROMIUM;
  const folders = process.env.PATH.split(":");
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(existsSync);
  return named ?? found ?? (() => { throw new Error("no chromium on the path; CHROMIUM names one"); })();
}

const freePort = () => new Promise((resolve) => {
  const probe = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

// The settings of an installation where a provider of sign-in runs beside it.
function settings(idp) {
  return `egress_networks = ["127.0.0.0/8"]\n[sign_in.elsewhere]\nlabel = "Elsewhere"\nissuer = "${idp.issuer}"
client_id = "${CLIENT.id}"\ncredential = "env:SIGN_IN_SECRET"\n`;
}

async function serve(folder, port, idp) {
  writeFileSync(path.join(folder, "keyway.toml"), settings(idp));
  const flags = ["serve", "--data-dir", path.join(folder, "data"), "--listen", `127.0.0.1:${port}`, "--set", "registration=open", "--set", "public_models=true"];
  const server = spawn(path.resolve(binary), flags, { cwd: folder, env: { PATH: process.env.PATH, SIGN_IN_SECRET: CLIENT.secret }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "", log = "";
  server.stdout.on("data", (text) => { printed += text; });
  server.stderr.on("data", (text) => { log += text; });
  const until = Date.now() + READY_MS;
  while (!printed.includes("admin-key create")) {
    if (Date.now() > until || server.exitCode !== null) throw new Error(`the server did not start:\n${printed}${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const link = printed.match(/http:\/\/\S+\/setup\?token=\S+/)[0];
  return { server, link, base: `http://127.0.0.1:${port}`, log: () => log };
}

const modules = install();
const { chromium: engine } = modules("playwright-core");
const axe = modules.resolve("axe-core/axe.min.js");
const folder = mkdtempSync(path.join(tmpdir(), "keyway-console-"));
const tally = { passed: 0, failed: 0 };
const check = (name, truth, reason = "") => {
  console.log(truth ? `ok ${name}` : `FAIL ${name}: ${reason}`);
  if (truth) tally.passed += 1; else tally.failed += 1;
};
const [port, idpPort] = [await freePort(), await freePort()];
const idp = await startIdp(modules, idpPort, `http://127.0.0.1:${port}/sign-in/back/elsewhere`);
const keyway = await serve(folder, port, idp);
const browser = await engine.launch({ executablePath: chromium(), args: ["--no-sandbox"] });
try {
  await suite({ browser, keyway, axe, check, pictures: path.join(work, "pages") });
} catch (error) {
  check("the suite", false, error.stack);
} finally {
  await browser.close();
  keyway.server.kill("SIGTERM");
  idp.end();
}
if (tally.failed > 0) console.error(`--- end of the server's stderr ---\n${keyway.log().slice(-3000)}`);
rmSync(folder, { recursive: true, force: true });
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 || tally.passed === 0 ? 1 : 0);
