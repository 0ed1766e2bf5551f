/* Give the focus back to where it was when the search field closes.

   The theme opens the field over the page, leaves the focus nowhere when
   Escape closes it, and leaves the field open when Tab moves on. */
document.addEventListener('DOMContentLoaded', () => {
  const dialog = document.querySelector('.search-button__wrapper');
  const field = dialog.querySelector('input');
  let opener = null;

  field.addEventListener('focus', (event) => {
    opener = event.relatedTarget;
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') {
      dialog.classList.remove('show');
      field.blur();
    }
  });
  field.addEventListener('blur', () => {
    if (!dialog.classList.contains('show')) opener?.focus();
  });
});
