// Where a pixel, a header block and a footer block go in an HTML body. Pure.

/** Offsets that were met on the way; -1 where there is none. */
export type Landmarks = {
  afterDoctype: number;
  afterHtml: number;
  afterHead: number;
  afterBody: number;
  /** Where the last "</body" begins. */
  bodyClose: number;
  /** The last place that is in no tag, comment or text-only element. */
  safe: number;
};

const BOM = '\xef\xbb\xbf';

/** Before anything was met. */
export function noLandmarks(): Landmarks {
  return { afterDoctype: -1, afterHtml: -1, afterHead: -1, afterBody: -1, bodyClose: -1, safe: 0 };
}

/** `end` is where the ">" of a doctype stands. */
export function markDeclaration(landmarks: Landmarks, end: number): void {
  if (landmarks.afterDoctype < 0) landmarks.afterDoctype = end + 1;
  markSafe(landmarks, end + 1);
}

/** `end` is where the ">" of a start tag stands; nothing of ours goes into a text-only element. */
export function markOpen(landmarks: Landmarks, element: string, end: number, textOnly: boolean): void {
  if (element === 'body' && landmarks.afterBody < 0) landmarks.afterBody = end + 1;
  if (element === 'html' && landmarks.afterHtml < 0) landmarks.afterHtml = end + 1;
  if (!textOnly) markSafe(landmarks, end + 1);
}

/** `end` is after the ">", 0 when there is none. */
export function markClose(landmarks: Landmarks, element: string, start: number, end: number): void {
  if (end === 0) return;
  if (element === 'body') landmarks.bodyClose = start;
  if (element === 'head' && landmarks.afterHead < 0) landmarks.afterHead = end;
  markSafe(landmarks, end);
}

/** Nothing is open at `end`. */
export function markSafe(landmarks: Landmarks, end: number): void {
  landmarks.safe = Math.max(landmarks.safe, end);
}

/** Right after `<body …>`; without one, after what belongs in front of it. */
export function headerPlace(source: string, landmarks: Landmarks): number {
  const { afterBody, afterHead, afterHtml, afterDoctype } = landmarks;
  const found = [afterBody, afterHead, afterHtml, afterDoctype].find((place) => place >= 0);
  return found ?? (source.startsWith(BOM) ? BOM.length : 0);
}

/** Before the last `</body>`; without one, at the end, but never inside a tag or comment that does not end. */
export function footerPlace(landmarks: Landmarks): number {
  const { bodyClose, afterBody, safe } = landmarks;
  return bodyClose >= afterBody && bodyClose >= 0 ? bodyClose : safe;
}
