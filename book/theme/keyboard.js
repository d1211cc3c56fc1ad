// What is wider than the page can be moved by keyboard.
for (const wide of document.querySelectorAll(".wide, .table-wrapper, .formula, pre > code, .panels figure")) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}

// What mdBook's frame says wrongly, or not, to screen readers.
const toggle = document.querySelector("label[for=mdbook-sidebar-toggle-anchor]");
for (const name of ["aria-expanded", "aria-controls", "aria-label"]) toggle?.removeAttribute(name);
document.querySelector("#mdbook-menu-bar, #menu-bar")?.setAttribute("role", "banner");
