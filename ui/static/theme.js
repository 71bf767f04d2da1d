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
// drawn anew, on what stands there now. `data-place` is shared by things that take each other's place.
(() => {
  const PATIENCE = 3000; // milliseconds; after that nobody is waiting for it any more
  const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";
  let last = null, where = "", asked = false, lostAt = 0;
  const nowhere = () => document.activeElement === document.body || !document.activeElement;
  const place = (e) => {
    const marked = e.closest("[data-place], [data-testid]");
    const name = marked && (marked.dataset.place ? "place" : "testid");
    return marked ? `[data-${name}="${CSS.escape(marked.dataset[name])}"]` : "";
  };
  document.addEventListener("focusin", (e) => {
    lostAt = 0;
    if (e.target.closest(".q-dialog")) asked = true;
    else [last, where, asked] = [e.target, place(e.target), false];
  });
  document.addEventListener("pointerdown", (e) => {
    if (!e.target.closest(`${REACHED}, .q-dialog`)) last = null; // somebody left it on purpose
  }, true);
  const look = () => {
    if (!last || (last.isConnected && !asked) || !nowhere() || document.querySelector(".q-dialog")) return;
    lostAt = lostAt || Date.now();
    const found = last.isConnected ? last : where && document.querySelector(where);
    const next = found && (found.matches(REACHED) ? found : found.querySelector(REACHED));
    if (Date.now() - lostAt > PATIENCE) last = null;
    else if (next && next.offsetParent) next.focus({ preventScroll: true });
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  document.addEventListener("focusout", () => [100, 400, 1000].forEach((wait) => setTimeout(look, wait)));
})();
