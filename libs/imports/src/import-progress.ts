import type { Import } from './import.ts';

/** What a watcher of an import sees. */
export const progressOf = (state: Exclude<Import, { status: 'unknown' }>) => ({
  importId: state.importId,
  status: state.status,
  rows: state.rows,
  selected: state.status === 'reporting' ? 0 : state.selected,
  imported: 'imported' in state ? state.imported : 0,
  skipped: 'skipped' in state ? state.skipped : 0,
});

const LOOK_EVERY_MS = 100;
/** A comment after so many looks without news, so that nobody between takes the connection for dead. */
const QUIET_LOOKS = 100;

/** Server-sent events until the import is over, or waits for somebody to do something, or the product stops. */
export async function* progressEvents(
  look: () => Promise<{ readonly state: Import; readonly revision: number }>,
  wait: (milliseconds: number) => Promise<boolean>,
): AsyncGenerator<string> {
  let told = '';
  for (let quiet = 0; ; quiet += 1) {
    const { state, revision } = await look();
    if (state.status === 'unknown') return;
    const data = JSON.stringify(progressOf(state));
    if (data !== told) {
      told = data;
      quiet = 0;
      yield `id: ${revision}\nevent: ${state.status}\ndata: ${data}\n\n`;
    } else if (quiet % QUIET_LOOKS === QUIET_LOOKS - 1) yield ': still here\n\n';
    if (state.status === 'completed' || !(await wait(LOOK_EVERY_MS))) return;
  }
}
