// A profile: the account, and a list of its posts and reels.

import { fill, h, icon, picture, say } from "./dom.js";
import { compact } from "./format.js";
import { fault } from "./fault.js";
import { get, refusalOf } from "./api.js";
import { away } from "./linked.js";
import { numbers, prose, tickMark } from "./preview.js";
import { n, t } from "./text.js";

/** The card; `open(target)` shows one of its posts, reels or stories. */
export function profile(account, open) {
  const openName = (name) => open({ kind: "profile", value: name, name });
  return [head(account), account.bio ? prose(account.bio, openName) : null, links(account), tabs(account, open)];
}

function head(account) {
  const urls = account.profile_picture_urls ?? {};
  const face = urls.standard ?? account.profile_picture_url;
  const counts = [
    ["post", account.total_posts],
    ["follower", account.followers_count],
    ["following", account.following_count],
  ].filter(([, count]) => typeof count === "number");
  return h(
    "header",
    { class: "owner large" },
    face ? h("span", { class: "face" }, picture(face, "", { lazy: false })) : null,
    h(
      "div",
      {},
      h("h2", {}, account.display_name || account.username, account.is_verified ? tickMark() : null),
      h("p", { class: "quiet-text" }, h("span", {}, `@${account.username}`), account.category ? h("span", {}, account.category) : null),
      numbers(counts),
    ),
  );
}

/** The links of the account, which may be any address. */
function links(account) {
  const listed = account.bio_links?.length ? account.bio_links : account.website_url ? [{ url: account.website_url }] : [];
  const safe = listed.filter(({ url }) => /^https?:\/\//i.test(url));
  const own = away(`https://www.instagram.com/${account.username}/`, icon("out"), t("original"));
  return h("p", { class: "links" }, safe.map(({ url, link_title: title }) => away(url, title || url.replace(/^https?:\/\/(www\.)?/i, ""))), own);
}

const LISTS = {
  posts: { path: "/instagram/profile/posts", key: "posts", kind: "post" },
  reels: { path: "/instagram/profile/reels", key: "reels", kind: "reel" },
};

function tabs(account, open) {
  const place = h("div", { class: "list" });
  const buttons = Object.keys(LISTS).map((name) =>
    h("button", { type: "button", "aria-pressed": "false", "data-list": name, onclick: () => choose(name) }, t(`profile.${name}`)),
  );
  const stories = h("button", { type: "button", onclick: () => open({ kind: "story", value: account.username, name: account.username }) }, t("profile.stories"));
  function choose(name) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.list === name));
    fill(place, h("p", { class: "waiting" }, t("profile.loading")));
    more({ ...LISTS[name], account, open, place, grid: h("ul", { class: "grid" }), cursor: null });
  }
  choose("posts");
  return h("div", {}, h("div", { class: "tabs", role: "group", "aria-label": t("profile.show") }, buttons, stories), place);
}

/** Appends the next page of a list. */
async function more(list) {
  const { account, place, grid, cursor } = list;
  // The user may choose another tab before the response arrives.
  const turn = {};
  place.turn = turn;
  try {
    const parameters = { username: account.username, limit: 12, ...(cursor ? { cursor } : {}) };
    const page = await get(list.path, parameters);
    if (place.turn !== turn) return;
    const found = page[list.key];
    grid.append(...found.map((entry) => tile(entry, list)));
    const { has_next_page: hasNext, end_cursor: next } = page.page_info;
    say(t("profile.found", { count: found.length }));
    if (!grid.children.length) {
      fill(place, h("p", { class: "empty" }, t("profile.empty")));
      return;
    }
    const button = hasNext && next ? h("button", { type: "button", class: "wide", onclick: () => {
      button.disabled = true;
      button.textContent = t("profile.loading");
      more({ ...list, cursor: next });
    } }, t("profile.more")) : null;
    fill(place, grid, button);
  } catch (thrown) {
    if (place.turn !== turn) return;
    fill(place, grid.children.length ? grid : null, fault(refusalOf(thrown), { again: () => more(list) }));
  }
}

function tile(entry, list) {
  const kind = list.kind;
  const video = kind === "reel" || entry.is_video;
  const what = t(video ? "media.video" : entry.is_carousel ? "media.carousel" : "media.picture");
  const caption = (entry.caption ?? "").slice(0, 80);
  const small = Array.isArray(entry.image_urls) ? entry.image_urls[1] ?? entry.image_urls[0] : null;
  const badge = !video && entry.is_carousel ? (entry.carousel_count ? n("parts", entry.carousel_count) : what) : null;
  const views = typeof entry.view_count === "number" ? compact(entry.view_count) : "";
  const label = [what, badge ?? views, entry.datetime?.slice(0, 10), caption].filter(Boolean).join(", ");
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", "aria-label": label, onclick: () => list.open({ kind, value: entry.shortcode }) },
      picture(small ?? entry.thumbnail_url, ""),
      video ? h("span", { class: "badges" }, h("span", { class: "badge" }, icon("play"), views)) : null,
      badge ? h("span", { class: "badges" }, h("span", { class: "badge" }, badge)) : null,
    ),
  );
}
