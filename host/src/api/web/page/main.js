// The entry point of the page: which card is shown for what was pasted, and the addresses of cards.

import { get, once, refusalOf, Refusal } from "./api.js";
import { batch } from "./batch.js";
import { fill, h, say } from "./dom.js";
import { fault } from "./fault.js";
import * as field from "./field.js";
import * as jobs from "./jobs.js";
import { stage, strip } from "./media.js";
import { model, title } from "./model.js";
import { options } from "./options.js";
import { about, heading } from "./preview.js";
import { profile } from "./profile.js";
import { called, read } from "./target.js";
import { n, t, translate } from "./text.js";

const view = document.getElementById("view");
const intro = document.getElementById("start");

/** Longer texts are not kept in the address of the page, characters. */
const ADDRESS_MAX = 1500;
/** Parameters of the address: what this page writes, and what the share menu of a phone sends. */
const SHARED = ["url", "text", "title"];

/** What is known about the server; a page that cannot know says nothing. */
const server = get("/page/about.json").catch(() => ({ recorded: false, examples: [] }));

/** Aborts the current request when another one starts. */
let pending = new AbortController();

/** Ends what was asked for before, and returns the signal that aborts when the user asks for something else. */
function begin() {
  pending.abort();
  pending = new AbortController();
  field.forget();
  view.setAttribute("aria-busy", "true");
  return pending.signal;
}

/** Shows a placeholder, and returns the signal of `begin`. */
function turn(waiting) {
  const signal = begin();
  reveal();
  fill(view, h("div", { class: "card skeleton", "aria-hidden": "true" }, h("div", { class: "bar" }), h("div", { class: "block" }), h("div", { class: "bar short" })));
  say(waiting);
  return signal;
}

function reveal() {
  view.hidden = false;
  intro.hidden = true;
  document.body.classList.add("asked");
}

function showResult(name, ...children) {
  reveal();
  view.removeAttribute("aria-busy");
  document.title = name ? `${name} · Gramhost` : "Gramhost";
  fill(view, children);
}

/** Goes back to the page without a card: no button of an old card stays. */
function showStart() {
  pending.abort();
  jobs.place();
  view.hidden = true;
  view.removeAttribute("aria-busy");
  fill(view);
  intro.hidden = false;
  document.title = "Gramhost";
  document.body.classList.remove("asked");
}

async function showFault(thrown, actions) {
  const refusal = refusalOf(thrown);
  const { recorded } = await server;
  // A recording cannot be unreachable: the answer was never recorded.
  const told = recorded && refusal.code === "UPSTREAM_UNAVAILABLE" ? new Refusal({ ...refusal, request_id: refusal.requestId, message: refusal.message, code: "NOT_RECORDED" }) : refusal;
  jobs.place();
  showResult(null, fault(told, actions));
}

/** Writes what is asked for into the address of the page, so that going back, reloading and bookmarks work. */
function write(text) {
  const address = text && text.length <= ADDRESS_MAX ? `/?${new URLSearchParams({ url: text })}` : "/";
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
}

/** Shows what the address of the page names. */
function follow() {
  const query = new URLSearchParams(location.search);
  const text = [...new Set(SHARED.map((name) => query.get(name)?.trim()).filter(Boolean))].join("\n");
  field.show(text);
  if (text) ask(text, false);
  else showStart();
}

/** Shows what a text names. */
async function ask(text, written = true) {
  if (written) write(text.trim());
  const signal = begin();
  try {
    const targets = await read(text, signal);
    if (signal.aborted) return;
    const [first] = targets;
    if (targets.length > 1) return showBatch(targets);
    if (first?.kind) return show(first);
    showStart();
    field.complain(first?.why ?? t("ask.empty"));
  } catch (thrown) {
    if (signal.aborted) return;
    showFault(thrown, { again: () => ask(text) });
  }
}

/** Shows the content that a target names. */
async function show(target) {
  const signal = turn(t("loading", { what: called(target) }));
  try {
    await (target.kind === "profile" ? showProfile(target, signal) : showMedia(target, signal));
  } catch (thrown) {
    if (signal.aborted) return;
    showFault(thrown, { again: () => show(target), others: others(target, refusalOf(thrown)) });
  }
}

/** Buttons for the other meanings of the same text, if nothing was found. */
function others({ or = [] }, { code }) {
  if (!["POST_NOT_FOUND", "REEL_NOT_FOUND", "PROFILE_NOT_FOUND", "UPSTREAM_UNAVAILABLE"].includes(code)) return [];
  return or.map((target) => [t(`look.${target.kind}`, { name: target.name }), () => show(target)]);
}

const INFO = {
  post: ["/instagram/post/info", "url_or_code"],
  reel: ["/instagram/reel/info", "url_or_id"],
  story: ["/instagram/story/info", "username"],
};

