// What people do at the console, and what holds for every page of it.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";

const PERSON = { name: "Ada Lovelace", email: "ada@example.com", password: "violet-harbour-27" };
const WIDTHS = [360, 820, 1440];
const THEMES = ["light", "dark"];
const FIRST_CALL_MS_MAX = 60_000;
const PAGE_BYTES_MAX = 100_000;

// Pages to look at, by name; `{key}` and the like stand for the ids that `made` has found.
const OUTSIDE = {
  front: "/", docs: "/docs", "docs errors": "/docs/errors", "docs endpoint": "/docs/endpoints/messages", "docs models": "/docs/models", "docs model": "/docs/models/sandbox/echo",
  "sign-in": "/sign-in", register: "/register", reset: "/reset", components: "/_/components", "link over": "/verify?token=x" };
const PAGES = {
  overview: "/console",
  keys: "/console/keys",
  "keys filtered to nothing": "/console/keys?q=nothing-like-that",
  "key new": "/console/keys/new",
  "key new from a template": "/console/keys/new?template=everything&ip_allowlist=10.0.0.0%2F8",
  "key like another": "/console/keys/new?from={key}",
  key: "/console/keys/{key}",
  "key edit": "/console/keys/{key}/edit",
  "key first call": "/console/keys/{key}/first-call",
  "key rotate": "/console/keys/{key}/rotate",
  "key revoke": "/console/keys/{key}/revoke",
  "admin keys": "/console/admin-keys",
  "admin keys filtered to nothing": "/console/admin-keys?q=nothing-like-that",
  "admin key new": "/console/admin-keys/new?template=keys",
  "admin key": "{adminKey}",
  "admin key edit": "{adminKey}/edit",
  "admin key rotate": "{adminKey}/rotate",
  "admin key revoke": "{adminKey}/revoke",
  "admin key leaked": "{adminKey}/leaked",
  alerts: "/console/alerts",
  webhooks: "/console/webhooks",
  "webhooks filtered to nothing": "/console/webhooks?state=off",
  "webhook new": "/console/webhooks/new",
  webhook: "{webhook}",
  "webhook rotate": "{webhook}/rotate",
  notifications: "/console/notifications",
  "notifications given up": "/console/notifications?failed=true",
  advice: "/console/advice",
  usage: "/console/usage",
  "usage by key": "/console/usage?by=key&measure=tokens&period=7d",
  "usage of nothing": "/console/usage?model=nothing",
  requests: "/console/requests",
  "requests filtered to nothing": "/console/requests?status=server",
  request: "{request}",
  models: "/console/models",
  model: "/console/models/sandbox%2Fecho",
  playground: "/console/playground",
  budgets: "/console/budgets",
  budget: "{budget}",
  limits: "/console/limits",
  credit: "/console/credit",
  projects: "/console/projects",
  project: "{project}",
  members: "/console/members",
  member: "{member}",
  groups: "/console/groups",
  group: "{group}",
  roles: "/console/roles",
  providers: "/console/providers",
  "providers every one": "/console/providers?show=all",
  provider: "/console/providers/deepseek",
  "provider new": "/console/providers/new",
  routes: "/console/routes",
  "route new": "/console/routes/new",
  route: "{route}",
  "route edit": "{route}/edit",
  simulator: "/console/routes/simulator?model=auto",
  applications: "/console/applications",
  "applications for limits": "/console/applications?kind=limit_increase",
  application: "{application}",
  organizations: "/console/organizations",
  "organizations filtered to nothing": "/console/organizations?status=archived",
  organization: "{organization}",
  nodes: "/console/nodes",
  tiers: "/console/tiers",
  "tiers filtered to nothing": "/console/tiers?q=nothing-like-that",
  tier: "{tier}",
  review: "/console/review",
  audit: "/console/audit",
  "audit verified": "/console/audit/verify",
  settings: "/console/settings",
  account: "/console/account",
  confirm: "/console/confirm?next=/console",
  "not here": "/console/keys/key_00000000000000000000000000",
};

