/** To where one writes a remark. */
export const toComment = (): void => document.getElementById('comment-text')?.focus();

/** To the first group of grades, at what is chosen there. */
export const toGrades = (): void =>
  document.querySelector<HTMLElement>('[data-grade] input:checked, [data-grade] input')?.focus();
