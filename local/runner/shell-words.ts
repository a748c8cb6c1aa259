import { parse } from 'shell-quote';

export type ShellWords =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * The words of a command as the agent's shell reads it: quotes, backslashes, and variables, of which the agent has none.
 * What would make the agent's shell do more than start one container (a pipe, a redirection, a substitution) is refused.
 */
export function shellWords(command: string): ShellWords {
  const text = command.replace(/\\\r?\n/g, ' ').trim();
  const substitution = substitutionIn(text);
  if (substitution) return refuse(substitution, command);
  const words: string[] = [];
  for (const part of parse(text, () => '')) {
    if (typeof part === 'string') words.push(part);
    else if ('comment' in part) break;
    else if (part.op === 'glob') words.push(part.pattern);
    else return refuse(part.op, command);
  }
  return { ok: true, words };
}

function refuse(operator: string, command: string): ShellWords {
  return {
    ok: false,
    message: `the agent's shell would act on "${operator}" in: ${command}\nThe local runner starts one container per step; put it in quotes and give it to a shell inside the container.`,
  };
}

/** A backquote or `$(` outside single quotes. */
function substitutionIn(text: string): string | undefined {
  let quoted = false;
  let double = false;
  for (let index = 0; index < text.length; index += 1) {
    const here = text[index];
    if (here === '\\' && !quoted) index += 1;
    else if (here === "'" && !double) quoted = !quoted;
    else if (here === '"' && !quoted) double = !double;
    else if (here === '`' && !quoted) return '`';
    else if (here === '$' && text[index + 1] === '(' && !quoted) return '$(';
  }
  return undefined;
}
