import picocolors from 'picocolors';

/** Colours only where somebody looks at them: the library by itself also colours every CI's log files. */
export const colors = picocolors.createColors(
  process.env.FORCE_COLOR !== undefined ||
    (process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb'),
);
