"use strict";
(() => {
  // Before anything is drawn; a page without storage, such as a file, follows the system.
  try {
    const kept = localStorage.getItem("skimgrec-theme");
    if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  } catch { /* no storage */ }
})();
