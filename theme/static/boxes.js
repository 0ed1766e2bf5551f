/* Let the keyboard scroll what is wider than its box.

   A box takes the focus, and says what it is, only while it overflows: on a
   wide screen it would be one stop more on the way for nothing. */
document.addEventListener('DOMContentLoaded', () => {
  const NAMES = {
    '.output pre': 'Output, scrolls sideways',
    '.highlight pre': 'Code, scrolls sideways',
    '.pst-scrollable-table-container': 'Table, scrolls sideways',
    'div.math': 'Formula, scrolls sideways',
  };

  const mark = (box) => {
    const selector = Object.keys(NAMES).find((key) => box.matches(key));
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', NAMES[selector]);
  };

  const unmark = (box) =>
    ['tabindex', 'role', 'aria-label'].forEach((name) =>
      box.removeAttribute(name)
    );

  const observer = new ResizeObserver((entries) =>
    entries.forEach(({ target: box }) =>
      (box.scrollWidth > box.clientWidth ? mark : unmark)(box)
    )
  );
  document
    .querySelectorAll(Object.keys(NAMES).join())
    .forEach((box) => observer.observe(box));
});
