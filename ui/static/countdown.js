/* <hb-countdown data-seconds="27.4">: counts down by the browser's own clock, so that no late answer makes it jump. */
customElements.define("hb-countdown", class extends HTMLElement {
  connectedCallback() {
    this.end ??= performance.now() + 1000 * Number(this.dataset.seconds || 0);
    this.tick();
  }
  disconnectedCallback() { clearTimeout(this.next); }
  tick() {
    const left = Math.max(0, this.end - performance.now());
    this.textContent = `${Math.ceil(left / 1000)} s`;
    if (left > 0) this.next = setTimeout(() => this.tick(), (left % 1000) || 1000);
  }
});