export async function suite(at) {
  mkdirSync(at.pictures, { recursive: true });
  const context = await at.browser.newContext();
  const page = await watched(at, context);
  await look(at, page, "setup", at.keyway.link.slice(at.keyway.base.length));
  const key = await firstCall(at, page);
  const ids = await made(at, page, key);
  for (const [name, url] of Object.entries(PAGES)) await look(at, page, name, url.replace(/\{(\w+)\}/g, (_, name) => ids[name]));
  await plays(at, page);
  await live(at, page);
  await gives(at, page, ids.tier);
  await themeStays(at, page);
  await keyboard(at, page);
  const state = await context.storageState();
  await context.close();
  const outside = await at.browser.newContext();
  const visitor = await watched(at, outside);
  for (const [name, url] of Object.entries(OUTSIDE)) await look(at, visitor, name, url);
  await outside.close();
  await byAnother(at);
  await liveEndsWithTheSession(at);
  await withoutScripts(at, state, key);
  await endOfASession(at);
}

// A page on which nothing may go wrong: no error, nothing from elsewhere, nothing the policy forbids.
async function watched(at, context) {
  const page = await context.newPage();
  page.on("pageerror", (error) => at.check("no script fails", false, error.message));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !text.includes("status of 4")) at.check("no error is logged", false, text);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(at.keyway.base) && !url.startsWith("data:")) at.check("nothing comes from elsewhere", false, url);
  });
  return page;
}

// From the printed link to a call that has arrived, as somebody new does it.
async function firstCall(at, page) {
  const began = Date.now();
  await page.goto(at.keyway.link);
  await page.fill("#name", PERSON.name);
  await page.fill("#email", PERSON.email);
  await page.fill("#password", PERSON.password);
  await page.click("text=Make the first account");
  await page.click("text=Create a key");
  await page.fill("#name", "backend");
  await page.click("text=Create the key");
  const secret = await page.inputValue("#key");
  at.check("a key is shown", secret.startsWith("sk-kw-test-"), secret);
  await pictures(at, page, "key made");
  await axeIn(at, page, "key made");
  const sample = await page.textContent("#sample-curl");
  const answer = execFileSync("bash", ["-c", `${sample} --silent`]).toString();
  at.check("the sample works as it stands", JSON.parse(answer).object === "chat.completion", answer);
  await page.waitForSelector("[data-came] .badge.good", { timeout: 10_000 });
  const took = Date.now() - began;
  at.check("from the set-up link to a green first call in under a minute", took < FIRST_CALL_MS_MAX, `${took} ms`);
  console.log(`   first call after ${took} ms, with pictures`);
  await back(page);
  await page.goto(`${at.keyway.base}/console/keys`);
  await page.click("a:text-is('backend')");
  const text = await page.content();
  at.check("the key is not shown again", !text.includes(secret));
  return new URL(page.url()).pathname.split("/").pop();
}

// Goes back as a person does, and waits for nothing but the page that was left: a page that was signed out of
// may be in another process by then, where the browser's own driver loses it.
async function back(page) {
  await page.waitForLoadState("load");
  const left = page.url();
  await page.evaluate(() => history.back()).catch(() => {});
  await page.waitForURL((url) => url.href !== left, { waitUntil: "load" });
}

