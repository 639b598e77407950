"use strict";
(() => {
  const embedded = JSON.parse(document.getElementById("pictures").textContent);
  for (const image of document.querySelectorAll("img[data-picture]")) {
    const uri = embedded[image.dataset.picture];
    if (typeof uri === "string" && uri.startsWith("data:image/")) image.src = uri;
  }
})();
