// Text of other people with links in it: addresses and tags lead to their pages, names open here.

import { h } from "./dom.js";

/** An address, a `@name` or a `#tag`. Names and tags begin after no letter, so that mail addresses have none. */
const LINK = /(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}_.])@([a-z0-9_](?:[a-z0-9_.]{0,28}[a-z0-9_])?)|(?<![\p{L}\p{N}_&])#([\p{L}\p{N}_]+)/giu;

/** The nodes of a text. `openName` shows the profile of a name. */
export function linked(text, openName) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const [whole, address, name, tag] = match;
    nodes.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (name) nodes.push(h("button", { type: "button", class: "link", onclick: () => openName(name.toLowerCase()) }, whole));
    else if (tag) nodes.push(away(`https://www.instagram.com/explore/tags/${encodeURIComponent(tag)}/`, whole));
    else end -= addAddress(nodes, address);
  }
  nodes.push(text.slice(end));
  return nodes;
}

/** Adds an address without the mark of the sentence that ends after it; returns the length of that mark. */
function addAddress(nodes, address) {
  const plain = address.replace(/[.,;:!?'")\]]+$/, "");
  nodes.push(away(plain, plain));
  return address.length - plain.length;
}

/** A link to another site, which learns nothing about this page. */
export function away(address, ...children) {
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}
