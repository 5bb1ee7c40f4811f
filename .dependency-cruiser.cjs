/** The rules of the house that imports can show (docs/adr/0001). test/architecture/ proves that each one can fail. */

const story =
  '^libs/(?:organizations/src/organization(?:-limits)?|domains/src/domain(?:\\.(?:events|watch)|-check|-slots)?|users/src/user(?:\\.(?:events|arrival|membership|departure|move))?|accounts/src/account(?:\\.(?:events|standing|ownership|access|home)|-addition|-slots)?|' +
  'credentials/src/credential|api-keys/src/api-key|' +
  'invitations/src/invitation|invitations/src/invitation-delivery|imports/src/import|imports/src/bulk-import|merges/src/merge|claims/src/claim)\\.ts$';
const value = '\\.(?:projection|policy|history|timer)\\.ts$';
const kernel = '^libs/kernel/src/';
const test = '\\.spec\\.ts$|^libs/[^/]+/test/|^test/';

const typeOnly = ['type-only', 'type-import'];

module.exports = {
  forbidden: [
    {
      name: 'story-is-pure',
      comment:
        'A story tells the life of a noun in plain TypeScript; it imports the kernel and nothing else.',
      severity: 'error',
      from: { path: story },
      to: { pathNot: [kernel, story] },
    },
    {
      name: 'values-are-pure',
      comment: 'Projections, policies and histories are tables: the kernel, stories and values beside them.',
      severity: 'error',
      from: { path: value },
      to: { pathNot: [kernel, '^libs/[^/]+/src/index\\.ts$', story, value] },
    },
    {
      name: 'values-know-only-the-types-of-neighbours',
      comment: 'A table may name the events of a neighbour; running code of a neighbour stays out of it.',
      severity: 'error',
      from: { path: `^libs/([^/]+)/src/.*${value}` },
      to: {
        path: '^libs/[^/]+/src/',
        pathNot: [kernel, '^libs/$1/src/'],
        dependencyTypesNot: typeOnly,
      },
    },
    {
      name: 'neighbours-through-the-door',
      comment: 'Another library is seen only through its index.ts.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/', pathNot: [test] },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'routes-are-thin',
      comment: 'A route names a command or a query; it neither decides nor reads a store.',
      severity: 'error',
      from: { path: '\\.http\\.ts$' },
      to: {
        path: [
          story,
          '\\.(?:projection|policy|history|timer|handlers)\\.ts$',
          '^libs/(?:event-store|sqlite)/',
          '^libs/read-models/src/(?:embedded|mongodb)/',
          '^(?:node:)?sqlite$',
          '^node_modules/(?:mongodb|@eventstore)/',
        ],
      },
    },
    {
      name: 'queries-read-only',
      comment: 'A query reads; what could write is out of its reach.',
      severity: 'error',
      from: { path: '\\.queries\\.ts$' },
      to: {
        path: [
          '\\.(?:handlers|commands|policy|http)\\.ts$',
          '^libs/(?:event-store|policies|sqlite|mail|application)/',
          '^libs/read-models/src/(?:embedded|mongodb)/',
        ],
      },
    },
    {
      name: 'one-home-for-eventstore',
      comment: 'One adapter knows the client of EventStoreDB.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/', pathNot: ['^libs/event-store/src/eventstoredb/', test] },
      to: { path: '^node_modules/@eventstore/' },
    },
    {
      name: 'one-home-for-mongodb',
      comment: 'One adapter knows the driver of MongoDB; the port beside it is typed with its types.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/', pathNot: ['^libs/read-models/src/', test] },
      to: { path: '^node_modules/mongodb/' },
    },
    {
      name: 'mongodb-types-only-in-the-port',
      comment: 'Outside the adapter the driver is a source of types, so that nothing loads it.',
      severity: 'error',
      from: { path: '^libs/read-models/src/', pathNot: ['^libs/read-models/src/mongodb/', test] },
      to: { path: '^node_modules/mongodb/', dependencyTypesNot: typeOnly },
    },
    {
      name: 'one-home-for-sqlite',
      comment: 'One library knows node:sqlite.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/', pathNot: ['^libs/sqlite/src/', test] },
      to: { path: '^(?:node:)?sqlite$' },
    },
    {
      name: 'heavy-clients-are-loaded-late',
      comment:
        'The default mode starts without the clients of servers: the folder of an adapter shows an index.ts at most, ' +
        'everything behind it is imported where it is opened.',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/[^/]+/src/(?:eventstoredb|mongodb)/(?!index\\.ts$)', test] },
      to: {
        path: '^libs/[^/]+/src/(?:eventstoredb|mongodb)/',
        pathNot: ['/(?:eventstoredb|mongodb)/index\\.ts$'],
        dependencyTypesNot: ['dynamic-import', ...typeOnly],
      },
    },
    {
      name: 'kernel-depends-on-nothing',
      comment:
        'The kernel has no npm dependency and no neighbour; only its test grammar may compare with node:util.',
      severity: 'error',
      from: { path: kernel, pathNot: ['\\.spec\\.ts$', '/specification\\.ts$'] },
      to: { pathNot: [kernel] },
    },
    {
      name: 'kernel-grammar-compares-only',
      comment: 'See kernel-depends-on-nothing.',
      severity: 'error',
      from: { path: `${kernel}specification\\.ts$` },
      to: { pathNot: [kernel, '^(?:node:)?util$'] },
    },
    {
      name: 'libs-never-apps',
      comment: 'Applications are put together from libraries, never the other way round.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'nouns-never-the-application',
      comment: 'Only applications know the whole.',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/application/', test] },
      to: { path: '^libs/application/' },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'What is imported stands in package.json.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'nothing-unresolved',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/', pathNot: [test] },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-dependency-in-the-product',
      comment: 'An install without development packages must run.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/', pathNot: [test] },
      to: { dependencyTypes: ['npm-dev'], pathNot: ['^node_modules/@types/'] },
    },
    {
      name: 'the-product-never-its-tests',
      comment: 'Tests, fixtures and benches know the product; the product does not know them.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/', pathNot: [test] },
      to: { path: test },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['orgledger-source', 'import', 'node', 'default', 'types'],
    },
  },
};
