import ts from 'typescript';

export interface Impurity {
  /** 1-based. */
  readonly line: number;
  readonly what: string;
}

/** What a story or a table must not name: time, chance, the machine, the outside world. */
const forbiddenNames = new Set([
  'Date',
  'process',
  'console',
  'globalThis',
  'global',
  'performance',
  'crypto',
  'Temporal',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Promise',
  'require',
  'eval',
]);

/** What in a file is not a value or a pure function of its arguments, found in its syntax tree. */
export const impurities = (fileName: string, text: string): Impurity[] => {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
  const found: Impurity[] = [];
  const report = (node: ts.Node, what: string) =>
    found.push({ line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1, what });

  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isClassLike(node)) report(node, 'class');
    if (ts.isThrowStatement(node)) report(node, 'throw');
    if (ts.isTryStatement(node)) report(node, 'try');
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier))
      report(node, 'await');
    if (node.kind === ts.SyntaxKind.AsyncKeyword) report(node, 'async');
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      report(node, 'import()');
    if (ts.isMetaProperty(node)) report(node, 'import.meta');
    if (isMathRandom(node)) report(node, 'Math.random');
    if (ts.isIdentifier(node) && forbiddenNames.has(node.text) && isReference(node)) report(node, node.text);
    if (ts.isVariableStatement(node) && node.parent === file && !isConstant(node))
      report(node, 'module-level let');
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
};

const isMathRandom = (node: ts.Node): boolean =>
  (ts.isPropertyAccessExpression(node) && node.name.text === 'random' && isMath(node.expression)) ||
  (ts.isElementAccessExpression(node) && isMath(node.expression));

const isMath = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === 'Math';

const isConstant = ({ declarationList }: ts.VariableStatement): boolean =>
  (declarationList.flags & ts.NodeFlags.Const) !== 0;

/** False for a name that is only a key: `{ process: 1 }`, `event.process`. */
const isReference = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name !== node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name !== node;
  return true;
};

/** Calls by which a query would write. */
const writingMethods = new Set([
  'append',
  'run',
  'send',
  'issue',
  'follow',
  'insertOne',
  'updateOne',
  'replaceOne',
  'deleteOne',
  'deleteMany',
  'bulkWrite',
  'transaction',
  'drop',
]);

/** The calls in a file that write to a log or a store. */
export const writes = (fileName: string, text: string): Impurity[] => {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
  const found: Impurity[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      writingMethods.has(node.expression.name.text)
    )
      found.push({
        line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
        what: `.${node.expression.name.text}()`,
      });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
};
