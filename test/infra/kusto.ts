import { createRequire } from 'node:module';

/** The parts of Kusto's own language service that are used; its declarations describe global namespaces only. */
interface Kusto {
  readonly Symbols: {
    readonly TableSymbol: { From(schema: string): { WithName(name: string): unknown } };
    readonly DatabaseSymbol: { readonly $ctor1: new (name: string, members: unknown, isOpen: boolean) => unknown };
  };
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: unknown): Code };
}

interface Code {
  readonly ResultType: { readonly Columns: List<{ readonly Name: string }> };
  GetDiagnostics(): List<{ readonly Severity: string; readonly Message: string; readonly Start: number }>;
}

interface List<T> {
  readonly Count: number;
  getItem(index: number): T;
}

const require = createRequire(import.meta.url);
// The language service needs the runtime of the compiler that it was made with, as a global.
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
const kusto = (globalThis as unknown as { Kusto: { Language: Kusto } }).Kusto.Language;

export interface Analysis {
  /** What is wrong with the query, with the text it begins at. */
  readonly faults: readonly string[];
  /** Columns of the result. */
  readonly columns: readonly string[];
}

/** Parses a query and checks its names and types against tables: `{traces: '(message: string)'}`. */
export function analyse(query: string, tables: Readonly<Record<string, string>>): Analysis {
  const symbols = Object.entries(tables).map(([name, schema]) => kusto.Symbols.TableSymbol.From(schema).WithName(name));
  const database = new kusto.Symbols.DatabaseSymbol.$ctor1('logs', symbols, false);
  const code = kusto.KustoCode.ParseAndAnalyze(query, kusto.GlobalState.Default.WithDatabase(database));
  return {
    faults: items(code.GetDiagnostics()).map(
      ({ Message, Start }) => `${Message} at '${query.slice(Start, Start + 40)}'`,
    ),
    columns: items(code.ResultType.Columns).map(({ Name }) => Name),
  };
}

function items<T>(list: List<T>): T[] {
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}
