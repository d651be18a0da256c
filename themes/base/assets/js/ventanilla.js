/* Ventanilla: comfort only. Every page does its work without this file. */
(function () {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within) => [...(within || document).querySelectorAll(selector)];

  /* Light or dark, remembered in a cookie so that the server can write it into the page. */
  const remembered = document.cookie.match(/(?:^|; )mode=(light|dark)/);
  if (remembered) root.dataset.mode = remembered[1];
  all("[data-mode-switch]").forEach((button) => {
    const isDark = () => root.dataset.mode ? root.dataset.mode === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const say = () => { button.textContent = isDark() ? button.dataset.light : button.dataset.dark; };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.mode = isDark() ? "light" : "dark";
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = "mode=" + root.dataset.mode + "; path=/; max-age=31536000; SameSite=Lax" + secure;
      say();
    });
    say();
  });

  /* The sum of the ticked invoices. How the locale writes money is learnt from two amounts that the server wrote. */
  function writer(sample, whole) {
    const parts = sample.match(/^(\D*)(\d[\d.,'\s\u00a0\u202f]*\d)(\D*)$/);
    if (!parts) return null;
    const tail = parts[2].match(/\D(?=\d\d$)/);
    const point = tail ? tail[0] : "";
    const group = (parts[2].match(/\D/) || [""])[0];
    const bare = point && !whole.includes(point + "00" + parts[3]);
    return (minor) => {
      let digits = String(minor);
      let cents = "";
      if (point) {
        digits = digits.padStart(3, "0");
        cents = point + digits.slice(-2);
        digits = digits.slice(0, -2);
        if (bare && cents === point + "00") cents = "";
      }
      return parts[1] + digits.replace(/\B(?=(\d{3})+$)/g, group) + cents + parts[3];
    };
  }
  all("[data-choose]").forEach((list) => {
    const form = list.closest("form") || document;
    const total = form.querySelector("[data-total]");
    const count = form.querySelector("[data-count]");
    const button = form.querySelector(".paybar .btn");
    const write = total && writer(total.dataset.thousand, total.dataset.whole);
    if (!write) return;
    const show = () => {
      const ticked = all("[data-amount]", list).filter((box) => box.checked);
      total.textContent = write(ticked.reduce((sum, box) => sum + Number(box.dataset.amount), 0));
      if (count) count.textContent = ticked.length;
      if (button) button.disabled = !ticked.length;
    };
    list.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
  });

  /* A form goes out once. Coming back with the browser's button frees it again. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if ("sent" in form.dataset) { event.preventDefault(); return; }
    form.dataset.sent = "";
    all("[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
  }));

  /* The way to a payment page leads on by itself, but not back again: who comes back wants to stay. */
  const visit = performance.getEntriesByType("navigation")[0];
  if (!visit || visit.type !== "back_forward") all("form[data-leave]").forEach((form) => form.requestSubmit());

  /* A page that waits for news fetches itself and swaps only its live part; it reloads when its state has changed. */
  const live = document.querySelector("[data-live][data-every]");
  if (live) {
    let tries = 0;
    const wait = () => { if (tries < 120) setTimeout(look, live.dataset.every * (tries < 10 ? 1000 : 3000)); };
    const look = async () => {
      tries += 1;
      if (document.hidden) return wait();
      try {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
        if (!answer.ok) return wait();
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
        if (answer.redirected || !fresh || fresh.dataset.state !== live.dataset.state) return location.reload();
        if (fresh.textContent !== live.textContent) live.replaceChildren(...fresh.childNodes);
        if ("every" in fresh.dataset) wait();
      } catch { wait(); }
    };
    wait();
  }

  all("[data-copy]").forEach((button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const word = button.querySelector("span") || button;
      const before = word.textContent;
      word.textContent = button.dataset.done;
      setTimeout(() => { word.textContent = before; }, 2000);
    });
  });
  all("[data-reveal]").forEach((button) => {
    const box = document.getElementById(button.dataset.reveal);
    const show = button.textContent;
    button.hidden = false;
    button.addEventListener("click", () => {
      const hidden = box.type === "password";
      box.type = hidden ? "text" : "password";
      button.textContent = hidden ? button.dataset.hide : show;
    });
    if (box.form) box.form.addEventListener("submit", () => { box.type = "password"; });
  });
  all("details.switcher").forEach((menu) => {
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  all("[data-problem]").forEach((box) => box.focus());
})();
