/* Ventanilla: comfort only. Every page does its work without this file. */
(function () {
  "use strict";
  var root = document.documentElement;
  var all = function (selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); };

  /* Light or dark, remembered in a cookie so that the server can write it into the page. */
  var remembered = document.cookie.match(/(?:^|; )mode=(light|dark)/);
  if (remembered) root.setAttribute("data-mode", remembered[1]);
  all("[data-mode-switch]").forEach(function (button) {
    var isDark = function () {
      var set = root.getAttribute("data-mode");
      return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    };
    var say = function () { button.textContent = button.getAttribute(isDark() ? "data-light" : "data-dark"); };
    button.hidden = false;
    button.addEventListener("click", function () {
      var mode = isDark() ? "light" : "dark";
      root.setAttribute("data-mode", mode);
      document.cookie = "mode=" + mode + "; path=/; max-age=31536000; SameSite=Lax" + (location.protocol === "https:" ? "; Secure" : "");
      say();
    });
    say();
  });

  /* The sum of the ticked invoices. How the locale writes money is learnt from two amounts that the server wrote. */
  function writer(thousand, whole) {
    var parts = thousand.match(/^(\D*)(\d[\d.,'\s\u00a0\u202f]*\d)(\D*)$/);
    if (!parts) return null;
    var tail = parts[2].match(/\D(\d\d)$/);
    var point = tail ? tail[0].charAt(0) : "";
    var group = (parts[2].match(/\D/) || [""])[0];
    var bare = point && !new RegExp("\\" + point + "00\\D*$").test(whole);
    return function (minor) {
      var digits = String(Math.abs(minor));
      var cents = "";
      if (point) {
        while (digits.length < 3) digits = "0" + digits;
        cents = digits.slice(-2);
        digits = digits.slice(0, -2);
        cents = bare && cents === "00" ? "" : point + cents;
      }
      return (minor < 0 ? "-" : "") + parts[1] + digits.replace(/\B(?=(\d{3})+$)/g, group) + cents + parts[3];
    };
  }
  all("[data-choose]").forEach(function (list) {
    var form = list.closest("form") || document;
    var total = form.querySelector("[data-total]");
    var count = form.querySelector("[data-count]");
    var button = form.querySelector(".paybar .btn");
    var write = total && writer(total.getAttribute("data-thousand"), total.getAttribute("data-whole"));
    if (!write) return;
    var show = function () {
      var ticked = all("[data-amount]", list).filter(function (box) { return box.checked; });
      total.textContent = write(ticked.reduce(function (sum, box) { return sum + Number(box.getAttribute("data-amount")); }, 0));
      if (count) count.textContent = ticked.length;
      if (button) button.disabled = !ticked.length;
    };
    list.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
  });

  /* A form goes out once. Coming back with the browser's button frees it again. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
    form.setAttribute("data-sent", "");
    setTimeout(function () { all("[type=submit]", form).forEach(function (button) { button.setAttribute("aria-disabled", "true"); }); }, 0);
  });
  window.addEventListener("pageshow", function () {
    all("form[data-sent]").forEach(function (form) {
      form.removeAttribute("data-sent");
      all("[aria-disabled]", form).forEach(function (button) { button.removeAttribute("aria-disabled"); });
    });
  });

  /* A page that waits for news fetches itself and swaps only its live part; it reloads when its state has changed. */
  var live = document.querySelector("[data-live][data-every]");
  if (live) {
    var tries = 0;
    var look = function () {
      tries += 1;
      if (document.hidden) { next(); return; }
      fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" }).then(function (answer) {
        return answer.ok && !answer.redirected ? answer.text() : Promise.reject(answer);
      }).then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
        if (!fresh || fresh.getAttribute("data-state") !== live.getAttribute("data-state")) { location.reload(); return; }
        if (fresh.textContent !== live.textContent) live.replaceChildren.apply(live, Array.prototype.slice.call(fresh.childNodes));
        if (fresh.hasAttribute("data-every")) next();
      }).catch(function (answer) { if (answer && answer.redirected) location.reload(); else next(); });
    };
    var next = function () { if (tries < 120) setTimeout(look, Number(live.getAttribute("data-every")) * 1000 * (tries < 10 ? 1 : 3)); };
    next();
  }

  all("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
        var word = button.querySelector("span") || button;
        var before = word.textContent;
        word.textContent = button.getAttribute("data-done");
        setTimeout(function () { word.textContent = before; }, 2000);
      });
    });
  });
  all("[data-reveal]").forEach(function (button) {
    var box = document.getElementById(button.getAttribute("data-reveal"));
    if (!box) return;
    var show = button.textContent;
    button.hidden = false;
    button.addEventListener("click", function () {
      var hidden = box.type === "password";
      box.type = hidden ? "text" : "password";
      button.textContent = hidden ? button.getAttribute("data-hide") : show;
    });
    if (box.form) box.form.addEventListener("submit", function () { box.type = "password"; });
  });
  all("details.switcher").forEach(function (menu) {
    document.addEventListener("click", function (event) { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  });
  all("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  var problem = document.querySelector("[data-problem]");
  if (problem) problem.focus();
})();
