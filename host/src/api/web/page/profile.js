// A profile: the account, and a list of its posts and reels.

import { fill, h, icon, picture, say } from "./dom.js";
import { compact, counted, plain } from "./format.js";
import { fault } from "./fault.js";
import { get, refusalOf } from "./api.js";

/** The card; `open(target)` shows one of its posts, reels or stories. */
export function profile(account, open) {
  return [head(account), biography(account), tabs(account, open)];
}

function head(account) {
  const urls = account.profile_picture_urls ?? {};
  const face = urls.standard ?? account.profile_picture_url;
  const counts = [
    ["post", account.total_posts],
    ["follower", account.followers_count],
  ].filter(([, count]) => typeof count === "number");
  const items = counts.map(([name, count]) =>
    h("li", {}, h("strong", { title: plain(count) }, compact(count)), ` ${count === 1 ? name : `${name}s`}`),
  );
  if (typeof account.following_count === "number") {
    items.push(h("li", {}, h("strong", { title: plain(account.following_count) }, compact(account.following_count)), " following"));
  }
  const verified = account.is_verified ? h("span", { class: "tick", role: "img", "aria-label": "verified" }, icon("check")) : null;
  return h(
    "header",
    { class: "owner large" },
    face ? h("span", { class: "face" }, picture(face, "", { lazy: false })) : null,
    h(
      "div",
      {},
      h("h2", {}, account.display_name || account.username, verified),
      h("p", { class: "quiet-text" }, h("span", {}, `@${account.username}`), account.category ? h("span", {}, account.category) : null),
      items.length ? h("ul", { class: "facts", "aria-label": "Numbers" }, items) : null,
    ),
  );
}

function biography(account) {
  return account.bio ? h("p", { class: "caption", dir: "auto" }, account.bio) : null;
}

const LISTS = {
  Posts: { path: "/instagram/profile/posts", key: "posts", kind: "post" },
  Reels: { path: "/instagram/profile/reels", key: "reels", kind: "reel" },
};

function tabs(account, open) {
  const place = h("div", { class: "list" });
  const buttons = Object.keys(LISTS).map((name) =>
    h("button", { type: "button", "aria-pressed": "false", onclick: () => choose(name) }, name),
  );
  const stories = h("button", { type: "button", onclick: () => open({ kind: "story", value: account.username, name: account.username }) }, "Stories");
  function choose(name) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
    fill(place, h("p", { class: "waiting" }, `Loading ${name.toLowerCase()} …`));
    more({ ...LISTS[name], account, open, place, grid: h("ul", { class: "grid" }), cursor: null });
  }
  choose("Posts");
  return h("div", {}, h("div", { class: "tabs", role: "group", "aria-label": "Show" }, buttons, stories), place);
}

/** Appends the next page of a list. */
async function more(list) {
  const { account, place, grid, cursor } = list;
  // The user may choose another tab before the response arrives.
  const turn = Symbol("turn");
  place.turn = turn;
  try {
    const parameters = { username: account.username, limit: 12, ...(cursor ? { cursor } : {}) };
    const page = await get(list.path, parameters);
    if (place.turn !== turn) return;
    const found = page[list.key];
    grid.append(...found.map((entry) => tile(entry, list)));
    const { has_next_page: hasNext, end_cursor: next } = page.page_info;
    say(`${counted(found.length, list.kind)} found`);
    if (!grid.children.length) {
      fill(place, h("p", { class: "empty" }, `No public ${list.key} to show.`));
      return;
    }
    const button = hasNext && next ? h("button", { type: "button", class: "wide", onclick: () => {
      button.disabled = true;
      button.textContent = "Loading …";
      more({ ...list, cursor: next });
    } }, "Show more") : null;
    fill(place, grid, button);
  } catch (thrown) {
    if (place.turn !== turn) return;
    fill(place, grid.children.length ? grid : null, fault(refusalOf(thrown), { again: () => more(list) }));
  }
}

function tile(entry, list) {
  const kind = list.kind;
  const what = kind === "reel" || entry.is_video ? "Video" : entry.is_carousel ? "Carousel" : "Picture";
  const caption = (entry.caption ?? "").slice(0, 80);
  const label = [what, entry.datetime?.slice(0, 10), caption].filter(Boolean).join(", ");
  const small = Array.isArray(entry.image_urls) ? entry.image_urls[1] ?? entry.image_urls[0] : null;
  const badge = what === "Carousel" ? `${entry.carousel_count ?? ""} parts`.trim() : null;
  const views = typeof entry.view_count === "number" ? compact(entry.view_count) : "";
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", "aria-label": label, onclick: () => list.open({ kind, value: entry.shortcode }) },
      picture(small ?? entry.thumbnail_url, ""),
      what === "Video" ? h("span", { class: "badges" }, h("span", { class: "badge" }, icon("play"), views)) : null,
      badge ? h("span", { class: "badges" }, h("span", { class: "badge" }, badge)) : null,
    ),
  );
}