/** Shows a target that was chosen in a card. */
function open(target) {
  const paths = { profile: `@${target.name}`, story: `https://www.instagram.com/stories/${target.name}/`, reel: `https://www.instagram.com/reel/${target.value}/` };
  const text = paths[target.kind] ?? `https://www.instagram.com/p/${target.value}/`;
  field.show(text);
  write(text);
  window.scrollTo({ top: 0 });
  show(target);
}

const openName = (name) => open({ kind: "profile", value: name, name });

async function showProfile(target, signal) {
  const account = await get("/instagram/profile/info", { username: target.value }, signal);
  if (signal.aborted) return;
  const name = t("profile.of", { name: account.display_name || account.username });
  jobs.place();
  showResult(name, h("article", { class: "card" }, profile(account, open)));
  say(name);
}

async function showMedia(target, signal) {
  const [path, parameter] = INFO[target.kind];
  const [info, formats] = await Promise.all([get(path, { [parameter]: target.value }, signal), once("/instagram/formats")]);
  if (signal.aborted) return;
  const shown = { ...model(info), item: target.item };
  if (shown.item > shown.parts.length) shown.item = undefined;
  if (shown.parts.length === 0) return noStories(shown);
  const trouble = h("div", { class: "trouble" });
  const name = title(shown);
  const form = options(shown, formats, (at, body) => start({ title: name, poster: shown.parts[0].poster, path: at, body }, trouble));
  showResult(
    name,
    h(
      "article",
      { class: "card media" },
      heading(shown, openName),
      h("div", { class: "press" }, form.element, trouble, jobs.place()),
      h("div", { class: "show" }, shown.several ? strip(shown, form.ticks, form.draw) : stage(shown, form.sized)),
      h("div", { class: "about" }, about(shown, openName)),
    ),
  );
  say(name);
}

function noStories({ code: name, active }) {
  const text = t(active === false ? "stories.none" : "stories.unknown", { name });
  const button = h("button", { type: "button", onclick: () => openName(name) }, t("stories.profile"));
  jobs.place();
  showResult(t("stories.title"), h("div", { class: "card fault calm" }, h("h2", {}, t("stories.title")), h("p", {}, text), h("div", { class: "actions" }, button)));
  say(text);
}

async function showBatch(targets) {
  const signal = turn(t("reading", { count: targets.length }));
  try {
    const [formats, info] = await Promise.all([once("/instagram/formats"), once("/instagram/info")]);
    if (signal.aborted) return;
    const trouble = h("div", { class: "trouble" });
    const download = (body) => start({ title: n("title.links", body.items.length), poster: null, path: "/instagram/download/batch", body }, trouble);
    const { head, form, list } = batch(targets, formats, info.limits.max_batch_size, download, open);
    const name = n("batch.title", targets.length);
    showResult(name, h("article", { class: "card" }, head, h("div", { class: "press" }, form, trouble, jobs.place()), list));
    say(name);
  } catch (thrown) {
    if (signal.aborted) return;
    showFault(thrown, { again: () => showBatch(targets) });
  }
}

/** Starts a download; a refusal is shown in `place`. */
async function start(job, place) {
  fill(place);
  try {
    await jobs.start(job);
  } catch (thrown) {
    fill(place, fault(refusalOf(thrown), { again: () => start(job, place) }));
    place.scrollIntoView({ block: "nearest" });
  }
}

const WORKS = [
  ["start.post", "instagram.com/p/…"],
  ["start.reel", "instagram.com/reel/…"],
  ["start.profile", "@name"],
  ["start.stories", "instagram.com/stories/name/"],
];

/** The empty page: what works, and in a demo what can be tried. */
async function introduce() {
  const { recorded, examples } = await server;
  const rows = WORKS.map(([key, example]) => [h("dt", {}, t(key)), h("dd", {}, h("code", {}, example))]);
  const tried = examples.map((example) =>
    h("li", {}, h("button", { type: "button", class: "example", onclick: () => choose(example) }, example.replace("https://www.", ""))),
  );
  fill(
    intro,
    recorded
      ? h("div", { class: "card demo" }, h("h2", {}, examples.length ? t("demo.title") : t("demo.replay")), examples.length ? [h("p", {}, t("demo.text")), h("ul", { class: "examples" }, tried)] : null)
      : null,
    h("h2", { id: "start-title" }, t("start.title")),
    h("dl", { class: "works" }, rows, h("dt", {}, t("start.many"))),
  );
}

function choose(example) {
  field.show(example);
  ask(example);
}

translate(document);
field.begin({
  onask: (text) => ask(text),
  onclear: () => {
    write("");
    showStart();
  },
});
jobs.begin();
addEventListener("popstate", follow);
introduce();
follow();
