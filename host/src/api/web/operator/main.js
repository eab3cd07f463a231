// The operator's page: asks for the token, then shows one view at a time and keeps it up to date.

import { refusalOf } from "/page/api.js";
import { busy, fill, h, say } from "/page/dom.js";

import { get, hasToken, onTokenRejected, setToken } from "./admin.js";
import { captures } from "./captures.js";
import { drift } from "./drift.js";
import { fleet } from "./fleet.js";
import { history } from "./history.js";
import { jobs } from "./jobs.js";
import { limits } from "./limits.js";
import { live } from "./live.js";
import { trouble } from "./parts.js";
import { plugins } from "./plugins.js";

const PLACES = [
  ["plugins", "Plugins", plugins],
  ["history", "History", history],
  ["captures", "Captures", captures],
  ["drift", "Drift", drift],
  ["jobs", "Jobs", jobs],
  ["fleet", "Fleet", fleet],
  ["limits", "Limits", limits],
];

const login = document.getElementById("login");
const token = document.getElementById("token");
const wrong = document.getElementById("wrong");
const leave = document.getElementById("leave");
const places = document.getElementById("places");
const fresh = document.getElementById("fresh");
const view = document.getElementById("view");

/** The view that is kept up to date. */
let watched = null;

places.append(...PLACES.map(([name, title]) => h("a", { href: `#${name}` }, title)));

login.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = token.value.trim();
  if (!given) return refuse("Paste the token first.");
  // The token is sent in a header, which allows no other characters.
  if (!/^[!-~]+$/.test(given)) return refuse("That is not the token of this server.");
  busy(login.querySelector("button"), async () => {
    setToken(given);
    try {
      await get("/plugins");
    } catch (thrown) {
      setToken(null);
      const { code, message } = refusalOf(thrown);
      return refuse(code === "UNAUTHORIZED" ? "That is not the token of this server." : `The server responded: ${message || code}`);
    }
    token.value = "";
    enter();
  });
});

function refuse(text) {
  wrong.textContent = text;
  wrong.classList.add("wrong");
  token.setAttribute("aria-invalid", "true");
  token.focus();
}

leave.addEventListener("click", () => ask());
onTokenRejected(() => {
  // Not while the user is typing it.
  if (login.hidden) ask("The server no longer accepts this token.");
});
addEventListener("hashchange", () => hasToken() && enter());

/** Asks for the token. */
function ask(why = "") {
  watched?.stop();
  watched = null;
  setToken(null);
  for (const part of [leave, places, fresh, view]) part.hidden = true;
  fill(view);
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  login.hidden = false;
  wrong.textContent = why;
  wrong.classList.toggle("wrong", Boolean(why));
  token.focus();
}

/** Shows the view that the address names. */
function enter() {
  const [name, title, make] = PLACES.find(([at]) => `#${at}` === location.hash) ?? PLACES[0];
  watched?.stop();
  login.hidden = true;
  wrong.textContent = "";
  token.removeAttribute("aria-invalid");
  for (const part of [leave, places, fresh, view]) part.hidden = false;
  for (const link of places.children) {
    if (link.hash !== `#${name}`) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
  document.title = `${title} · Gramhost operator`;
  const lost = h("div");
  const place = h("div", { class: "place", "data-place": name });
  fill(view, lost, place);
  // A view can ask for an update, but is created before the updates start.
  const hand = { now: () => watched?.now() };
  const look = make(place, hand);
  watched = live(place, look, {
    onlook: () => {
      fill(lost);
      status("live", "Live");
    },
    onerror: (thrown) => {
      if (!hasToken()) return;
      // Shown once, not at every update.
      if (!lost.firstChild) fill(lost, trouble(thrown));
      status("lost", "Disconnected");
    },
  });
  say(title);
}

function status(state, words) {
  fresh.dataset.state = state;
  fresh.textContent = words;
}

// A file that is dropped beside the form would otherwise replace this page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

if (hasToken()) enter();
else ask();