// Makes one of each by the pages, and says where each is.
async function made(at, page, key) {
  const base = at.keyway.base;
  const fill = async (url, fields, send) => {
    await page.goto(base + url);
    await page.click(`summary:has-text("${send.summary}")`);
    for (const [name, value] of Object.entries(fields)) await page.fill(`[name="${name}"]`, value);
    await page.click(`button:text("${send.button}")`);
    return new URL(page.url()).pathname;
  };
  const budget = await fill("/console/budgets", { name: "Everything", limit_usd: "50" }, { summary: "Create a budget", button: "Create the budget" });
  at.check("a budget is made", budget.startsWith("/console/budgets/bud_"), budget);
  const project = await fill("/console/projects", { name: "Search" }, { summary: "Create a project", button: "Create the project" });
  at.check("a project is made", project.startsWith("/console/projects/proj_"), project);
  await fill("/console/members", { email: "grace@example.com" }, { summary: "Invite somebody", button: "Send the invitation" });
  at.check("an invitation shows its link", (await page.inputValue("#invite-link")).includes("/invitation?token="));
  await page.goto(`${base}/console/applications`);
  await page.fill("#purpose", "A search engine for recipes");
  await page.click("button:text('Send it')");
  const application = new URL(page.url()).pathname;
  at.check("a request to the operator is made", application.includes("/applications/vrq_"), application);
  await page.goto(`${base}/console/routes/new`);
  for (const [name, value] of Object.entries({ name: "fast", "model-1": "sandbox/echo", "model-2": "sandbox/slow" })) await page.fill(`[name="${name}"]`, value);
  await page.click("button:text('See what would change')");
  at.check("a route is shown before it is made", (await page.textContent("main")).includes("sandbox/slow"));
  await pictures(at, page, "route compared");
  await axeIn(at, page, "route compared");
  await page.click("button:text-is('Apply')");
  const route = new URL(page.url()).pathname;
  at.check("a route is made", route.startsWith("/console/routes/route_"), route);
  const tier = await fill("/console/tiers", { name: "partner", markup: "12.5", requests_per_minute: "600", models: "sandbox/*" }, { summary: "Make a tier", button: "Make the tier" });
  at.check("a tier is made", tier.startsWith("/console/tiers/tier_"), tier);
  await checked(at, page);
  const group = await fill("/console/groups", { name: "Search team" }, { summary: "Make a group", button: "Make the group" });
  at.check("a group is made", group.startsWith("/console/groups/group_"), group);
  await filled(at, page);
  const organization = await fill("/console/organizations", { name: "Acme" }, { summary: "Make an organisation", button: "Make the organisation" });
  at.check("an organisation is made", organization.startsWith("/console/organizations/org_"), organization);
  const [webhook, adminKey] = [await hooked(at, page), await managed(at, page)];
  const link = async (url, part) => {
    await page.goto(base + url);
    return page.getAttribute(`main a[href*="${part}"]`, "href");
  };
  return { key, group, organization, webhook, adminKey, budget, project, application, route, tier, member: await link("/console/members", "/members/user_"), request: await link("/console/requests", "/requests/req_") };
}

// Somebody is put into a group, and it is given a role.
async function filled(at, page) {
  await page.click("summary:text('Put somebody in')");
  await page.click("button:text('Put them in')");
  at.check("somebody is put into a group", (await page.textContent("main")).includes("Saved."), page.url());
  await page.click("summary:text('Give it a role')");
  await page.selectOption("#role_id", "billing");
  await page.click("button:text('Give it the role')");
  at.check("a group is given a role", (await page.locator('button[value="billing"]').count()) === 1, page.url());
}

// A webhook shows its secret once, is tried, and says where its message is.
async function hooked(at, page) {
  await page.goto(`${at.keyway.base}/console/webhooks/new`);
  await page.fill("#name", "on-call");
  await page.fill("#url", "https://hooks.example.com/T1/secret");
  await page.click("button:text('Create the webhook')");
  const secret = await page.inputValue("#secret");
  at.check("a webhook's secret is shown", secret.startsWith("whsec_"), secret);
  await pictures(at, page, "webhook made");
  await axeIn(at, page, "webhook made");
  await page.click("main a:text('I have stored it')");
  const webhook = new URL(page.url()).pathname;
  at.check("and not again", !(await page.content()).includes(secret));
  await page.click("button:text('Send a test')");
  at.check("a webhook is tried", (await page.textContent("main")).includes("on its way"), page.url());
  await page.goto(`${at.keyway.base}/console/notifications`);
  at.check("its message is listed", (await page.textContent("main")).includes("webhook test"));
  return webhook;
}

