// Looks for new messages while the list is in sight. The rest of the page, and so whatever somebody is typing, is left
// alone; and when nothing has come for a minute it looks no longer.
"use strict";
(() => {
  const LOOK_MS = 5000, PATIENCE = 12;
  const mails = document.getElementById("mails");
  const looking = document.getElementById("looking");
  let inVain = 0;

  async function look() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", look, { once: true });
      return;
    }
    inVain += 1;
    try {
      const seen = mails.querySelector("[data-mark]").dataset.mark;
      const answer = await fetch(`${location.pathname}?seen=${encodeURIComponent(seen)}`);
      if (answer.status === 200) {
        show(await answer.text());
        inVain = 0;
      } else if (answer.status !== 204) {
        inVain = PATIENCE;
      }
    } catch {
      // The server is away for a moment, or for good: then patience ends.
    }
    if (inVain < PATIENCE) {
      setTimeout(look, LOOK_MS);
    } else {
      rest();
    }
  }

  function show(list) {
    const chosen = mails.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    mails.innerHTML = list;
    if (chosen !== null) {
      mails.querySelector(`a[href="${CSS.escape(chosen)}"]`)?.focus({ preventScroll: true });
    }
  }

  function rest() {
    const again = document.createElement("a");
    again.href = location.pathname;
    again.textContent = looking.dataset.again;
    looking.replaceChildren(`${looking.dataset.calm} `, again);
  }

  setTimeout(look, LOOK_MS);
})();
