// Runs before the first paint, on every page, signed in or not.
// The look a person chose lives in a cookie of this browser; without one the page follows the system.
(() => {
  const chosen = () => (document.cookie.match(/(?:^|; )handbill_look=(light|dark)/) || [])[1];
  const system = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => { document.documentElement.dataset.look = chosen() || (system.matches ? "dark" : "light"); };
  system.addEventListener("change", paint);
  window.handbillLook = (look) => {
    document.cookie = "handbill_look=" + look + "; path=/; max-age=31536000; samesite=lax";
    paint();
  };
  window.handbillLookNow = () => document.documentElement.dataset.look;
  paint();

  // Links marked so leave the shell for a page of the server (a file, a public page) by an ordinary load.
  document.addEventListener("click", (e) => {
    if (e.target.closest && e.target.closest("a[data-whole]")) e.stopPropagation();
  }, true);
})();

// Whoever uses the keyboard keeps their place: after a question they are back where they pressed, and where that was
// drawn anew, on what stands there now. `data-place` is shared by things that take each other's place. `data-then` names
// where to go if nothing does, the best first, each by its place or test id: the line that tells what happened, or the next
// thing to press. Where all of that is gone too, it is the page itself; nobody is left nowhere.
(() => {
  const PATIENCE = 3000; // milliseconds; after that nobody is waiting for it any more
  const SETTLED = 700; // a page that is drawn anew stands by then
  const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";
  const ASIDE = ".q-dialog, .q-menu"; // what opens over the page, and goes again
  let last = null, where = "", then = [], asked = false, led = false, lostAt = 0;
  const content = () => document.getElementById("content");
  const nowhere = () => [document.body, content(), null].includes(document.activeElement);
  const named = (key, name) => `[data-${key}="${CSS.escape(name)}"]`;
  const place = (e) => {
    const marked = e.closest("[data-place], [data-testid]");
    const key = marked && (marked.dataset.place ? "place" : "testid");
    return marked ? named(key, marked.dataset[key]) : "";
  };
  const after = (e) => {
    const marked = e.closest("[data-then]");
    return marked ? marked.dataset.then.split(" ") : [];
  };
  document.addEventListener("focusin", (e) => {
    if (led && e.target === content()) return; // for want of something better, which may still come
    lostAt = 0;
    if (e.target.closest(ASIDE)) asked = true;
    else if (led) [last, asked] = [e.target, false]; // what they pressed still says where to go next
    else [last, where, then, asked] = [e.target, place(e.target), after(e.target), false];
  });
  document.addEventListener("pointerdown", (e) => {
    if (!e.target.closest(`${REACHED}, ${ASIDE}`)) last = null; // somebody left it on purpose
  }, true);
  const seen = (e) => e && e.getClientRects().length && !e.disabled ? e : null;
  const control = (e) => e && (e.matches(REACHED) ? e : e.querySelector(REACHED));
  const visible = (selector) => [...document.querySelectorAll(selector)].find(seen);
  const instead = () => {
    for (const name of then) {
      const found = visible(`${named("place", name)}, ${named("testid", name)}`);
      if (found) return found;
    }
    return Date.now() - lostAt > SETTLED ? content() : null;
  };
  const lead = (e) => {
    if (!e.matches(REACHED)) e.tabIndex = -1;
    led = true;
    e.focus({ preventScroll: true });
    led = false;
  };
  const look = () => {
    if (!last || (seen(last) && !asked) || !nowhere() || document.querySelector(ASIDE)) return;
    lostAt = lostAt || Date.now();
    if (Date.now() - lostAt > PATIENCE) return void (last = null);
    const back = seen(last) || (where && control(visible(where)));
    const next = seen(back) || instead();
    if (next) lead(next);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributeFilter: ["class", "disabled"] });
  document.addEventListener("focusout", () => [100, 400, 1000].forEach((wait) => setTimeout(look, wait)));
})();

// A key that is let go where it was not pressed means nothing there. Enter answers a question, the keyboard goes back to the
// menu's button while the key is still down, and letting it go would open the menu again.
(() => {
  let pressed = null;
  const keep = (e) => ["Enter", " "].includes(e.key) && e.target !== pressed;
  const stop = (e) => { e.stopPropagation(); e.preventDefault(); };
  document.addEventListener("keydown", (e) => {
    if (!e.repeat) pressed = e.target;
    else if (keep(e)) stop(e);
  }, true);
  document.addEventListener("keyup", (e) => { if (keep(e)) stop(e); }, true);
})();

// In a menu the arrows walk from entry to entry, round and round.
document.addEventListener("keydown", (e) => {
  const menu = e.target.closest && e.target.closest(".q-menu[role=menu]");
  const entries = menu ? [...menu.querySelectorAll("[role=menuitem]")] : [];
  const at = entries.indexOf(document.activeElement), last = entries.length - 1;
  const to = { ArrowDown: at < last ? at + 1 : 0, ArrowUp: at > 0 ? at - 1 : last, Home: 0, End: last }[e.key];
  if (!entries.length || to === undefined) return;
  e.preventDefault();
  entries[to].focus();
});