// An admin key is made from a template, checked first, and shown once.
async function managed(at, page) {
  await page.goto(`${at.keyway.base}/console/admin-keys/new`);
  await page.click("nav.templates >> text=Usage export");
  await page.fill("#name", "billing export");
  await page.click("button:text-is('Check')");
  at.check("an admin key is checked in words", (await page.textContent("aside")).includes("It can be made so."));
  await pictures(at, page, "admin key checked");
  await axeIn(at, page, "admin key checked");
  await page.click("button:text('Create the key')");
  const secret = await page.inputValue("#key");
  at.check("an admin key is shown", secret.startsWith("sk-kw-admin-"), secret);
  await pictures(at, page, "admin key made");
  await axeIn(at, page, "admin key made");
  const answer = execFileSync("bash", ["-c", `${await page.textContent("#sample-curl")} --silent`]).toString();
  at.check("its sample works as it stands", JSON.parse(answer).object === "list", answer);
  await page.click("main a:text('I have stored it')");
  return new URL(page.url()).pathname;
}

// The playground answers, counts, and keeps a draft.
async function plays(at, page) {
  await page.goto(`${at.keyway.base}/console/playground`);
  await page.fill("#model-b", "sandbox/echo");
  await page.fill("#message", "Say it twice.");
  await page.click("button:text('Send')");
  await page.waitForFunction(() => document.querySelectorAll(".took").length === 2, null, { timeout: 10_000 });
  at.check("the playground answers in both columns", (await page.locator(".said.assistant").count()) === 2);
  at.check("and says how long it took", (await page.textContent(".took")).includes("first token"));
  await axeIn(at, page, "playground used");
  await pictures(at, page, "playground used");
  await page.fill("#message", "A draft");
  await page.reload();
  at.check("a draft is kept", (await page.inputValue("#message")) === "A draft");
  await page.fill("#model-a", "nobody/none");
  await page.click("button:text('Send')");
  await page.waitForSelector(".said.bad");
  at.check("a failure is said in the conversation", (await page.textContent(".said.bad")).includes("40"));
  at.check("and the prompt is not lost", (await page.textContent(".said.user")).includes("A draft"));
}

// A key is read in words before it is made, and asked for without being made.
async function checked(at, page) {
  const base = at.keyway.base;
  await page.goto(`${base}/console/keys/new`);
  await page.click("nav.templates >> text=Coding agent");
  at.check("a template fills the form in", (await page.inputValue('[name="budget.limit_usd"]')) === "10", page.url());
  await page.fill("#name", "never made");
  await page.check('[name="may-embeddings"][value="create:embeddings"]');
  await page.click("button:text-is('Check')");
  const words = await page.textContent("aside");
  at.check("a key is checked in words", words.includes("It can be made so.") && words.includes("$10.00 a day"), words);
  await pictures(at, page, "key checked");
  await axeIn(at, page, "key checked");
  await page.fill("#expires_on", "2001-01-01");
  await page.selectOption("#expires", "day");
  await page.click("button:text-is('Check')");
  at.check("what is wrong is beside its field", await page.isVisible("#expires_on-error"));
  await pictures(at, page, "key refused");
  await axeIn(at, page, "key refused");
  await page.goto(`${base}/console/keys`);
  at.check("and nothing was made", !(await page.textContent("main")).includes("never made"));
}

