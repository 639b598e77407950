"use strict";
(() => {
  const embedded = JSON.parse(document.getElementById("pictures").textContent);
  for (const image of document.querySelectorAll("img[data-picture]")) {
    const uri = embedded[image.dataset.picture];
    // Small pictures show their pixels as they are.
    image.addEventListener("load", () => image.classList.toggle("pixels", Math.max(image.naturalWidth, image.naturalHeight) <= 40));
    if (typeof uri === "string" && uri.startsWith("data:image/")) image.src = uri;
  }
})();
