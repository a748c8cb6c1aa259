/** A stretch of the produced text: where it stands, where it came from, and whether it was copied letter for letter. */
interface Piece {
  readonly at: number;
  readonly from: number;
  readonly copied: boolean;
}

/**
 * Text that was produced from a source by replacing parts of it, and still knows where each character came from.
 * Aliases and templates are pasted before the YAML is read, so without it an error could not name the line and column
 * that its author sees.
 */
export class Traced {
  readonly text: string;
  readonly #pieces: readonly Piece[];
  readonly #source: Traced | undefined;

  private constructor(text: string, pieces: readonly Piece[], source: Traced | undefined) {
    this.text = text;
    this.#pieces = pieces;
    this.#source = source;
  }

  static original(text: string): Traced {
    return new Traced(text, [{ at: 0, from: 0, copied: true }], undefined);
  }

  /** A new text, made by calling `keep` and `paste` from left to right. */
  edit(make: (out: TracedEdit) => void): Traced {
    const pieces: Piece[] = [];
    let text = '';
    make({
      keep: (start, end) => {
        if (end <= start) return;
        pieces.push({ at: text.length, from: start, copied: true });
        text += this.text.slice(start, end);
      },
      paste: (replacement, start) => {
        pieces.push({ at: text.length, from: start, copied: false });
        text += replacement;
      },
    });
    return new Traced(text, pieces, this);
  }

  /** The offset in the original text that the character at `offset` came from. */
  origin(offset: number): number {
    const piece = this.#pieces.findLast((candidate) => candidate.at <= offset);
    if (!piece) return this.#source?.origin(0) ?? 0;
    const local = piece.copied ? piece.from + offset - piece.at : piece.from;
    return this.#source ? this.#source.origin(local) : local;
  }
}

export interface TracedEdit {
  keep(start: number, end: number): void;
  /** Puts `replacement` where the source has something else, beginning at `start`. */
  paste(replacement: string, start: number): void;
}

/** `line 3, column 5`, counted from 1. */
export function position(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`;
}