// The live list shows what comes, and ends with its time, with the right to see it and with the session.
async function live(at, page) {
  await page.goto(`${at.keyway.base}/console/requests`);
  const count = () => page.locator("[data-live-region] tbody tr").count();
  const said = (words) => page.waitForFunction((words) => document.querySelector("[data-live-said]").textContent.includes(words), words, { timeout: 15_000 });
  const set = (name, ms) => page.evaluate(([name, ms]) => { document.querySelector("[data-live]").dataset[name] = ms; }, [name, String(ms)]);
  const isOn = () => page.getAttribute("[data-live]", "aria-pressed");
  const before = await count();
  await page.click("[data-live]");
  at.check("being live is in the address", page.url().includes("live=on"), page.url());
  await page.evaluate(() => document.activeElement.blur());
  const other = await page.context().newPage();
  await other.goto(`${at.keyway.base}/console/playground`);
  await other.fill("#model-a", "sandbox/echo");
  await other.fill("#model-b", "");
  await other.fill("#message", "Another");
  await other.click("button:text('Send')");
  await other.waitForSelector(".took");
  await other.close();
  await page.bringToFront();
  await page.waitForFunction((before) => document.querySelectorAll("[data-live-region] tbody tr").length > before, before, { timeout: 15_000 });
  at.check("the live list shows what comes", (await count()) > before);
  await axeIn(at, page, "requests live");
  await pictures(at, page, "requests live");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.click("[data-live]");
  at.check("it is switched off", (await isOn()) === "false" && !page.url().includes("live="), page.url());
  await set("lasts", 300);
  await set("every", 100);
  await page.click("[data-live]");
  await said("ended by itself");
  at.check("it ends by itself", (await isOn()) === "false");
  await set("lasts", 60_000);
  await page.route(/part=list/, (route) => route.fulfill({ status: 429, body: "" }));
  await page.click("[data-live]");
  await said("does not answer. Switch it on");
  at.check("it ends when the server does not answer", (await isOn()) === "false");
  await page.unroute(/part=list/);
  await page.route(/part=list/, (route) => route.fulfill({ status: 403, contentType: "text/html", body: "<p>No</p>" }));
  await page.click("[data-live]");
  await said("not yours");
  at.check("it ends with the right to see it, and shows nothing more", (await isOn()) === "false" && (await count()) === 0);
  await page.unroute(/part=list/);
}

// A tier is changed and given to the organisation, and what is wrong with either stands in its own form.
async function gives(at, page, tier) {
  await page.goto(at.keyway.base + tier);
  await page.fill("#markup", "a lot");
  await page.click("button:text-is('Save')");
  at.check("a wrong markup is said beside its field", (await page.isVisible("#markup-error")) && (await page.inputValue("#markup")) === "a lot");
  await page.goto(at.keyway.base + tier);
  await page.fill("#markup", "2.5");
  await page.click("button:text-is('Save')");
  at.check("a tier is changed", page.url().endsWith("?done=saved") && (await page.inputValue("#markup")) === "2.5", page.url());
  const give = async (organization) => {
    if (!(await page.isVisible("#organization"))) await page.click("summary:text('Give it to an organisation')");
    await page.fill("#organization", organization);
    await page.click("button:text('Give it the tier')");
  };
  await give("nobody of this name");
  at.check("who is not there is given nothing", (await page.textContent("#organization-error")).includes("no organisation of this name") && (await page.inputValue("#markup")) === "2.5");
  await pictures(at, page, "tier given to nobody");
  await axeIn(at, page, "tier given to nobody");
  await page.setViewportSize({ width: 1440, height: 900 });
  await give("Default");
  at.check("a tier is given", (await page.textContent("main")).includes("1 organisation has it"));
}

