module.exports = {
  forbidden: [],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['orgledger-source', 'import', 'node', 'default', 'types'] },
  },
};
