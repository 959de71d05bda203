// The address of a link as clicks on it are counted: wherever it is looked up, it must be the same. Pure.

/** Without query and fragment, which are often others for each recipient. */
export function countedUrl(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