// A live list of somebody who signs out elsewhere leads to signing in, and back to itself.
async function liveEndsWithTheSession(at) {
  const context = await at.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${at.keyway.base}/sign-in?next=${encodeURIComponent("/console/requests?live=on")}`);
  const enter = async () => {
    await page.fill("#email", PERSON.email);
    await page.fill("#password", PERSON.password);
    await page.click("button:text-is('Sign in')");
    await page.waitForSelector('[data-live][aria-pressed="true"]');
  };
  await enter();
  const other = await context.newPage();
  await other.goto(`${at.keyway.base}/console`);
  await other.click(".wide >> text=Sign out");
  await other.waitForURL(/sign-in/);
  await other.close();
  await page.bringToFront();
  await page.waitForURL(/sign-in\?next=/, { timeout: 15_000 });
  at.check("a live list ends with the session", page.url().includes("live%3Don"), page.url());
  await enter();
  at.check("and goes on after signing in", page.url().endsWith("/console/requests?live=on"), page.url());
  await context.close();
}

async function look(at, page, name, url) {
  let bytes = 0;
  const count = async (response) => { bytes += (await response.body().catch(() => "")).length; };
  page.on("response", count);
  await page.goto(at.keyway.base + url, { waitUntil: "networkidle" });
  page.off("response", count);
  at.check(`${name}: weighs less than 100 KB`, bytes < PAGE_BYTES_MAX, `${bytes} bytes`);
  await axeIn(at, page, name);
  await pictures(at, page, name);
}

async function axeIn(at, page, name) {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    // By way of the debugger: a page takes no script of ours from elsewhere.
    const source = await import("node:fs").then((fs) => fs.readFileSync(at.axe, "utf8"));
    await page.evaluate(`${source}; undefined`);
    const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    const said = serious.map((one) => `${one.id} at ${one.nodes.map((node) => node.target).join(", ")}`).join("; ");
    at.check(`${name}: axe finds nothing serious, ${theme}`, serious.length === 0, said);
  }
}

async function pictures(at, page, name) {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth);
      if (theme === THEMES[0]) at.check(`${name}: nothing hangs over at ${width}`, over <= 0, `${over} pixels`);
      await page.screenshot({ path: path.join(at.pictures, `${name.replaceAll(" ", "-")}-${width}-${theme}.png`), fullPage: true });
    }
  }
}

async function themeStays(at, page) {
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${at.keyway.base}/console/keys?status=active`);
  await page.click(".wide >> text=Dark");
  at.check("a theme leads back to the page", page.url().endsWith("/console/keys?status=active"), page.url());
  at.check("a theme is drawn by the server", (await page.getAttribute("html", "data-theme")) === "dark");
  await page.click(".wide >> text=Auto");
}

async function keyboard(at, page) {
  await page.goto(`${at.keyway.base}/console/keys`);
  await page.keyboard.press("Tab");
  at.check("the first stop skips to the content", (await page.evaluate(() => document.activeElement.className)) === "skip");
  await page.keyboard.press("Enter");
  at.check("and does", (await page.evaluate(() => document.activeElement.id)) === "main");
  await page.keyboard.press("/");
  at.check("/ leads to the search", (await page.evaluate(() => document.activeElement.type)) === "search");
  await page.goto(`${at.keyway.base}/_/components`);
  await page.click("text=Open a dialog");
  at.check("a dialog opens", await page.isVisible("dialog[open]"));
  await page.keyboard.press("Escape");
  at.check("and closes", !(await page.isVisible("dialog[open]")));
}

