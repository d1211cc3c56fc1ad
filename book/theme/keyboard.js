// What is wider than the page can be moved by keyboard.
for (const wide of document.querySelectorAll(".wide, .table-wrapper, .formula, pre > code, .panels figure")) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}
