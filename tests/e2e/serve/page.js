"use strict";
// Drives the status page in headless Chromium.
//
//     page.js PORT BACKEND-PORT        prints ok, or fails with what was wrong
//
// SHOTS=FOLDER keeps screenshots. The backend's /set/up and /set/down say whether it is well.

const assert = require("node:assert");
const fs = require("node:fs");
const { chromium } = require(process.env.PEERS + "/playwright-core");
const axe = fs.readFileSync(process.env.PEERS + "/axe-core/axe.min.js", "utf8");

const base = `http://127.0.0.1:${process.argv[2]}`;
const backend = (path) => fetch(`http://127.0.0.1:${process.argv[3]}${path}`);
const NAME = "<img src=x onerror=alert(1)>";
const WIDTHS = { desktop: 1280, tablet: 768, phone: 390, small: 320 };

let browser;

// A page that may ask nobody but the monitor, and say nothing to the console.
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (m) => page.problems.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => page.problems.push(`error: ${e.message}`));
  page.on("dialog", (d) => page.problems.push(`dialog: ${d.message()}`));
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (url.protocol !== "data:" && url.origin !== base) page.problems.push(`asked ${r.url()}`);
  });
  page.on("response", (r) => {
    const csp = r.headers()["content-security-policy"] ?? "";
    if (r.url().startsWith(base) && !/default-src 'none'.*script-src 'self'/.test(csp))
      page.problems.push(`no policy: ${r.url()}`);
  });
  return page;
}

async function close(page) {
  assert.deepStrictEqual(page.problems, []);
  await page.context().close();
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
}

async function audit(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] }));
  const told = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" | ")}`);
  assert.deepStrictEqual(told, [], `accessibility of ${what}`);
}

async function state(wanted) {
  await backend(wanted === "healthy" ? "/set/up" : "/set/down");
  for (let i = 0; i < 100; i++) {
    const status = await (await fetch(`${base}/api/v1/status`)).json();
    if (status.scenarios.every((s) => s.golden_path === wanted)) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  assert.fail(`never ${wanted}`);
}

// The essentials are in the HTML.
async function withoutScript() {
  const page = await open({ javaScriptEnabled: false });
  await page.goto(base);
  for (const id of ["now", "days", "capabilities", "run", "steps", "all"])
    assert.ok(await page.locator(`#${id}`).isVisible(), `#${id} without a script`);
  assert.strictEqual(await page.locator("noscript meta[http-equiv=refresh]").count(), 1, "no refresh");
  assert.ok(await page.getByText("passed").first().isVisible());
  await close(page);
}

// Text of scenario and backend is text.
async function hostile() {
  const page = await open();
  await page.goto(base);
  assert.strictEqual(await page.locator("main img, main script, main b").count(), 0);
  assert.ok(await page.getByText(NAME).first().isVisible(), "the name is not shown as it is");
  await page.getByRole("link", { name: "second & <b>\"two\"</b>" }).click();
  await page.locator("h1", { hasText: "second &" }).waitFor();
  assert.ok((await page.title()).includes("goldprobe"));
  await close(page);
}

// The page changes without a reload, and the reader's focus stays.
async function live() {
  const page = await open();
  await page.goto(base);
  await page.locator("#live", { hasText: /^live$/ }).waitFor();
  await page.locator("#now.healthy").waitFor();
  await page.evaluate(() => { window.mark = 1; });
  const link = page.locator("#all a").first();
  await link.focus();
  await backend("/set/down");
  await page.locator("#now.broken").waitFor();
  await page.locator("#findings article").first().waitFor();
  assert.match(await page.title(), /^golden: broken/, "the title does not tell");
  assert.match(await page.locator("#told").textContent(), /golden: broken/, "it is not read out");
  assert.strictEqual(await page.evaluate(() => window.mark), 1, "the page was loaded anew");
  assert.strictEqual(await page.evaluate(() => document.activeElement.tagName), "A", "focus was lost");
  await backend("/set/up");
  await page.locator("#now.healthy").waitFor();
  assert.strictEqual(await page.locator("#findings").count(), 0);
  assert.strictEqual(await page.evaluate(() => window.mark), 1, "the page was loaded anew");
  await close(page);
}

// Everything is reached by Tab, in the order it is read, and can be seen to have the focus.
async function keyboard() {
  const page = await open();
  await page.goto(base);
  await page.keyboard.press("Tab");
  const skip = page.locator(".skip");
  assert.ok(await skip.evaluate((e) => e === document.activeElement && e.getBoundingClientRect().left >= 0));
  await page.keyboard.press("Enter");
  assert.strictEqual(await page.evaluate(() => document.activeElement.id), "main");
  const seen = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const all = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
      const style = getComputedStyle(e);
      return e === document.body || all.indexOf(e) < 0 ? null
        : { index: all.indexOf(e), outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    if (!at || seen.length > 200 || at.index <= (seen.at(-1) ?? -1)) break;
    assert.ok(at.outline, "the focus cannot be seen");
    seen.push(at.index);
  }
  const links = await page.locator("main a[href], main [tabindex='0'], footer a[href]").count();
  assert.strictEqual(seen.length, links, "not all is reached");
  await page.locator("#all a", { hasText: "second" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "second" }).waitFor();
  await close(page);
}

// What a screen reader is told.
async function tree() {
  const page = await open();
  await page.goto(base);
  const text = await page.locator("body").ariaSnapshot();
  for (const line of ["- banner", "- main", "- contentinfo", "- status", "heading \"", "[level=1]",
    "- region \"90 days\"", "- region \"Capabilities\"", "- region \"Latest run\"",
    "columnheader \"Step\"", "rowheader", "img \"", "link \"Skip to content\""])
    assert.ok(text.includes(line), `the accessibility tree lacks '${line}':\n${text}`);
  const levels = await page.locator("h1, h2, h3").evaluateAll((all) => all.map((h) => Number(h.tagName[1])));
  levels.reduce((a, b) => (assert.ok(b <= a + 1, `heading levels ${levels}`), b), 0);
  await close(page);
}

// Every width, both colour schemes: nothing scrolls sideways, nothing is hard to read.
async function looks(what) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ colorScheme });
    await page.goto(base);
    await page.locator("#live", { hasText: /^live$/ }).waitFor();
    for (const [name, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: 844 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      await shot(page, `${what}-${colorScheme}-${name}`);
      assert.ok(over <= 0, `${what} ${name}: ${over} pixels wider than the screen`);
    }
    await audit(page, `${what} ${colorScheme} small`);
    await page.setViewportSize({ width: WIDTHS.desktop, height: 844 });
    if (colorScheme === "light") await audit(page, `${what} ${colorScheme} desktop`);
    await close(page);
  }
}

async function main() {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    await state("healthy");
    await withoutScript();
    await hostile();
    await keyboard();
    await tree();
    await live();
    await state("healthy");
    await looks("healthy");
    await state("broken");
    await looks("broken");
  } finally {
    await browser.close();
  }
  console.log("ok");
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
