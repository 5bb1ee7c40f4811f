const { options } = require('./.dependency-cruiser.cjs');

/**
 * What is left when the types are gone. Beside them only the first circle through an import is looked at, and one that
 * types close hides one that runs.
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'No file needs itself at run time; edges that carry only types do not count.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/' },
      to: { circular: true },
    },
  ],
  options: { ...options, tsPreCompilationDeps: false },
};
