export { ApplicationModule } from './application.module.ts';
export { engineGivesWay } from './engine-gives-way.ts';
export { giveBackAfterStart } from './give-back.ts';
export { catalogue, nouns, policies, projections } from './nouns.ts';
export { openPlatform, operatorTokenOf, type Platform } from './platform.ts';
export { type Serving, serve } from './serve.ts';
export { openStores, type Stores } from './stores.ts';
export { Work } from './work.ts';
