// Light or dark, decided before the first paint: a classic script in the head, so that no wrong colour flashes up.
// The system's choice holds until the button says otherwise; going back to the system's choice forgets the button.

const theme = {
  system: matchMedia("(prefers-color-scheme: dark)"),

  get current() {
    return localStorage.getItem("pulse-theme") ?? (this.system.matches ? "dark" : "light");
  },

  show() {
    document.documentElement.dataset.theme = this.current;
    document.dispatchEvent(new Event("themechange"));
  },

  toggle() {
    const next = this.current === "dark" ? "light" : "dark";
    if ((next === "dark") === this.system.matches) localStorage.removeItem("pulse-theme");
    else localStorage.setItem("pulse-theme", next);
    this.show();
  },
};

theme.show();
theme.system.addEventListener("change", () => theme.show());
addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme").addEventListener("click", () => theme.toggle());
});
