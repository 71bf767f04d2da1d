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