// Signing in by a provider that others wrote: an account at the first time, the same one again, asked again
// before a secret, and linked with an account that has a password.
async function byAnother(at) {
  const base = at.keyway.base;
  // What the provider asks there, page by page, until it leads back.
  const atProvider = async (page, name) => {
    await page.waitForURL((url) => !url.href.startsWith(base));
    for (let pages = 0; pages < 5 && !page.url().startsWith(base); pages += 1) {
      if (await page.locator('[name="login"]').count()) {
        await page.fill('[name="login"]', name);
        await page.fill('[name="password"]', "anything");
      }
      await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click('button[type="submit"]')]);
    }
  };
  const enter = async (context, name) => {
    const page = await context.newPage();
    await page.goto(`${base}/sign-in?next=/console/account`);
    await page.click("button:text('Sign in with Elsewhere')");
    await atProvider(page, name);
    return page;
  };
  const first = await at.browser.newContext();
  const page = await enter(first, "grace");
  const text = await page.textContent("main");
  at.check("by another: an account is made", text.includes("grace@elsewhere.example") && text.includes("Elsewhere"), page.url());
  await look(at, page, "account by another", "/console/account");
  await page.goto(`${base}/console/keys/new`);
  at.check("by another: a secret asks who it is", page.url().includes("/console/confirm"), page.url());
  await look(at, page, "confirm by another", "/console/confirm?next=/console/keys/new");
  await page.click("button:text('Ask Elsewhere')");
  await atProvider(page, "grace");
  at.check("by another: and is led back", page.url().endsWith("/console/keys/new"), page.url());
  await page.fill("#name", "by another");
  await page.click("text=Create the key");
  at.check("by another: the key is made then", (await page.inputValue("#key")).startsWith("sk-kw-"));
  await first.close();
  const second = await at.browser.newContext();
  const again = await enter(second, "grace");
  at.check("by another: the same person again", (await again.textContent("main")).includes("grace@elsewhere.example"));
  await second.close();
  const third = await at.browser.newContext();
  const ada = await third.newPage();
  await ada.goto(`${base}/sign-in?next=/console/account`);
  await ada.fill("#email", PERSON.email);
  await ada.fill("#password", PERSON.password);
  await ada.click("button:text-is('Sign in')");
  await ada.click("button:text('Link Elsewhere')");
  await atProvider(ada, "ada");
  at.check("by another: linked with an account", (await ada.textContent("main")).includes("ada@elsewhere.example"), ada.url());
  await third.close();
}

// Everything again by somebody whose browser runs no scripts.
async function withoutScripts(at, state, key) {
  const context = await at.browser.newContext({ javaScriptEnabled: false, storageState: state });
  const page = await context.newPage();
  await page.goto(`${at.keyway.base}/console/keys/new`);
  await page.fill("#name", "no scripts");
  await page.click("text=Create the key");
  at.check("without scripts: a key is made and shown", (await page.inputValue("#key")).startsWith("sk-kw-test-"));
  await page.click("text=See whether it has come");
  at.check("without scripts: the wait is a link", (await page.textContent("main")).includes("Waiting for the first request"));
  await page.goto(`${at.keyway.base}/console/keys`);
  await page.selectOption("#filter-status", "active");
  await page.click("text=Filter");
  at.check("without scripts: filters are in the address", page.url().includes("status=active"), page.url());
  for (const url of Object.values(PAGES).filter((url) => !url.includes("{") && url !== "/console/playground")) {
    const answer = await page.goto(at.keyway.base + url);
    const there = (await page.locator("main h1").count()) === 1 && (await page.locator("main").innerText()).length > 40;
    at.check(`without scripts: ${url} says something`, there, `${answer.status()}`);
  }
  await page.goto(`${at.keyway.base}/console/keys/${key}`);
  await page.click("button:text('Disable')");
  at.check("without scripts: a key is disabled", (await page.textContent("main")).includes("The key is disabled."));
  await page.click("button:text('Enable')");
  await page.click("text=Revoke");
  await page.fill("#name", "backend");
  await page.click("text=Revoke the key");
  at.check("without scripts: a key is revoked", (await page.textContent("main")).includes("The key is revoked."));
  await context.close();
}

async function endOfASession(at) {
  const context = await at.browser.newContext({ viewport: { width: 360, height: 800 } });
  const page = await watched(at, context);
  await page.goto(`${at.keyway.base}/console/keys`);
  at.check("who is signed out is led to sign in", page.url().includes("/sign-in?next="), page.url());
  await page.fill("#email", PERSON.email);
  await page.fill("#password", PERSON.password);
  await page.click("button:text-is('Sign in')");
  at.check("and back", page.url().endsWith("/console/keys"), page.url());
  await page.click("summary:text('Menu')");
  await page.click(".menu >> text=Sign out");
  at.check("signing out ends it", page.url().endsWith("/sign-in"), page.url());
  await back(page);
  // The way back may be on its way still, and cross this one.
  const home = () => page.goto(`${at.keyway.base}/console`);
  await home().catch(home);
  at.check("and it stays ended", page.url().includes("/sign-in?next="), page.url());
  await context.close();
}
