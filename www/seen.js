// What of a case was on screen. What was flagged has to have been there, from its beginning to its end, before the
// case can be approved.

const unseen = new Set();
let observer;

/** Forgets what was watched; `bar` covers the bottom of the page. */
export function begin(bar) {
  observer?.disconnect();
  unseen.clear();
  observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting && document.visibilityState === "visible") done(target);
      }
    },
    { rootMargin: `0px 0px -${Math.round(bar.getBoundingClientRect().height)}px 0px` },
  );
}

/** Something has to be done with an element: being on screen is not enough. */
export function demand(element) {
  unseen.add(element);
}

/** An element of no size that is watched where it stands. */
export function sentinel() {
  const element = document.createElement("span");
  element.className = "sentinel";
  unseen.add(element);
  observer.observe(element);
  return element;
}

/** What has to be done before something counts as seen: an element that is no longer there is dropped. */
export function firstUnseen() {
  for (const element of unseen) {
    if (element.isConnected) return element;
    unseen.delete(element);
  }
  return undefined;
}

/** It was on screen, or was done. */
export function done(element) {
  unseen.delete(element);
  observer?.unobserve(element);
}
