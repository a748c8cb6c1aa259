/** Text that names no image, repository, tag, digest or tag pattern. `expected` says what would have been right. */
export class InvalidImageName extends Error {
  override readonly name = 'InvalidImageName';
  readonly text: string;
  readonly expected: string;

  constructor(what: string, text: string, expected: string) {
    super(`${JSON.stringify(text)} is not a ${what}: expected ${expected}.`);
    this.text = text;
    this.expected = expected;
  }
}
